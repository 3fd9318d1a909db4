"""From the series or the sales of a lake to a fitted model, and to stored forecasts."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import narwhals as nw
import numpy as np
import polars as pl

from lanecast import artifact
from lanecast.planning import demand
from lanecast.planning.demand import levels
from lanecast.planning.demand.models import FittedEnsemble
from lanecast.planning.forecast import Forecast
from lanecast.planning.panel import UNKNOWN, Panel
from lanecast.planning.weighing import Weighing
from lanecast.tables.lake import Lake, collect
from lanecast.tables.planning import DEMAND_FORECASTS, PRICES, PROMOTIONS, SALES
from lanecast.tables.schema import Table
from lanecast.tables.series import ATTRIBUTES, COVARIATES, SERIES

from .options import folder_of, named_as_a_lake
from .saved import digest, loaded, warn
from .talk import moment, note, progress, show, tell, write_json, write_rows

LEARNT_FROM = (SERIES, COVARIATES, ATTRIBUTES, SALES, PRICES, PROMOTIONS)

WEIGHING = {
    "walmart": Weighing("units", "holiday", 5.0),  # as the competition counts
    "vn1": Weighing("units"),
}
MANY = 30  # nodes of a level that are shown one by one


def model_of(source: str, known: Panel, seed: int) -> demand.Ensemble:
    """Return our model for the series of a source, which says how errors count."""
    return demand.usual(known, WEIGHING.get(source), seed)


def left_out(known: Panel) -> list[str]:
    """Return a sentence if some models were left out for the number of series."""
    if not demand.too_many(known):
        return []
    return [
        f"{len(known.ids):,} series of {known.frequency.name} are too many to fit each one alone: "
        "statistical models answer only those that often sell nothing."
    ]


def fit(
    lake: Path, model: Path, asof: str | None, horizon: int, seed: int, json: Path | None
) -> None:
    """Learn the series of a lake, measured on rolling origins of its past, and save the model."""
    known, now, table = opened(lake, asof)
    with progress(quiet=json is not None) as say:
        say("what was known", 0.1)
        panel = demand.context(known, now, horizon)
        say("fitting", 0.3)
        fitted = model_of("lake", panel, seed).fit(panel)
        say("measuring on the last periods", 0.6)
        held = demand.held_out(known, panel, now, lambda of: model_of("lake", of, seed))
        say("saving", 0.95)
        about = {
            "problem": "demand",
            "trained_until": now.isoformat(),
            "horizon": horizon,
            "seed": seed,
            "frequency": panel.frequency.name,
        }
        metrics: dict[str, Any] = {
            "series": len(panel.ids),
            "periods": panel.length,
            "weights": fitted.weights,
            **({"held_out": held} if held is not None else {}),
        }
        tables = [each for each in LEARNT_FROM if known.has(each)]
        artifact.save(model, fitted, {}, metrics=metrics, tables=tables, about=about)
    for sentence in [*left_out(panel), *past_only(panel)]:
        note(sentence)
    if fitted.calibration is None:
        note("the history is too short to hold anything out: quantiles are not calibrated.")
    if json is not None:
        told = {"model": str(model), **about, "metrics": metrics}
        write_json(json, told, f"the model is saved in {model}")
        return
    parts = ", ".join(f"{name} {weight:.0%}" for name, weight in fitted.weights.items())
    tell(f"{len(panel.ids):,} series of {table.name}, {panel.frequency.name}: {parts}.")
    tell(f"Model: {model}. Next: lanecast predict demand --lake {lake} --model {model}")


def predict(
    lake: Path,
    model: Path,
    asof: str | None,
    out: Path | None,
    json: Path | None,
    level: str | None = None,
    paths: int = 0,
) -> None:
    """Forecast every series from the moment on, as far ahead as the model learnt, and store it.

    With a ``level``, sums over it are forecast too, and both are made to agree; ``paths`` drawn
    futures of each series or node go to ``out``, since the table has no room for them.
    """
    if paths and out is None:
        raise ValueError(f"--paths: {paths} paths are written to a file only; name one with --out.")
    with progress(quiet=json is not None) as say:
        fitted, about, panel, now = ready(lake, model, asof, say)
        say("predicting", 0.6)
        forecast = fitted.predict(panel)
        version = f"{datetime.fromisoformat(about['about']['trained_until']):%Y-%m-%d}"
        version += digest(about)
        told, shown, by = panel, forecast, fitted
        parts = []
        if level is not None:
            say(f"sums by {level}", 0.75)
            told, shown, forecast, by = _summed(panel, forecast, level, about["about"]["seed"])
            version += f"-{level}"
            parts.append(shown.rows(told, "ensemble", version, level))
        parts.append(forecast.rows(panel, "ensemble", version, named(panel)))
        rows = pl.concat(parts)
        rows = rows.unique(["unique_id", "ds"], keep="first", maintain_order=True)
        if out is not None:
            kept = rows if level is None else parts[0]
            if paths:
                drawn = by.paths(shown, paths, about["about"]["seed"]).transpose(0, 2, 1)
                flat = drawn.reshape(-1, paths)
                kept = kept.with_columns(paths=pl.Series(flat, dtype=pl.Array(pl.Float64, paths)))
                kept = kept.with_columns(pl.col("paths").arr.to_list())
            write_rows(out, kept)
        say("storing", 0.9)
        stored = Lake(lake).write(DEMAND_FORECASTS, nw.from_native(rows), source="predict")
    warn(model, about, now)
    for sentence in past_only(panel):
        note(sentence)
    fallen = int((forecast.fallback != "").sum())
    by_ds = (
        parts[0]
        .group_by("ds", maintain_order=True)
        .agg(pl.col("mean", "q100", "q500", "q900").sum(), series=pl.len())
    )
    if json is not None:
        result: dict[str, Any] = {"rows": rows.height, "stored": stored, "by_fallback": fallen}
        if level is not None:
            result["level"] = level
        said = f"{stored:,} rows are stored in {lake}"
        write_json(json, result | {"periods": by_ds.to_dicts()}, said)
        return
    if level is None or len(told.ids) > MANY:
        what = f"{len(told.ids):,} {'series' if level is None else 'nodes of ' + level}"
        show(by_ds, f"Sums over {what} (quantiles add up only if all move as one)")
    else:
        total = parts[0].group_by("unique_id", maintain_order=True)
        show(
            total.agg(pl.len().alias("periods"), pl.col("mean", "q100", "q500", "q900").mean()),
            f"By {level}, mean of a period",
        )
    tell(f"{stored:,} stored in {lake}.")


def ready(
    lake: Path, model: Path, asof: str | None, say: Callable[[str, float], None]
) -> tuple[FittedEnsemble, dict[str, Any], Panel, datetime]:
    """Return the model of a folder, what it says of itself, the panel at a moment, the moment."""
    known, now, _ = opened(lake, asof)
    say("loading the model", 0.1)
    tables = tuple(each for each in LEARNT_FROM if known.has(each))
    fitted, _, about = loaded(model, "demand", FittedEnsemble, tables)
    say("what was known", 0.3)
    panel = demand.context(known, now, int(about["about"]["horizon"]))
    of_frequency(model, about, panel.frequency.name)
    return fitted, about, panel, now


def of_frequency(model: Path, manifest: dict[str, Any], given: str) -> None:
    """Refuse a model that learnt from periods of another length than those ``given``.

    Raises
    ------
    ValueError
        When it says so.
    """
    learnt = manifest["about"].get("frequency", given)
    if learnt != given:
        raise ValueError(
            f"--model: {model} learnt from series of {learnt}; expected one of {given}, as the "
            "lake holds; make it with lanecast fit demand."
        )


def named(of: Panel) -> str:
    """Return the columns that name a series."""
    return "product_id/facility_id" if "product_id" in of.attributes else "unique_id"


def _summed(
    panel: Panel, forecast: Forecast, level: str, seed: int
) -> tuple[Panel, Forecast, Forecast, FittedEnsemble]:
    """Return the panel of a level, its forecast and that of the series, and the level's model."""
    by = levels.level(panel, level)
    above = levels.nodes(panel, by)
    fitted = model_of("lake", above, seed).fit(above)
    one, other = levels.agreeing(fitted.predict(above), forecast, by)
    return above, one, other, fitted


