"""Is a text a telephone number and nothing else?"""

import re

from .postcodes import form

LONGEST = 60  # characters
CALL = re.compile(
    r"(?P<said>(?:tel|phone|fone|mobile|mobil|cell|fax)[a-z]{0,6}[.:]?)?\s*"
    r"(?P<mark>\+|00)?(?P<number>[\d\s()./-]{7,30})"
)
MARKED, BARE, MOST = 7, 9, 15  # digits (E.164 has at most 15)


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
