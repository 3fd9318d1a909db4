"""Parts of an address under the names of libpostal and OpenCage, and the names others use."""

from collections.abc import Sequence
from dataclasses import dataclass

from .tokens import Token

NAMES = (
    *("house", "house_number", "road", "unit", "level", "staircase", "entrance", "po_box"),
    *("postcode", "suburb", "city_district", "city", "state_district", "state", "country"),
    "other",  # recipient's phone, notes for the courier: nothing that says where
)
GOOGLE = {
    "house": "point_of_interest",
    "house_number": "street_number",
    "road": "route",
    "unit": "subpremise",
    "level": "floor",
    "po_box": "post_box",
    "postcode": "postal_code",
    "suburb": "sublocality",
    "city_district": "sublocality",
    "city": "locality",
    "state_district": "administrative_area_level_2",
    "state": "administrative_area_level_1",
    "country": "country",
}
USADDRESS = {
    **dict.fromkeys(
        ("AddressNumber", "AddressNumberPrefix", "AddressNumberSuffix"), "house_number"
    ),
    **dict.fromkeys(
        (
            *("StreetName", "StreetNamePreDirectional", "StreetNamePreModifier"),
            *("StreetNamePreType", "StreetNamePostDirectional", "StreetNamePostModifier"),
            *("StreetNamePostType", "IntersectionSeparator", "SecondStreetName"),
            *("SecondStreetNamePostType", "SecondStreetNamePreDirectional"),
            *("SecondStreetNamePreType", "SecondStreetNamePostDirectional"),
            *("SecondStreetNamePreModifier", "SecondStreetNamePostModifier"),
        ),
        "road",
    ),
    **dict.fromkeys(
        (
            *("OccupancyType", "OccupancyIdentifier"),
            *("SubaddressType", "SubaddressIdentifier"),
        ),
        "unit",
    ),
    **dict.fromkeys(("USPSBoxType", "USPSBoxID", "USPSBoxGroupType", "USPSBoxGroupID"), "po_box"),
    **dict.fromkeys(("BuildingName", "LandmarkName", "Recipient", "CornerOf"), "house"),
    "PlaceName": "city",
    "StateName": "state",
    "ZipCode": "postcode",
    "ZipPlus4": "postcode",
    "CountryName": "country",
    "NotAddress": "other",
}


@dataclass(frozen=True, slots=True)
class Part:
    """One part of an address, as it stands in the text.

    Attributes
    ----------
    name
        One of ``NAMES``.
    text
        As given, from its first to its last word.
    start, end
        Its span in the text as given.
    """

    name: str
    text: str
    start: int
    end: int


@dataclass(frozen=True)
class Parse:
    """One reading of an address.

    Attributes
    ----------
    parts
        In the order of the text; a name may come again.
    probability
        How likely it is the right one, among all readings.
    """

    parts: tuple[Part, ...]
    probability: float

    def text(self, name: str) -> str:
        """Return what stands under ``name``, its pieces apart by blanks; empty: nothing."""
        return " ".join(part.text for part in self.parts if part.name == name)


def parts_of(given: str, words: Sequence[Token], labels: Sequence[str]) -> tuple[Part, ...]:
    """Return runs of words with one label as parts; ``B-city I-city`` are one, as is a run."""
    found: list[Part] = []
    before = ""
    for word, mark in zip(words, labels, strict=True):
        label = mark.removeprefix("B-").removeprefix("I-")
        if label == before and not mark.startswith("B-"):
            last = found.pop()
            found.append(Part(label, given[last.start : word.end], last.start, word.end))
        else:
            found.append(Part(label, given[word.start : word.end], word.start, word.end))
        before = label
    return tuple(found)
