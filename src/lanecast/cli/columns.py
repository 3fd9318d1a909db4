"""Which columns of a table stand side by side, and how wide, so that no name is broken."""

from collections.abc import Sequence

from rich.cells import cell_len

FRAME = 3  # characters around a column; one more closes the table
MOST_KEYS = 2  # columns that are repeated where a table is told in parts


def layout(
    columns: Sequence[Sequence[str]], whole: Sequence[bool], keys: int, width: int
) -> list[dict[int, int]]:
    """Return the parts in which a table fits into ``width``: by column, how wide it is.

    Parameters
    ----------
    columns
        The texts of each column, its head first.
    whole
        Whether a column may not be wrapped at all; the others wrap between words.
    keys
        The first columns, which name a row: each part begins with them, up to ``MOST_KEYS``.
    """
    natural = [max(map(cell_len, texts)) for texts in columns]
    least = [
        most if kept else max(cell_len(word) for text in texts for word in (text.split() or [""]))
        for texts, kept, most in zip(columns, whole, natural, strict=True)
    ]
    first = list(range(min(keys, MOST_KEYS, len(columns) - 1)))
    parts, part = [], first.copy()
    for column in range(len(first), len(columns)):
        if len(part) > len(first) and _needed(least, [*part, column]) > width:
            parts.append(part)
            part = first.copy()
        part.append(column)
    return [_widths(each, natural, least, width) for each in (*parts, part)]


def _needed(least: Sequence[int], part: Sequence[int]) -> int:
    return 1 + sum(least[column] + FRAME for column in part)


def _widths(
    part: Sequence[int], natural: Sequence[int], least: Sequence[int], width: int
) -> dict[int, int]:
    """Return the least widths, and what is left of ``width`` given to who needs more, in order."""
    spare = width - _needed(least, part)
    found = {}
    for column in part:
        more = max(0, min(natural[column] - least[column], spare))
        found[column] = least[column] + more
        spare -= more
    return found
