"""What the net sees of each word: its bytes, and hashes of what lists and its place say of it."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from ...gazetteer.arrays import Gazetteer
from ...tokens import Token
from ..lists import listed

LETTERS = 20  # bytes of a word that are looked at
SIGNS = 12  # things said of a word
BUCKETS = 2048  # hashes of what is said; 0: nothing
FAR = 5  # words from either end beyond which the distance is far
Whole = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Seen:
    """Words of one string.

    Attributes
    ----------
    letters
        Their UTF-8 bytes, shape (n, ``LETTERS``), 0 where a word has ended.
    signs
        Hashes of what is said of them, shape (n, ``SIGNS``), 0 where no more is.
    """

    letters: Whole
    signs: Whole


def seen(words: Sequence[Token], known: Gazetteer | None, country: str | None) -> Seen:
    """Return what the net sees of words; it must do without gazetteer and country too."""
    texts = [word.text.encode()[:LETTERS].ljust(LETTERS, b"\0") for word in words]
    letters = np.frombuffer(b"".join(texts), np.uint8).reshape(-1, LETTERS).astype(np.int64)
    rows, last = [], len(words) - 1
    for i, (word, said) in enumerate(zip(words, listed(words, known, country), strict=True)):
        where = [f"at{min(i, FAR)}", f"left{min(last - i, FAR)}", f"co{country}"]
        where += ["apart"] * word.apart + ["glued"] * word.glued + [f"w{word.text}"]
        row = [_bucket(sign) for sign in (*where, *said)[:SIGNS]]
        rows.append(row + [0] * (SIGNS - len(row)))
    return Seen(letters, np.array(rows, np.int64).reshape(-1, SIGNS))


@lru_cache(maxsize=1 << 14)
def _bucket(sign: str) -> int:
    return 1 + zlib.crc32(sign.encode()) % (BUCKETS - 1)
