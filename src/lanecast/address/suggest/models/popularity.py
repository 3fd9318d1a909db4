"""The plain order, and how much more the streets count that a shop's orders go to."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..evaluate import evaluate, ranks
from ..questions import LookedAt

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Popularity:
    """How to learn it: the one of these ``weights`` by which what was meant stands highest."""

    weights: tuple[float, ...] = (0.0, 0.05, 0.1, 0.2, 0.3)

    def __post_init__(self) -> None:
        if not self.weights or not all(0 <= each < np.inf for each in self.weights):
            raise ValueError(f"weights: expected some numbers from 0, got {self.weights}.")

    def fit(self, x: LookedAt, meant: npt.ArrayLike) -> "FittedPopularity":
        """Learn from what was looked at, and which of it was meant.

        The weight has the highest mean reciprocal rank; of equals it is the lowest.

        Raises
        ------
        ValueError
            When shapes differ, or nothing that was looked at was meant.
        """
        y, many = np.asarray(meant, bool), int(x.many.sum())
        if not len(x.plain) == len(x.popular) == len(y) == many:
            raise ValueError(
                f"x, meant: expected {many} documents, got {len(x.plain)}, {len(x.popular)} and "
                f"{len(y)}."
            )
        if not y.any():
            raise ValueError("meant: expected some 1; what was meant was not looked at.")
        fits = [FittedPopularity(weight) for weight in sorted(self.weights)]
        high = [
            evaluate(ranks(each.predict(x.plain, x.popular), y, x.many))["mrr"][0] for each in fits
        ]
        return fits[int(np.argmax(high))]


@dataclass(frozen=True)
class FittedPopularity:
    """What the logarithm of 1 + orders to a street adds to its plain score.

    Raises
    ------
    ValueError
        When ``weight`` is no number from 0.
    """

    weight: float

    def __post_init__(self) -> None:
        if not 0 <= self.weight < np.inf:
            raise ValueError(f"weight: expected a number from 0, got {self.weight}.")

    def predict(self, plain: Floats, popular: Floats) -> Floats:
        """Return the score of each document; higher is better."""
        return np.asarray(plain + np.float32(self.weight) * popular, np.float32)
