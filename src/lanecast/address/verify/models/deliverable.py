"""How likely a courier does not find it: a logistic regression on what was said of the text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import expit

Array = npt.NDArray[np.float64]
PARTS = ("house_number", "road", "unit", "postcode", "city", "state")
WRONG = ("missing", "misspelt", "wrong", "unknown")
OTHER = ("hidden_characters", "country_not_covered", "empty", "too_long")
SIGNS = (
    *(f"{how}_{part}" for part in PARTS for how in WRONG),
    *OTHER,
    "inferred_postcode",
    "many_places",
    "no_register",
)


class Said(Protocol):
    """What the model reads of a reply."""

    @property
    def faults(self) -> Sequence[str]:
        """Return what is wrong, in words."""

    @property
    def candidates(self) -> Sequence[str]:
        """Return places that lie close behind the best."""

    @property
    def coverage(self) -> Mapping[str, Any]:
        """Return what the gazetteers of the country hold, by kind."""


def signs_of(reply: Said) -> tuple[str, ...]:
    """Return what was found wrong with an address, in the order of ``SIGNS``."""
    held = set(reply.faults)
    held |= {"many_places"} if len(reply.candidates) > 1 else set()
    held |= {"no_register"} if "premises" not in reply.coverage else set()
    return tuple(sign for sign in SIGNS if sign in held)


def marked(held: Sequence[Sequence[str]]) -> Array:
    """Return the signs of each address as 0 or 1, shape (n, len(SIGNS))."""
    at = {sign: column for column, sign in enumerate(SIGNS)}
    out = np.zeros((len(held), len(SIGNS)))
    for row, some in enumerate(held):
        out[row, [at[sign] for sign in some]] = 1.0
    return out


def signs(replies: Sequence[Said]) -> Array:
    """Return what was found wrong with each address, shape (n, len(SIGNS)), 0 or 1."""
    return marked([signs_of(reply) for reply in replies])


@dataclass(frozen=True)
class Deliverable:
    """How to learn it; ``ridge`` is the penalty of squared weights, in deliveries."""

    ridge: float = 2.0

    def fit(self, x: Array, failed: npt.ArrayLike) -> "FittedDeliverable":
        """Learn from deliveries: signs of their address, and whether it was not found.

        Raises
        ------
        ValueError
            When there are none, shapes differ, or ``failed`` is not 0 or 1.
        """
        y = np.asarray(failed, np.float64)
        if x.shape != (len(y), len(SIGNS)) or not len(y):
            raise ValueError(f"x, failed: expected ({len(y)}, {len(SIGNS)}) signs, got {x.shape}.")
        if not np.isin(y, (0, 1)).all():
            raise ValueError("failed: expected 0 or 1.")

        def loss(weight: Array) -> tuple[float, Array]:
            z = x @ weight[1:] + weight[0]
            penalty = self.ridge * weight[1:]
            value = np.logaddexp(0, z).sum() - y @ z + 0.5 * penalty @ weight[1:]
            slope = expit(z) - y
            return float(value), np.concatenate([[slope.sum()], x.T @ slope + penalty])

        start = np.zeros(len(SIGNS) + 1)
        rate = (y.sum() + 0.5) / (len(y) + 1)
        start[0] = np.log(rate / (1 - rate))
        found = minimize(loss, start, jac=True, method="L-BFGS-B")
        return FittedDeliverable(float(found.x[0]), found.x[1:], SIGNS)


@dataclass(frozen=True)
class FittedDeliverable:
    """Log odds of not being found: ``level`` plus ``weights`` of what is wrong, one per sign.

    Raises
    ------
    ValueError
        When it was learnt from other signs than those of this version.
    """

    level: float
    weights: Array
    signs: tuple[str, ...]

    def __post_init__(self) -> None:
        if tuple(self.signs) != SIGNS or self.weights.shape != (len(SIGNS),):
            raise ValueError(
                f"signs: expected {len(SIGNS)} signs, {SIGNS[0]} to {SIGNS[-1]}, each with a "
                f"weight; got {len(self.signs)} and {self.weights.shape}. Train again."
            )

    def found(self, reply: Said) -> float:
        """Return the chance that a courier finds the address of one reply at the first attempt."""
        return float(1.0 - self.predict(signs([reply]))[0])

    def predict(self, x: Array) -> Array:
        """Return the chance that a courier does not find each address, shape (n,)."""
        return np.asarray(expit(self.level + x @ self.weights))

    def without(self, x: Array, part: str) -> Array:
        """Return the chance if nothing were wrong with ``part``, shape (n,)."""
        return self._cleaned(x, [sign.endswith(part) for sign in SIGNS])

    def repaired(self, x: Array) -> Array:
        """Return the chance if every correction that was proposed is right, shape (n,)."""
        return self._cleaned(
            x, [sign.startswith(("misspelt", "wrong", "inferred")) for sign in SIGNS]
        )

    def _cleaned(self, x: Array, gone: list[bool]) -> Array:
        kept = x.copy()
        kept[:, gone] = 0.0
        return np.minimum(self.predict(kept), self.predict(x))
