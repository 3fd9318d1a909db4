"""Demand ahead: what was sold, what may be asked for, and what was sold then."""

from datetime import date, timedelta

import polars as pl

from .axes import Plot, frame, ticks
from .marks import keys
from .markup import Html, joined, tag
from .numbers import plain
from .picture import Size, picture

BANDS = {"fan95": ("q025", "q975"), "fan80": ("q100", "q900"), "fan60": ("q200", "q800")}
MARK_D = 14  # between two dates on the axis


def fan(unique_id: str, past: pl.DataFrame, ahead: pl.DataFrame, later: pl.DataFrame) -> Html:
    """Return the picture of one item.

    Parameters
    ----------
    past, later
        Sales before the forecast and after it: ``date``, ``units`` and ``met`` (whether stock
        lasted), by date.
    ahead
        Quantiles of each day to come, by ``date``.
    """
    name = unique_id.split("/")[0]
    start: date = past["date"][0]
    rows = ahead.with_columns(day=(pl.col("date") - pl.lit(start)).dt.total_days())
    days = int(rows["day"].to_numpy().max())
    seen = pl.concat([past, later]).with_columns(
        day=(pl.col("date") - pl.lit(start)).dt.total_days()
    )
    tops = (rows["q975"], seen["units"])
    high = 1.05 * max(*(float(each.to_numpy().max(initial=1.0)) for each in tops), 1.0)
    middle = rows["q500"].to_numpy()
    inside = (
        later.filter("met")
        .join(ahead, on="date")
        .select(pl.col("units").is_between("q100", "q900").mean())
    )
    share = inside.item()
    meaning = (
        f"Fan chart of {unique_id}: {past.height} days of sales, then {rows.height} days of "
        f"forecast with a middle of {middle.mean():.1f} pieces a day"
        + (
            f"; {share:.0%} of the days on which stock lasted lie in the 80 % band."
            if share is not None
            else "."
        )
    )

    def draw(size: Size) -> Html:
        plot = Plot(size.width, size.height, (0, days), (0, high), left=34)
        step = MARK_D if size.wide else 2 * MARK_D
        x = [(float(k), f"{start + timedelta(days=k):%-d %b}") for k in range(0, days + 1, step)]
        y = [(v, plain(v, 1).removesuffix(".0")) for v in ticks(0, high, 4)]
        bands = [_band(plot, rows, kind, *names) for kind, names in BANDS.items()]
        line = _line(plot, rows.select("day", "q500"), "line s0")
        sold = _line(plot, seen.select("day", "units").head(past.height), "line s1")
        at = plot.x(float(rows["day"][0]) - 0.5)
        now = tag("line", class_="ideal", x1=at, x2=at, y1=plot.top, y2=plot.floor)
        dots = [
            tag(
                "circle",
                tag("title", f"{day:%-d %b}: {units} sold{'' if met else ', then none was left'}"),
                class_="dot s2" if met else "dot out", cx=plot.x(k), cy=plot.y(units), r=2.6,
            )
            for day, units, met, k in seen.tail(later.height).iter_rows()
        ] if later.height else []  # fmt: skip
        return joined(
            frame(plot, x, y, "", "pieces a day", upright=False), *bands, sold, line, now, *dots
        )

    twin = pl.concat([past, later]).join(
        ahead.select("date", "q025", "q100", "q500", "q900", "q975"), on="date", how="full",
        coalesce=True,
    ).sort("date")  # fmt: skip
    heads = {
        "date": "Day", "units": "Sold", "q025": "2.5 %", "q100": "10 %", "q500": "Middle",
        "q900": "90 %", "q975": "97.5 %",
    }  # fmt: skip
    title = f"{name}: sales and demand to come"
    return picture(f"fan-{name}", title, meaning, draw, twin, heads, None, (342, 210), (440, 230))


def legend() -> Html:
    """Explain bands, lines and dots."""
    wide = {"fan60": (11, 12), "fan80": (7, 20), "fan95": (2, 30)}
    nested = [
        tag("rect", class_=kind, x=wide[kind][0], y=1, width=wide[kind][1], height=12)
        for kind in reversed(wide)
    ]
    return keys(
        (tag("line", class_="line s1", x1=1, x2=33, y1=7, y2=7), "sold before"),
        (joined(*nested), "60, 80 and 95 % of days"),
        (tag("line", class_="line s0", x1=1, x2=33, y1=7, y2=7), "middle"),
        (tag("circle", class_="dot s2", cx=17, cy=7, r=2.6), "sold later"),
        (tag("circle", class_="dot out", cx=17, cy=7, r=2.6), "sold until stock ran out"),
    )


def _band(plot: Plot, rows: pl.DataFrame, kind: str, low: str, high: str) -> Html:
    days = rows["day"].to_list()
    up = [f"{plot.x(k):.1f} {plot.y(v):.1f}" for k, v in zip(days, rows[high], strict=True)]
    down = [f"{plot.x(k):.1f} {plot.y(v):.1f}" for k, v in zip(days, rows[low], strict=True)]
    return tag("path", class_=kind, d="M" + "L".join(up + down[::-1]) + "Z")


def _line(plot: Plot, rows: pl.DataFrame, dress: str) -> Html:
    points = [f"{plot.x(k):.1f} {plot.y(v):.1f}" for k, v in rows.iter_rows()]
    return tag("path", class_=dress, d="M" + "L".join(points))
