"""Names of streets as they are compared: every word for the same thing in its shortest form."""

from .fold import folded

SHORT = {
    "street": "st",
    "avenue": "ave",
    "av": "ave",
    "road": "rd",
    "drive": "dr",
    "boulevard": "blvd",
    "lane": "ln",
    "court": "ct",
    "place": "pl",
    "square": "sq",
    "terrace": "ter",
    "parkway": "pkwy",
    "highway": "hwy",
    "circle": "cir",
    "trail": "trl",
    "way": "wy",
    "crescent": "cres",
    "north": "n",
    "south": "s",
    "east": "e",
    "west": "w",
    "northeast": "ne",
    "northwest": "nw",
    "southeast": "se",
    "southwest": "sw",
    "saint": "st",
    "mount": "mt",
    "fort": "ft",
    "strasse": "str",
    "rua": "r",
    "avenida": "ave",
    "rue": "r",
    "calle": "c",
    "via": "v",
}


def road_key(road: str) -> str:
    """Return a street's name folded, its words in their shortest forms."""
    return " ".join(SHORT.get(word, word) for word in folded(road).split())
