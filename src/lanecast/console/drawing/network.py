"""A network on a map without tiles: what is late is brighter, wider, and drawn last."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from markupsafe import Markup

WIDE, TALL = 1000.0, 500.0
PAD = 0.05  # of the extent
LEAST = 0.6  # degrees that are shown at least
BEND = 0.18  # of a lane, so that both directions are seen
NAMED = 16  # places at most whose names are written
PHONE = 2.6  # so much larger names are on a map as narrow as a phone
LETTER, LINE = 7.5, 18.0  # room of a name, in units of the drawing
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
    '<a href="{href}" data-turn tabindex="-1" class="{step}" title="{told}" '
    'style="left:{x:.2f}%;top:{y:.2f}%;--r:{r:.0f}px"></a>'
)
NAME = Markup('<span style="left:{x:.2f}%;top:{y:.2f}%" class="{side}">{name}</span>')


@dataclass(frozen=True)
class Spot:
    """A facility: where [degree], its share of the largest volume, and what it is about."""

    name: str
    lat: float
    lon: float
    size: float
    step: str
    told: str
    href: str


@dataclass(frozen=True)
class Lane:
    """A lane between two spots."""

    head: Spot
    tail: Spot
    step: str
    told: str
    href: str
    chosen: bool = False


def step(ratio: float | None) -> str:
    """Return the class of a usual time over its plan: ok, slightly, late, very, or unknown."""
    if ratio is None:
        return "unknown"
    return next((name for least, name in STEPS if ratio >= least), "ok")


def network(spots: Sequence[Spot], lanes: Sequence[Lane]) -> Markup:
    """Return the map of at least one spot; its twin for readers is a table."""
    project = _projection(spots)
    lines = _graticule(project)
    for lane in sorted(lanes, key=lambda lane: (lane.chosen, ORDER.index(lane.step))):
        lines += _lane(lane, project)
    dots = Markup("")
    for spot in sorted(spots, key=lambda spot: -spot.size):
        x, y = project(spot.lat, spot.lon)
        dots += DOT.format(
            x=100 * x / WIDE,
            y=100 * y / TALL,
            r=5 + 9 * math.sqrt(spot.size),
            step=spot.step,
            told=spot.told,
            href=spot.href,
        )
    return DRAWING.format(
        wide=WIDE, tall=TALL, lines=lines, dots=dots, names=_names(spots, project)
    )


def _lane(lane: Lane, project: "_Projection") -> Markup:
    (x1, y1), (x2, y2) = (project(each.lat, each.lon) for each in (lane.head, lane.tail))
    over = (x1 + x2) / 2 + BEND * (y2 - y1), (y1 + y2) / 2 - BEND * (x2 - x1)
    kind = f"{lane.step} chosen" if lane.chosen else lane.step
    return LANE.format(x1, y1, *over, x2, y2, step=kind, told=lane.told, href=lane.href)


def _names(spots: Sequence[Spot], project: "_Projection") -> Markup:
    """Return the names of the largest, each only where it covers no other, phones included."""
    wide, narrow = _Room(1.0), _Room(PHONE)
    told = Markup("")
    for spot in sorted(spots, key=lambda spot: -spot.size):
        x, y = project(spot.lat, spot.lon)
        long = LETTER * len(spot.name) + 14
        is_left = x + long > WIDE
        if not wide.takes(x, y, long, is_left):
            continue
        side = "left" if is_left else "right"
        fits = x - PHONE * long > 0 if is_left else x + PHONE * long < WIDE
        more = "" if fits and narrow.takes(x, y, long, is_left) else " more"
        told += NAME.format(x=100 * x / WIDE, y=100 * y / TALL, side=side + more, name=spot.name)
        if len(wide.taken) == NAMED:
            break
    return told


@dataclass
class _Room:
    """Where names stand already, on a map on which they are ``scale`` times as large."""

    scale: float
    taken: list[tuple[float, float, float, float]] = field(default_factory=list)

    def takes(self, x: float, y: float, long: float, is_left: bool) -> bool:
        """Take the room of a name beside a spot; return whether it was free."""
        long, half = long * self.scale, LINE * self.scale / 2
        x0, y0, x1, y1 = x - long if is_left else x, y - half, x if is_left else x + long, y + half
        if any(a < x1 and x0 < c and b < y1 and y0 < d for a, b, c, d in self.taken):
            return False
        self.taken.append((x0, y0, x1, y1))
        return True


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
