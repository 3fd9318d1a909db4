"""Is this address right, and if not, what is wrong with it?"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import log
from typing import Protocol

from ..countries import guessed
from ..country_names import country_of
from ..fold import LONGEST, fold, unseen
from ..gazetteer.arrays import Gazetteer
from ..markup import Unmarked, unmarked
from ..parts import Parse
from ..roads import road_key
from ..telephone import telephone, telephones
from ..tokens import Token, tokens
from .arbiter import Arbiter
from .corrector import Corrector
from .models.shipped import Shipped, shipped
from .places import OTHER_CODE, Hypothesis, hypotheses
from .reply import Reply, replied, required, unsure
from .reread import corrected, reread, with_calls
from .streets import NOTHING, Doorstep, doorstep, elsewhere

LOOKED_AT = 4  # places whose streets are looked up where no register has the street
CONSISTENT = 2.0  # nats up to which a reading and its place fit, and no other is tried
UNLIKELY = 1e-3  # chance below which a reading is not tried
UNPLACED = 12.0  # nats for parts of a place that fit none


class Tagger(Protocol):
    """What reads the parts of an address."""

    def parse(
        self, given: str, words: Sequence[Token], known: Gazetteer, country: str | None
    ) -> list[Parse]:
        """Return readings, the likeliest first; none of no words."""


@dataclass(frozen=True)
class _Found:
    """A reading with the places it may mean, the best first.

    Attributes
    ----------
    doors
        What the register says of the first of them.
    cost
        Of the reading and its best place, in nats.
    """

    parse: Parse
    places: list[Hypothesis]
    doors: list[Doorstep]
    cost: float

    @property
    def proved(self) -> bool:
        """Return whether a register has the house."""
        return bool(self.doors) and self.doors[0].proved


def verify(
    text: str,
    known: Gazetteer,
    country: str | None = None,
    tagger: Tagger | None = None,
    arbiter: Arbiter | None = None,
    corrector: Corrector | None = None,
) -> Reply:
    """Return what is known of one address.

    Parameters
    ----------
    text
        As typed, in any country and script.
    known
        What proves it.
    country
        ISO 3166-1 alpha-2, where it is known; else it is guessed from the text. Of a code that no
        country has, too, with ``no_such_country`` among the faults.
    tagger
        What reads the parts; by default what comes with the package.
    arbiter
        A language model that is asked where places fit nearly equally well; off by default.
    corrector
        A model that is asked where the register has no such street; off by default.

    Raises
    ------
    ValueError
        When the text is longer than 64 KiB.
    """
    country, faults = country_of(country)
    page = unmarked(text) if len(text) <= LONGEST else None  # what is too long is refused
    if page is not None:
        faults += ("html",)
        said = _verified(page.text, known, country, tagger, arbiter, corrector, faults)
        return _moved(said, text, page)
    return _verified(text, known, country, tagger, arbiter, corrector, faults)


def _verified(
    text: str,
    known: Gazetteer,
    country: str | None,
    tagger: Tagger | None,
    arbiter: Arbiter | None,
    corrector: Corrector | None,
    faults: tuple[str, ...],
) -> Reply:
    """Return what is known of an address without HTML."""
    whole = fold(text)
    words = tokens(whole)
    faults += ("hidden_characters",) * bool(whole.hidden) + unseen(text)
    calls = [(whole.at[a], whole.at[b - 1] + 1) for a, b in telephones(whole.text)]
    quiet = [w for w in words if not any(a <= w.start < b for a, b in calls)] if calls else words
    calls, quiet = (calls, quiet) if quiet else ([], words)
    votes = guessed(quiet, known) if country is None else {country: 1.0}
    country = next(iter(votes), None)
    tagger = tagger or shipped()
    if isinstance(tagger, Shipped) and words and tagger.chosen(words) is None:
        faults = (*faults, "read_by_rules")
    faults += ("telephone_only",) * telephone(whole.text, country)
    parses = [
        with_calls(text, words, corrected(text, quiet, parse, known, country), calls)
        for parse in tagger.parse(text, quiet, known, country)
    ]
    if not parses:
        return replied(text, Parse((), 0.0), country, known, [], NOTHING, (*faults, "empty"))
    number = known.numbers.get(country or "")
    if number is None:
        fault = (*faults, "country_not_covered")
        return replied(text, parses[0], country, known, [], NOTHING, fault)
    best = _best(parses, known, number)
    if not best.proved and any(door.covered for door in best.doors):
        again = reread(text, words, best.parse, known, number)
        best = min([best, *(_found(each, known, number) for each in again)], key=_cost)
    places, doors, decided_by = best.places, best.doors, "gazetteer"
    if arbiter is not None and unsure(places):
        chosen = arbiter.choose(best.parse, [_named(place) for place in places[: len(doors)]])
        if chosen is not None:
            places, doors, decided_by = [places[chosen]], [doors[chosen]], "llm_and_gazetteer"
    door = doors[0] if doors else NOTHING
    if corrector is not None and decided_by == "gazetteer":
        meant = corrector.meant(known, number, places, doors, best.parse)
        if meant is not None:
            places, door = [_coded(*meant, known.countries[number], known)], meant[1]
            decided_by = "corrector_and_gazetteer"
    return replied(text, best.parse, country, known, places, door, faults, decided_by)


def _moved(reply: Reply, text: str, page: Unmarked) -> Reply:
    """Return the reply with spans in the text as given, HTML and all."""
    components = {
        name: {**c, "span": c["span"] and [page.at[c["span"][0]], page.at[c["span"][1] - 1] + 1]}
        for name, c in reply.components.items()
    }
    return replace(reply, text=text, components=components)


def _best(parses: Sequence[Parse], known: Gazetteer, country: int) -> _Found:
    """Return the likeliest reading, or where it fits no place, the one that costs least."""
    best = _found(parses[0], known, country)
    if best.cost <= CONSISTENT:
        return best
    others = [_found(each, known, country) for each in parses[1:] if each.probability >= UNLIKELY]
    return min([best, *others], key=_cost)


def _cost(found: _Found) -> float:
    return found.cost


def _found(parse: Parse, known: Gazetteer, country: int) -> _Found:
    """Return the places that a reading may mean; it costs what it is unlikely, and they do."""
    where = [parse.text(name) for name in ("postcode", "city", "state")]
    places = hypotheses(known, country, *where)
    step = [parse.text(name) for name in ("road", "house_number", "unit")]
    listed = known.streets.roads.exact(country, road_key(step[0])) >= 0
    looked_at = len(places) if listed else LOOKED_AT
    steps = [(place, doorstep(known, country, place, *step)) for place in places[:looked_at]]
    doors = [(_with(place, door), door) for place, door in steps]
    doors.sort(key=_dear)
    doors = sorted([*doors, *_elsewhere(known, country, doors, step)], key=_dear)
    cost = -log(max(parse.probability, 1e-9))
    if not doors:
        return _Found(parse, places, [], cost + (UNPLACED if any(where) else 0.0))
    doors[0] = (_coded(*doors[0], known.countries[country], known), doors[0][1])
    ordered = [place for place, _ in doors] + places[looked_at:]
    return _Found(parse, ordered, [door for _, door in doors], cost + ordered[0].cost)


def _with(place: Hypothesis, door: Doorstep) -> Hypothesis:
    """Return the place with what the register costs besides."""
    return replace(place, cost=place.cost + door.cost) if door.cost else place


def _dear(door: tuple[Hypothesis, Doorstep]) -> float:
    return door[0].cost


def _elsewhere(
    known: Gazetteer, country: int, doors: list[tuple[Hypothesis, Doorstep]], step: list[str]
) -> list[tuple[Hypothesis, Doorstep]]:
    """Return the best place with the code that its town has the house under, not under that one."""
    if not doors or doors[0][1].proved:
        return []
    for place, door in doors:
        given = place.postcode
        if not door.covered or given is None or given.how == "unknown":
            continue
        other = elsewhere(known, country, place, *step)
        if other.postcode is None:
            return []
        code = other.postcode._replace(how="replaced", cost=OTHER_CODE)
        cost = place.cost - door.cost - given.cost + other.cost + OTHER_CODE
        return [(replace(place, postcode=code, cost=cost), other)]
    return []


def _coded(place: Hypothesis, door: Doorstep, country: str, known: Gazetteer) -> Hypothesis:
    """Return the place with the postal code of the house, where none was given, or another's.

    Where a list has all codes of the country, another's stays: it may be right, and the town wrong.
    """
    given, own = place.postcode, door.postcode
    if given is None:
        return replace(place, postcode=own) if "postcode" in required(country) else place
    if own is None or given.how != "unknown" or country in known.coded:
        return place
    return replace(place, postcode=own._replace(how="replaced"))


def _named(place: Hypothesis) -> dict[str, str]:
    parts = {"postcode": place.postcode, "city": place.city, "state": place.state}
    return {name: match.value for name, match in parts.items() if match is not None}
