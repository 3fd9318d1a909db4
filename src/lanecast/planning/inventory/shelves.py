"""A shop as the tables know it at a moment, for policies to trade in what came after."""

from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt
import polars as pl

from lanecast.optimize.cover import Price
from lanecast.optimize.distribution import inverse
from lanecast.tables.lake import Lake, collect
from lanecast.tables.parcel import LEVELS, QUANTILES

from .decide.costs import Costs
from .features import arriving, items, lateness, sales
from .replay import HISTORY, Shop

YEAR_D = 365.0
DRAWS = 120
LEAST_SALES_D = 56  # days of sales that an item must have to be traded
Array = npt.NDArray[np.float64]


def shop(
    lake: Lake,
    since: datetime,
    until: datetime,
    costs: Costs,
    latent: pl.DataFrame | None = None,
    seed: int = 0,
) -> tuple[list[str], Shop]:
    """Return the items and the shop that opens at ``since`` and closes at ``until``.

    Parameters
    ----------
    latent
        What was asked for, where that is known: ``unique_id``, ``day`` (since 1970-01-01),
        ``units``. None: what was sold, and where stock ran out, sales of the day over the part of
        the day's usual demand that had passed; not more than three times the most that was sold.
    seed
        Of the lead times, which are drawn from those that were seen by ``since``.

    Raises
    ------
    ValueError
        When no item has been sold long enough.

    Notes
    -----
    What is under way at ``since`` comes on the day that the supplier said.
    """
    first, last = (int(at.timestamp() // 86400) for at in (since, until))
    past = collect(sales(lake, since, HISTORY).lazy())
    count = past.group_by("unique_id").agg(days=pl.len())
    known = (
        collect(items(lake, since).lazy())
        .join(count.filter(pl.col("days") >= LEAST_SALES_D), on="unique_id", how="semi")
        .sort("unique_id")
    )
    names = known["unique_id"].to_list()
    if not names:
        raise ValueError(
            f"from: no item has been sold on {LEAST_SALES_D} days by {since:%Y-%m-%d}."
        )
    sold = matrix(past, names, "units", first - HISTORY, first)
    met = matrix(past, names, "met", first - HISTORY, first) > 0
    asked = _asked(lake, until, names, first, last) if latent is None else None
    demand = matrix(latent, names, "units", first, last) if latent is not None else asked
    assert demand is not None
    random = np.random.default_rng(seed)
    stated = known["lead_d"].to_numpy()
    ratio = collect(lateness(lake, since).lazy()).select(QUANTILES).to_numpy().astype(float)
    unit, price = known["unit_cost"].to_numpy(), known["price"].to_numpy()
    short = np.maximum(price - unit, 0) if costs.short is None else np.full(len(unit), costs.short)
    waste = unit if costs.waste is None else np.full(len(unit), costs.waste)
    review = known["review_d"].to_numpy().astype(np.int64)
    return names, Shop(
        sold=sold,
        met=met,
        demand=demand,
        nights=nights(ratio, stated, random.random((len(names), last - first))),
        leads=nights(ratio, stated, np.tile((np.arange(DRAWS) + 0.5) / DRAWS, (len(names), 1))),
        lead=np.maximum(stated - 1, 0).astype(np.int64),
        review=review,
        phase=np.arange(len(names)) % review,
        keeps=known["shelf_life_d"].to_numpy().astype(np.int64),
        pack=known["case_pack"].to_numpy(),
        price=Price(unit * costs.holding / YEAR_D, short, waste),
        fixed=np.full(len(names), costs.order),
        stock=known["on_hand"].to_numpy(),
        coming=_coming(collect(arriving(lake, since).lazy()), names, last - first),
    )


def matrix(
    rows: pl.DataFrame, names: list[str], column: str, first: int, last: int, empty: float = 0.0
) -> Array:
    """Return a column by item and day, shape (n, last - first); ``empty`` where no row is."""
    place = pl.DataFrame({"unique_id": names}).with_row_index("row")
    inside = rows.filter(pl.col("day").is_between(first, last - 1)).join(place, on="unique_id")
    found = np.full((len(names), last - first), empty)
    found[inside["row"].to_numpy(), inside["day"].to_numpy() - first] = inside[column].to_numpy()
    return found


def _asked(lake: Lake, until: datetime, names: list[str], first: int, last: int) -> Array:
    """Return demand as it can be told from sales."""
    later = collect(sales(lake, until + timedelta(days=2), last - first + 2).lazy())
    units = matrix(later, names, "units", first, last)
    share = matrix(later, names, "share", first, last, empty=1.0)
    most = 3 * units.max(axis=1, keepdims=True)
    return np.asarray(np.minimum(units / np.maximum(share, 0.05), most))


def nights(ratio: Array, stated: Array, share: Array) -> npt.NDArray[np.int64]:
    """Return nights beside the first of orders, at shares of the law, shape of ``share``."""
    drawn = inverse(LEVELS, np.tile(ratio, (len(share), 1)), share)
    return np.maximum(np.rint(drawn * stated[:, None]), 1).astype(np.int64) - 1


def _coming(rows: pl.DataFrame, names: list[str], days: int) -> Array:
    place = pl.DataFrame({"unique_id": names}).with_row_index("row")
    known = rows.join(place, on="unique_id").filter(pl.col("in_d") <= days)
    coming = np.zeros((len(names), days))
    at = (known["row"].to_numpy(), known["in_d"].to_numpy().astype(np.int64) - 1)
    np.add.at(coming, at, known["units"].to_numpy())
    return coming
