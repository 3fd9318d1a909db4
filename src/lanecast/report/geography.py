"""A map without outlines: a projection, the hull of the network, and a graticule."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from .markup import Html, joined, tag

Point = tuple[float, float]
STEPS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0)  # degrees


@dataclass(frozen=True)
class Chart:
    """Longitude and latitude [degrees] to a picture [px], true to scale in the middle."""

    width: float
    height: float
    west: float
    east: float
    south: float
    north: float
    pad: float = 26

    @property
    def squeeze(self) -> float:
        """Return how much shorter a degree of longitude is than one of latitude."""
        return max(math.cos(math.radians((self.south + self.north) / 2)), 0.05)

    @property
    def scale(self) -> float:
        """Return pixels per degree of latitude."""
        wide = max((self.east - self.west) * self.squeeze, 1e-3)
        tall = max(self.north - self.south, 1e-3)
        return min((self.width - 2 * self.pad) / wide, (self.height - 2 * self.pad) / tall)

    def place(self, lon: float, lat: float) -> Point:
        """Return where a place lies [px]."""
        x = self.width / 2 + (lon - (self.west + self.east) / 2) * self.squeeze * self.scale
        return x, self.height / 2 - (lat - (self.south + self.north) / 2) * self.scale


def ratio(west: float, east: float, south: float, north: float, least: float = 0.55) -> float:
    """Return height over width of a region, within what fits a page."""
    squeeze = max(math.cos(math.radians((south + north) / 2)), 0.05)
    return min(max((north - south) / max((east - west) * squeeze, 1e-3), least), 1.15)


def hull(points: Sequence[Point], pad: float = 14) -> Html:
    """Draw the convex hull [px] of all points, ``pad`` away from them."""
    around = [(math.cos(k * math.pi / 6), math.sin(k * math.pi / 6)) for k in range(12)]
    every = sorted({(x + pad * c, y + pad * s) for x, y in points for c, s in around})
    corners = [*_chain(every), *_chain(every[::-1])]
    return tag("polygon", class_="hull", points=" ".join(f"{x:.1f},{y:.1f}" for x, y in corners))


def _chain(points: Sequence[Point]) -> list[Point]:
    """Return one half of the convex hull (Andrew's monotone chain), without its last point."""
    chain: list[Point] = []
    for x, y in points:
        while len(chain) > 1:
            (ax, ay), (bx, by) = chain[-2:]
            if (bx - ax) * (y - ay) - (by - ay) * (x - ax) > 0:
                break
            chain.pop()
        chain.append((x, y))
    return chain[:-1]


def graticule(chart: Chart) -> Html:
    """Draw lines of equal longitude and latitude, numbered at the edges."""
    span = min(chart.width / chart.squeeze, chart.height) / chart.scale
    step = next((each for each in STEPS if span / each <= 6), STEPS[-1])
    often = max(1, math.ceil(46 / (step * chart.squeeze * chart.scale)))  # numbers need room
    parts = []
    for k in range(math.ceil(-90 / step), math.floor(90 / step) + 1):
        _, y = chart.place(0, k * step)
        if 10 < y < chart.height - 20:
            parts.append(tag("line", class_="grid", x1=0, x2=chart.width, y1=y, y2=y))
            parts.append(
                tag("text", _degrees(k * step, "N", "S"), class_="tick halo", x=3, y=y - 3)
            )
    for k in range(math.ceil(-180 / step), math.floor(180 / step) + 1):
        x, _ = chart.place(k * step, 0)
        if 40 < x < chart.width - 24:
            parts.append(tag("line", class_="grid", x1=x, x2=x, y1=0, y2=chart.height))
            text = _degrees(k * step, "E", "W") if k % often == 0 else ""
            parts.append(tag("text", text, class_="tick halo", x=x + 3, y=chart.height - 4))
    return joined(*parts)


def _degrees(value: float, plus: str, minus: str) -> str:
    side = "" if value == 0 else f" {plus if value > 0 else minus}"
    return f"{abs(value):g}°{side}"
