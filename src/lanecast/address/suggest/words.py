"""Words as they are searched: folded, in their shortest form, one character where no blanks are."""

import re

from ..fold import folded
from ..roads import SHORT
from ..tokens import CJK

APART = re.compile(rf"[{CJK}]|[^{CJK}]+")


def words(text: str) -> list[str]:
    """Return the words of a name of a gazetteer."""
    return [SHORT.get(word, word) for word in cut(text)]


def cut(text: str) -> list[str]:
    """Return the folded words of ``text`` as they were written."""
    return [word for each in folded(text).split() for word in APART.findall(each)]


def numeric(word: str) -> bool:
    """Return whether a word is a number or a code: only exchanged neighbours are forgiven in it."""
    return any(letter.isdecimal() for letter in word)