def opened(path: Path, asof: str | None) -> tuple[Lake, datetime, Table]:
    """Return the lake as of a moment, that moment, and the table its series are in.

    The default is when the last value was recorded.

    Raises
    ------
    ValueError
        When there is no lake with series or sales, or nothing was recorded by then.
    """
    lake = Lake(named_as_a_lake("lake", folder_of("lake", path)))
    table = next((each for each in (SERIES, SALES) if lake.has(each)), None)
    if table is None:
        raise ValueError(
            f"--lake: {path} holds neither series nor sales; fill it with lanecast ingest."
        )
    clock = collect(
        lake.read(table).select(first=nw.col("recorded_at").min(), last=nw.col("recorded_at").max())
    )
    first, last = clock.row(0)
    now = moment("asof", asof) if asof else last
    if not first <= now <= last + timedelta(days=366):
        raise ValueError(
            f"--asof: {table.name} of {path} were recorded from {first:%Y-%m-%d} to "
            f"{last:%Y-%m-%d}; got {asof!r}."
        )
    return lake.asof(now), now, table


def past_only(of: Panel) -> list[str]:
    """Return a sentence for each covariate that was known ahead, and is not to the end."""
    return [
        f"{name} is known {ahead} of {of.horizon} periods ahead, so only its past is used."
        for name, ahead in _planned(of)
    ]


def past_plans(of: Panel) -> list[str]:
    """Return the covariates that were known ahead, and of whose future nothing is."""
    return [name for name, ahead in _planned(of) if ahead == 0]


def _planned(of: Panel) -> Iterator[tuple[str, int]]:
    """Yield covariates that were known when their periods began, but not to the end of these.

    Beside each stands how many periods ahead it is known.
    """
    begins = np.arange(of.length)
    for name, each in of.covariates.items():
        if each.ahead:
            continue
        future = (each.recorded[:, of.length :] <= of.length).any(axis=0)
        past = each.recorded[:, : of.length]
        early, known = (past <= begins).sum(), (past < UNKNOWN).sum()
        if future.any() or 2 * early > known:
            yield name, int(future.sum())
