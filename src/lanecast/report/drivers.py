"""What moved one forecast: a bar per input, to the left for earlier and to the right for later."""

import polars as pl

from .axes import Plot, frame, ticks
from .marks import keys
from .markup import Html, joined, tag
from .numbers import plain
from .picture import Size, picture

MOST = 8  # inputs that are drawn one by one
HEADS = {"feature": "Input", "value": "Value", "factor": "Factor", "days": "Days"}
LOOKS = {False: "bars main", True: "regret"}  # by whether it is later


def bars(rows: pl.DataFrame) -> Html:
    """Return the picture of ``rows``: the usual time first, then what moved it, strongest first."""
    inputs = rows.slice(1)
    rest = inputs.slice(MOST)
    drawn = [(name, value, days) for name, value, _, days in inputs.head(MOST).iter_rows()]
    if rest.height:
        drawn.append((f"{rest.height} others", "", float(rest["days"].sum())))
    days = [each for *_, each in drawn]
    low, high = min(0.0, *days), max(0.0, *days)
    room = 0.45 * (high - low) or 1.0  # for the numbers at the ends of the bars
    usual, median = rows["days"][0], float(rows["days"].sum())
    said = ", ".join(f"{name} {_signed(each)}" for name, _, each in drawn[:MOST])
    meaning = f"Bars in days: from the usual {plain(usual)} to {plain(median)} days by {said}."

    def draw(size: Size) -> Html:
        span = (low - room, high + room)
        plot = Plot(size.width, size.height, span, (len(drawn), 0), left=158, right=10)
        x = [(v, f"{v:g}".replace("-", "−")) for v in ticks(*span, 6 if size.wide else 3)]  # noqa: RUF001
        grid = frame(plot, x, [], "days earlier or later", "input")
        zero = plot.x(0)
        line = tag("line", class_="axis", x1=zero, x2=zero, y1=plot.top, y2=plot.floor)
        return joined(grid, *(_bar(plot, k, *each) for k, each in enumerate(drawn)), line)

    legend = keys(
        (tag("rect", class_=LOOKS[False], x=1, y=2, width=32, height=10), "earlier"),
        (tag("rect", class_=LOOKS[True], x=1, y=2, width=32, height=10), "later"),
    )
    tall = 78 + 24 * len(drawn)
    title = "What moved the forecast, in days"
    return picture(
        "drivers", title, meaning, draw, rows, HEADS, legend, (342, tall), (560, tall + 10)
    )


def _bar(plot: Plot, k: int, name: str, value: str, days: float) -> Html:
    top, tall = plot.y(k + 0.2), plot.y(k + 0.8) - plot.y(k + 0.2)
    start, end = sorted((plot.x(0), plot.x(days)))
    level, later = plot.y(k + 0.5) + 4, days >= 0
    what = f"{name} = {value}" if value else name
    return joined(
        tag("text", name, class_="tick", x=plot.left - 8, y=level, text_anchor="end"),
        tag(
            "rect", tag("title", f"{what}: {_signed(days)} days"), class_=LOOKS[later],
            x=start, y=top, width=max(end - start, 0.6), height=tall,
        ),
        tag(
            "text", _signed(days), class_="halo", x=end + 5 if later else start - 5, y=level,
            text_anchor="start" if later else "end",
        ),
    )  # fmt: skip


def _signed(days: float) -> str:
    text = plain(days)
    return f"+{text}" if float(f"{days:.2f}") > 0 else text
