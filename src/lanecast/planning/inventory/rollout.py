"""What an order list leads to: the days after it, traded on drawn demand, ordering on and on."""

from collections.abc import Callable
from datetime import date, timedelta

import numpy as np
import polars as pl

from lanecast.optimize.cover import Price
from lanecast.optimize.stock_flow import Evening, Ledger, run

from .decide.budget import Policy
from .decide.costs import Costs, Limits
from .decide.items import checked
from .decide.known import outlooks, split
from .decide.outlook import Array, Outlook, Whole

WAYS = 12  # of demand that are traded
INNER = 60  # of the draws on which later orders are decided
ROWS = 600  # that are decided at once, so that draws fit in memory
WEEK = 7
MONEY = ("order", "holding", "short", "waste")
UNITS = ("sold", "lost", "wasted", "ordered", "received")


def rollout(
    predictions: pl.DataFrame,
    costs: Costs,
    limits: Limits,
    policy: Policy,
    table: pl.DataFrame,
    days: int,
    seed: int = 0,
) -> pl.DataFrame:
    """Return what is expected of each item on each of the next ``days``, with the orders of now.

    Parameters
    ----------
    predictions, costs, limits, policy
        As in ``decide``; the budget holds for the orders of now only.
    table
        The order list that ``decide`` made of them.

    Returns
    -------
    DataFrame
        ``unique_id``, ``date``, and the means over ``WAYS`` drawn ways: pieces ``sold``, ``lost``,
        ``wasted``, ``ordered``, ``received``, and money for ``order``, ``holding``, ``short`` and
        ``waste`` [currency]. The order of now is paid on the first day.

    Notes
    -----
    On each way one may order again at each review, on the same drawn demand as today: what is
    learnt of demand on the way is left out. An order takes a drawn lead time.

    Raises
    ------
    ValueError
        When ``days`` is below 1.
    """
    if days < 1:
        raise ValueError(f"days: expected 1 or more, got {days}.")
    schema = {"unique_id": pl.String, "date": pl.Date} | dict.fromkeys((*UNITS, *MONEY), pl.Float64)
    if table.is_empty():
        return pl.DataFrame(schema=schema)
    today: date = table["order_date"][0]
    todo, forecasts, _ = split(predictions, checked(limits.items), limits, today)
    name = pl.concat_str("product_id", "facility_id", separator="/").alias("unique_id")
    ordered = table.select(name, "units")
    when = [today + timedelta(days=k) for k in range(1, days + 1)]
    parts = []
    for rows, outlook in outlooks(todo, forecasts, costs, limits):
        units = rows.select("unique_id").join(ordered, on="unique_id", maintain_order="left")
        now = units["units"].cast(pl.Float64).to_numpy()
        found = _traded(outlook, now, policy, days, seed)
        parts.append(
            pl.DataFrame(
                {"unique_id": np.repeat(rows["unique_id"].to_numpy(), days)}
                | {"date": when * rows.height}
                | {key: found[key].ravel() for key in (*UNITS, *MONEY)},
                schema=schema,
            )
        )
    return pl.concat(parts).sort("unique_id", "date")


def _traded(
    outlook: Outlook, units: Array, policy: Policy, days: int, seed: int
) -> dict[str, Array]:
    """Return means over the ways of each column, shape (n, days)."""
    n, draws, _ = outlook.demand.shape
    ways = min(WAYS, draws)
    random = np.random.default_rng(seed)
    item, way = np.repeat(np.arange(n), ways), np.tile(np.arange(ways) * draws // ways, n)
    need = days + int(outlook.after.max(initial=0)) + int(outlook.review.max(initial=1)) + 1
    need = max(need, outlook.horizon)
    demand = stretched(outlook.demand, need)
    nights = outlook.first[item[:, None], random.integers(0, draws, (n * ways, days))]
    coming = np.zeros((n * ways, need))
    coming[:, : outlook.horizon] = outlook.coming[item]
    coming[np.arange(n * ways), outlook.first[item, way]] += units[item]
    price = Price(*(each[item] for each in _prices(outlook.price)))
    ledger = run(
        demand[item, way, :days], _orders(outlook, demand, item, coming, policy, days), nights,
        price, outlook.fixed[item], stock=outlook.stock[item], coming=coming,
        keeps=outlook.keeps[item],
    )  # fmt: skip
    return _means(ledger, outlook, units, n, ways)


def _orders(
    outlook: Outlook, demand: Array, item: Whole, coming: Array, policy: Policy, days: int
) -> Callable[[Evening], Array]:
    """Return what is ordered in the evenings to come: at the reviews of each item."""
    usual = np.median(outlook.first, axis=1).astype(np.int64)[item]
    width = demand.shape[2] - days

    def order(now: Evening) -> Array:
        units = np.zeros(len(item))
        on = np.flatnonzero((now.day + 1) % outlook.review[item] == 0)
        later = now.day + 1
        for of in np.array_split(on, -(-len(on) // ROWS)) if len(on) else ():
            row = item[of]
            expected = np.zeros((len(of), width))
            known = now.coming[of][:, :width]
            expected[:, : known.shape[1]] = known
            for evening in np.flatnonzero(now.under_way[of].any(axis=0)):
                day = np.clip(usual[of] - (now.day - evening), 0, width - 1)
                np.add.at(expected, (np.arange(len(of)), day), now.under_way[of, evening])
            some = outlook.rows(row)
            inner = slice(None, None, max(outlook.demand.shape[1] // INNER, 1))
            longest = width - some.review[:, None]
            seen = Outlook(
                now.hand[of], expected, demand[row, inner, later : later + width],
                np.minimum(some.first[:, inner], longest),
                np.minimum(some.after[:, inner], longest), some.review, some.keeps, some.pack,
                some.least, some.most, some.price, some.fixed, some.toll,
            )  # fmt: skip
            units[of] = policy.order(seen).units
        return units

    return order


def _means(ledger: Ledger, outlook: Outlook, now: Array, n: int, ways: int) -> dict[str, Array]:
    before = np.concatenate((np.repeat(outlook.stock, ways)[:, None], ledger.hand[:, :-1]), axis=1)
    received = ledger.hand - before + ledger.sold + ledger.wasted
    each = {name: getattr(ledger, name) for name in ("sold", "lost", "wasted", "ordered", "hand")}
    mean = {k: v.reshape(n, ways, -1).mean(axis=1) for k, v in (each | {"x": received}).items()}
    orders = (ledger.ordered > 0).reshape(n, ways, -1).mean(axis=1)
    orders[:, 0] += now > 0
    holding, short, waste = (of[:, None] for of in _prices(outlook.price))
    return {
        "sold": mean["sold"], "lost": mean["lost"], "wasted": mean["wasted"],
        "ordered": mean["ordered"], "received": mean["x"],
        "order": orders * outlook.fixed[:, None], "holding": holding * mean["hand"],
        "short": short * mean["lost"], "waste": waste * mean["wasted"],
    }  # fmt: skip


def _prices(price: Price) -> tuple[Array, Array, Array]:
    return price.holding, price.short, price.waste


def stretched(demand: Array, days: int) -> Array:
    """Return draws (n, P, H) over ``days``: beyond the last one the last week goes on."""
    horizon = demand.shape[2]
    day = np.arange(max(days, horizon))
    over = np.maximum(day - horizon + 1, 0)
    week = min(WEEK, horizon)
    return np.asarray(demand[:, :, day - week * -(-over // week)])
