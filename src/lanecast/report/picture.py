"""A picture with its name, its meaning in words, and its numbers as a table."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import polars as pl

from .markup import Html, escaped, joined, tag
from .numbers import count, percent, plain

MOST_ROWS = 600  # of a table twin
SHARES = {"coverage_80", "coverage_95", "within_1_day", "on_time", "share", "nominal", "measured"}


@dataclass(frozen=True)
class Size:
    """Width and height [px] of a drawing, and whether it is the wide one of the two."""

    width: float
    height: float
    wide: bool


def picture(
    name: str,
    title: str,
    meaning: str,
    draw: Callable[[Size], Html],
    twin: pl.DataFrame,
    heads: Mapping[str, str],
    legend: Html | None = None,
    small: tuple[float, float] = (342, 250),
    large: tuple[float, float] = (560, 300),
) -> Html:
    """Return a figure: drawn for a phone and for a screen, of which one is shown.

    Parameters
    ----------
    meaning
        What the picture shows, for those who cannot see it.
    twin, heads
        The same numbers, and how its columns are called; others are left out.
    """
    drawings = []
    for wide, (width, height) in ((False, small), (True, large)):
        own = f"{name}-{'wide' if wide else 'small'}"
        drawings.append(
            tag(
                "svg",
                tag("title", title, id=f"{own}-t"),
                tag("desc", meaning, id=f"{own}-d"),
                draw(Size(width, height, wide)),
                class_="wide" if wide else "small",
                role="img",
                aria_labelledby=f"{own}-t {own}-d",
                viewBox=f"0 0 {width:g} {height:g}",
                xmlns="http://www.w3.org/2000/svg",
            )
        )
    return tag(
        "figure",
        tag("figcaption", title),
        legend,
        tag("div", *drawings, class_="drawing"),
        behind(title, twin, heads),
        id=name,
    )


def behind(title: str, rows: pl.DataFrame, heads: Mapping[str, str], what: str = "Numbers") -> Html:
    """Return the numbers as a table that opens on demand."""
    said = f"{what}: {count(rows.height, 'row')}"
    hidden = tag("span", f" of {title}", class_="unseen")
    return tag("details", tag("summary", said, hidden), table(title, rows, heads))


def table(title: str, rows: pl.DataFrame, heads: Mapping[str, str]) -> Html:
    """Return ``rows`` as a table that scrolls by itself; each number keeps its full value."""
    names = [name for name in heads if name in rows.columns]
    number = {name: rows.schema[name].is_numeric() for name in names}
    head = [
        tag("th", heads[name], scope="col", class_="n" if number[name] else None) for name in names
    ]
    body = [
        tag("tr", *(_cell(name, row[name], number[name], name == names[0]) for name in names))
        for row in rows.head(MOST_ROWS).iter_rows(named=True)
    ]
    rest = rows.height - len(body)
    more = tag("p", f"{count(rest, 'more row')} left out here.", class_="note") if rest else None
    inner = tag(
        "table",
        tag("caption", title, class_="unseen"),
        tag("thead", tag("tr", *head)),
        tag("tbody", *body),
    )
    box = tag("div", inner, class_="scroll", tabindex="0", role="region", aria_label=title)
    return joined(box, more)


def _cell(name: str, value: object, number: bool, first: bool) -> Html:
    if number and value is not None:
        exact = float(str(value))
        text = percent(exact) if name in SHARES else plain(value, 2 if abs(exact) < 100 else 1)
        shown = tag("data", text, value=str(value))
    else:
        shown = escaped(plain(value))
    if first:
        return tag("th", shown, scope="row", class_="n" if number else None)
    return tag("td", shown, class_="n" if number else None)
