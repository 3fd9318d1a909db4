"""Is this address right, and if not, what is wrong with it?"""

from ..countries import guessed
from ..fold import fold
from ..gazetteer.arrays import Gazetteer
from ..parts import Parse
from ..tokens import tokens
from .arbiter import Arbiter
from .models.rules import Rules
from .places import Hypothesis, hypotheses
from .reply import Reply, replied, unsure
from .streets import NOTHING, doorstep

LOOKED_AT = 4  # places whose streets are looked up


def verify(
    text: str,
    known: Gazetteer,
    country: str | None = None,
    tagger: Rules | None = None,
    arbiter: Arbiter | None = None,
) -> Reply:
    """Return what is known of one address.

    Parameters
    ----------
    text
        As typed, in any country and script.
    known
        What proves it.
    country
        ISO 3166-1 alpha-2, where it is known; else it is guessed from the text.

    tagger
        What reads the parts; by default the rules.

    arbiter
        A language model that is asked where places fit nearly equally well; off by default.

    Raises
    ------
    ValueError
        When the text is longer than 64 KiB.
    """
    whole = fold(text)
    words = tokens(whole)
    faults = ("hidden_characters",) * bool(whole.hidden)
    votes = guessed(words, known) if country is None else {country: 1.0}
    country = next(iter(votes), None)
    parses = (tagger or Rules()).parse(text, words, known, country)
    if not parses:
        return replied(text, Parse((), 0.0), country, known, [], NOTHING, (*faults, "empty"))
    parse, number = parses[0], known.numbers.get(country or "")
    if number is None:
        return replied(text, parse, country, known, [], NOTHING, (*faults, "country_not_covered"))
    where = [parse.text(name) for name in ("postcode", "city", "state")]
    places = hypotheses(known, number, *where)
    step = [parse.text(name) for name in ("road", "house_number", "unit")]
    doors = [(place, doorstep(known, number, place, *step)) for place in places[:LOOKED_AT]]
    doors.sort(key=lambda each: each[0].cost + each[1].cost)
    ordered = [place for place, _ in doors] + places[LOOKED_AT:]
    decided_by = "gazetteer"
    if arbiter is not None and unsure(ordered):
        chosen = arbiter.choose(parse, [_named(place) for place, _ in doors])
        if chosen is not None:
            doors.insert(0, doors.pop(chosen))
            ordered = [doors[0][0]]
            decided_by = "llm_and_gazetteer"
    door = doors[0][1] if doors else NOTHING
    return replied(text, parse, country, known, ordered, door, faults, decided_by)


def _named(place: Hypothesis) -> dict[str, str]:
    parts = {"postcode": place.postcode, "city": place.city, "state": place.state}
    return {name: match.value for name, match in parts.items() if match is not None}
