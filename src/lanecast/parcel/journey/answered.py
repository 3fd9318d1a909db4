"""What the journey model says: chances of what comes next, where and when."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import polars as pl

from lanecast.nn.durations import quantiles

from .arrays import ELSEWHERE, HEADS, Array


@dataclass(frozen=True)
class Answered:
    """What the model says about n steps.

    ``chances`` holds for each head the joint chances of (what, when), shape (n, whats, bins), the
    bins having ``edges`` in log hours counted from ``starts`` (n,);
    ``candidates`` (n, m) are places and ``place`` (n, m + 2) their chances, then that of somewhere
    new and that of no other place.
    """

    steps: pl.DataFrame
    chances: dict[str, Array]
    edges: dict[str, Array]
    starts: dict[str, Array]
    candidates: npt.NDArray[np.str_]
    place: Array

    def only(self, mask: npt.NDArray[np.bool_]) -> "Answered":
        """Return the steps of ``mask``."""
        return replace(
            self,
            steps=self.steps.filter(pl.Series(mask)),
            chances={name: each[mask] for name, each in self.chances.items()},
            starts={name: each[mask] for name, each in self.starts.items()},
            candidates=self.candidates[mask],
            place=self.place[mask],
        )

    def chance(self, head: str, what: str) -> Array:
        """Return the chance of ``what``, wherever it is, shape (n,)."""
        return np.asarray(self._joint(head, what).sum(1))

    def hours(self, head: str, levels: Array, what: str | None = None) -> Array:
        """Return quantiles [h] of the time until ``head``, or until ``what`` given that it comes.

        Returns
        -------
        Array
            Shape (n, n_levels).
        """
        chance = self._joint(head, what)
        total = np.maximum(chance.sum(1, keepdims=True), 1e-12)
        log = quantiles(chance / total, self.edges[head], levels)
        return np.asarray(np.exp(log + self.starts[head][:, None]))

    def _joint(self, head: str, what: str | None) -> Array:
        """Return the chances of the bins of ``what``, wherever it is, shape (n, bins)."""
        if head not in HEADS:
            raise ValueError(f"head: expected one of {', '.join(HEADS)}, got {head!r}.")
        words = [
            i for i, word in enumerate(HEADS[head]) if what in (None, word.split(ELSEWHERE)[0])
        ]
        if not words:
            valid = ", ".join(word for word in HEADS[head] if ELSEWHERE not in word)
            raise ValueError(f"what: expected one of {valid}, got {what!r}.")
        return np.asarray(self.chances[head][:, words].sum(1))
