"""Which address is meant, while it is typed?"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from ..country_names import country_of
from ..gazetteer.arrays import Gazetteer, Streets
from .few import Found
from .index import KEPT, SHORT, Index
from .rank import Bias, Order, Ranked, ranked
from .reply import Candidate, candidate
from .search import Words, search
from .terms import Term, terms

MOST = 50  # candidates


@dataclass
class Session:
    """One person typing: what words may be is kept between key strokes; answers are the same.

    Attributes
    ----------
    known, index
        What there is.
    country, near
        ISO 3166-1 alpha-2, and degrees of latitude and longitude, where they are known.
    earlier
        Addresses that this customer gave before, as text.
    learnt
        An order that was learnt; by default the plain one.
    """

    known: Gazetteer
    index: Index
    country: str | None = None
    near: tuple[float, float] | None = None
    earlier: Sequence[str] = ()
    learnt: Order | None = None
    _words: Words = field(init=False, repr=False)
    _bias: Bias = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if self.near is not None:
            _placed(*self.near)
        self._words = Words(self.index)
        number = _number(self.known, self.country)
        self._bias = Bias(number, self.near)
        plain = Session(self.known, self.index, self.country, self.near) if self.earlier else self
        docs = [each.document for text in self.earlier for each in plain.suggest(text, 1)]
        self._bias = replace(self._bias, earlier=tuple(docs))

    def suggest(self, text: str, limit: int = 10) -> list[Candidate]:
        """Return at most ``limit`` candidates for what was typed so far, as ``suggest`` does."""
        if not 1 <= limit <= MOST:
            raise ValueError(f"limit: {limit}; expected 1 to {MOST}.")
        asked = terms(text)
        if not asked or not len(self.index):
            return []
        best = answered(self._words, asked, limit, self._bias, self.known.streets, self.learnt)
        shown: dict[tuple[str, float, float], Candidate] = {}
        for i in range(len(best.docs)):
            each = candidate(self.known, self.index, asked, best, i)
            shown.setdefault((each.label, round(each.lat or 0, 1), round(each.lon or 0, 1)), each)
            if len(shown) == limit:
                break
        return list(shown.values())


def suggest(
    text: str,
    known: Gazetteer,
    index: Index,
    *,
    limit: int = 10,
    country: str | None = None,
    near: tuple[float, float] | None = None,
    earlier: Sequence[str] = (),
    learnt: Order | None = None,
) -> list[Candidate]:
    """Return the addresses that may be meant, the likeliest first.

    Parameters
    ----------
    text
        What was typed so far: parts in any order, the last word unfinished.
    known
        The gazetteer.
    index
        Its index, as ``stored.index`` gives it.
    limit
        At most so many, 1 to 50.
    country, near, earlier
        What speaks for some: an ISO 3166-1 alpha-2 country, degrees of latitude and longitude, and
        addresses that the customer gave before.
    learnt
        An order that was learnt; by default the plain one.

    Raises
    ------
    ValueError
        When the text is longer than 64 KiB, ``limit`` is out of range, or ``country`` or ``near``
        is none.
    """
    return Session(known, index, country, near, earlier, learnt).suggest(text, limit)


def answered(
    words: Words,
    asked: list[Term],
    limit: int,
    bias: Bias,
    streets: Streets,
    learnt: Order | None = None,
) -> Ranked:
    """Return documents in order for the terms of a question."""
    index, also = words.index, np.unique(np.array(bias.earlier, np.int32))
    known = _stored(index, asked, limit, bias)
    if known is None:
        found, met = search(words, asked, limit, also)
    else:
        met = words.within(asked, 0)
        held = index.held(known)
        edits = met[0].measured(held).min(axis=0)[None]
        found = Found(known, held, edits, np.zeros(len(known), np.float32))
    return ranked(index, asked, found, met, bias, streets, learnt)


def _stored(index: Index, asked: list[Term], limit: int, bias: Bias) -> NDArray[np.int32] | None:
    """Return the documents stored for very little text; None where they are not the answer."""
    only = len(asked) == 1 and asked[0].open and len(asked[0].text) <= SHORT and limit <= KEPT
    if not only or bias.near is not None or bias.earlier:
        return None
    return index.known_best(asked[0].text, bias.country)


def _number(known: Gazetteer, country: str | None) -> int:
    """Return the number of a country, given in any case; -1 where none is given or covered."""
    code = (country or "").strip().upper()
    if code not in known.numbers and country_of(code)[1]:
        raise ValueError(
            f"country: {country!r} is no country; expected ISO 3166-1 alpha-2, for example DE."
        )
    return known.numbers.get(code, -1)


def _placed(lat: float, lon: float) -> None:
    if not (-90 <= lat <= 90 and -180 <= lon <= 180):
        raise ValueError(f"near: {lat}, {lon}; expected a latitude and a longitude in degrees.")
