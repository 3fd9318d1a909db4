"""``lanecast plan``: a site from its sales to orders and a roster, and one ledger of money."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from datetime import datetime, timedelta
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Annotated, Any

import narwhals as nw
import polars as pl
import typer

from lanecast.planning.chain import Chain, How, Learnt, chain, totals, wide
from lanecast.planning.demand.models import FittedEnsemble
from lanecast.tables.lake import Lake, collect
from lanecast.tables.planning import (
    DEMAND_FORECASTS,
    LABOUR,
    REPLENISHMENT_PLANS,
    ROSTER_PLANS,
    SALES,
)
from lanecast.tables.schema import Table

from .forecasts import LEARNT_FROM, of_frequency
from .named import as_options
from .options import AsofOption, JsonOption, LakeOption, SeedOption, folder_of, named_as_a_lake
from .saved import loaded, warn
from .talk import (
    fillable,
    moment,
    note,
    progress,
    show,
    span,
    tell,
    writable,
    write_json,
)
from .unbroken import unbroken

LONGEST_D = 28
DAY = timedelta(days=1)
OPTIONS = {"team": "site", "lengths": "site", "currency": "site", "volumes": "asof"}  # by field


def plan(
    site: Annotated[str, typer.Option("--site", help="The warehouse that is planned.")],
    horizon: Annotated[
        str, typer.Option("--horizon", help=f"How far, such as 7d or 2w; up to {LONGEST_D}d.")
    ] = "14d",
    lake: LakeOption = Path("lake"),
    asof: AsofOption = None,
    model: Annotated[
        Path | None,
        typer.Option("--model", help="Folder of fit demand; none: one is fitted now."),
    ] = None,
    budget: Annotated[
        float | None, typer.Option(help="What the orders of now may cost.", min=0)
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Six kinds of shifts instead of twelve: faster.")
    ] = False,
    rounds: Annotated[
        int, typer.Option(help="Rounds of the search for a roster.", min=1, max=1000)
    ] = 30,
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder for the plan's tables as CSV files.")
    ] = None,
    seed: SeedOption = 0,
    json: JsonOption = None,
) -> None:
    """Plan a site: forecast its sales, order, foresee the work, roster, and tell what it costs.

    Example:

      lanecast plan --site whs_us_ny_01 --horizon 14d --lake lake --out plan
    """
    days = days_of(horizon)
    writable(json=json)
    if out is not None:
        fillable("out", out)
    known, now = opened(lake, asof)
    learnt, about = _learnt(model, known)
    how = How(
        budget=float("inf") if budget is None else budget, quick=quick, rounds=rounds, seed=seed
    )
    with (
        as_options("site", "model", "budget", **OPTIONS),
        progress(quiet=json is not None) as say,
    ):
        made = chain(known, now, site, days, learnt, how, say)
    with nullcontext() if out is None else _written(out, made) as goes, unbroken():
        counts = stored(lake, made)
        if goes is not None:
            goes()
    for sentence in made.notes:
        note(sentence)
    if model is not None and about is not None:
        warn(model, about, now)
    result = told(made) | {"stored": counts}
    if json is not None:
        kept = ", ".join(f"{rows:,} rows of {name}" for name, rows in counts.items())
        write_json(json, result, f"{kept or 'nothing new'} stored in {lake}")
    if json is None or str(json) != "-":
        _shown(made, result, out)


def days_of(horizon: str) -> int:
    """Return the days of a horizon.

    Raises
    ------
    ValueError
        When it is no duration, not whole days, or too long.
    """
    try:
        length = span("horizon", horizon)
    except ValueError:
        length = 0 * DAY
    if not length or length % DAY or length > LONGEST_D * DAY:
        raise ValueError(
            f"--horizon: expected whole days with their unit, from 1d to {LONGEST_D}d, such as "
            f"14d or 2w; got {horizon!r}."
        )
    return length // DAY


def opened(path: Path, asof: str | None) -> tuple[Lake, datetime]:
    """Return the lake, and the moment: by default of the last sale (or record of labour).

    Raises
    ------
    ValueError
        When the lake has neither, or does not know that moment.
    """
    lake = Lake(named_as_a_lake("lake", folder_of("lake", path)))
    table = next((each for each in (SALES, LABOUR) if lake.has(each)), None)
    if table is None:
        raise ValueError(
            f"--lake: {path} holds neither sales nor labour; ingest assortment, prices, sales, "
            "stock, workers, labour and workload first (see docs/plan.md)."
        )
    clock = nw.col("recorded_at")
    first, last = collect(lake.read(table).select(low=clock.min(), high=clock.max())).row(0)
    if asof is None:
        return lake, last
    now = moment("asof", asof)
    if not first <= now <= last + 31 * DAY:
        raise ValueError(
            f"--asof: {table.name} are known from {first:%Y-%m-%d} to {last:%Y-%m-%d}; got "
            f"{asof!r}."
        )
    return lake, now


def told(made: Chain) -> dict[str, Any]:
    """Return the figures of a plan."""
    orders, roster = made.orders, made.roster
    found: dict[str, Any] = {
        "site": made.site,
        "first": f"{made.first:%Y-%m-%d}",
        "days": made.days,
        "currency": made.currency,
        "ledger": made.ledger.to_dicts(),
        "totals": totals(made.ledger),
        "notes": list(made.notes),
    }
    if orders is not None and made.traded is not None:
        units = ("sold", "lost", "wasted", "ordered", "received")
        found["orders"] = {
            "items": orders.table.height,
            "orders": orders.table.filter(pl.col("units") > 0).height,
            "units": int(orders.table["units"].sum()),
            **_claims(orders),
            "skipped": dict(orders.skipped["reason"].value_counts().sort("reason").iter_rows()),
            "expected": {name: float(made.traded[name].sum()) for name in units},
        }
    if roster is not None:
        late = roster.plan.skipped
        found["roster"] = {
            "shifts": roster.plan.table.height,
            "temps": int(roster.plan.table["worker_id"].str.starts_with("ros_").sum()),
            **_claims(roster.plan),
            "need_h": float(roster.hours["need_h"].sum()),
            "rostered_h": float(roster.hours["rostered_h"].sum()),
            "late_h": float(late["late_h"].sum()),
            "late": late.group_by("process", "reason").agg(pl.col("late_h").sum()).to_dicts(),
        }
    return found


def _claims(plan: Any) -> dict[str, Any]:
    parts: Mapping[str, float] = plan.parts
    return {
        "objective": plan.objective, "parts": dict(parts), "bound": plan.bound, "gap": plan.gap,
        "status": plan.status,
    }  # fmt: skip


def _learnt(model: Path | None, known: Lake) -> tuple[Learnt | None, dict[str, Any] | None]:
    if model is None:
        return None, None
    tables = tuple(each for each in LEARNT_FROM if known.has(each))
    fitted, _, about = loaded(model, "demand", FittedEnsemble, tables)
    of_frequency(model, about, "days")
    return Learnt(fitted, int(about["about"]["horizon"])), about


def _tables(made: Chain) -> list[tuple[str, Table, pl.DataFrame]]:
    found: list[tuple[str, Table, pl.DataFrame]] = []
    if made.forecast is not None:
        found.append(("forecast", DEMAND_FORECASTS, made.forecast))
    if made.work is not None:
        found.append(("work", DEMAND_FORECASTS, made.work))
    if made.orders is not None:
        found.append(("orders", REPLENISHMENT_PLANS, made.orders.table))
    if made.roster is not None:
        found.append(("roster", ROSTER_PLANS, made.roster.plan.table))
    return [each for each in found if each[2].height]


def stored(path: Path, made: Chain) -> dict[str, int]:
    """Store forecasts, orders and roster in one commit; return how many rows of each were new."""
    with Lake(path).batch("plan") as batch:
        return {
            name: batch.append(table, nw.from_native(rows))[0]
            for name, table, rows in _tables(made)
        }


@contextmanager
def _written(folder: Path, made: Chain) -> Iterator[Callable[[], None]]:
    """Write the tables where ``folder`` is or will be; what is yielded puts them into it."""
    tables = {name: rows for name, _, rows in _tables(made)} | {"ledger": made.ledger}
    if made.roster is not None:
        tables["hours"] = made.roster.hours
    there = next(each for each in (folder, *folder.parents) if each.is_dir())
    own = Path(mkdtemp(prefix=".lanecast.", dir=there))

    def put() -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for file in own.iterdir():
            file.replace(folder / file.name)

    try:
        for name, rows in tables.items():
            rows.write_csv(own / f"{name}.csv")
        yield put
    finally:
        rmtree(own, ignore_errors=True)


def _shown(made: Chain, result: dict[str, Any], out: Path | None) -> None:
    last = made.first + (made.days - 1) * DAY
    span_ = f"{made.first:%Y-%m-%d} to {last:%Y-%m-%d}"
    tell(f"Plan of {made.site}, {span_}.")
    orders = result.get("orders")
    if made.orders is not None and orders:
        due = made.orders.table.filter(pl.col("units") > 0).sort("cost", descending=True)
        names = ("product_id", "units", "cases", "due_date", "up_to_units", "cost")
        show(due.head(10).select(names), "Orders that are dearest to be without")
        tell(
            f"{orders['orders']:,} of {orders['items']:,} items are ordered, "
            f"{orders['units']:,} pieces."
        )
        sold, lost = (orders["expected"][name] for name in ("sold", "lost"))
        tell(f"{sold:,.0f} pieces are expected to be sold, {lost:,.0f} to be missed.")
        for reason, count in orders["skipped"].items():
            tell(f"{count} left out: {reason}.")
    if roster := result.get("roster"):
        tell(
            f"{roster['shifts']:,} shifts: {roster['rostered_h']:,.0f} hours at work for "
            f"{roster['need_h']:,.0f} hours of work."
        )
        tell(f"{roster['late_h']:,.1f} hours of work are late.")
        cost, bound = roster["objective"], roster["bound"]
        tell(f"That costs {cost:,.0f} in pay and delay; no roster costs less than {bound:,.0f}.")
    show(wide(made.ledger), f"What is expected to be paid, {made.currency}")
    sums = result["totals"]
    tell(f"Too much costs {sums['over']:,.0f}, too little {sums['under']:,.0f},")
    tell(f"trade and work themselves {sums['running']:,.0f}: {sums['total']:,.0f} in all.")
    kept = ", ".join(f"{rows:,} of {name}" for name, rows in result["stored"].items())
    tell(f"Rows stored: {kept}.")
    if out is not None:
        tell(f"Files: {out}.")
