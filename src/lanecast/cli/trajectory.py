"""``lanecast fit | predict | backtest trajectory``: where a parcel goes next, and when."""

from contextlib import nullcontext
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import narwhals as nw
import polars as pl
import typer

from lanecast import artifact
from lanecast.experiment import Entry, replay
from lanecast.parcel import trajectory
from lanecast.parcel.trajectory.models import FittedBlend
from lanecast.tables.lake import Lake, collect
from lanecast.tables.parcel import SCANS
from lanecast.tables.trajectory import NEXT_STOPS

from .held_out import held_out
from .learnt_from import TRAJECTORY
from .next_drivers import why_next
from .options import (
    ZONES,
    AsofOption,
    DataOption,
    DriversOption,
    EveryOption,
    FirstDayOption,
    FromOption,
    JsonOption,
    LakeOption,
    LastDayOption,
    ModelOption,
    OutOption,
    SeedOption,
    SourceOption,
    ToOption,
    drivers_alone,
    folder_of,
    opened,
    period,
    replayed,
)
from .raw import filled
from .same_network import same_network
from .saved import digest, loaded, warn
from .talk import (
    makeable,
    moment,
    note,
    progress,
    show,
    tell,
    whole,
    writable,
    write_json,
)
from .ways import draw

RIPE = timedelta(days=3)  # age at which nearly all legs that were asked about have ended
MEASURED = timedelta(days=7)  # questions that measure
MOST = timedelta(days=28)  # of questions that trees learn from; counts look further back
DEPARTURES = ("delhivery",)  # sources in which only a departure is a question: a leg begins
AHEAD = timedelta(days=31)
TOLD = ("model", "status", "n", "next_top1", "next_top3", "log_loss", "leg_mae_min", "coverage_80")


def boosted(seed: int) -> trajectory.Boosted:
    """Return the trees with this seed."""
    return trajectory.Boosted(seed=seed)


def entries(seed: int) -> dict[str, Entry]:
    """Return the models of a back-test: ours, its parts, and the plain share of the lanes."""
    return {
        "blend": Entry(trajectory.Blend(boosted(seed))),
        "boosted": Entry(boosted(seed)),
        "frequency": Entry(trajectory.Frequency()),
        "lane": Entry(trajectory.Frequency(levels=())),
    }


def fit(
    lake: LakeOption = Path("lake"),
    model: ModelOption = Path("model"),
    asof: AsofOption = None,
    days: Annotated[
        int, typer.Option(help="Days of questions that trees learn from.", min=1, max=28)
    ] = 28,
    seed: SeedOption = 0,
    json: JsonOption = None,
) -> None:
    """Learn where parcels go next from the last days, and save the model.

    Example:

      lanecast fit trajectory --lake lake --model model --asof 2025-04-01
    """
    makeable("model", model)
    writable(json=json)
    known, now = opened(lake, asof)
    since = max(first_scan(known), now - timedelta(days=days))
    with progress(quiet=json is not None) as say:
        say("features", 0.1)
        x = collect(trajectory.features(known, since, now).lazy())
        y = collect(trajectory.outcomes(known, now).lazy())
        say("fitting", 0.6)
        fitted = trajectory.Blend(boosted(seed)).fit(x, y)
        say("measuring on later days", 0.8)
        cut = now - RIPE - MEASURED
        then = collect(trajectory.outcomes(known.asof(cut), cut).lazy())
        models = trajectory.Blend(boosted(seed)), trajectory.Frequency()
        held = held_out("trajectory", models, x, then, y, cut, cut + MEASURED)
        say("saving", 0.95)
        about = {"problem": "trajectory", "trained_until": now.isoformat(), "seed": seed}
        metrics = {
            "rows": x.height,
            "trained_from": since.isoformat(),
            "stop_share": fitted.stop_share,
            "leg_share": fitted.leg_share,
            **({"held_out": held} if held is not None else {}),
        }
        context = trajectory.context(known, now)
        artifact.save(model, fitted, context, metrics=metrics, tables=TRAJECTORY, about=about)
    if fitted.stop_share == 0:
        note("too few answers were known, or trees did not help: the baseline will answer.")
    if json is not None:
        told = {"model": str(model), **about, "metrics": metrics}
        write_json(json, told, f"the model is saved in {model}")
        return
    say_next = f"lanecast predict trajectory --lake {lake} --model {model}"
    tell(f"Model: {model}. Next: {say_next}")


