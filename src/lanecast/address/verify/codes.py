"""What others' codes would say, derived from our proof: like USPS DPV, like Loqate's AVC.

They are not certified: DPV is licensed by USPS and knows every delivery point, the AVC is Loqate's
judgement by its own data. What a code says is as in their references; what it is derived from
stands in docs/address.md.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from rapidfuzz import fuzz

from ..fold import folded
from ..postcodes import formed, plain
from ..roads import road_key
from .levels import CONFIRMED, SUSPICIOUS, Components, granularity

LEVEL = {"sub_premise": 5, "premise": 4, "route": 3, "postal_code": 2, "locality": 2, "admin": 1}
PLACE = ("postcode", "city", "state")


def dpv_like(
    components: Components, country: str | None, unit_expected: bool
) -> dict[str, Any] | None:
    """Return ``code`` (Y, S, D, N) and ``footnotes``; None: not evaluated.

    Not evaluated are addresses outside of the US, boxes with their number, and streets in a place
    without a register of houses.
    """
    if country != "US":
        return None
    box = components.get("po_box")
    if box is not None:
        bare = not any(c.isdigit() for c in str(box["text"]))
        return {"code": "N", "footnotes": ["A1", "P1"]} if bare else None
    road = _state(components, "road")
    if road not in (CONFIRMED, SUSPICIOUS):
        return None
    clash = any(_state(components, name) == SUSPICIOUS for name in PLACE)
    found = "AA" if road == CONFIRMED and not clash else "A1"
    private = ["RR"] * _private(components)
    number = _state(components, "house_number")
    if found == "A1" or number != CONFIRMED:
        wrong = ["M1"] if number is None else ["M3"] * (number == SUSPICIOUS)
        return {"code": "N", "footnotes": [found, *wrong, *private]}
    if unit_expected:
        return {"code": "D", "footnotes": ["AA", "N1"]}
    if _state(components, "unit") not in (None, CONFIRMED):
        return {"code": "S", "footnotes": ["AA", "CC", *private]}
    return {"code": "Y", "footnotes": ["AA", "BB", *private]}


def _private(components: Components) -> bool:
    """Return whether a private mailbox is given."""
    return "unit" in components and str(components["unit"]["text"]).upper().startswith("PMB")


def _state(components: Components, name: str) -> str | None:
    return str(components[name]["confirmation"]) if name in components else None


def avc_like(
    components: Components,
    country: str | None,
    candidates: Sequence[str],
    unresolved: Sequence[str],
    missing: Sequence[str],
) -> str:
    """Return a code such as ``V44-I44-P6-100``.

    Status with the level after and before matching; parsing with its levels by lexicon and by
    context; the postal code; and how much of what was given stands in the reply.
    """
    changed = {n for n, c in components.items() if _changed(c)}
    inferred = {n for n, c in components.items() if c["inferred"]}
    after = LEVEL.get(granularity(components, confirmed=True), 0)
    before = LEVEL.get(granularity(components, confirmed=True, without=changed | inferred), 0)
    lexicon = LEVEL.get(granularity(components, confirmed=True, without=inferred), 0)
    context = LEVEL.get(granularity(components, confirmed=False, without=inferred), 0)
    read = "I" if components and not unresolved else "U"
    status = _status(components, candidates, after, complete=after >= context and not missing)
    code, alike = _postcode(components.get("postcode"), country), _alike(components)
    return f"{status}{after}{before}-{read}{lexicon}{context}-{code}-{alike}"


def _changed(part: Mapping[str, Any]) -> bool:
    return bool(part["replaced"] or part["spell_corrected"])


def _status(
    components: Components, candidates: Sequence[str], after: int, *, complete: bool
) -> str:
    places = [components[name] for name in PLACE if name in components]
    if not after:
        return "U"
    if len(candidates) > 1:
        return "A"
    if any(p["confirmation"] == SUSPICIOUS or _how(p) == "replaced" for p in places):
        return "C"
    sure = all(c["confirmation"] == CONFIRMED for c in components.values())
    return "V" if sure and complete else "P"


def _how(part: Mapping[str, Any]) -> str | None:
    return part["proof"]["how"] if part["proof"] else None


def _postcode(part: Mapping[str, Any] | None, country: str | None) -> str:
    if part is None:
        return "P0"
    how = _how(part)
    if part["inferred"]:
        return "P3"
    if part["confirmation"] == CONFIRMED:
        return {"code": "P5", "spelling": "P5", "replaced": "P4"}.get(str(how), "P6")
    text = str(part["text"])
    return "P2" if any(formed(each, country) for each in (text, plain(text, country))) else "P1"


def _alike(components: Components) -> int:
    """Return how much of what was given stands in the reply, 0 to 100."""
    given = [(name, c) for name, c in components.items() if c["text"]]
    if not given:
        return 0
    if all(c["text"] == c["normalized"] for _, c in given):
        return 100
    sides = ("text", "normalized")
    one, other = (" ".join(_key(name, str(c[of])) for name, c in given) for of in sides)
    return round(fuzz.ratio(one, other))


def _key(name: str, text: str) -> str:
    return road_key(text) if name == "road" else folded(text)
