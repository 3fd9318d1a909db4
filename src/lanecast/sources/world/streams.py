"""One random stream per mechanism, so that a new mechanism changes no other."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Streams:
    """Random generators by name; a name always gives the same numbers for the same seed.

    ``fixed`` streams build what is given (network, people, orders, weather); ``noise`` streams
    what could have come out otherwise. Another ``replica`` redraws only the noise: the same
    parcels meet other luck, which is how conditional distributions are measured.
    """

    seed: int
    replica: int = 0

    def fixed(self, name: str) -> np.random.Generator:
        """Return the generator of a mechanism that every replica shares."""
        return self._generator(name, 0)

    def noise(self, name: str) -> np.random.Generator:
        """Return the generator of a mechanism that each replica draws anew."""
        return self._generator(name, self.replica)

    def _generator(self, name: str, replica: int) -> np.random.Generator:
        entropy = np.random.SeedSequence(self.seed, spawn_key=(replica, *name.encode()))
        return np.random.Generator(np.random.PCG64(entropy))


def starts(lengths: Ints) -> Ints:
    """Return where each of consecutive groups of these ``lengths`` begins."""
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)[:-1]])


def pick(rng: np.random.Generator, weights: Floats, size: int) -> Ints:
    """Draw ``size`` indices with probabilities proportional to ``weights``."""
    edges = np.cumsum(weights)
    found = np.searchsorted(edges, rng.random(size) * edges[-1], side="right")
    result: Ints = np.minimum(found, len(weights) - 1).astype(np.int64)
    return result
