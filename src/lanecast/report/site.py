"""One site planned: what will be asked for, what to order, who is missing, and what it costs."""

from dataclasses import dataclass

import polars as pl

from lanecast.planning.chain import Chain, totals, wide

from . import fans, staffing
from .markup import Html, joined, tag
from .numbers import count, plain
from .picture import table

BEST = 3  # items whose demand is drawn
ORDERS = {
    "product_id": "Product", "units": "Pieces", "due_date": "Should come", "cases": "Cases",
    "up_to_units": "Stock to reach", "source_id": "Supplier",
}  # fmt: skip
SIDES = {"over": "Too much", "under": "Too little", "running": "Trade and work"}


@dataclass(frozen=True)
class Site:
    """A plan, the zone of its site, and daily sales around it.

    ``sold`` has ``unique_id``, ``date``, ``units`` and ``met``, whether stock lasted all day; days
    after the plan was made too, if they are known.
    """

    made: Chain
    zone: str
    sold: pl.DataFrame


def pictures(site: Site) -> Html:
    """Return fan charts, the heat map, the order list, and the ledger of a plan."""
    return joined(_fans(site), _staff(site), _orders(site), _ledger(site))


def said(site: Site) -> str:
    """Return in a sentence or two what was planned."""
    made = site.made
    parts = [f"{made.site}, {made.days} days from {made.first:%-d %B %Y}."]
    if made.orders is not None:
        due = made.orders.table.filter(pl.col("units") > 0)
        parts.append(
            f"Demand of {count(made.orders.table.height, 'item')} is forecast from sales, "
            f"{count(due.height, 'of them is', 'of them are')} ordered tonight, "
            f"{int(due['units'].sum()):,} pieces in all."
        )
    if made.roster is not None:
        parts.append(
            "What will be sold and received is work, and people are rostered for it: "
            f"{count(made.roster.plan.table.height, 'shift')}."
        )
    return " ".join(parts)


def _fans(site: Site) -> Html | None:
    made = site.made
    if made.forecast is None:
        return None
    most = made.forecast.group_by("unique_id").agg(pl.col("mean").sum()).sort(
        "mean", "unique_id", descending=[True, False]
    )  # fmt: skip
    drawn = []
    for name in most["unique_id"].head(BEST):
        rows = made.forecast.filter(unique_id=name).with_columns(date=pl.col("ds").dt.date())
        sold = site.sold.filter(unique_id=name).sort("date").select("date", "units", "met")
        past = sold.filter(pl.col("date") < made.first)
        last = rows["date"].max()
        later = sold.filter(pl.col("date").is_between(made.first, pl.lit(last)))
        if past.height:
            drawn.append(fans.fan(str(name), past, rows.sort("date"), later))
    if not drawn:
        return None
    grid = tag("div", *drawn, class_=f"grid{min(len(drawn), 3)}")
    return joined(tag("h3", "What will be asked for: the best sellers"), fans.legend(), grid)


def _staff(site: Site) -> Html | None:
    if site.made.roster is None:
        return None
    rows = staffing.gaps(site.made.roster.hours, site.zone)
    return (
        None if rows.is_empty() else tag("div", staffing.heat(rows, site.made.site), class_="alone")
    )


def _orders(site: Site) -> Html | None:
    if site.made.orders is None:
        return None
    due = site.made.orders.table.filter(pl.col("units") > 0).sort("units", descending=True)
    if due.is_empty():
        return tag("p", "Nothing needs to be ordered tonight.")
    rows = due.with_columns(
        pl.col("due_date").dt.to_string("%Y-%m-%d"), _whole("up_to_units", "cases")
    )
    return joined(tag("h3", "What to order tonight"), table("Orders", rows, ORDERS))


def _ledger(site: Site) -> Html:
    made = site.made
    rows = wide(made.ledger)
    weeks = [name for name in rows.columns if name.startswith("week ")]
    rows = rows.with_columns(
        part=pl.col("part").str.to_titlecase(),
        side=pl.col("side").replace_strict(SIDES),
    ).select("what", _whole("sum", *weeks), "side", "part")  # on a phone the first ones are seen
    heads = {"what": "What", "sum": "Sum"} | {name: name.capitalize() for name in weeks}
    heads |= {"side": "Why", "part": "For"}
    sums = totals(made.ledger)
    line = (
        f"Too much is expected to cost {plain(sums['over'], 0)} {made.currency}, too little "
        f"{plain(sums['under'], 0)}, trade and work themselves {plain(sums['running'], 0)}."
    )
    return joined(
        tag("h3", f"One ledger for stock and staff, {made.currency}"),
        tag("p", line),
        table("Ledger", rows, heads),
    )


def _whole(*names: str) -> pl.Expr:
    """Return columns in whole numbers: a table of them is read at a glance."""
    return pl.col(names).round(0).cast(pl.Int64)
