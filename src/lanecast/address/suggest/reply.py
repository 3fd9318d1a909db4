"""What is shown of a document: a label, its parts, its records, and why."""

from dataclasses import asdict, dataclass
from math import isnan
from typing import Any

from ..envelope import label
from ..gazetteer.arrays import Gazetteer, Places, Postcodes, Streets
from .documents import FIELDS, STREET, TOWN
from .houses import House, house
from .index import Index
from .rank import Ranked
from .terms import NO, Term

PARTS = {"road": "road", "city": "city", "code": "postcode", "state": "state"}
GRANULARITY = {"exact": "premise", "interpolated": "interpolated"}


@dataclass(frozen=True, slots=True)
class Why:
    """Which word of a question met which part, as the gazetteer has it."""

    token: str
    part: str
    matched: str
    edits: int
    how: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """One suggestion.

    Attributes
    ----------
    label
        One line, in the order of the country.
    components
        By the names of libpostal and OpenCage.
    records
        Gazetteer and record of what was found; of a house, of itself.
    granularity
        ``premise``, ``interpolated`` (the street is known, the house is not), ``route``,
        ``locality`` or ``postal_code``.
    score
        Higher is better; comparable within one answer.
    why
        How each word of the question was met.
    house
        Neighbours of a house that is not known.
    document
        Number of the document in the index: what ``earlier`` takes.
    """

    label: str
    components: dict[str, str]
    records: tuple[dict[str, str], ...]
    granularity: str
    score: float
    why: tuple[Why, ...]
    lat: float | None
    lon: float | None
    house: dict[str, str] | None
    document: int

    def row(self) -> dict[str, Any]:
        """Return it as JSON holds it."""
        return asdict(self)


def candidate(
    known: Gazetteer, index: Index, asked: list[Term], ranked: Ranked, i: int
) -> Candidate:
    """Return document i of those ranked."""
    doc = int(ranked.docs[i])
    kind, row = int(index.kind[doc]), int(index.row[doc])
    components, place = _parts(known, kind, row)
    number = _number(asked, ranked, i) if kind == STREET else -1
    found = house(known.streets, row, asked[number].text) if number >= 0 else None
    level = {STREET: "route", TOWN: "locality"}.get(kind, "postal_code")
    if found is not None:
        components = {"house_number": found.number, **components}
        level = GRANULARITY.get(found.how, level)
        if found.house >= 0:
            place = _door(known, found.house)
    exact = found is not None and found.how == "exact"
    source = _source(known, kind, row, found.house if found and exact else -1)
    country = known.countries[index.country[doc]]
    return Candidate(
        label=label(components, country),
        components=components | {"country": country},
        records=({"gazetteer": source[0], "record_id": source[1]},),
        granularity=level,
        score=round(float(ranked.score[i]), 4),
        why=tuple(_why(index, asked, ranked, i, number, found)),
        lat=None if isnan(place[0]) else round(place[0], 6),
        lon=None if isnan(place[1]) else round(place[1], 6),
        house=None if found is None or exact else _sides(found),
        document=doc,
    )


def _parts(known: Gazetteer, kind: int, row: int) -> tuple[dict[str, str], tuple[float, float]]:
    """Return the components and the place of a document."""
    of: Streets | Places | Postcodes
    if kind == STREET:
        of = s = known.streets
        parts = {"road": s.road[row], "city": s.city[row]}
        parts |= {"state": s.state[row], "postcode": s.code[row]}
    elif kind == TOWN:
        of = t = known.places
        parts = {"city": t.name[row], "state": t.state_code[row]}
        if parts["state"].isdigit():  # a number of GeoNames, which nobody writes
            del parts["state"]
    else:
        of = c = known.postcodes
        parts = {"city": c.city[row], "state": c.state_code[row] or c.state[row]}
        parts["postcode"] = c.code[row]
    place = float(of.lat[row]), float(of.lon[row])
    return {name: text for name, text in parts.items() if text}, place


def _source(known: Gazetteer, kind: int, row: int, house: int) -> tuple[str, str]:
    """Return gazetteer and record of a house, or, where it is -1, of a document."""
    of: Streets | Places | Postcodes = known.postcodes
    if kind == STREET:
        of, row = known.streets, house if house >= 0 else int(known.streets.first[row])
    elif kind == TOWN:
        of = known.places
    return of.gazetteer[row], of.record[row]


def _door(known: Gazetteer, row: int) -> tuple[float, float]:
    return float(known.streets.house_lat[row]), float(known.streets.house_lon[row])


def _number(asked: list[Term], ranked: Ranked, i: int) -> int:
    """Return the term that is a house number: the first with digits that nothing else explains."""
    rest = (n for n, term in enumerate(asked) if term.number and ranked.edits[n, i] == NO)
    return next(rest, -1)


def _sides(found: House) -> dict[str, str]:
    return {"how": found.how, "below": found.below, "above": found.above}


def _why(
    index: Index, asked: list[Term], ranked: Ranked, i: int, number: int, found: House | None
) -> list[Why]:
    out = []
    columns = (each[:, i].tolist() for each in (ranked.words, ranked.parts, ranked.edits))
    for n, (term, word, part, edits) in enumerate(zip(asked, *columns, strict=True)):
        if n == number and found is not None:
            out.append(Why(term.text, "house_number", found.number, 0, found.how))
        elif word < 0:
            out.append(Why(term.text, "", "", 0, "not_met"))
        else:
            matched = index.vocabulary.words[word]
            how = "spelling" if edits else "prefix" if matched != term.text else "exact"
            out.append(Why(term.text, PARTS[FIELDS[part]], matched, edits, how))
    return out
