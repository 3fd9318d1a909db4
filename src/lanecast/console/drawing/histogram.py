"""When a parcel arrives, as a histogram of equal steps in two colours, cut at the promise."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import numpy as np
from markupsafe import Markup

from lanecast.tables.parcel import LEVELS, QUANTILES

from ..people import Viewer, percent

BARS = 32
HEIGHT = 170
TICKS = 4
DRAWING = Markup(
    '<svg class="histogram" width="100%" height="{whole}" role="img" aria-label="{label}">'
    "{bars}{line}{axis}</svg>"
)
RECT = Markup('<rect x="{x:.3f}%" y="{y:.1f}" width="{w:.3f}%" height="{h:.1f}" class="{kind}"/>')
AXIS = Markup('<line x1="0" x2="100%" y1="{y}" y2="{y}" class="axis"/>')
TICK = Markup('<text x="{x:.2f}%" y="{y}" text-anchor="{anchor}">{told}</text>')
LINE = Markup(
    '<line x1="{x:.3f}%" x2="{x:.3f}%" y1="16" y2="{y}" class="promise"/>'
    '<text x="{x:.3f}%" y="11" dx="{dx}" text-anchor="{anchor}">promise {told}</text>'
)


def histogram(
    hours: Mapping[str, float], now: datetime, promised: datetime | None, viewer: Viewer
) -> Markup:
    """Return the arrival of a parcel.

    Parameters
    ----------
    hours
        Quantiles of the hours from ``now`` to delivery, by their names.
    """
    values = np.array([hours[name] for name in QUANTILES])
    low, high = values[0], max(values[-2], values[0] + 1)
    until = None if promised is None else (promised - now).total_seconds() / 3600
    if until is not None and low < until < 1.6 * high:
        high = max(high, until + 0.06 * (high - low))
    edges = np.linspace(low, high, BARS + 1)
    shares = np.diff(np.interp(edges, values, LEVELS, left=0, right=1))
    tallest = max(shares.max(), 1e-9)
    wide = 100 / BARS
    bars = Markup("")
    for i, share in enumerate(shares):
        tall = (HEIGHT - 24) * share / tallest
        for start, end, kind in _cut(edges[i], edges[i + 1], until):
            x = wide * (i + (start - edges[i]) / (edges[1] - edges[0]))
            w = wide * (end - start) / (edges[1] - edges[0])
            bars += RECT.format(x=x, y=HEIGHT - tall, w=max(w - 0.25, 0.05), h=tall, kind=kind)
    return DRAWING.format(
        whole=HEIGHT + 36,
        label=_label(hours, now, until, viewer),
        bars=bars,
        line=_promise(until, low, high, promised, viewer),
        axis=AXIS.format(y=HEIGHT) + _ticks(low, high, now, viewer),
    )


def _cut(start: float, end: float, until: float | None) -> list[tuple[float, float, str]]:
    """Return a bar, or its two sides of the promise."""
    if until is None or until >= end:
        return [(start, end, "in-time")]
    if until <= start:
        return [(start, end, "too-late")]
    return [(start, until, "in-time"), (until, end, "too-late")]


def _promise(
    until: float | None, low: float, high: float, promised: datetime | None, viewer: Viewer
) -> Markup:
    if until is None or promised is None or not low <= until <= high:
        return Markup("")
    x = 100 * (until - low) / (high - low)
    anchor, dx = ("end", -4) if x > 50 else ("start", 4)
    return LINE.format(x=x, y=HEIGHT, dx=dx, anchor=anchor, told=viewer.instant(promised))


def _ticks(low: float, high: float, now: datetime, viewer: Viewer) -> Markup:
    told = Markup("")
    for i in range(TICKS):
        instant = now + timedelta(hours=low + (high - low) * i / (TICKS - 1))
        anchor = "start" if i == 0 else "end" if i == TICKS - 1 else "middle"
        day, clock = viewer.instant(instant).rsplit(", ", 1)
        x = 100 * i / (TICKS - 1)
        told += TICK.format(x=x, y=HEIGHT + 16, anchor=anchor, told=clock)
        told += TICK.format(x=x, y=HEIGHT + 31, anchor=anchor, told=day)
    return told


def _label(hours: Mapping[str, float], now: datetime, until: float | None, viewer: Viewer) -> str:
    first, last = (now + timedelta(hours=hours[name]) for name in ("q100", "q900"))
    told = f"Arrival with 80 % chance {viewer.span(first, last)}"
    if until is None:
        return told
    late = 1 - float(np.interp(until, [hours[name] for name in QUANTILES], LEVELS, left=0, right=1))
    return f"{told}; after the promise with {percent(late)}"
