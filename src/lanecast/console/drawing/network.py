"""A network on a map without tiles: what is late is brighter, wider, and drawn last.

Places that would stand on one another are one dot, as large as all, and as late as their parcels.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from .names import Room, placed

WIDE, TALL = 1000.0, 500.0
PAD = 0.07  # of the extent
LEAST = 0.6  # degrees that are shown at least
NEAR = 20.0  # units within which places are one dot
BEND = 0.18  # of a lane, so that both directions are seen
NAMED = 16  # dots at most whose names are written
PHONE = 2.8  # so much larger names and dots are on a map as narrow as a phone
TOLD = 8  # places of a dot that are told
STEPS = ((1.4, "very"), (1.25, "late"), (1.1, "slightly"))  # usual time to plan
ORDER = ("unknown", "ok", "slightly", "late", "very")
GRIDS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 40.0)
DRAWING = Markup(
    '<div class="net" aria-hidden="true"><svg viewBox="0 0 {wide} {tall}">{lines}</svg>'
    "{dots}{names}</div>"
)
GRID = Markup('<line x1="{0:.0f}" y1="{1:.0f}" x2="{2:.0f}" y2="{3:.0f}" class="grid"/>')
LANE = Markup(
    '<a href="{href}" data-turn tabindex="-1"><path d="M{0:.0f} {1:.0f}Q{2:.0f} {3:.0f} {4:.0f} '
    '{5:.0f}" class="{step}"><title>{told}</title></path></a>'
)
DOT = Markup(
    '<a href="{href}" data-turn tabindex="-1" data-places="{places}" class="{step}" title="{told}" '
    'style="left:{x:.2f}%;top:{y:.2f}%;--r:{r:.0f}px"></a>'
)


@dataclass(frozen=True)
class Spot:
    """A facility: where [degree], its share of the largest volume, usual time over plan.

    ``href`` leads to it, ``near`` to the map of its surroundings.
    """

    name: str
    lat: float
    lon: float
    size: float
    ratio: float | None
    told: str
    href: str
    near: str = ""
    chosen: bool = False


@dataclass(frozen=True)
class Lane:
    """A lane between two spots."""

    head: Spot
    tail: Spot
    step: str
    told: str
    href: str
    chosen: bool = False


@dataclass(frozen=True)
class Dot:
    """Places that are drawn as one, the largest of them first."""

    spots: list[Spot]
    x: float
    y: float

    @property
    def size(self) -> float:
        """Return the share of the volume."""
        return min(sum(spot.size for spot in self.spots), 1.0)

    @property
    def ratio(self) -> float | None:
        """Return the usual time over plan, as the parcels of its places have it."""
        known = [(spot.ratio, spot.size) for spot in self.spots if spot.ratio is not None]
        if not known:
            return None
        weights = sum(size for _, size in known)
        if not weights:
            return sum(ratio for ratio, _ in known) / len(known)
        return sum(ratio * size for ratio, size in known) / weights

    @property
    def radius(self) -> float:
        """Return the radius [pixel]."""
        return (5 + 9 * math.sqrt(self.size)) / 2

    @property
    def name(self) -> str:
        """Return what to call it: the words that its places begin with, and how many they are."""
        first, *others = self.spots
        if not others:
            return first.name
        words = first.name.split()
        for spot in others:
            same = [a == b for a, b in zip(words, spot.name.split(), strict=False)]
            words = words[: [*same, False].index(False)]
        return f"{' '.join(words) or first.name} ({len(self.spots)})"


def step(ratio: float | None) -> str:
    """Return the class of a usual time over its plan: ok, slightly, late, very, or unknown."""
    if ratio is None:
        return "unknown"
    return next((name for least, name in STEPS if ratio >= least), "ok")


def network(spots: Sequence[Spot], lanes: Sequence[Lane]) -> Markup:
    """Return the map of at least one spot; its twin for readers is a table."""
    project = _projection(spots)
    dots = _dots(spots, project)
    where = {id(spot): dot for dot in dots for spot in dot.spots}
    lines = _graticule(project)
    for lane in sorted(lanes, key=lambda lane: (lane.chosen, ORDER.index(lane.step))):
        head, tail = where[id(lane.head)], where[id(lane.tail)]
        if head is not tail:
            lines += _lane(lane, head, tail)
    return DRAWING.format(
        wide=WIDE,
        tall=TALL,
        lines=lines,
        dots=Markup("").join(map(_dot, dots)),
        names=_names(dots),
    )


def _dots(spots: Iterable[Spot], project: "_Projection") -> list[Dot]:
    """Return the dots, the largest first: a place belongs to the first one that is near."""
    dots: list[Dot] = []
    for spot in sorted(spots, key=lambda spot: -spot.size):
        x, y = project(spot.lat, spot.lon)
        near = (dot for dot in dots if math.hypot(dot.x - x, dot.y - y) < NEAR)
        if (dot := next(near, None)) is None:
            dots.append(Dot([spot], x, y))
        else:
            dot.spots.append(spot)
    return sorted(dots, key=lambda dot: -dot.size)


def _dot(dot: Dot) -> Markup:
    first = dot.spots[0]
    told = [spot.told for spot in dot.spots[:TOLD]]
    if len(dot.spots) > TOLD:
        told.append(f"and {len(dot.spots) - TOLD} more")
    chosen = " chosen" if any(spot.chosen for spot in dot.spots) else ""
    return DOT.format(
        x=100 * dot.x / WIDE,
        y=100 * dot.y / TALL,
        r=2 * dot.radius,
        step=step(dot.ratio) + chosen,
        places=len(dot.spots),
        told="\n".join(told),
        href=first.near if first.near and len(dot.spots) > 1 else first.href,
    )


def _lane(lane: Lane, head: Dot, tail: Dot) -> Markup:
    (x1, y1), (x2, y2) = (head.x, head.y), (tail.x, tail.y)
    over = (x1 + x2) / 2 + BEND * (y2 - y1), (y1 + y2) / 2 - BEND * (x2 - x1)
    kind = f"{lane.step} chosen" if lane.chosen else lane.step
    return LANE.format(x1, y1, *over, x2, y2, step=kind, told=lane.told, href=lane.href)


def _names(dots: Sequence[Dot]) -> Markup:
    """Return the names of the largest, each only where it covers nothing, phones included."""
    spots = [(dot.x, dot.y, dot.radius) for dot in dots]
    wide, narrow = Room(WIDE, TALL, 1.0, spots), Room(WIDE, TALL, PHONE, spots)
    told = Markup("")
    for dot, spot in list(zip(dots, spots, strict=True))[:NAMED]:
        if (side := wide.side(*spot, len(dot.name))) is None:
            continue
        more = "" if narrow.takes(*spot, len(dot.name), side) else " more"
        told += placed(dot.name, 100 * dot.x / WIDE, 100 * dot.y / TALL, side + more)
    return told


@dataclass(frozen=True)
class _Projection:
    """Degrees to the drawing, east-west shortened by the cosine of the latitude."""

    lat: float
    lon: float
    scale: float
    narrow: float

    def __call__(self, lat: float, lon: float) -> tuple[float, float]:
        x = WIDE / 2 + (lon - self.lon) * self.narrow * self.scale
        return x, TALL / 2 - (lat - self.lat) * self.scale


def _projection(spots: Sequence[Spot]) -> _Projection:
    lats, lons = [spot.lat for spot in spots], [spot.lon for spot in spots]
    lat, lon = (min(lats) + max(lats)) / 2, (min(lons) + max(lons)) / 2
    narrow = max(math.cos(math.radians(lat)), 0.1)
    tall = max(max(lats) - min(lats), LEAST)
    wide = max((max(lons) - min(lons)) * narrow, LEAST)
    scale = min(TALL / (tall * (1 + 2 * PAD)), WIDE / (wide * (1 + 2 * PAD)))
    return _Projection(lat, lon, scale, narrow)


def _graticule(project: _Projection) -> Markup:
    wide, tall = WIDE / project.scale / project.narrow, TALL / project.scale
    every = next((each for each in GRIDS if wide / each <= 10), GRIDS[-1])
    lines = Markup("")
    for i in _within(project.lon, wide, every):
        x, _ = project(project.lat, i * every)
        lines += GRID.format(x, 0, x, TALL)
    for i in _within(project.lat, tall, every):
        _, y = project(i * every, project.lon)
        lines += GRID.format(0, y, WIDE, y)
    return lines


def _within(middle: float, extent: float, every: float) -> range:
    low, high = (middle - extent / 2) / every, (middle + extent / 2) / every
    return range(math.ceil(low), math.floor(high) + 1)
