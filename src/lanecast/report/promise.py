"""What a better forecast is worth: shorter promises that are kept as often, and less money."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from lanecast.optimize.promise import Frontier

from .axes import Plot, frame, ticks
from .called import PROMISE
from .marks import Look, legend, series
from .markup import Html, joined, tag
from .numbers import percent, plain
from .picture import Size, picture

Mark = tuple[float, float]
ROOM = 100  # px that a label needs
FAR = 0.02  # of the reference: a gain below it is a point, not an arrow


@dataclass(frozen=True)
class Gain:
    """Ours against a reference at the same share on time: promised days of both."""

    reference: str
    on_time: float
    days: float
    reference_days: float

    @property
    def shorter(self) -> float:
        """Return by which share our promise is shorter; below zero where it is longer."""
        return 1 - self.days / self.reference_days

    @property
    def is_seen(self) -> bool:
        """Return whether the two are so far apart that an arrow is drawn between them."""
        return abs(self.shorter) >= FAR


def gain(tradeoff: Mapping[str, Frontier], mark: Mark | None) -> Gain | None:
    """Compare the first curve with the company's promise, or else with the second curve at 90 %.

    None where our curve does not reach that share: nothing is extrapolated.
    """
    if not tradeoff:
        return None
    (_, ours), *others = tradeoff.items()
    if mark is not None:
        days = days_at(ours, mark[1])
        return None if days is None else Gain(PROMISE, mark[1], days, mark[0])
    for name, curve in others:
        days, other = days_at(ours, 0.9), days_at(curve, 0.9)
        if days is not None and other is not None:
            return Gain(name, 0.9, days, other)
    return None


def days_at(curve: Frontier, on_time: float) -> float | None:
    """Return the fewest promised days with which the curve reaches ``on_time``, or None."""
    order = np.argsort(curve.days, kind="stable")
    days, best = curve.days[order], np.maximum.accumulate(curve.on_time[order])
    if not days.size or not best[0] <= on_time <= best[-1]:
        return None
    k = int(np.searchsorted(best, on_time))
    if k == 0:
        return float(days[0])
    part = (on_time - best[k - 1]) / (best[k] - best[k - 1])
    return float(days[k - 1] + part * (days[k] - days[k - 1]))


def points(tradeoff: Mapping[str, Frontier], mark: Mark | None) -> pl.DataFrame:
    """Return the curves and the company's point as one table."""
    rows: list[tuple[str, float | None, float, float]] = [
        (name, float(setting), float(days), float(on_time))
        for name, curve in tradeoff.items()
        for setting, days, on_time in zip(curve.setting, curve.days, curve.on_time, strict=True)
    ]
    if mark is not None:
        rows.append((PROMISE, None, float(mark[0]), float(mark[1])))
    schema = {"rule": pl.String()} | dict.fromkeys(
        ("setting", "promised_days", "on_time"), pl.Float64()
    )
    return pl.DataFrame(rows, schema=schema, orient="row")


def curve(tradeoff: Mapping[str, Frontier], mark: Mark | None) -> Html:
    """Return the picture of what punctuality costs in days."""
    found = gain(tradeoff, mark)
    looks = [Look(name, (0, 2, 1, 4)[place % 4]) for place, name in enumerate(tradeoff)]
    rows = points(tradeoff, mark)
    y_low, x_span = _view(rows, mark, found)
    said = "" if found is None else f" {_said(found)}, {percent(found.on_time)} on time."
    meaning = (
        f"Line chart of promised days against the share on time for {', '.join(tradeoff)}."
        + (
            ""
            if mark is None
            else f" The company's promise: {mark[0]:.1f} days, {percent(mark[1])} on time."
        )
        + said
    )

    def draw(size: Size) -> Html:
        plot = Plot(size.width, size.height, x_span, (y_low, 1.0), left=44, right=20)
        x = [(v, plain(v, 1).removesuffix(".0")) for v in ticks(*x_span, 6)]
        y = [(v, percent(v, 0)) for v in ticks(y_low, 1.0, 5)]
        lines = []
        for look in reversed(looks):
            shown = rows.filter(pl.col("rule") == look.name, pl.col("on_time") >= y_low)
            at = shown.filter(pl.col("promised_days") <= x_span[1])
            told = [
                (d, t, f"{look.name}: {d:.1f} days promised, {percent(t)} on time")
                for d, t in at.select("promised_days", "on_time").sort("promised_days").rows()
            ]
            lines.append(series(plot, look, told))
        arrow = _arrow(plot, found) if found is not None and found.is_seen else None
        star = None if mark is None else _company(plot, mark, found)
        grid = frame(plot, x, y, "average promise, days from checkout", "kept on time")
        return joined(grid, *lines, arrow, star)

    heads = {
        "rule": "Rule",
        "setting": "Setting",
        "promised_days": "Promised days",
        "on_time": "On time",
    }
    title = "How short can a promise be?"
    return picture(
        "tradeoff", title, meaning, draw, rows, heads, legend(looks), (342, 330), (720, 420)
    )


