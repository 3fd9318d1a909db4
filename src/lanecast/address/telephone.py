"""Telephone numbers in an address, and texts that are nothing else."""

import re
from collections.abc import Iterator

from .postcodes import form

LONGEST = 60  # characters
CALL = re.compile(
    r"(?P<said>(?:tel|phone|fone|mobile|mobil|cell|fax)[a-z]{0,6}[.:]?)?\s*"
    r"(?P<mark>\+|00)?(?P<number>[\d\s()./-]{7,30})"
)
MARKED, BARE, MOST = 7, 9, 15  # digits (E.164 has at most 15)
SAID = (
    r"(?:(?<![^\W\d_])(?:tel|telephone|telefono|telefone|telefon|phone|fone|mobile|mobil|mob|cell"
    r"|cel|celular|fax|ph|whatsapp|call(?: me)?(?: at| on)?)|电话|電話|手机|手機)[.:]{0,2} {0,2}"
)
ENDS = r"(?= {0,3}(?:$|[,;\n|]))"  # with blanks inside only where nothing stands right behind
WITHIN = re.compile(
    rf"{SAID}\+?\d[\d ()./-]{{5,28}}\d{ENDS}|{SAID}\+?\d[\d()./-]{{5,20}}\d"
    rf"|\+\d[\d ()./-]{{6,24}}\d{ENDS}|\+\d[\d()./-]{{6,20}}\d"
    r"|\(\d{3}\) ?\d{3}[-. ]\d{4}(?!\d)|(?<![\d-])\d{3}[-.]\d{3}[-.]\d{4}(?![\d-])"  # US, Canada
    r"|\(\d{2}\) ?9?\d{4}[- ]?\d{4}(?!\d)"  # Brazil
    r"|(?<!\d)1[3-9]\d{9}(?!\d)"  # mobile telephones of China
)


def telephone(text: str, country: str | None) -> bool:
    """Return whether a folded text holds but a telephone number.

    What has the form of a postal code of ``country``, or of the US with its four further digits,
    is none.
    """
    text = text.strip()
    found = CALL.fullmatch(text) if len(text) <= LONGEST else None
    if found is None:
        return False
    number = found["number"].strip()
    marked = bool(found["said"] or found["mark"] or "(" in number)
    digits = sum(c.isdigit() for c in number)
    if not (MARKED if marked else BARE) <= digits <= MOST:
        return False
    forms = (pattern for c in {country, "US"} if c and (pattern := form(c)))
    return marked or not any(pattern.fullmatch(number) for pattern in forms)


def telephones(text: str) -> Iterator[tuple[int, int]]:
    """Yield where numbers stand in a folded text that are plainly telephones, by word or form."""
    for found in WITHIN.finditer(text):
        if MARKED <= sum(map(str.isdigit, found[0])) <= MOST:
            yield found.span()
