"""Names of countries in the languages of the world, from the Unicode locale data."""

from functools import lru_cache

from babel import Locale
from babel.core import get_global

from .fold import folded

LANGUAGES = (
    *("en", "fr", "de", "es", "pt", "it", "nl", "sv", "da", "nb", "fi", "pl", "cs", "sk", "hu"),
    *("ro", "bg", "hr", "sr", "sl", "et", "lv", "lt", "el", "ru", "uk", "tr", "ar", "he", "fa"),
    *("hi", "th", "vi", "id", "ms", "zh", "ja", "ko", "ca", "is"),
)
ALSO = {"usa": "US", "us": "US", "uk": "GB", "england": "GB", "scotland": "GB", "wales": "GB"}
ALSO |= {"united states of america": "US", "great britain": "GB", "northern ireland": "GB"}
ALSO |= {"u s a": "US", "the netherlands": "NL", "czech republic": "CZ", "russian federation": "RU"}
ALSO |= {"ivory coast": "CI", "burma": "MM", "swaziland": "SZ", "macedonia": "MK", "korea": "KR"}
ALSO |= {"republic of korea": "KR", "cape verde": "CV", "east timor": "TL"}
ALSO |= {"republic of the congo": "CG", "democratic republic of the congo": "CD"}
ALSO |= {"hong kong": "HK", "macau": "MO", "palestine": "PS", "the gambia": "GM", "vatican": "VA"}
PARTS = {  # countries of the list that people say are of another
    "FR": ("BL", "GF", "GP", "MF", "MQ", "NC", "PF", "PM", "RE", "TF", "WF", "YT"),
    "US": ("AS", "GU", "MP", "PR", "UM", "VI"),
    "GB": ("AI", "BM", "FK", "GG", "GI", "IM", "JE", "KY", "MS", "PN", "SH", "TC", "VG"),
    "NL": ("AW", "BQ", "CW", "SX"),
    "DK": ("FO", "GL"),
    "AU": ("CC", "CX", "NF"),
    "NZ": ("CK", "NU", "TK"),
    "CN": ("HK", "MO", "TW"),
    "NO": ("SJ",),
    "FI": ("AX",),
}
NONE = ("EU", "EZ", "UN", "XA", "XB", "ZZ")


def country_names() -> dict[str, str]:
    """Return the ISO 3166-1 alpha-2 country of every folded name, in 40 languages."""
    names: dict[str, str] = {}
    for language in LANGUAGES:
        for code, name in Locale.parse(language).territories.items():
            if len(code) == 2 and code.isalpha() and code not in NONE:
                names.setdefault(folded(name), code)
                names.setdefault(folded(name.replace("&", "and")), code)
    return names | ALSO


@lru_cache(maxsize=1)
def country_codes() -> frozenset[str]:
    """Return the ISO 3166-1 alpha-2 codes of countries that there are."""
    codes = map(str, Locale.parse("en").territories)
    return frozenset(code for code in codes if len(code) == 2 and code.isalpha()) - {*NONE}


def country_of(given: str | None) -> tuple[str | None, tuple[str, ...]]:
    """Return the country of a code in any case, and what is wrong with it; blank is none."""
    code = (given or "").strip().upper() or None
    if code is None or code in country_codes():
        return code, ()
    return None, ("no_such_country",)


def named(text: str, country: str) -> bool | None:
    """Return whether a text names that country, by a name or its ISO 3166-1 code of 2 or 3 letters.

    None where it names no country at all, or but a code of two letters, which may be a state's.
    """
    name = " ".join(word for word in folded(text).split() if word != "and")
    short = name.replace(" ", "")
    if short == country.lower():
        return True
    names = _every_name()
    found = names.get(name) or (names.get(short) if len(short) > 2 else None)
    return None if found is None else found == country or country in PARTS.get(found, ())


@lru_cache(maxsize=1)
def _every_name() -> dict[str, str]:
    aliases = get_global("territory_aliases").items()
    longer = {code.lower(): of[0] for code, of in aliases if len(code) == 3 and len(of) == 1}
    names = {name.replace(" and ", " "): code for name, code in country_names().items()}
    return longer | names
