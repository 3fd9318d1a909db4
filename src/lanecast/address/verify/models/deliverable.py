"""How likely a courier does not find it: a logistic regression on the text and on its place."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.optimize import minimize
from scipy.special import expit, logit

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
UNREADABLE = [SIGNS.index(sign) for sign in ("empty", "too_long")]  # nobody finds what is not there
RATES = ("slips", "lost")  # of a place: addresses with a sign, and deliveries not found


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

    def fit(
        self,
        x: Array,
        failed: npt.ArrayLike,
        rates: Array | None = None,
        places: pl.DataFrame | None = None,
    ) -> "FittedDeliverable":
        """Learn from deliveries.

        Parameters
        ----------
        x
            Signs of their addresses, (n, len(SIGNS)).
        failed
            1 where the address was not found, else 0, (n,).
        rates
            Of their places as they were known before each of them, (n, len(RATES)); 0 is a place
            like all, and the default.
        places
            ``place`` and ``RATES`` as they are known now, to predict with.

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
        rates = np.zeros((len(y), len(RATES))) if rates is None else rates
        if rates.shape != (len(y), len(RATES)):
            raise ValueError(f"rates: expected ({len(y)}, {len(RATES)}), got {rates.shape}.")
        both = np.hstack([x, rates])

        def loss(weight: Array) -> tuple[float, Array]:
            z = both @ weight[1:] + weight[0]
            penalty = self.ridge * weight[1:]
            value = np.logaddexp(0, z).sum() - y @ z + 0.5 * penalty @ weight[1:]
            slope = expit(z) - y
            return float(value), np.concatenate([[slope.sum()], both.T @ slope + penalty])

        start = np.zeros(both.shape[1] + 1)
        rate = (y.sum() + 0.5) / (len(y) + 1)
        start[0] = np.log(rate / (1 - rate))
        found = minimize(loss, start, jac=True, method="L-BFGS-B")
        level, weights, effects = np.split(found.x, [1, len(SIGNS) + 1])
        places = _nowhere() if places is None else places
        return FittedDeliverable(float(level[0]), weights, SIGNS, effects, places)


def _nowhere() -> pl.DataFrame:
    return pl.DataFrame(schema={"place": pl.String, **dict.fromkeys(RATES, pl.Float64)})


@dataclass(frozen=True)
class FittedDeliverable:
    """Log odds of not being found: ``level``, ``weights`` of what is wrong, ``effects`` of a place.

    Parameters
    ----------
    weights
        One per sign.
    effects
        One per rate of ``RATES``.
    places
        ``place`` and its rates; a place that is not in it is like all.

    Raises
    ------
    ValueError
        When it was learnt from other signs than those of this version.
    """

    level: float
    weights: Array
    signs: tuple[str, ...]
    effects: Array = field(default_factory=lambda: np.zeros(len(RATES)))
    places: pl.DataFrame = field(default_factory=_nowhere)

    def __post_init__(self) -> None:
        if tuple(self.signs) != SIGNS or self.weights.shape != (len(SIGNS),):
            raise ValueError(
                f"signs: expected {len(SIGNS)} signs, {SIGNS[0]} to {SIGNS[-1]}, each with a "
                f"weight; got {len(self.signs)} and {self.weights.shape}. Train again."
            )

    def found(self, reply: Said, place: str = "") -> float:
        """Return the chance that a courier finds the address of one reply at the first attempt."""
        return float(1.0 - self.predict(signs([reply]), [place])[0])

    def predict(self, x: Array, places: Sequence[str] | None = None) -> Array:
        """Return the chance that a courier does not find each address, shape (n,); 1 if empty.

        Parameters
        ----------
        x
            Signs, (n, len(SIGNS)).
        places
            Where each lies, (n,); by default nobody knows.
        """
        z = self.level + x @ self.weights
        if places is not None:
            asked = pl.DataFrame({"place": places}, {"place": pl.String})
            rates = asked.join(self.places, on="place", how="left", maintain_order="left")
            z = z + rates.select(pl.col(*RATES).fill_null(0.0)).to_numpy() @ self.effects
        return np.where((x[:, UNREADABLE] > 0).any(axis=1), 1.0, expit(z))

    def without(self, x: Array, chance: Array, part: str) -> Array:
        """Return what is left of ``chance`` if nothing were wrong with ``part``, shape (n,)."""
        return self._cleaned(x, chance, [sign.endswith(part) for sign in SIGNS])

    def repaired(self, x: Array, chance: Array) -> Array:
        """Return what is left of ``chance`` if every correction proposed is right, shape (n,)."""
        wrong = [sign.startswith(("misspelt", "wrong", "inferred")) for sign in SIGNS]
        return self._cleaned(x, chance, wrong)

    def _cleaned(self, x: Array, chance: Array, gone: list[bool]) -> Array:
        less = np.asarray(expit(logit(chance) - x[:, gone] @ self.weights[gone]))
        return np.asarray(np.minimum(less, chance))
