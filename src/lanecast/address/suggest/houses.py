"""Is there such a house along a street? A number is looked up, never changed."""

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..fold import folded
from ..gazetteer.arrays import Streets

NUMBER = re.compile(r"\d{1,9}")


@dataclass(frozen=True, slots=True)
class House:
    """What is known of a house number.

    Attributes
    ----------
    number
        As asked, or as the register writes it.
    how
        ``exact``, ``interpolated`` between two houses, ``beyond`` the known ones, or ``unknown``
        where none is known.
    house
        Row of the house; of interpolated ones the nearest; -1: none.
    below, above
        Numbers of its neighbours where it is not known.
    """

    number: str
    how: str
    house: int = -1
    below: str = ""
    above: str = ""


def house(streets: Streets, street: int, asked: str) -> House:
    """Return the house ``asked`` along a street, or what lies on both sides of it."""
    first, last = int(streets.first[street]), int(streets.first[street + 1])
    values = streets.value[first:last]
    wanted, found = folded(asked), NUMBER.search(asked)
    known = int(np.searchsorted(values, 0))  # houses without a number come first
    if found is None or known == len(values):
        return House(asked, "unknown")
    value = int(found[0])
    low = int(np.searchsorted(values, value, "left"))
    high = int(np.searchsorted(values, value, "right"))
    for row in range(first + low, first + high):
        if folded(streets.number[row]) == wanted:
            return House(streets.number[row], "exact", row)
    below = first + low - 1 if low > known else -1
    above = first + high if first + high < last else -1
    if high > low:  # the number is there with another letter
        below = above = first + low
    sides = [row for row in (below, above) if row >= 0]
    nearest = min(sides, key=lambda row: abs(int(streets.value[row]) - value))
    return House(
        asked,
        "interpolated" if len(sides) == 2 else "beyond",
        nearest,
        streets.number[below] if below >= 0 else "",
        streets.number[above] if above >= 0 else "",
    )


def along(streets: Streets, rows: NDArray[np.integer], asked: str) -> NDArray[np.bool_]:
    """Return which streets have a house of that number, whatever letters stand behind it."""
    found = NUMBER.search(asked)
    if found is None or not len(streets.value):
        return np.zeros(len(rows), bool)
    value, last = int(found[0]), len(streets.value) - 1
    low = streets.first[rows].astype(np.int64)
    end = streets.first[np.asarray(rows) + 1].astype(np.int64)
    high = end.copy()
    while (open_ := low < high).any():  # all streets halve at once
        middle = (low + high) // 2
        less = streets.value[np.minimum(middle, last)] < value
        low = np.where(open_ & less, middle + 1, low)
        high = np.where(open_ & ~less, middle, high)
    return np.asarray((low < end) & (streets.value[np.minimum(low, last)] == value))
