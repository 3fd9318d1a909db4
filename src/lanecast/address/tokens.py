"""Words of an address, each with where it stood in the text as given."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .fold import Folded, fold

CJK = "\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3041-\u30ff\u31f0-\u31ff\u3400-\u9fff\uf900-\ufaff"
WORD = re.compile(
    rf"[{CJK}]"  # one character of a script without blanks
    r"|(?<![^\W_])(?:[^\W\d_]\.){2,}"  # N.W.
    rf"|[^\W_{CJK}]+(?:(?:['\u2019\-/&+]|(?<=\d)\.(?=\d))[^\W_{CJK}]+)*"  # O'Neil, 12-14
    r"|[#№]"
)
JOINED = re.compile(r"[^\W\d_]*[^\W\d_A-Z][^\W\d_]*([-/])(?:[A-Z]{2}|\d{4,})")  # Paulo-SP
LONGEST = 60  # letters of a town and a code
SEPARATORS = ",;\n|\u3001()/:"


@dataclass(frozen=True, slots=True)
class Token:
    """One word.

    Attributes
    ----------
    text
        Folded; one character of scripts that are written without blanks.
    start, end
        Its span in the text as given.
    apart
        Whether a comma, a line break or a bracket stands before it.
    glued
        Whether nothing stands before it: a blank was not needed, or was forgotten.
    """

    text: str
    start: int
    end: int
    apart: bool
    glued: bool


def tokens(given: str | Folded) -> list[Token]:
    """Return the words of an address in their order; signs between them only part them.

    Raises
    ------
    ValueError
        As ``fold``.
    """
    text = fold(given) if isinstance(given, str) else given
    found, before = [], 0
    for start, end, behind in _spans(text):
        between = text.text[before:start]
        found.append(
            Token(
                _plain(text.text[start:end]),
                text.at[start],
                text.at[end - 1] + 1,
                any(sign in SEPARATORS for sign in between),
                behind or (not between and before > 0),
            )
        )
        before = end
    return found


def dense(words: Sequence[Token]) -> bool:
    """Return whether half of the words or more are characters of scripts without blanks."""
    return 0 < len(words) <= 2 * sum(len(w.text) == 1 and w.text > "\u2e80" for w in words)


def _spans(text: Folded) -> Iterator[tuple[int, int, bool]]:
    """Yield where words stand, and whether one is a code that a sign joins to the town before."""
    for match in WORD.finditer(text.text):
        start, end = match.span()
        whole = text.given[text.at[start] : text.at[end - 1] + 1]
        short = len(whole) == end - start <= LONGEST
        joined = JOINED.fullmatch(whole) if short else None
        if joined is None:
            yield start, end, False
        else:
            yield start, start + joined.start(1), False
            yield start + joined.end(1), end, True


def _plain(word: str) -> str:
    word = word.replace("\u2019", "'")
    return word.replace(".", "") if word[0].isalpha() else word
