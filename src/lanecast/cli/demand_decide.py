"""``lanecast decide demand``: how much to plan, where over and under cost differently."""

from pathlib import Path
from typing import Annotated, Any

import narwhals as nw
import polars as pl
import typer

from lanecast.planning.demand.decide import Costs
from lanecast.planning.demand.decide import decide as planned
from lanecast.tables.lake import Lake, collect
from lanecast.tables.planning import DEMAND_FORECASTS

from .named import as_options
from .options import AsofOption, JsonOption, LakeOption, folder_of, named_as_a_lake
from .talk import moment, progress, show, tell, writable, write_json, write_rows

MOST = 10  # series that are shown


def decide(
    lake: LakeOption = Path("lake"),
    asof: AsofOption = None,
    over: Annotated[float, typer.Option("--over", help="Cost of a unit planned too much.")] = 1.0,
    under: Annotated[float, typer.Option("--under", help="Cost of a unit too little.")] = 3.0,
    level: Annotated[
        str | None,
        typer.Option("--level", help="Plan for the sums of this level, as predict stored them."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Write the plan to this Parquet file too.")
    ] = None,
    json: JsonOption = None,
) -> None:
    """Say how much to plan of each series, on the forecast that was stored last.

    Nothing is stored: what depends on stock at hand is for `lanecast decide inventory`.

    Example:

      lanecast decide demand --lake lake --over 1 --under 4
    """
    writable(json=json, out=out)
    with as_options("over", "under"):
        costs = Costs(over, under)
    with progress(quiet=json is not None) as say:
        say("forecasts", 0.2)
        rows = latest(lake, asof, level)
        say("planning", 0.7)
        plan = planned(rows, costs)
    write_rows(out, plan.table)
    result: dict[str, Any] = {
        "series": plan.table["unique_id"].n_unique(),
        "periods": plan.table.height,
        "fractile": costs.fractile,
        "units": float(plan.table["units"].sum()),
        "objective": plan.objective,
        "parts": dict(plan.parts),
        "bound": plan.bound,
        "gap": plan.gap,
        "status": plan.status,
        "skipped": dict(plan.skipped["reason"].value_counts().iter_rows()),
    }
    if json is not None:
        write_json(json, result, f"the plan is in {out}" if out else "")
        return
    plain = {name: value for name, value in result.items() if not isinstance(value, dict)}
    show(pl.DataFrame([plain]), f"Plan at the {costs.fractile:.0%} quantile")
    each = plan.table.group_by("unique_id").agg(pl.col("units", "cost", "cost_of_mean").sum())
    show(each.sort("cost", "unique_id", descending=True).head(MOST), "Dearest to be wrong about")
    tell(f"Expected to cost {plan.parts.get('saved', 0.0):,.0f} less than planning the mean.")
    for reason, count in result["skipped"].items():
        tell(f"{count} periods left out: {reason}.")


def latest(path: Path, asof: str | None, level: str | None) -> pl.DataFrame:
    """Return the forecast that was stored last by a moment, of the series or of a level.

    Raises
    ------
    ValueError
        When there is none.
    """
    lake = Lake(named_as_a_lake("lake", folder_of("lake", path)))
    if asof is not None:
        lake = lake.asof(moment("asof", asof))
    if not lake.has(DEMAND_FORECASTS):
        raise ValueError(f"--lake: {path} holds no forecasts; make them with predict demand.")
    rows = collect(lake.read(DEMAND_FORECASTS).filter(nw.col("model") == "ensemble"))
    own = pl.col("level").is_in(["unique_id", "product_id/facility_id"])
    chosen = rows.filter(own if level is None else pl.col("level") == level)
    if chosen.is_empty():
        if asof is not None and (level is None or rows.is_empty()):
            raise ValueError(f"--asof: no forecast was stored by then; got {asof!r}.")
        stored = ", ".join(sorted(rows.filter(~own)["level"].unique())) or "none"
        raise ValueError(
            f"--level: no forecast of {level or 'the series'} is stored by then; of levels there "
            f"are {stored}. Make one with predict demand."
        )
    newest = chosen.sort("asof", "version").tail(1).select("asof", "version")
    return chosen.join(newest, on=["asof", "version"])
