"""Staff: where more work comes than people are at work, and where fewer, hour by hour."""

from collections.abc import Sequence
from datetime import date

import polars as pl

from .axes import Plot
from .marks import keys
from .markup import Html, joined, tag
from .numbers import plain
from .picture import Size, picture

STEPS = (0.25, 1.0, 2.0)  # hours of work from which a cell is slight, clear, strong
HEADS = {
    "day": "Day", "hour": "Hour", "need_h": "Work, hours", "rostered_h": "At work, hours",
    "gap_h": "Work less people",
}  # fmt: skip


def gaps(hours: pl.DataFrame, zone: str) -> pl.DataFrame:
    """Return ``day``, ``hour``, ``need_h``, ``rostered_h`` and ``gap_h``, need less people.

    By local day and hour, without hours in which next to nothing happens on any day.
    """
    local = pl.col("started_at").dt.convert_time_zone(zone)
    found = (
        hours.group_by(day=local.dt.date(), hour=local.dt.hour().cast(pl.Int64))
        .agg(pl.col("need_h", "rostered_h").sum())
        .with_columns(gap_h=pl.col("need_h") - pl.col("rostered_h"))
    )
    busy = (pl.col("need_h") + pl.col("rostered_h")).max().over("hour") >= STEPS[0]
    planned = pl.col("rostered_h").max().over("day") + pl.col("need_h").max().over("day") > 0.01
    return found.filter(busy & planned).sort("day", "hour")


def heat(rows: pl.DataFrame, site: str) -> Html:
    """Return the picture of ``gaps``: days to the right, hours down."""
    days, hours = rows["day"].unique().sort().to_list(), rows["hour"].unique().sort().to_list()
    worst = rows.sort("gap_h", descending=True).row(0, named=True)
    meaning = (
        f"Heat map of {site}: {rows['need_h'].sum():.0f} hours of work and "
        f"{rows['rostered_h'].sum():.0f} hours at work in {len(days)} days. Most is missing on "
        f"{worst['day']:%a %-d %b} from {worst['hour']}:00, {worst['gap_h']:.1f} hours; work may "
        "wait until the next departure."
    )

    def draw(size: Size) -> Html:
        plot = Plot(size.width, size.height, (0, len(days)), (len(hours), 0), 44, 4, 34, 8)
        wide = (plot.x(1) - plot.x(0)) - 1.5
        tall = (plot.y(1) - plot.y(0)) - 1.5
        every = 1 if size.wide else 2
        heads = [
            tag(
                "text", _day(day, size.wide), class_="tick", x=plot.x(k + 0.5), y=plot.top - 8,
                text_anchor="middle",
            )
            for k, day in enumerate(days)
            if k % every == 0
        ]  # fmt: skip
        side = [
            tag(
                "text", f"{hour:02d}:00", class_="tick", x=plot.left - 6, y=plot.y(k + 0.5) + 4,
                text_anchor="end",
            )
            for k, hour in enumerate(hours)
            if k % every == 0
        ]  # fmt: skip
        cells = [
            _cell(
                plot.x(days.index(row["day"])), plot.y(hours.index(row["hour"])), wide, tall, row,
                size.wide,
            )
            for row in rows.iter_rows(named=True)
        ]  # fmt: skip
        return joined(*heads, *side, *cells)

    height = 44 + 17 * len(hours)
    title = f"Work that comes, less people at work: {site}"
    return picture(
        "staffing", title, meaning, draw, rows, HEADS, _legend(), (342, height), (640, height)
    )


def kind_of(gap: float) -> str:
    """Return the class of a cell: ``g0`` even, ``m1`` to ``m3`` missing, ``i1`` to ``i3`` idle."""
    strength = sum(abs(gap) >= step for step in STEPS)
    return "g0" if not strength else f"{'m' if gap > 0 else 'i'}{strength}"


def _cell(x: float, y: float, wide: float, tall: float, row: dict[str, float], words: bool) -> Html:
    gap = row["gap_h"]
    say = (
        f"{row['day']:%a %-d %b}, {row['hour']:02d}:00: {row['need_h']:.1f} hours of work, "
        f"{row['rostered_h']:.1f} at work"
    )
    box = tag(
        "rect", tag("title", say), class_=f"cell {kind_of(gap)}", x=x, y=y, width=wide,
        height=tall, rx=2,
    )  # fmt: skip
    if abs(gap) < STEPS[0]:
        return box
    sign = "+" if gap > 0 else "−"  # noqa: RUF001
    text = f"{sign}{plain(abs(gap), 1)}" if words else sign
    return joined(
        box,
        tag(
            "text", text, class_="cellno", x=x + wide / 2, y=y + tall / 2 + 3.6,
            text_anchor="middle",
        ),
    )  # fmt: skip


def _day(day: date, wide: bool) -> str:
    return f"{day:%a}"[:2] + f" {day:%-d}" if wide else f"{day:%-d}"


def _legend() -> Html:
    def some(kinds: Sequence[str]) -> Html:
        return joined(
            *(
                tag("rect", class_=f"cell {kind}", x=1 + 11 * k, y=1, width=10, height=12, rx=2)
                for k, kind in enumerate(kinds)
            )
        )

    return keys(
        (some(("m1", "m2", "m3")), "+ more work than people: it waits"),
        (some(("g0",)), "even"),
        (some(("i1", "i2", "i3")), "− more people than work"),  # noqa: RUF001
    )