def predict(
    lake: LakeOption = Path("lake"),
    model: ModelOption = Path("model"),
    since: FromOption = None,
    until: ToOption = None,
    asof: AsofOption = None,
    out: OutOption = None,
    drivers: DriversOption = None,
    ways: Annotated[
        int | None,
        typer.Option(
            help="Draw whole ways of all that are under way; keep so many of each.", min=1, max=64
        ),
    ] = None,
    parcel: Annotated[
        str | None,
        typer.Option(
            metavar="PARCEL_ID",
            help="Only tell the whole ways of this parcel; nothing is stored.",
        ),
    ] = None,
    json: JsonOption = None,
) -> None:
    """Say where each parcel goes next, for every question of a period, and store the answers.

    Examples
    --------
      lanecast predict trajectory --lake lake --model model --from 2025-04-01 --to 2025-04-02

      lanecast predict trajectory --lake lake --model model --parcel parcel-1
    """
    drivers_alone(drivers, out)
    writable(json=json, out=out)
    if ways is not None or parcel is not None:
        given = {"--from": since, "--to": until, "--drivers": drivers}
        extra = next((name for name, value in given.items() if value is not None), None)
        asked = "--ways" if parcel is None else "--parcel"
        if extra is not None:
            raise ValueError(f"{extra}: with {asked} ways begin at --asof; leave {extra} out.")
        draw(lake, model, asof, parcel, ways, out, json)
        return
    if drivers is not None:
        why_next(lake, model, drivers, since, until, asof, json)
        return
    known, now = opened(lake, asof)
    end = moment("to", until) if until else now
    start, end = period(since, until, end - timedelta(days=1), end, known)
    with progress(quiet=json is not None) as say:
        say("loading the model", 0.1)
        fitted, context, about = loaded(model, "trajectory", FittedBlend, TRAJECTORY)
        say("predicting", 0.3)
        rows = trajectory.asked(known, start, end).collect("polars")
        same_network(model, "trajectory", rows["here"], context["lanes"]["here"])
        x = trajectory.assemble(rows, context).to_native()
        answers = fitted.predict(x.sort("asof_h", "parcel_id", "listed", "next_stop"))
        answers = answers.with_columns(version=pl.col("version") + digest(about))
        say("storing", 0.8)
        with whole(out) if out else nullcontext() as partial:
            if partial:
                answers.write_parquet(partial)
            stored = Lake(lake).write(NEXT_STOPS, nw.from_native(answers), source="predict")
    if not answers.height:
        note(f"no question was asked between {start:%Y-%m-%d %H:%M} and {end:%Y-%m-%d %H:%M}.")
    else:
        warn(model, about, end)
    by = _by_status(answers)
    if json is not None:
        told = {"rows": answers.height, "stored": stored, "statuses": by.to_dicts()}
        write_json(json, told, f"{stored:,} rows are stored in {lake}")
        return
    show(by, f"Next stops, {start:%Y-%m-%d} to {end:%Y-%m-%d}")
    tell(f"{stored:,} stored in {lake}.")


def backtest(
    data: DataOption,
    source: SourceOption,
    since: FirstDayOption,
    until: LastDayOption,
    every: EveryOption = "7d",
    seed: SeedOption = 0,
    json: JsonOption = None,
) -> None:
    """Replay a period: refit, say where parcels go next, and score it when it was known.

    Example:

      lanecast backtest trajectory --data delhivery/ --source delhivery --from 2018-09-27 \
        --to 2018-10-05 --every 6h
    """
    zone = ZONES.get(source, "UTC")
    start, end, step = replayed(since, until, every, zone)
    writable(json=json)
    folder_of("data", data)
    with filled(source, data) as lake:
        _, newest = opened(lake.path, option="data")
        learn_from = max(first_scan(lake), start - MOST)
        if not learn_from - AHEAD < start <= newest:
            raise ValueError(
                f"--from: the data hold {learn_from:%Y-%m-%d} to {newest:%Y-%m-%d}; got {start}."
            )
        with progress(quiet=json is not None and str(json) == "-") as say:
            from_ = min(learn_from, start)
            done = replay(trajectory, entries(seed), lake, start, end, step, from_, say)
    predictions = done.predictions
    if source in DEPARTURES:
        predictions = predictions.filter(status="departed")
    by = "day" if end - start <= timedelta(days=60) else "month"
    scored = predictions, done.outcomes
    result: dict[str, Any] = trajectory.figures(*scored, "blend", "frequency", by, zone)
    result |= {
        "fit_s": done.fit_s["blend"],
        "predict_rows_per_s": done.rows_per_s["blend"],
        "features_s": done.features_s,
    }
    if json is not None:
        write_json(json, result)
    if json is None or str(json) != "-":
        title = f"trajectory, {since} to {until}, refit every {every}"
        show(trajectory.evaluate(*scored).select(TOLD), title)


def first_scan(lake: Lake) -> datetime:
    """Return when the first scan was recorded."""
    found: datetime = collect(lake.read(SCANS).select(nw.col("recorded_at").min())).item()
    return found


def _by_status(answers: pl.DataFrame) -> pl.DataFrame:
    first = answers.filter(rank=1).with_columns(
        width=(pl.col("q900") - pl.col("q100")), told=pl.col("fallback").is_null()
    )
    return first.group_by("status", maintain_order=True).agg(
        questions=pl.len(),
        mean_chance=pl.col("probability").mean(),
        median_h=pl.col("q500").mean(),
        width_80_h=pl.col("width").mean(),
        by_model=pl.col("told").mean(),
    )
