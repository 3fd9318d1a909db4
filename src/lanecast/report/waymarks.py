"""Marks of the stops on a map, their names, and the arcs between them."""

from collections.abc import Sequence
from dataclasses import dataclass

from .geography import Point
from .labels import Box, around, beside
from .markup import Html, joined, tag
from .picture import Size

R = 10.0  # of a mark [px]


@dataclass(frozen=True)
class Spot:
    """A stop on the map: where it is, where its mark stands, and what is said beside it."""

    no: int
    true: Point
    mark: Point
    past: bool
    chance: float
    words: tuple[str, ...]


def arc(start: Point, end: Point, cut: float = 0.0) -> tuple[str, Point, Point]:
    """Return an arc, ``cut`` [px] short of both ends; its middle; and where it heads there."""
    (x1, y1), (x2, y2) = start, end
    dx, dy = x2 - x1, y2 - y1
    length = (dx * dx + dy * dy) ** 0.5 or 1.0
    short = min(cut, 0.3 * length) / length
    x1, y1, x2, y2 = x1 + short * dx, y1 + short * dy, x2 - short * dx, y2 - short * dy
    cx, cy = (x1 + x2) / 2 + 0.14 * dy, (y1 + y2) / 2 - 0.14 * dx
    d = f"M{x1:.1f} {y1:.1f}Q{cx:.1f} {cy:.1f} {x2:.1f} {y2:.1f}"
    return d, ((x1 + 2 * cx + x2) / 4, (y1 + 2 * cy + y2) / 4), (dx / length, dy / length)


def head(at: Point, heading: Point, r: float, look: str) -> Html:
    """Draw an arrow head of size ``r`` [px]."""
    (x, y), (ux, uy) = at, heading
    corners = ((r * ux, r * uy), (-r * (ux + uy), -r * (uy - ux)), (-r * (ux - uy), -r * (uy + ux)))
    points = " ".join(f"{x + a:.1f},{y + b:.1f}" for a, b in corners)
    return tag("polygon", class_=look, points=points)


def leader(spot: Spot) -> Html:
    """Draw where a stop truly is, and a line from there to its mark."""
    (x1, y1), (x2, y2) = spot.true, spot.mark
    line = tag("line", class_="leader", x1=x1, y1=y1, x2=x2, y2=y2)
    return joined(line, tag("circle", class_="backplace", cx=x1, cy=y1, r=2))


def mark(spot: Spot) -> Html:
    """Draw the mark of a stop, with its number."""
    x, y = spot.mark
    look = "stopgone" if spot.past else "stopnext" if spot.chance >= 0.5 else "stopperhaps"
    say = f"{spot.words[0]}, {spot.words[1]}"
    number = tag("text", str(spot.no), class_=f"{look}no", x=x, y=y + 4, text_anchor="middle")
    return joined(tag("circle", tag("title", say), class_=look, cx=x, cy=y, r=R), number)


def names(spots: Sequence[Spot], size: Size) -> list[Html]:
    """Write the names of stops where there is room."""
    taken = [around(spot.mark, R + 2) for spot in spots]
    words = [spot.words for spot in spots]
    frame = (44.0, 4.0, size.width - 4, size.height - 18)  # beside the degrees
    points = [spot.mark for spot in spots]
    return written(points, words, beside(points, words, taken, frame))


def toward(point: Point, box: Box | None) -> Html | None:
    """Draw a thin line from a point to its words."""
    if box is None:
        return None
    (x, y), (left, top, right, bottom) = point, box
    at = min(max(x, left), right), min(max(y, top), bottom)
    return tag("line", class_="leader", x1=x, y1=y, x2=at[0], y2=at[1])


def written(
    points: Sequence[Point], words: Sequence[Sequence[str]], boxes: Sequence[Box | None]
) -> list[Html]:
    """Write the lines of each point into its box; a point without one says nothing."""
    drawn = []
    for (at, _), lines, box in zip(points, words, boxes, strict=True):
        if box is None:
            continue
        left, right = box[0] >= at, box[2] <= at
        x, side = (
            (box[0], "start")
            if left
            else (box[2], "end")
            if right
            else ((box[0] + box[2]) / 2, "middle")
        )
        for k, line in enumerate(lines):
            look = "halo" if k == 0 else "halo tick"
            y = box[1] + 12 + 15 * k
            drawn.append(tag("text", line, class_=look, x=x, y=y, text_anchor=side))
    return drawn
