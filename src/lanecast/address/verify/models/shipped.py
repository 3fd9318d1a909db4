"""The taggers that come with the package: one for scripts with blanks, one for those without."""

import gzip
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from ...gazetteer.arrays import Gazetteer
from ...parts import Parse
from ...tokens import Token
from .attention import FittedAttention, unpacked
from .crf import FittedCrf
from .rules import Rules

SPACED, DENSE = "spaced.safetensors", "dense.crf.gz"
FOLDER = "weights"
MOST = 120  # words read by a tagger; what is longer is hardly an address


@dataclass(frozen=True)
class Shipped:
    """Two learnt taggers, and the rules where there are no weights.

    Attributes
    ----------
    spaced, dense
        For scripts with blanks between words, and for those without; None: no weights are there.
    """

    spaced: FittedAttention | None
    dense: FittedCrf | None

    def parse(
        self, given: str, words: Sequence[Token], known: Gazetteer, country: str | None
    ) -> list[Parse]:
        """Return the likeliest readings, the best first; none of no words."""
        tagger = self.chosen(words)
        return (tagger or Rules()).parse(given, words, known, country)

    def chosen(self, words: Sequence[Token]) -> FittedAttention | FittedCrf | None:
        """Return the tagger for these words; None: the rules read them."""
        if len(words) > MOST:
            return None
        characters = sum(len(word.text) == 1 and word.text > "\u2e80" for word in words)
        return self.dense if 2 * characters >= len(words) else self.spaced


@lru_cache(maxsize=1)
def shipped() -> Shipped:
    """Return the taggers of this installation."""
    folder = files(__package__ or "") / FOLDER
    spaced, dense = folder / SPACED, folder / DENSE
    return Shipped(
        unpacked(spaced.read_bytes()) if spaced.is_file() else None,
        FittedCrf(gzip.decompress(dense.read_bytes())) if dense.is_file() else None,
    )
