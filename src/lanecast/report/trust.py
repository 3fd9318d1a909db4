"""Can the ranges be trusted: measured against promised coverage, over time and in detail."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl

from lanecast.metrics.calibration import pit, pit_histogram
from lanecast.tables.parcel import LEVELS, QUANTILES

from .axes import Plot, frame
from .judged import DAY_H, FEW, Judged
from .marks import Look, keys, legend, series
from .markup import Html, joined, tag
from .numbers import percent, plain
from .picture import Size, picture

BANDS = {"coverage_80": (0.78, 0.80, 0.82), "coverage_95": (0.935, 0.95, 0.965)}
PAIRS = [(low, len(LEVELS) - 1 - low) for low in range(len(LEVELS) // 2)]
BINS = 20
QUARTERS = [(k / 4, f"{25 * k} %") for k in range(5)]


def measured(judged: Judged, moment: str) -> pl.DataFrame:
    """Return ``nominal`` and ``measured`` coverage of each central interval, per model.

    A model that answers with a single number has no interval, and no row.
    """
    found = []
    for model in judged.looks:
        rows = judged.of(moment, model).drop_nulls(QUANTILES)
        days, level = rows["hours"].to_numpy() / DAY_H, np.array(LEVELS)
        q = rows.select(QUANTILES).to_numpy() / DAY_H
        if rows.is_empty() or not (q[:, -1] > q[:, 0]).any():
            continue
        for low, high in PAIRS:
            inside = (q[:, low] <= days) & (days <= q[:, high])
            nominal = round(level[high] - level[low], 6)
            found.append(
                {"model": model, "nominal": nominal, "measured": float(inside.mean()), "n": len(q)}
            )
    schema = {"model": pl.String, "nominal": pl.Float64, "measured": pl.Float64, "n": pl.Int64}
    return pl.DataFrame(found, schema=schema)


def places(judged: Judged, moment: str) -> pl.DataFrame:
    """Return the share of our outcomes in each twentieth of their own distribution."""
    rows = judged.of(moment, judged.main).drop_nulls(QUANTILES)
    if rows.is_empty():
        return pl.DataFrame(schema={"bin": pl.String, "share": pl.Float64})
    q = np.sort(rows.select(QUANTILES).to_numpy(), axis=1)
    share = pit_histogram(pit(rows["hours"].to_numpy(), q, np.array(LEVELS)), BINS)
    edges = [round(100 * k / BINS) for k in range(BINS + 1)]
    names = [f"{low}-{high} %" for low, high in pairwise(edges)]
    return pl.DataFrame({"bin": names, "share": share})


def pictures(judged: Judged, flat: Mapping[str, Any], moment: str) -> Html:
    """Return the three pictures of calibration; without a month, two."""
    drawn = [
        _intervals(judged, measured(judged, moment)),
        _histogram(judged.main, places(judged, moment)),
    ]
    if months := [each for each in flat.get("months", []) if each.get("n")]:
        drawn.append(_months(judged, pl.DataFrame(months)))
    return tag("div", *drawn, class_=f"grid{len(drawn)}")


def _intervals(judged: Judged, rows: pl.DataFrame) -> Html:
    shown = [look for name, look in judged.looks.items() if name in rows["model"].unique()]
    own = rows.filter(model=judged.main).select("nominal", "measured").rows()
    said = "; ".join(f"{percent(a, 0)} became {percent(b)}" for a, b in own)
    meaning = f"Line chart of promised against measured coverage. {judged.main}: {said or 'none'}."

    def draw(size: Size) -> Html:
        plot = Plot(size.width, size.height, (0, 1), (0, 1), left=44, right=20)
        ideal = tag("line", class_="ideal", x1=plot.x(0), y1=plot.y(0), x2=plot.x(1), y2=plot.y(1))
        lines = [
            series(
                plot,
                look,
                [
                    (a, b, f"{look.name}: {percent(a, 0)} range held {percent(b)}")
                    for a, b in rows.filter(model=look.name)
                    .select("nominal", "measured")
                    .sort("nominal")
                    .rows()
                ],
            )
            for look in reversed(shown)
        ]
        grid = frame(plot, QUARTERS, QUARTERS, "range that was promised", "deliveries inside it")
        at = plot.x(0.99), plot.y(0.03)
        say = tag("text", "dashed: ideal", class_="tick", x=at[0], y=at[1], text_anchor="end")
        return joined(grid, ideal, say, *lines)

    heads = {"model": "Model", "nominal": "Promised", "measured": "Measured", "n": "Parcels"}
    title = "Does an 80 % range hold 80 %?"
    return picture(
        "coverage", title, meaning, draw, rows, heads, legend(shown), (342, 300), (560, 400)
    )


def _histogram(model: str, rows: pl.DataFrame) -> Html:
    share = rows["share"].to_list()
    flat = 1 / BINS
    most, least = max(share, default=0.0), min(share, default=0.0)
    meaning = (
        f"Histogram of where deliveries fell in their own forecast, in {BINS} bars. Ideal is "
        f"{percent(flat, 0)} each; here they go from {percent(least)} to {percent(most)}."
    )
    high = max(2 * flat, 1.1 * most)

    def draw(size: Size) -> Html:
        plot = Plot(size.width, size.height, (0, BINS), (0, high), left=44, right=20)
        x = [(k * BINS / 4, f"{25 * k} %") for k in range(5)]
        step = 0.025 if high < 0.2 else 0.1
        y = [(k * step, _short(k * step)) for k in range(int(high / step) + 1)]
        grid = frame(plot, x, y, "place in its forecast, earliest to latest", "deliveries", False)
        gap = 1.5
        bars = [
            tag(
                "rect",
                tag("title", f"{name}: {percent(each)}"),
                class_="bars main",
                x=plot.x(k) + gap / 2,
                width=plot.x(k + 1) - plot.x(k) - gap,
                y=plot.y(each),
                height=plot.floor - plot.y(each),
            )
            for k, (name, each) in enumerate(rows.rows())
        ]
        even = plot.y(flat)
        line = tag("line", class_="ideal", x1=plot.left, x2=plot.x(BINS), y1=even, y2=even)
        return joined(grid, *bars, line)

    heads = {"bin": "Place in the forecast", "share": "Share of deliveries"}
    title = "Early or late of the forecast?"
    return picture("pit", title, meaning, draw, rows, heads, _bars(model), (342, 300), (560, 400))


def _bars(model: str) -> Html:
    bar = tag("rect", class_="bars main", x=1, y=2, width=32, height=10)
    line = tag("line", class_="ideal", x1=1, x2=33, y1=7, y2=7)
    return keys((bar, model), (line, "ideal: all equal"))


def _months(judged: Judged, rows: pl.DataFrame) -> Html:
    names = {"coverage_80": "80 % range", "coverage_95": "95 % range"}
    looks = {
        key: Look(name, place) for (key, name), place in zip(names.items(), (0, 2), strict=True)
    }
    said = "; ".join(
        f"{month}: {percent(a)} and {percent(b)}"
        for month, a, b in rows.select("month", *names).rows()
    )
    meaning = f"Line chart of measured coverage of the 80 and the 95 % range by month. {said}."
    rows = rows.with_columns(place=pl.int_range(pl.len()))
    fit = rows.filter(pl.col("n") >= FEW)
    worst = min([float(str(value)) for key in names for value in fit[key]], default=1.0)
    low = min(0.7, np.floor(20 * worst) / 20)

    def draw(size: Size) -> Html:
        last = max(rows.height - 1, 1)
        span = (-0.4, last + 0.4) if rows.height > 1 else (-1.0, 1.0)
        plot = Plot(size.width, size.height, span, (low, 1.0), left=44, right=20)
        every = -(-rows.height // (10 if size.wide else 5))
        x = [(float(k), m) for k, m in enumerate(rows["month"]) if k % every == 0]
        step = 0.05 if low >= 0.6 else 0.1
        y = [
            (low + k * step, percent(low + k * step, 0)) for k in range(round((1 - low) / step) + 1)
        ]
        bands = [
            tag(
                "rect", class_="bandfill", x=plot.left, width=plot.width - plot.left - plot.right,
                y=plot.y(up), height=plot.y(down) - plot.y(up),
            )
            for down, _, up in BANDS.values()
        ]  # fmt: skip
        lines = [
            series(
                plot,
                look,
                [
                    (k, value, f"{month}, {look.name}: {percent(value)} inside")
                    for k, month, value in fit.select("place", "month", key).rows()
                ],
            )
            for key, look in looks.items()
        ]
        return joined(
            frame(plot, x, y, "month of the question", "deliveries inside", False), *bands, *lines
        )

    heads = {"month": "Month", "coverage_80": "Inside 80 %", "coverage_95": "Inside 95 %"}
    title = "Does it stay so, month after month?"
    return picture(
        "months", title, meaning, draw, rows, heads | {"n": "Parcels"},
        legend(list(looks.values())), (342, 300), (560, 400),
    )  # fmt: skip


def _short(share: float) -> str:
    return f"{plain(100 * share, 1).removesuffix('.0')} %"


def verdict(inside: float | None, key: str = "coverage_80") -> tuple[str, bool]:
    """Return in words whether a coverage is right, and whether it is."""
    if inside is None:
        return "nothing delivered yet", False
    low, ideal, high = BANDS[key]
    if low <= inside <= high:
        return f"✓ within {_short(low)} to {_short(high)}", True
    return ("▲ ranges too narrow" if inside < ideal else "▼ ranges too wide"), False
