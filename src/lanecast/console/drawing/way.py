"""The way of a parcel on a map without tiles: where it was, where it may go, where it must."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from .names import Room, placed

WIDE, TALL = 640.0, 300.0
PAD = 0.16  # of the extent
LEAST = 0.6  # degrees that are shown at least
DOTTED = 6.0  # radius of a stop [pixel]
PHONE = 1.6  # so much larger are names and stops at most, on a map as narrow as a phone
STEPS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0)
DRAWING = Markup(
    '<div class="way" role="img" aria-label="{label}"><svg viewBox="0 0 {wide} {tall}" '
    'aria-hidden="true">{lines}</svg>{names}</div>'
)
LINE = Markup('<polyline points="{points}" class="{kind}" style="opacity:{opacity:.2f}"/>')
GRID = Markup('<line x1="{0:.1f}" y1="{1:.1f}" x2="{2:.1f}" y2="{3:.1f}" class="grid"/>')
DOT = Markup('<circle cx="{x:.1f}" cy="{y:.1f}" r="{r}" class="{kind}"/>')
GOAL = Markup('<path d="M{x:.1f} {y:.1f}m0-8l7 8-7 8-7-8z" class="goal"/>')


@dataclass(frozen=True)
class Stop:
    """A place on the map [degree]."""

    name: str
    lat: float
    lon: float


def way(
    passed: Sequence[Stop],
    ahead: Sequence[tuple[float, Sequence[Stop]]],
    goal: Stop | None,
    label: str,
) -> Markup | None:
    """Return the map; None where nothing of it has a place.

    Parameters
    ----------
    ahead
        Chance of each way, and its stops from the last passed one on.
    """
    stops = [*([goal] if goal else []), *passed, *(stop for _, way in ahead for stop in way)]
    if not stops:
        return None
    project = _projection(stops)
    lines = _graticule(stops, project)
    for chance, each in sorted(ahead, key=lambda way: way[0]):
        if len(each) > 1:
            points = " ".join(f"{x:.1f},{y:.1f}" for x, y in map(project, each))
            lines += LINE.format(points=points, kind="ahead", opacity=max(0.25, chance))
    if len(passed) > 1:
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in map(project, passed))
        lines += LINE.format(points=points, kind="passed", opacity=1)
    seen: dict[str, Stop] = {}
    for stop in stops:
        seen.setdefault(stop.name, stop)
    for stop in seen.values():
        if goal is not None and stop.name == goal.name:
            lines += GOAL.format(**_at(project(stop)))
        else:
            kind = "been" if stop in passed else "may"
            lines += DOT.format(r=5, kind=kind, **_at(project(stop)))
    names = _names(list(seen.values()), project)
    return DRAWING.format(label=label, wide=WIDE, tall=TALL, lines=lines, names=names)


def _at(point: tuple[float, float]) -> dict[str, float]:
    return {"x": point[0], "y": point[1]}


def _names(stops: Sequence[Stop], project: "_Project") -> Markup:
    """Return the names that have room; the first stops come first."""
    spots = [(*project(stop), DOTTED) for stop in stops]
    room, told = Room(WIDE, TALL, PHONE, spots), Markup("")
    for stop, (x, y, radius) in zip(stops, spots, strict=True):
        if (side := room.side(x, y, radius, len(stop.name))) is not None:
            told += placed(stop.name, 100 * x / WIDE, 100 * y / TALL, side)
    return told


@dataclass(frozen=True)
class _Project:
    """Degrees to the drawing, east-west shortened by the cosine of the latitude."""

    lat: float
    lon: float
    scale: float
    narrow: float

    def __call__(self, stop: Stop) -> tuple[float, float]:
        x = WIDE / 2 + (stop.lon - self.lon) * self.narrow * self.scale
        return x, TALL / 2 - (stop.lat - self.lat) * self.scale

    def at(self, lat: float, lon: float) -> tuple[float, float]:
        return self(Stop("", lat, lon))


def _projection(stops: Sequence[Stop]) -> _Project:
    lats, lons = [s.lat for s in stops], [s.lon for s in stops]
    lat, lon = (min(lats) + max(lats)) / 2, (min(lons) + max(lons)) / 2
    narrow = max(math.cos(math.radians(lat)), 0.1)
    tall = max(max(lats) - min(lats), LEAST)
    wide = max((max(lons) - min(lons)) * narrow, LEAST)
    scale = min(TALL / (tall * (1 + 2 * PAD)), WIDE / (wide * (1 + 2 * PAD)))
    return _Project(lat, lon, scale, narrow)


def _graticule(stops: Sequence[Stop], project: _Project) -> Markup:
    wide = WIDE / project.scale / project.narrow
    tall = TALL / project.scale
    step = next((each for each in STEPS if wide / each <= 8), STEPS[-1])
    lines = Markup("")
    for i in range(
        math.ceil((project.lon - wide / 2) / step), math.floor((project.lon + wide / 2) / step) + 1
    ):
        x, _ = project.at(project.lat, i * step)
        lines += GRID.format(x, 0, x, TALL)
    for i in range(
        math.ceil((project.lat - tall / 2) / step), math.floor((project.lat + tall / 2) / step) + 1
    ):
        _, y = project.at(i * step, project.lon)
        lines += GRID.format(0, y, WIDE, y)
    return lines
