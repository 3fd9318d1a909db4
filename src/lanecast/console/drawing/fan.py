"""A forecast as a fan: the middle, and how far 50, 80 and 95 of 100 periods may stray from it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

import numpy as np
from markupsafe import Markup

from lanecast.tables.parcel import LEVELS, QUANTILES

WIDE, TALL = 1000.0, 240.0
BANDS = {"fan95": (0.025, 0.975), "fan80": (0.1, 0.9), "fan50": (0.25, 0.75)}
TICKS = 5
DRAWING = Markup(
    '<div class="fan" role="img" aria-label="{label}"><svg viewBox="0 0 {wide} {tall}" '
    'preserveAspectRatio="none" height="{tall:.0f}" aria-hidden="true">{lines}</svg>{told}</div>'
)
BAND = Markup('<path d="M{}Z" class="{}"/>')
LINE = Markup('<path d="M{}" class="{}"/>')
ACROSS = Markup('<line x1="0" x2="{wide}" y1="{y:.1f}" y2="{y:.1f}" class="grid"/>')
SIDE = Markup('<span class="scale" style="top:{y:.1f}px">{told}</span>')
FOOT = Markup('<span class="foot {edge}" style="left:{x:.1f}%">{told}</span>')


@dataclass(frozen=True)
class Period:
    """A day or hour that is forecast: its mean, quantiles by their names, and what came before."""

    at: datetime
    told: str
    middle: float
    quantiles: dict[str, float]


def fan(past: Sequence[float | None], ahead: Sequence[Period], first: str, label: str) -> Markup:
    """Return the fan of at least one period.

    Parameters
    ----------
    past
        What came in the periods before, the last one just before the first of ``ahead``; None,
        a gap in the line, where it is not known or there was nothing to sell.
    first
        Of the axis: what the first of ``past`` is called.
    """
    values = np.array([[each.quantiles[name] for name in QUANTILES] for each in ahead])
    known = [value for value in past if value is not None]
    most = max(float(values[:, QUANTILES.index("q975")].max()), max(known, default=0.0), 1.0) * 1.05
    steps = max(len(past) + len(ahead) - 1, 1)

    def at(place: float, value: float) -> str:
        return f"{WIDE * place / steps:.1f} {TALL * (1 - value / most):.1f}"

    begin, last = len(past), past[-1] if past else None
    lines = Markup("").join(
        ACROSS.format(wide=WIDE, y=TALL * (1 - value / most)) for value in _round(most)
    )
    for name, ends in BANDS.items():
        low, high = (np.array([np.interp(end, LEVELS, row) for row in values]) for end in ends)
        edge = [at(begin + i, value) for i, value in enumerate(high)]
        edge += [at(begin + i, value) for i, value in reversed(list(enumerate(low)))]
        if last is not None:  # a gap would look like missing data
            edge.append(at(begin - 1, last))
        lines += BAND.format("L".join(edge), name)
    middle = [at(begin + i, each.quantiles["q500"]) for i, each in enumerate(ahead)]
    if last is not None:
        middle.insert(0, at(begin - 1, last))
    if known:
        lines += LINE.format("M".join(map("L".join, _runs(past, at))), "past")
    lines += LINE.format("L".join(middle), "middle")
    told = Markup("").join(
        SIDE.format(y=TALL * (1 - value / most), told=f"{value:g}") for value in _round(most)
    )
    told += FOOT.format(x=0, edge="start", told=first)
    told += FOOT.format(x=100 * begin / steps, edge="", told=ahead[0].told) if past else ""
    told += FOOT.format(x=100, edge="end", told=ahead[-1].told)
    return DRAWING.format(wide=WIDE, tall=TALL, label=label, lines=lines, told=told)


def _runs(
    past: Sequence[float | None], at: Callable[[float, float], str]
) -> Iterator[Iterator[str]]:
    """Return the points of each run of periods that are known."""
    for is_known, run in groupby(enumerate(past), lambda each: each[1] is not None):
        if is_known:
            yield (at(i, value) for i, value in run if value is not None)


def _round(most: float) -> list[float]:
    """Return round values from 0 to ``most``."""
    rough = most / TICKS
    size = 10 ** np.floor(np.log10(rough))
    step = next(size * each for each in (1, 2, 5, 10) if size * each >= rough)
    return [float(value) for value in np.arange(0, most, step)]
