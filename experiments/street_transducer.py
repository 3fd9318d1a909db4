"""A net that reads a name as it was written, and writes what was meant.

It reads letter by letter, and at each writes letters or goes on (Graves 2012), so that the chance
of a name given what was written is a sum over all ways of writing it. Learnt with torch
(`street_transducer_net.py`), read by numpy.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lanecast.address.verify.models.attention import Array, unpacked

LETTERS = " abcdefghijklmnopqrstuvwxyz0123456789"
END = len(LETTERS) + 1  # behind the last letter; 0 is none, and as an answer: go on
SEEN = 6  # letters written before that the next one looks at
KERNEL = 5
LONGEST = 60  # letters of a name, as given and as meant


@dataclass(frozen=True)
class FittedTransducer:
    """A learnt one.

    Attributes
    ----------
    weights
        By name, as `street_transducer_net.Net` names them.
    """

    weights: Mapping[str, Array]

    @classmethod
    def of(cls, file: bytes) -> "FittedTransducer":
        """Return the one of a file that `attention.packed` made of its weights."""
        return cls(unpacked(file).weights)

    def read(self, name: str) -> Array:
        """Return what was read at each letter of a name and at its end, (t, hidden)."""
        w = self.weights
        x = w["letter.weight"][[*coded(name), END]]
        for i in range(sum(each.startswith("norm.") for each in w) // 2):
            y = _normed(x) * w[f"norm.{i}.weight"] + w[f"norm.{i}.bias"]
            y = np.pad(y, ((KERNEL // 2, KERNEL // 2), (0, 0)))
            wide = np.lib.stride_tricks.sliding_window_view(y, KERNEL, 0)  # (t, width, kernel)
            kernel = w[f"conv.{i}.weight"]
            flat = wide.reshape(len(x), -1) @ kernel.reshape(len(kernel), -1).T
            x = x + np.maximum(flat + w[f"conv.{i}.bias"], 0)
        return np.asarray(x @ w["read.weight"].T + w["read.bias"])

    def next(self, read: Array, before: npt.NDArray[np.int64]) -> Array:
        """Return log chances of what comes next, (m, t, letters + 1): 0 goes on.

        Parameters
        ----------
        read
            Of ``read``.
        before
            The last letters that were written of m beginnings, (m, `SEEN`); `END` where none is.
        """
        w = self.weights
        spelt = w["before.weight"][before + np.arange(SEEN) * (END + 1)].sum(1)
        told = np.maximum(spelt, 0) @ w["told.weight"].T + w["told.bias"]
        both = np.maximum(read[None] + told[:, None], 0)
        scores = both @ w["out.weight"].T + w["out.bias"]
        most = scores.max(2, keepdims=True)
        return np.asarray(scores - most - np.log(np.exp(scores - most).sum(2, keepdims=True)))


def coded(name: str) -> list[int]:
    """Return the numbers of letters; none where one is not known, or too many are."""
    numbers = [LETTERS.find(letter) + 1 for letter in name]
    return numbers if len(numbers) <= LONGEST and all(numbers) else []


def _normed(x: Array) -> Array:
    apart = x - x.mean(1, keepdims=True)
    return np.asarray(apart / np.sqrt((apart * apart).mean(1, keepdims=True) + np.float32(1e-5)))
