"""Marks and words on a map that do not lie on each other."""

import math
from collections.abc import Sequence

from .geography import Point

Box = tuple[float, float, float, float]  # left, top, right, bottom [px]
ROUNDS = 300
LETTER = 6.3  # width of a letter [px], on average
LINE = 15.0  # height of a line [px]
FAR = (15.0, 30.0)  # from a point to its words [px]
AROUND = (  # directions in which words may stand, and how much of the way
    *((1, 0, 1.0), (-1, 0, 1.0), (0, -1, 1.0), (0, 1, 1.0)),
    *((1, -1, 0.6), (1, 1, 0.6), (-1, -1, 0.6), (-1, 1, 0.6)),
    *((1, -0.5, 0.9), (1, 0.5, 0.9), (-1, -0.5, 0.9), (-1, 0.5, 0.9)),
)


def apart(points: Sequence[Point], least: float, frame: Box) -> list[Point]:
    """Return the points, moved so that no two are nearer than ``least`` [px], inside ``frame``.

    Each is pushed away from those too near, and pulled back to where it belongs.
    """
    moved = [
        (x + 0.01 * math.cos(2.4 * k), y + 0.01 * math.sin(2.4 * k))
        for k, (x, y) in enumerate(points)
    ]
    for turn in range(ROUNDS):
        pull = 0.02 * (1 - turn / ROUNDS)
        now = [
            (x + pull * (a - x), y + pull * (b - y))
            for (x, y), (a, b) in zip(moved, points, strict=True)
        ]
        for i in range(len(now)):
            for j in range(i):
                (ax, ay), (bx, by) = now[i], now[j]
                length = math.hypot(ax - bx, ay - by) or 1e-6
                push = max(least - length, 0.0) / 2 / length
                dx, dy = push * (ax - bx), push * (ay - by)
                now[i], now[j] = (ax + dx, ay + dy), (bx - dx, by - dy)
        left, top, right, bottom = frame
        moved = [(min(max(x, left), right), min(max(y, top), bottom)) for x, y in now]
    return moved


def beside(
    points: Sequence[Point],
    words: Sequence[Sequence[str]],
    taken: Sequence[Box],
    frame: Box,
) -> list[Box | None]:
    """Return a box beside each point for its lines, free of ``taken`` and of the others' boxes.

    None where there is no room.
    """
    used, found = list(taken), []
    for (x, y), lines in zip(points, words, strict=True):
        wide, tall = LETTER * max(map(len, lines)), LINE * len(lines)
        places = [
            (x + dx * (far * reach + wide / 2), y + dy * (far * reach + tall / 2))
            for far in FAR
            for dx, dy, reach in AROUND
        ]
        boxes = [(a - wide / 2, b - tall / 2, a + wide / 2, b + tall / 2) for a, b in places]
        box = next((each for each in boxes if _free(each, used, frame)), None)
        found.append(box)
        if box:
            used.append(box)
    return found


def around(point: Point, r: float) -> Box:
    """Return the box of a mark."""
    x, y = point
    return x - r, y - r, x + r, y + r


def _free(box: Box, used: Sequence[Box], frame: Box) -> bool:
    left, top, right, bottom = box
    inside = left >= frame[0] and top >= frame[1] and right <= frame[2] and bottom <= frame[3]
    return inside and not any(
        left < c and a < right and top < d and b < bottom for a, b, c, d in used
    )