def saved(worth: pl.DataFrame | None) -> tuple[float, str] | None:
    """Return what the first policy saves per 1,000 parcels against the second, and its name."""
    if worth is None or worth.height < 2:
        return None
    cost = worth["cost"].to_list()
    return 1000 * (cost[1] - cost[0]), str(worth["policy"][1])


def _said(found: Gain) -> str:
    return f"{_short(found)} at the same share on time"


def _short(found: Gain) -> str:
    word = "shorter" if found.shorter >= 0 else "longer"
    return f"{percent(abs(found.shorter), 0)} {word}"


def _view(
    rows: pl.DataFrame, mark: Mark | None, found: Gain | None
) -> tuple[float, tuple[float, float]]:
    """Return where the vertical axis starts and the horizontal span: the part that matters."""
    shares = [mark[1]] if mark else []
    y_low = float(np.floor(20 * (min([0.85, *shares]) - 0.1)) / 20)
    seen = rows.filter(pl.col("on_time") >= y_low)["promised_days"].to_list()
    high = [float(np.quantile(seen, 0.98))] if seen else [1.0]
    days = [*high, *([mark[0]] if mark else []), *([found.reference_days] if found else [])]
    low = min([*seen, *days])
    pad = 0.06 * (max(days) - low) or 1.0
    return max(y_low, 0.0), (max(low - pad, 0.0), max(days) + pad)


def _arrow(plot: Plot, found: Gain) -> Html:
    """Draw from the reference to ours at the same height, with the gain written above."""
    start, end, at = plot.x(found.reference_days), plot.x(found.days), plot.y(found.on_time)
    way = 1 if end < start else -1
    back = end + way * 9
    tip = f"{end + way:.1f},{at:.1f} {back:.1f},{at - 5:.1f} {back:.1f},{at + 5:.1f}"
    middle = (start + end) / 2
    roomy = abs(start - end) > ROOM
    above = at + 20 if found.on_time > 0.985 else at - 9
    return joined(
        tag("line", class_="gain", x1=start, x2=end + way * min(8, abs(start - end)), y1=at, y2=at),
        tag("polygon", class_="gainhead", points=tip) if abs(start - end) > 9 else None,
        tag("text", _short(found), class_="halo strong", x=middle, y=above, text_anchor="middle")
        if roomy
        else None,
    )


def _company(plot: Plot, mark: Mark, found: Gain | None) -> Html:
    x, y = plot.x(mark[0]), plot.y(mark[1])
    star = Look("", 3).dot(x, y, 6, f"{PROMISE}: {mark[0]:.1f} days, {percent(mark[1])} on time")
    edge = x > plot.width - plot.right - ROOM
    where = plot.width - plot.right if edge else x + 4
    words = [PROMISE, f"{mark[0]:.1f} days, {percent(mark[1])}"]
    if found is not None and abs(x - plot.x(found.days)) <= ROOM:
        words.append(f"ours {_short(found)}")
    return joined(
        star,
        *(
            tag(
                "text",
                word,
                class_="halo",
                x=where,
                y=y + 22 + 15 * row,
                text_anchor="end" if edge else "start",
            )
            for row, word in enumerate(words)
        ),
    )
