"""``lanecast decide | backtest inventory``: what to order, and what policies would have cost."""

import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

import narwhals as nw
import polars as pl
import typer

from lanecast.planning import inventory
from lanecast.planning.inventory.ahead import ahead
from lanecast.planning.inventory.outstanding import drawn_ahead, forecasts, limits
from lanecast.planning.inventory.replay import HISTORY
from lanecast.planning.inventory.shelves import shop
from lanecast.tables.lake import Lake, collect
from lanecast.tables.network import FACILITIES
from lanecast.tables.planning import REPLENISHMENT_PLANS

from .echelons import base_stocks
from .named import as_options
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
    replayed,
)
from .raw import filled
from .stocked import stocked, usable
from .talk import note, progress, show, tell, writable, write_json

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
        float, typer.Option(help="Share of its cost that a unit costs per year.", min=0, max=100)
    ] = 0.25,
    budget: Annotated[float | None, typer.Option(help="What all may cost.", min=0)] = None,
    service: Annotated[
        float | None, typer.Option(help="Least chance that nothing is lost.")
    ] = None,
    policy: Annotated[PolicyName, typer.Option(help="How to order.")] = "rolling",
    transfers: Annotated[
        bool,
        typer.Option("--transfers", help="First move scarce stock within countries."),
    ] = False,
    per_piece: Annotated[
        float | None,
        typer.Option(help="With --transfers: cost of moving a piece; 0.5 by default.", min=0),
    ] = None,
    per_move: Annotated[
        float | None,
        typer.Option(help="With --transfers: cost of moving any pieces; 5 by default.", min=0),
    ] = None,
    model: Annotated[
        Path | None,
        typer.Option("--model", help="Folder of fit inventory; none: it is learnt now."),
    ] = None,
    echelons: Annotated[
        Path | None,
        typer.Option("--echelons", help="Only base stocks of a network in this file, JSON or CSV."),
    ] = None,
    json: JsonOption = None,
) -> None:
    """Write the order list of the evening of --asof, from stored forecasts or else recent sales.

    With --model, demand and suppliers' times are those that fit inventory learnt.

    Examples
    --------
      lanecast decide inventory --lake lake --order-cost 2 --holding 0.25

      lanecast decide inventory --lake lake --transfers --per-piece 0.4

      lanecast decide inventory --echelons network.json
    """
    writable(json=json)
    if echelons is not None:
        base_stocks(echelons, json)
        return
    for option, given in (("per-piece", per_piece), ("per-move", per_move)):
        if given is not None and not transfers:
            raise ValueError(
                f"--{option}: is a cost of moving stock, got {given:g} without --transfers; add "
                "that, or leave it out."
            )
    with as_options("holding", "service", order="order-cost"):
        costs, rule = inventory.Costs(order=order_cost, holding=holding), policy_of(policy, service)
    known, now = stocked(lake, asof)
    with as_options("budget", "service"), progress(quiet=json is not None) as say:
        say("stock", 0.1)
        learnt = None if model is None else usable(model, known, now)
        late = None if learnt is None else learnt.late
        bounds = limits(known, now, float("inf") if budget is None else budget, late)
        say("forecasts", 0.3)
        if learnt is None:
            stored, ours = forecasts(known, now, bounds.items)
        else:
            stored, ours = pl.DataFrame(), drawn_ahead(known, now, learnt, bounds.items)
        if stored.height and ours.height:
            ours = ours.filter(pl.lit(False))  # one kind of draws in one plan
        said = stored if stored.height else ours
        shifted = None
        if transfers:
            say("moves", 0.5)
            ways = inventory.Ways(
                inventory.Ways.per_unit if per_piece is None else per_piece,
                inventory.Ways.per_move if per_move is None else per_move,
                zone=countries(known),
            )
            shifted = inventory.moves(said, costs, bounds, ways)
            bounds = replace(bounds, items=inventory.moved(bounds.items, shifted.table))
        say("orders", 0.6)
        plan = inventory.decide(said, costs, bounds, rule)
    table = plan.table if shifted is None else pl.concat([plan.table, shifted.table])
    written = 0
    if table.height:
        written = Lake(lake).write(REPLENISHMENT_PLANS, nw.from_native(table), source="decide")
    orders = plan.table.filter(pl.col("units") > 0)
    result: dict[str, Any] = {
        "items": plan.table.height,
        "orders": orders.height,
        "units": int(orders["units"].sum()),
        "stored": written,
        "forecast": "model" if learnt else "stored" if stored.height else "lifted",
        "objective": plan.objective,
        "parts": dict(plan.parts),
        "bound": plan.bound,
        "gap": plan.gap,
        "status": plan.status,
        "prices": dict(plan.prices),
        "skipped": dict(plan.skipped["reason"].value_counts().iter_rows()),
    }
    if shifted is not None:
        result["transfers"] = {
            "moves": shifted.table.height,
            "units": int(shifted.table["units"].sum()),
            "objective": shifted.objective,
            "parts": dict(shifted.parts),
            "bound": shifted.bound,
            "gap": shifted.gap,
            "status": shifted.status,
        }
    if learnt is None and not stored.height:
        note("no forecast of the last week is stored; recent sales are taken instead.")
    if json is not None:
        write_json(json, result, f"{written:,} rows are stored in {lake}")
        return
    _claims(result, f"Order list, evening of {now:%Y-%m-%d}")
    if shifted is not None:
        _claims(result["transfers"], "Moves of tonight, before the orders")
        if shifted.table.height:
            names = ("product_id", "source_id", "facility_id", "units", "up_to_units")
            show(shifted.table.sort("units", descending=True).head(10).select(names), "Largest")
    if orders.height:
        told = ("product_id", "facility_id", "units", "cases", "due_date", "up_to_units", "cost")
        show(orders.sort("cost", descending=True).head(10).select(told), "Dearest to be without")
    for reason, count in result["skipped"].items():
        tell(f"{count} left out: {reason}.")


def _claims(result: dict[str, Any], title: str) -> None:
    """Print figures, and below them what the objective is made of."""
    plain = {k: v for k, v in result.items() if not isinstance(v, dict)}
    show(pl.DataFrame([plain]), title)
    parts = ", ".join(f"{name} {cost:,.2f}" for name, cost in result["parts"].items())
    tell(f"Expected: {parts}; no plan can cost less than {result['bound']:,.2f}.")


def countries(known: Lake) -> dict[str, str] | None:
    """Return the country of each place; None where places are not known, so all may send to all."""
    if not known.has(FACILITIES):
        return None
    rows = collect(known.read(FACILITIES).select("facility_id", "country"))
    return dict(rows.iter_rows())


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
