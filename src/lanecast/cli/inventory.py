"""``lanecast decide | backtest inventory``: what to order, and what policies would have cost."""

import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

import narwhals as nw
import polars as pl
import typer

from lanecast.planning import inventory
from lanecast.planning.inventory.ahead import ahead
from lanecast.planning.inventory.outstanding import forecasts, limits
from lanecast.planning.inventory.replay import HISTORY
from lanecast.planning.inventory.shelves import shop
from lanecast.tables.lake import Lake, collect
from lanecast.tables.planning import REPLENISHMENT_PLANS, STOCK

from .options import (
    AsofOption,
    DataOption,
    FirstDayOption,
    JsonOption,
    LakeOption,
    LastDayOption,
    SeedOption,
    SourceOption,
    folder_of,
    named_as_a_lake,
    replayed,
)
from .raw import filled
from .talk import moment, note, progress, show, tell, writable, write_json

PolicyName = Literal["rolling", "order_up_to", "min_max", "reorder_point", "newsvendor"]
AHEAD_D = 60  # days after the period of which plans are read
TRADED = ("rolling", "order_up_to", "naive", "moving", "min_max")


def policy_of(name: PolicyName, service: float | None) -> Any:
    """Return the policy of this name.

    Raises
    ------
    ValueError
        When a service is asked of a policy that has none.
    """
    if name == "rolling":
        return inventory.Rolling(service)
    if name == "order_up_to":
        return inventory.OrderUpTo(service)
    if service is not None:
        raise ValueError(
            f"--service: only rolling and order_up_to take one; got {service} with {name}."
        )
    if name == "min_max":
        return inventory.MinMax()
    return inventory.ReorderPoint() if name == "reorder_point" else inventory.Newsvendor()


def decide(
    lake: LakeOption = Path("lake"),
    asof: AsofOption = None,
    order_cost: Annotated[float, typer.Option(help="Cost of an order of an item.", min=0)] = 2.0,
    holding: Annotated[
        float, typer.Option(help="Share of its cost that a unit costs per year.", min=0)
    ] = 0.25,
    budget: Annotated[float | None, typer.Option(help="What all may cost.", min=0)] = None,
    service: Annotated[
        float | None, typer.Option(help="Least chance that nothing is lost.")
    ] = None,
    policy: Annotated[PolicyName, typer.Option(help="How to order.")] = "rolling",
    json: JsonOption = None,
) -> None:
    """Write the order list of the evening of --asof, from stored forecasts or else recent sales.

    Example:

      lanecast decide inventory --lake lake --order-cost 2 --holding 0.25
    """
    writable(json=json)
    costs, rule = inventory.Costs(order=order_cost, holding=holding), policy_of(policy, service)
    known, now = stocked(lake, asof)
    with progress(quiet=json is not None) as say:
        say("stock", 0.1)
        bounds = limits(known, now, float("inf") if budget is None else budget)
        say("forecasts", 0.3)
        stored, ours = forecasts(known, now, bounds.items)
        if stored.height and ours.height:
            ours = ours.filter(pl.lit(False))  # one kind of draws in one plan
        say("orders", 0.6)
        plan = inventory.decide(stored if stored.height else ours, costs, bounds, rule)
    written = 0
    if plan.table.height:
        table = nw.from_native(plan.table)
        written = Lake(lake).write(REPLENISHMENT_PLANS, table, source="decide")
    orders = plan.table.filter(pl.col("units") > 0)
    result: dict[str, Any] = {
        "items": plan.table.height,
        "orders": orders.height,
        "units": int(orders["units"].sum()),
        "stored": written,
        "forecast": "stored" if stored.height else "lifted",
        "objective": plan.objective,
        "parts": dict(plan.parts),
        "bound": plan.bound,
        "gap": plan.gap,
        "status": plan.status,
        "prices": dict(plan.prices),
        "skipped": dict(plan.skipped["reason"].value_counts().iter_rows()),
    }
    if not stored.height:
        note("no forecast of the last week is stored; recent sales are taken instead.")
    if json is not None:
        write_json(json, result)
        return
    plain = {k: v for k, v in result.items() if not isinstance(v, dict)}
    show(pl.DataFrame([plain]), f"Order list, evening of {now:%Y-%m-%d}")
    if orders.height:
        told = ("product_id", "facility_id", "units", "cases", "due_date", "up_to_units", "cost")
        show(orders.sort("cost", descending=True).head(10).select(told), "Dearest to be without")
    for reason, count in result["skipped"].items():
        tell(f"{count} left out: {reason}.")


