"""Names of countries in the languages of the world, from the Unicode locale data."""

from functools import lru_cache

from babel import Locale

from .fold import folded

LANGUAGES = (
    *("en", "fr", "de", "es", "pt", "it", "nl", "sv", "da", "nb", "fi", "pl", "cs", "sk", "hu"),
    *("ro", "bg", "hr", "sr", "sl", "et", "lv", "lt", "el", "ru", "uk", "tr", "ar", "he", "fa"),
    *("hi", "th", "vi", "id", "ms", "zh", "ja", "ko", "ca", "is"),
)
ALSO = {"usa": "US", "us": "US", "uk": "GB", "england": "GB", "scotland": "GB", "wales": "GB"}
ALSO |= {"united states of america": "US", "u s a": "US", "the netherlands": "NL"}
ALSO |= {"czech republic": "CZ"}
NONE = ("EU", "EZ", "UN", "XA", "XB", "ZZ")


def country_names() -> dict[str, str]:
    """Return the ISO 3166-1 alpha-2 country of every folded name, in 40 languages."""
    names: dict[str, str] = {}
    for language in LANGUAGES:
        for code, name in Locale.parse(language).territories.items():
            if len(code) == 2 and code.isalpha() and code not in NONE:
                names.setdefault(folded(name), code)
    return names | ALSO


@lru_cache(maxsize=1)
def country_codes() -> frozenset[str]:
    """Return the ISO 3166-1 alpha-2 codes of countries that there are."""
    codes = map(str, Locale.parse("en").territories)
    return frozenset(code for code in codes if len(code) == 2 and code.isalpha()) - {*NONE}
