"""When one parcel gets to each stop, and what may go wrong on the way."""

import polars as pl

from .ahead import Ahead, local, span
from .axes import Plot, frame, ticks
from .marks import keys
from .markup import Html, joined, tag
from .numbers import percent, plain
from .picture import Size, picture

ROW = 58  # height of a stop [px]
BAR, THICK = 21, 12  # where its range begins, and its height
HEADS = {
    "no": "No.", "name": "Stop", "share": "Chance", "q100": "10 %, h from now",
    "q500": "50 %, h from now", "q900": "90 %, h from now", "came": "Came, h from now",
}  # fmt: skip


def times(ahead: Ahead) -> Html:
    """Return the picture of arrivals: a row per stop, on the axis of hours from now."""
    rows = ahead.likely.with_columns(
        pl.col("q100", "q500", "q900") - ahead.now_h, came=pl.col("came_h") - ahead.now_h
    )
    ends = rows.select(pl.max_horizontal(pl.col("q900").max(), pl.col("came").max())).item()
    promised = None if ahead.promised_h is None else ahead.promised_h - ahead.now_h
    shown = promised is not None and 0 < promised < 1.5 * ends
    high = 1.04 * max(ends, promised if shown and promised is not None else 0.0)
    days = high > 60
    unit = 24.0 if days else 1.0
    said = "; ".join(
        f"{name} {span(low + ahead.now_h, high + ahead.now_h, offset)}"
        for name, low, high, offset in rows.select("name", "q100", "q900", "offset_min").iter_rows()
    )
    meaning = f"Ranges that hold eight of ten arrivals, local times: {said}."

    def draw(size: Size) -> Html:
        plot = Plot(
            size.width, size.height, (0, high / unit), (rows.height, 0), left=4, right=8, top=26
        )
        about = 7 if size.wide else 5
        x = [(v, plain(v, 1).removesuffix(".0")) for v in ticks(0, high / unit, about)]
        grid = frame(plot, x, [], f"{'days' if days else 'hours'} from now", "")
        bars = [_row(plot, k, row, ahead.now_h, unit) for k, row in enumerate(rows.to_dicts())]
        if not shown or promised is None:
            return joined(grid, *bars)
        at = plot.x(promised / unit)
        side, nudge = ("end", -5) if at > 0.5 * size.width else ("start", 5)
        word = tag("text", "promised", class_="tick", x=at + nudge, y=17, text_anchor=side)
        tops = [plot.y(k) + BAR for k in range(rows.height)]
        spans = [(8, plot.top - 3), *((top - 3, top + THICK + 3) for top in tops)]
        rules = [tag("line", class_="promise", x1=at, x2=at, y1=a, y2=b) for a, b in spans]
        return joined(grid, word, *bars, *rules)

    tall = 26 + 42 + ROW * rows.height
    twin = rows.rename({"chance": "share"})
    return picture(
        "times", "When it gets there, local times", meaning, draw, twin, HEADS, _legend(),
        (342, tall), (560, tall),
    )  # fmt: skip


def _row(plot: Plot, k: int, row: dict[str, float | str | None], now_h: float, unit: float) -> Html:
    top = plot.y(k)
    low, middle, high = (float(str(row[name])) for name in ("q100", "q500", "q900"))
    chance, offset = float(str(row["chance"])), float(str(row["offset_min"] or 0))
    look = "stopnext" if chance >= 0.5 else "stopperhaps"
    left, right = plot.left, plot.width - plot.right
    bar, tall = top + BAR, THICK
    start, end, at = (plot.x(value / unit) for value in (low, high, middle))
    parts = [
        tag("circle", class_=look, cx=left + 10, cy=top + 9, r=8.5),
        tag("text", str(row["no"]), class_=f"{look}no", x=left + 10, y=top + 13,
            text_anchor="middle"),
        tag("text", str(row["name"]), class_="halo", x=left + 25, y=top + 13),
        tag("text", local(middle + now_h, offset), class_="halo strong", x=right, y=top + 13,
            text_anchor="end"),
        tag("rect", class_="fan60", x=start, y=bar, width=max(end - start, 1.5), height=tall, rx=3),
        tag("line", class_="median", x1=at, x2=at, y1=bar, y2=bar + tall),
        tag("text", span(low + now_h, high + now_h, offset), class_="tick halo", x=left + 25,
            y=top + 46),
    ]  # fmt: skip
    if chance < 0.995:
        parts.append(
            tag("text", percent(chance, 0), class_="halo strong", x=right, y=top + 46,
                text_anchor="end")
        )  # fmt: skip
    if row["came"] is not None:
        came = plot.x(float(str(row["came"])) / unit)
        say = f"came {local(float(str(row['came'])) + now_h, offset)}"
        parts.append(
            tag("line", tag("title", say), class_="came", x1=came, x2=came, y1=bar - 2,
                y2=bar + tall + 2)
        )  # fmt: skip
    return joined(*parts)


def risks(ahead: Ahead) -> Html:
    """Return what may go wrong, beside what is usual of parcels on their way."""
    items = []
    for event, chance, usual in ahead.risks.select("event", "chance", "usual").iter_rows():
        look = "over" if chance > 2 * usual and chance > 0.05 else None
        bar = tag("rect", class_=look, x=0, y=0, width=100 * chance, height=4)
        beam = tag(
            "svg", bar, class_="beam", viewBox="0 0 100 4", preserveAspectRatio="none",
            aria_hidden="true",
        )  # fmt: skip
        digits = 0 if chance >= 0.1 else 1 if chance >= 0.001 else 2
        items.append(
            tag(
                "li",
                tag("span", event, class_="what"),
                tag("span", percent(chance, digits), class_="how"),
                tag("span", f"usual: {percent(usual, 2 if usual < 0.001 else 1)}", class_="more"),
                beam,
            )
        )
    return tag("div", tag("h3", "What may go wrong"), tag("ol", *items, class_="rank thick two"))


def _legend() -> Html:
    return keys(
        (tag("rect", class_="fan60", x=2, y=1, width=30, height=12, rx=3), "eight of ten arrivals"),
        (tag("line", class_="median", x1=17, x2=17, y1=1, y2=13), "middle"),
        (tag("line", class_="came", x1=17, x2=17, y1=0, y2=14), "when it came, looked up later"),
    )
