"""Text as addresses are compared: one case, one width, no accents, and where each letter stood."""

import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from anyascii import anyascii

LONGEST = 1 << 16  # bytes of UTF-8; a longer text is not an address
WIDEST = 6  # letters that one may stand for
PLAIN = ("LATIN", "GREEK", "CYRILLIC", "ARABIC", "HEBREW")  # scripts whose marks are accents
WORDS = {code: " " for code in range(128) if not chr(code).isalnum()}
FRACTION = "\u2044"
UNREAD = "\ufffd"  # a byte that was no UTF-8
REVERSED = "\u202d\u202e"  # what stands behind is shown in another order than it is read
BREAKS = "\n\r\t\v\f\x85\u2028\u2029"


@dataclass(frozen=True)
class Folded:
    """A text folded for comparison.

    Attributes
    ----------
    text
        The folded text.
    at
        For each of its characters the index in the text as given, and at its end the length of
        that, so that ``given[at[i] : at[j]]`` is what ``text[i:j]`` was.
    hidden
        How many characters nobody sees were dropped: controls, joiners, marks of direction.
    given
        The text as given.
    """

    text: str
    at: tuple[int, ...]
    hidden: int = 0
    given: str = ""


def fold(given: str) -> Folded:
    """Return ``given`` in lower case, half width and without accents, line breaks as LF.

    Latin letters become ASCII (``ß`` ss, ``ł`` l), digits of any script 0 to 9; other scripts
    stay, since a transliteration is another name. Hidden characters are dropped and counted.

    Raises
    ------
    ValueError
        When the text is longer than 64 KiB.
    """
    if len(given) > LONGEST or len(given.encode("utf-8", "replace")) > LONGEST:
        raise ValueError(f"text: {len(given):,} characters; an address has at most 64 KiB.")
    letters: list[str] = []
    at: list[int] = []
    hidden = 0
    for index, letter in enumerate(given):
        plain = _letter(letter)
        hidden += plain is None
        for each in plain or "":
            letters.append(each)
            at.append(index)
    at.append(len(given))
    return Folded("".join(letters), tuple(at), hidden, given)


def unseen(text: str) -> tuple[str, ...]:
    """Return the faults of a text of which people see something else than what is read."""
    return ("reversed_characters",) * any(mark in text for mark in REVERSED) + ("not_utf8",) * (
        UNREAD in text
    )


def folded(name: str) -> str:
    """Return a name of a gazetteer as keys hold it: words apart by one blank, nothing else."""
    if name.isascii():
        return " ".join(name.lower().translate(WORDS).split())
    return " ".join("".join(c if c.isalnum() else " " for c in fold(name).text).split())


@lru_cache(maxsize=1 << 14)
def _letter(letter: str) -> str | None:
    """Return what one character becomes; None for one that nobody sees."""
    if letter.isascii():
        if letter.isprintable():
            return letter.lower()
        return "\n" if letter in BREAKS else None
    if letter in BREAKS:
        return "\n"
    kind = unicodedata.category(letter)
    if kind[0] == "C":
        return None
    if kind[0] == "Z":
        return " "
    if kind == "Mn":
        return ""
    if kind == "Nd":
        return str(unicodedata.digit(letter))
    name = unicodedata.name(letter, "")
    wide = unicodedata.normalize("NFKC", letter).casefold()
    if len(wide) > WIDEST:
        return letter  # whole sentences that no address has, so that no text grows much
    if FRACTION in wide:
        return " " + wide.replace(FRACTION, "/")  # 12½ is 12 1/2
    if kind == "No" and wide.isdecimal():
        return f" {wide} "  # 12¹ is not 121
    if name.startswith("LATIN"):
        return anyascii(letter).lower()
    if name.startswith(PLAIN):
        return "".join(
            c for c in unicodedata.normalize("NFD", wide) if not unicodedata.combining(c)
        )
    return "".join(c for c in wide if c.isprintable())
