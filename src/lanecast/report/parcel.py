"""One parcel: what was said of it each time it was asked about, and when it came."""

import polars as pl

from lanecast.tables.parcel import QUANTILES

from .axes import Plot, frame, ticks
from .judged import DAY_H, Judged
from .marks import keys
from .markup import Html, joined, tag
from .numbers import plain
from .picture import Size, picture

RANGES = {"fan95": ("q025", "q975"), "fan80": ("q100", "q900"), "fan60": ("q200", "q800")}
SAID = {"fan95": "95 %", "fan80": "80 %", "fan60": "60 %"}
MOST = 8  # questions that are drawn


def typical(judged: Judged) -> str | None:
    """Return a parcel whose error, range and number of questions are those of most parcels."""
    known = judged.rows.filter(model=judged.main).drop_nulls(QUANTILES)
    asked = known.group_by("parcel_id").agg(
        pl.len().alias("asked"),
        (pl.col("moment") == "checkout").any().alias("whole"),
        pl.col("error_days").sort_by("asof").first(),
        (pl.col("q900") - pl.col("q100")).sort_by("asof").first().alias("range") / DAY_H,
    )
    whole = asked.filter("whole")
    if whole.is_empty():
        return None
    away = {n: (pl.col(n) - pl.col(n).median()).abs() for n in ("asked", "error_days", "range")}
    near = away["error_days"] + away["range"]
    return str(whole.sort(away["asked"], near, "parcel_id")["parcel_id"][0])


def asked(judged: Judged, parcel_id: str) -> pl.DataFrame:
    """Return our answers about a parcel, first to last, with ``since_days`` after the first."""
    rows = judged.rows.filter(model=judged.main, parcel_id=parcel_id).drop_nulls(QUANTILES)
    rows = rows.sort("asof")
    since = (pl.col("asof") - pl.col("asof").min()).dt.total_seconds() / 86400
    what = (
        pl.when(pl.col("moment") == "checkout").then(pl.lit("checkout"))
        .when(pl.col("moment") == "shipped").then(pl.lit("shipped"))
        .otherwise(pl.format("scan {}", pl.col("scan")))
    )  # fmt: skip
    return rows.with_columns(since_days=since, what=what)


def fan(judged: Judged, parcel_id: str) -> Html:
    """Return the picture of a parcel: a row per question, ranges on the axis of its own days."""
    rows = asked(judged, parcel_id)
    shown = rows if rows.height <= MOST else pl.concat([rows.head(2), rows.tail(MOST - 2)])
    ends = [pl.col("since_days") + pl.col(name) / DAY_H for name in ("q025", "q500", "q975")]
    spans = shown.select("since_days", "days", *(e.alias(f"e{i}") for i, e in enumerate(ends)))
    arrived = float(spans["since_days"][0] + spans["days"][0])
    high = 1.04 * max(arrived, float(str(spans["e2"].max())))
    first = shown.row(0, named=True)
    meaning = (
        f"Ranges by question. At checkout the middle was {first['q500'] / DAY_H:.1f} days, 80 % "
        f"between {first['q100'] / DAY_H:.1f} and {first['q900'] / DAY_H:.1f}; it came after "
        f"{arrived:.1f} days."
    )

    def draw(size: Size) -> Html:
        plot = Plot(size.width, size.height, (0, high), (shown.height, 0), left=66, right=14)
        x = [(v, plain(v, 1).removesuffix(".0")) for v in ticks(0, high, 7 if size.wide else 5)]
        grid = frame(plot, x, [], "days after the first question", "asked at")
        bars = [_row(plot, k, row) for k, row in enumerate(shown.iter_rows(named=True))]
        at = plot.x(arrived)
        line = tag("line", class_="arrived", x1=at, x2=at, y1=plot.top, y2=plot.floor)
        side = "end" if at > 0.6 * plot.width else "start"
        nudge = -5 if side == "end" else 5
        say = f"delivered, day {arrived:.1f}"
        word = tag(
            "text", say, class_="halo strong", x=at + nudge, y=plot.top - 6, text_anchor=side
        )
        return joined(grid, *bars, line, word)

    heads = {"what": "Asked at", "since_days": "Day"} | {
        name: f"{int(name[1:]) / 10:g} %" for name in QUANTILES
    }
    twin = rows.with_columns(pl.col(QUANTILES) / DAY_H)
    tall = 78 + 34 * shown.height
    title = f"Parcel {_short(parcel_id)}: days to delivery, as forecast"
    return picture(
        "parcel", title, meaning, draw, twin, heads, _legend(), (342, tall), (560, tall + 10)
    )


def _row(plot: Plot, k: int, row: dict[str, float]) -> Html:
    since, top, tall = row["since_days"], plot.y(k + 0.18), plot.y(k + 0.82) - plot.y(k + 0.18)

    def at(name: str) -> float:
        return plot.x(since + row[name] / DAY_H)

    bars = [
        tag(
            "rect",
            tag("title", f"{SAID[kind]}: {row[low] / DAY_H:.1f} to {row[high] / DAY_H:.1f} days"),
            class_=kind, x=at(low), y=top, width=max(at(high) - at(low), 0.6), height=tall, rx=3,
        )
        for kind, (low, high) in RANGES.items()
    ]  # fmt: skip
    middle = at("q500")
    asked_at, level = plot.x(since), plot.y(k + 0.5)
    return joined(
        tag(
            "text", str(row["what"]), class_="tick", x=plot.left - 8, y=level + 4,
            text_anchor="end",
        ),
        *bars,
        tag("line", class_="median", x1=middle, x2=middle, y1=top, y2=top + tall),
        tag("circle", tag("title", "asked"), class_="place", cx=asked_at, cy=level, r=3),
    )  # fmt: skip


def _legend() -> Html:
    wide = {"fan60": (11, 12), "fan80": (7, 20), "fan95": (2, 30)}
    nested = [
        tag("rect", class_=kind, x=wide[kind][0], y=1, width=wide[kind][1], height=12, rx=2)
        for kind in RANGES
    ]
    return keys(
        (joined(*nested), "60, 80 and 95 % range, inside to outside"),
        (tag("line", class_="median", x1=17, x2=17, y1=1, y2=13), "middle"),
        (tag("circle", class_="place", cx=17, cy=7, r=3), "moment of asking"),
        (tag("line", class_="arrived", x1=17, x2=17, y1=0, y2=14), "delivered"),
    )


def _short(name: str) -> str:
    return name if len(name) <= 20 else f"{name[:17]}…"
