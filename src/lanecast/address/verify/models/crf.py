"""A conditional random field over the words of an address (Lafferty, McCallum and Pereira 2001)."""

import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from threading import Lock

import pycrfsuite

from ...gazetteer.arrays import Gazetteer
from ...parts import Parse, parts_of
from ...tokens import Token
from ..features import described
from .chain import DOUBT, READINGS, joined

Row = tuple[list[list[str]], list[str], float]


@dataclass(frozen=True)
class Crf:
    """How to learn one.

    Parameters
    ----------
    l1, l2
        Penalties of the weights; the first makes the file small.
    rarest
        Features seen less often are left out.
    rounds
        Steps of L-BFGS at most.
    """

    l1: float = 0.05
    l2: float = 0.02
    rarest: float = 3
    rounds: int = 80

    def fit(self, rows: Iterable[Row]) -> "FittedCrf":
        """Learn from features, labels and how often each row counts (a whole number)."""
        trainer = pycrfsuite.Trainer(algorithm="lbfgs", verbose=False)
        trainer.set_params(
            {
                "c1": self.l1,
                "c2": self.l2,
                "feature.minfreq": self.rarest,
                "max_iterations": self.rounds,
                "feature.possible_transitions": False,
            }
        )
        for features, labels, times in rows:
            for _ in range(int(times)):
                trainer.append(features, labels)
        with tempfile.NamedTemporaryFile(suffix=".crf") as file:
            trainer.train(file.name)
            return FittedCrf(Path(file.name).read_bytes())


@dataclass(frozen=True)
class FittedCrf:
    """A learnt tagger; ``weights`` are a model file of CRFsuite.

    Labels may be marked with where a part begins, ``B-city``, and goes on, ``I-city``.
    """

    weights: bytes
    lock: Lock = field(default_factory=Lock, compare=False, repr=False)

    @cached_property
    def tagger(self) -> pycrfsuite.Tagger:
        """Return CRFsuite's tagger, which holds one text at a time."""
        tagger = pycrfsuite.Tagger()
        tagger.open_inmemory(self.weights)
        return tagger

    def labels(
        self, words: Sequence[Token], known: Gazetteer | None, country: str | None
    ) -> tuple[list[str], float]:
        """Return the most likely labels of the words, and how likely they are together."""
        return self.tagged(described(words, known, country))

    def tagged(self, features: Sequence[Sequence[str]]) -> tuple[list[str], float]:
        """Return the most likely labels of words with these features, and how likely they are."""
        with self.lock:
            found = self.tagger.tag(features)
            return found, float(self.tagger.probability(found))

    def readings(
        self,
        words: Sequence[Token],
        known: Gazetteer | None,
        country: str | None,
        many: int = READINGS,
    ) -> list[tuple[list[str], float]]:
        """Return the likeliest labels first, then others that differ where the words are in doubt.

        Others are put together of labels that are not unlikely at their word, by a beam over the
        product of those chances; how likely each is as a whole is exact.
        """
        features = described(words, known, country)
        with self.lock:
            tagger = self.tagger
            best = tagger.tag(features)
            chances = [
                [
                    (label, chance)
                    for label in tagger.labels()
                    if (chance := tagger.marginal(label, i)) >= DOUBT
                ]
                for i in range(len(words))
            ]
            others = [
                (tags, float(tagger.probability(tags))) for tags in joined(chances) if tags != best
            ]
            others.sort(key=lambda one: -one[1])
            return [(best, float(tagger.probability(best))), *others[: many - 1]]

    def parse(
        self, given: str, words: Sequence[Token], known: Gazetteer, country: str | None
    ) -> list[Parse]:
        """Return the likeliest readings, the best first; none of no words."""
        if not words:
            return []
        found = self.readings(words, known, country)
        return [Parse(parts_of(given, words, tags), chance) for tags, chance in found]
