"""The order list: how much of what to order this evening, and what that is expected to cost."""

import hashlib
from datetime import date, datetime, timedelta

import numpy as np
import polars as pl

from lanecast.optimize.cover import expected
from lanecast.optimize.plan import Plan

from .budget import Policy, within
from .costs import Costs, Limits
from .items import checked
from .known import outlooks, split
from .outlook import Array, Order, Outlook
from .rolling import Rolling

TABLE = {
    "plan_id": pl.String(),
    "product_id": pl.String(),
    "facility_id": pl.String(),
    "source_id": pl.String(),
    "order_date": pl.Date(),
    "asof": pl.Datetime("us", "UTC"),
    "units": pl.Int64(),
    "cases": pl.Int64(),
    "due_date": pl.Date(),
    "reorder_units": pl.Float64(),
    "up_to_units": pl.Float64(),
    "cost": pl.Float64(),
    "reason": pl.String(),
}


def decide(
    predictions: pl.DataFrame,
    costs: Costs,
    limits: Limits,
    policy: Policy | None = None,
) -> Plan[pl.DataFrame]:
    """Say what to order this evening.

    Parameters
    ----------
    predictions
        Forecasts of each item and day, as in ``demand_forecasts``: ``unique_id``, ``ds``, ``asof``,
        and quantiles or ``paths`` (see ``drawn.of_forecasts``).
    policy
        ``Rolling()`` where none is given.

    Returns
    -------
    Plan
        ``table`` has rows of ``replenishment_plans``, one per item, 0 units with the reason;
        ``objective`` is what is expected per review [currency], ``bound`` the least that orders of
        any size, in parts of units too and within the budget, could cost. ``prices["budget"]`` says
        what one more unit of money in the budget would save. ``skipped`` names items without a
        forecast that is long enough, whole, or known.
    """
    items = checked(limits.items)
    policy = policy or Rolling()
    if predictions.is_empty() or items.is_empty():
        skipped = items.select("unique_id", reason=pl.lit("no forecast"))
        return Plan(pl.DataFrame(schema=TABLE), 0.0, {}, 0.0, "empty", skipped)
    asof = predictions.select(pl.col("asof").max().cast(pl.Datetime("us", "UTC"))).item()
    today: date = asof.date()
    todo, forecasts, skipped = split(predictions, items, limits, today)
    if todo.is_empty():
        return Plan(pl.DataFrame(schema=TABLE), 0.0, {}, 0.0, "empty", skipped)
    parts = list(outlooks(todo, forecasts, costs, limits))
    unit = [rows["unit_cost"].cast(pl.Float64).to_numpy() for rows, _ in parts]
    price, orders = within(policy, [outlook for _, outlook in parts], unit, limits.budget)
    order = {
        name: np.concatenate([getattr(each, name) for each in orders])
        for name in ("units", "up_to", "reorder", "reviews", "cost", "bound")
    }
    ledger = _ledger(parts, orders)
    rows = pl.concat([rows for rows, _ in parts])
    first = np.concatenate([outlook.first.mean(axis=1) for _, outlook in parts])
    table = _table(rows, order, first, asof, _digest(rows, order, costs, limits))
    total = float(order["cost"].sum())
    spare = price * limits.budget if price > 0 else 0.0
    bound = min(float(order["bound"].sum()) - spare, total)
    status = "optimal" if total - bound <= 1e-9 * max(total, 1) else "feasible"
    prices = {"budget": price} if np.isfinite(limits.budget) else {}
    return Plan(table, total, ledger, bound, status, skipped, prices)


def _ledger(parts: list[tuple[pl.DataFrame, Outlook]], orders: list[Order]) -> dict[str, float]:
    """Return what is expected per review, by cause."""
    total = dict.fromkeys(("order", "holding", "short", "waste"), 0.0)
    for (_, outlook), order in zip(parts, orders, strict=True):
        cost = expected(outlook.until(order.last), outlook.price, order.units)
        total["order"] += float((outlook.fixed * (order.units > 0) / order.reviews).sum())
        for name in ("holding", "short", "waste"):
            total[name] += float((getattr(cost, name) / order.reviews).sum())
    return total


def _table(
    rows: pl.DataFrame, order: dict[str, Array], first: Array, asof: datetime, plan_id: str
) -> pl.DataFrame:
    units = np.rint(order["units"]).astype(np.int64)
    pack = rows["case_pack"].cast(pl.Float64).to_numpy()
    name = rows["unique_id"].str.split_exact("/", 1)
    source = pl.col("source_id") if "source_id" in rows.columns else pl.lit(None, pl.String)
    today = asof.date()
    due = pl.Series([today + timedelta(days=int(days) + 1) for days in np.rint(first)])
    ordered = pl.Series(units > 0)
    return (
        rows.select(
            plan_id=pl.lit(plan_id),
            product_id=name.struct.field("field_0"),
            facility_id=name.struct.field("field_1").fill_null(""),
            source_id=source.fill_null("supplier"),
            order_date=pl.lit(today),
            asof=pl.lit(asof).cast(pl.Datetime("us", "UTC")),
            units=pl.Series(units),
            cases=pl.Series(np.rint(units / pack).astype(np.int64)),
            due_date=pl.when(ordered).then(due),
            reorder_units=pl.Series(order["reorder"]).fill_nan(None),
            up_to_units=pl.Series(order["up_to"]),
            cost=pl.Series(order["cost"]),
            reason=pl.when(~ordered).then(pl.lit("waiting for the next review costs less")),
        )
        .cast(pl.Schema(TABLE))
        .sort("product_id", "facility_id")
    )


def _digest(rows: pl.DataFrame, order: dict[str, Array], costs: Costs, limits: Limits) -> str:
    name = hashlib.sha256(f"{costs}{limits.budget}".encode())
    name.update("\0".join(rows["unique_id"]).encode())
    for column in ("units", "up_to", "cost"):
        name.update(order[column].tobytes())
    return f"pln_{name.hexdigest()[:16]}"