def backtest(
    data: DataOption,
    source: SourceOption,
    since: FirstDayOption,
    until: LastDayOption,
    seed: SeedOption = 0,
    json: JsonOption = None,
) -> None:
    """Let policies trade in a period, each on its own sales, and print what each costs.

    Example:

      lanecast backtest inventory --data lake/ --source lake --from 2025-06-01 --to 2025-08-01
    """
    start, end, _ = replayed(since, until, "7d")
    writable(json=json)
    folder_of("data", data)
    with filled(source, data) as lake:
        _, newest = stocked(lake.path, None, "data")
        if end > newest + timedelta(days=1):
            raise ValueError(f"--to: stock is known until {newest:%Y-%m-%d}; got {end:%Y-%m-%d}.")
        if end - start < timedelta(days=14):
            raise ValueError(f"--from: expected two weeks or more, got {start:%Y-%m-%d} to "
                             f"{end:%Y-%m-%d}.")  # fmt: skip
        names, known = shop(lake, start, end, inventory.Costs(), seed=seed)
        first, days = int(start.timestamp() // 86400), known.demand.shape[1]
        told = ahead(lake, end, names, first - HISTORY, first + days + AHEAD_D)
    product = pl.Series(names).str.split("/").list.first().rank("dense").cast(pl.Int64) - 1
    ours = inventory.lifted(known, inventory.Lifted(), told, first, product.to_numpy())
    ledgers, seconds = {}, {}
    with progress(quiet=json is not None and str(json) == "-") as say:
        for i, name in enumerate(TRADED):
            say(name, i / len(TRADED))
            begun = time.process_time()
            if name == "rolling":
                ledgers[name] = inventory.trade(known, inventory.Rolling(), ours)
            elif name == "order_up_to":
                ledgers[name] = inventory.trade(known, inventory.OrderUpTo(), ours)
            else:
                ledgers[name] = inventory.trade(known, rule=name)
            seconds[name] = time.process_time() - begun
    least = inventory.foresight(
        known.demand, known.price, known.fixed, stock=known.stock, coming=known.coming, first=1
    )
    rows = inventory.compared(ledgers, least)
    result: dict[str, Any] = {
        "n_items": len(names),
        "days": known.demand.shape[1],
        "foresight": float(least.sum()),
        "trade_s": seconds["rolling"],
    }
    for row in rows.iter_rows(named=True):
        name = row.pop("policy")
        result |= {f"{key}_{name}": value for key, value in row.items()}
    result["below_naive"] = 1 - result["cost_rolling"] / result["cost_naive"]
    if json is not None:
        write_json(json, result)
    if json is None or str(json) != "-":
        show(rows.drop("regret"), f"inventory, {since} to {until}")


def stocked(path: Path, asof: str | None, option: str = "lake") -> tuple[Lake, datetime]:
    """Return the lake as of the evening of a day, and that evening; by default of its last books.

    Raises
    ------
    ValueError
        When there is no lake with stock, or it knows none by then.
    """
    lake = Lake(named_as_a_lake(option, folder_of(option, path)))
    if not lake.has(STOCK):
        raise ValueError(
            f"--{option}: {path} holds no stock; ingest assortment, prices, sales, stock and "
            "replenishments first (see docs/inventory.md)."
        )
    last, first = collect(
        lake.read(STOCK).select(last=nw.col("recorded_at").max(), first=nw.col("recorded_at").min())
    ).row(0)
    if asof is None:
        return lake.asof(last), last
    now = moment("asof", asof)
    if not first <= now <= last + timedelta(days=31):
        raise ValueError(
            f"--asof: stock is known from {first:%Y-%m-%d} to {last:%Y-%m-%d}; got {asof!r}."
        )
    return lake.asof(now), now
