"""``lanecast fit | predict | backtest | decide eta``: when it arrives, and what to promise."""

import math
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import narwhals as nw
import polars as pl
import typer

from lanecast import artifact
from lanecast.experiment import Entry, Replay, flat, replay
from lanecast.parcel import eta
from lanecast.parcel.eta.models import FittedBlend
from lanecast.parcel.questions import questions
from lanecast.tables.lake import Lake, collect
from lanecast.tables.parcel import MOMENTS, PLANS, PREDICTIONS, QUANTILES

from . import journey
from .drivers import explain, last_question
from .options import (
    AHEAD,
    WARM_UP,
    ZONES,
    AsofOption,
    DataOption,
    DaysOption,
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
    first_parcel,
    folder_of,
    opened,
    period,
    replayed,
)
from .raw import filled
from .same_network import same_network
from .saved import digest, loaded, warn
from .talk import makeable, moment, note, progress, show, tell, whole, writable, write_json
from .training import LEARNT_FROM, blend, train

DEAREST = 1e9  # so that sums of costs stay numbers


def entries(seed: int) -> dict[str, Entry]:
    """Return the models of a back-test: ours, the baseline, and what everybody has at hand."""
    return {
        "blend": Entry(blend(seed)),
        "lane_quantiles": Entry(eta.LaneQuantiles()),
        "plain_once": Entry(eta.Plain(), once=True),
        "plain_60d": Entry(eta.Plain(days=60)),
        "pinball_60d": Entry(eta.Pinball(days=60)),
    }


def fit(
    lake: LakeOption = Path("lake"),
    model: ModelOption = Path("model"),
    asof: AsofOption = None,
    days: DaysOption = 540,
    seed: SeedOption = 0,
    json: JsonOption = None,
) -> None:
    """Learn when parcels arrive, measure it on later weeks, and save the model in a folder.

    Example:

      lanecast fit eta --lake lake --model model --asof 2018-05-01
    """
    makeable("model", model)
    writable(json=json)
    known, now = opened(lake, asof)
    since = max(first_parcel(known) + WARM_UP, now - timedelta(days=days))
    with progress(quiet=json is not None) as say:
        fitted, metrics = train(known, since, now, seed, say)
        say("saving", 0.95)
        about = {"problem": "eta", "trained_until": now.isoformat(), "seed": seed}
        artifact.save(
            model,
            fitted,
            eta.context(known, now),
            metrics=metrics,
            tables=LEARNT_FROM,
            about=about,
        )
    result: dict[str, Any] = {"model": str(model), **about, "metrics": metrics}
    if json is not None:
        write_json(json, result, f"the model is saved in {model}")
        return
    if metrics["slices"]:
        show(pl.DataFrame(metrics["slices"]), "Measured on later weeks that it had not seen")
    say_next = f"lanecast predict eta --lake {lake} --model {model}"
    tell(f"Model: {model}. Next: {say_next}")


def predict(
    lake: LakeOption = Path("lake"),
    model: ModelOption = Path("model"),
    since: FromOption = None,
    until: ToOption = None,
    asof: AsofOption = None,
    out: OutOption = None,
    drivers: DriversOption = None,
    beside: Annotated[
        Path | None,
        typer.Option("--journey", help="Folder of a journey model: answer with the mean of both."),
    ] = None,
    json: JsonOption = None,
) -> None:
    """Answer every question asked in a period, by default the last day, and store the answers.

    Examples
    --------
      lanecast predict eta --lake lake --model model --from 2018-05-01 --to 2018-05-08

      lanecast predict eta --lake lake --model model --drivers parcel-1

      lanecast predict eta --lake lake --model model --journey journey
    """
    drivers_alone(drivers, out)
    if drivers is not None and beside is not None:
        raise ValueError(f"--journey: drivers are those of --model alone; leave {beside} out.")
    writable(json=json, out=out)
    known, now = opened(lake, asof)
    end = moment("to", until) if until else now
    first = end - timedelta(days=1) if drivers is None else first_parcel(known)
    start, end = period(since, until, first, end, known)
    if drivers is not None:
        row = last_question(drivers, questions(known, start, end), start, end)
        fitted, context, about = loaded(model, "eta", FittedBlend, LEARNT_FROM)
        warn(model, about, datetime.fromtimestamp(3600 * row["asof_h"][0], UTC))
        goal = nw.from_native(row["goal_facility_id"], series_only=True)
        same_network(model, "eta", goal, context["place"]["goal_place"])
        explain(fitted, context, row, json)
        return
    with progress(quiet=json is not None) as say:
        say("loading the model", 0.1)
        fitted, context, about = loaded(model, "eta", FittedBlend, LEARNT_FROM)
        say("predicting", 0.3)
        rows = questions(known, start, end).collect("polars")
        same_network(model, "eta", rows["goal_facility_id"], context["place"]["goal_place"])
        x = eta.assemble(rows, context).to_native()
        if beside is None:
            answers = fitted.predict(x).with_columns(version=pl.col("version") + digest(about))
        else:
            answers = journey.beside(beside, fitted, about, x, known, start, end)
        answers = answers.sort("asof", "parcel_id", "moment")
        say("storing", 0.8)
        with whole(out) if out else nullcontext() as partial:
            if partial:
                answers.write_parquet(partial)
            stored = Lake(lake).write(PREDICTIONS, nw.from_native(answers), source="predict")
    if not answers.height:
        note(f"no question was asked between {start:%Y-%m-%d %H:%M} and {end:%Y-%m-%d %H:%M}.")
    else:
        warn(model, about, end)
    by = answers.group_by("moment", maintain_order=True).agg(
        rows=pl.len(),
        median_days=(pl.col("q500") / 24).mean(),
        width_80_days=((pl.col("q900") - pl.col("q100")) / 24).mean(),
        measured_coverage_80=pl.col("coverage_80").mean(),
    )
    by = by.sort("moment")
    if json is None:
        show(by, f"Predictions, {start:%Y-%m-%d} to {end:%Y-%m-%d}")
        say_next = f"lanecast decide eta --lake {lake}"
        tell(f"{stored:,} stored in {lake}. Next: {say_next}")
        return
    told = {"rows": answers.height, "stored": stored, "moments": by.to_dicts(), **_said(answers)}
    write_json(json, told, f"{stored:,} rows are stored in {lake}")


def decide(
    lake: LakeOption = Path("lake"),
    since: FromOption = None,
    until: ToOption = None,
    asof: AsofOption = None,
    per_day: Annotated[float, typer.Option(help="Cost of each promised day.")] = 1.0,
    late: Annotated[float, typer.Option(help="Cost of a broken promise.")] = 60.0,
    per_late_day: Annotated[float, typer.Option(help="Cost of each day it is broken by.")] = 0.0,
    json: JsonOption = None,
) -> None:
    """Choose the date to promise at checkout, from stored predictions, by default of the last day.

    Example:

      lanecast decide eta --lake lake --per-day 0.8 --late 40
    """
    for option, cost in (("per-day", per_day), ("late", late), ("per-late-day", per_late_day)):
        if not (math.isfinite(cost) and 0 <= cost <= DEAREST) or (option == "per-day" and not cost):
            low = "above 0" if option == "per-day" else "from 0"
            raise ValueError(f"--{option}: expected a cost {low} to {DEAREST:g}, got {cost}.")
    costs = eta.Costs(per_day, late, per_late_day)
    writable(json=json)
    known, now = opened(lake, asof)
    if not known.has(PREDICTIONS):
        raise ValueError(f"--lake: {lake} holds no predictions; run lanecast predict first.")
    start, end = period(since, until, now - timedelta(days=1), now, known)
    asked = nw.col("asof").is_between(start, end) & (nw.col("moment") == MOMENTS[0])
    stored = collect(known.read(PREDICTIONS).filter(asked).select(*PREDICTIONS.columns))
    newest = stored.sort("version").unique("parcel_id", keep="last", maintain_order=True)
    plan = eta.decide(newest, costs, limits(known, first_parcel(known), end))
    written = 0
    if plan.table.height:
        written = Lake(lake).write(PLANS, nw.from_native(plan.table), source="decide")
    result = {
        "plans": plan.table.height,
        "stored": written,
        "objective": plan.objective,
        "parts": dict(plan.parts),
        "bound": plan.bound,
        "gap": plan.gap,
        "status": plan.status,
        "skipped": dict(plan.skipped["reason"].value_counts().iter_rows()),
    }
    if not stored.height:
        note(f"no prediction of {start:%Y-%m-%d} to {end:%Y-%m-%d} at checkout is stored.")
    if json is not None:
        write_json(json, result, f"{written:,} rows are stored in {lake}")
        return
    show(pl.DataFrame([{k: v for k, v in result.items() if not isinstance(v, dict)}]), "Plan")
    if plan.table.height:
        names = ("parcel_id", "asof", "promised_date", "level", "cost")
        show(plan.table.head(10).select(names), "First promises")


def backtest(
    data: DataOption,
    source: SourceOption,
    since: FirstDayOption,
    until: LastDayOption,
    every: EveryOption = "7d",
    seed: SeedOption = 0,
    json: JsonOption = None,
) -> None:
    """Replay a period: refit, predict what was asked next, and score it when it was known.

    Example:

      lanecast backtest eta --data olist/ --source olist --from 2018-03-01 --to 2018-06-01
    """
    zone = ZONES.get(source, "UTC")
    start, end, step = replayed(since, until, every, zone)
    writable(json=json)
    folder_of("data", data)
    with filled(source, data) as lake:
        _, newest = opened(lake.path, option="data")
        learn_from = first_parcel(lake) + WARM_UP
        if learn_from + timedelta(days=30) > start:
            raise ValueError(
                f"--from: expected {learn_from + timedelta(days=30):%Y-%m-%d} or later, so that "
                f"there is a past to learn from; got {since}."
            )
        if start > newest:
            raise ValueError(f"--from: the data end at {newest:%Y-%m-%d}; got {since}.")
        if end > newest + AHEAD:
            raise ValueError(
                f"--to: the data end at {newest:%Y-%m-%d}; expected a day until "
                f"{newest + AHEAD:%Y-%m-%d}, got {until}."
            )
        with progress(quiet=json is not None and str(json) == "-") as say:
            done = replay(eta, entries(seed), lake, start, end, step, learn_from, say)
        result = flat(done, eta, "blend", "lane_quantiles", zone=zone)
        result |= _beside_peers(done, limits(lake, start, end))
        speed = {name: result[name] for name in ("fit_s", "predict_rows_per_s")}
        result["months"] = [month | speed for month in result["months"]]
    if json is not None:
        write_json(json, result)
    if json is None or str(json) != "-":
        scores = eta.evaluate(done.predictions, done.outcomes)
        show(scores, f"eta, {since} to {until}, refit every {every}")


def limits(lake: Lake, since: datetime, until: datetime) -> eta.Limits:
    """Return where parcels of [since, until) must go, and the working days there."""
    known: Any = lake.asof(until)
    days = eta.calendar(known).get("calendar")
    calendar = (
        None if days is None else collect(days.lazy()).select("goal_region", "day", "is_working")
    )
    return eta.Limits(collect(eta.places(known, since, until)), calendar)


def answered(frame: pl.DataFrame) -> dict[str, int]:
    """Return how many rows of predictions were answered by what."""
    counted = frame.select(pl.col("fallback").fill_null("model")).to_series().value_counts()
    return dict(counted.iter_rows())


def _beside_peers(replayed: Replay, places: eta.Limits) -> dict[str, float]:
    """Return what our promises are worth, a peer's too, and by how much each point peer is off."""
    asked = replayed.predictions.filter(moment="checkout")
    ours = asked.filter(model="blend")
    figures = eta.against(ours, replayed.outcomes, places)
    theirs = eta.against(asked.filter(model="pinball_60d"), replayed.outcomes, places)
    if theirs:
        figures["shorter_pinball_60d"] = theirs["shorter"]
    for peer in ("plain_once", "plain_60d"):
        less = eta.lead(ours, asked.filter(model=peer), replayed.outcomes)
        name = f"mae_minus_{peer}_days"
        figures |= {name: less.estimate, f"{name}_lo": less.low, f"{name}_hi": less.high}
    return figures


def _said(answers: pl.DataFrame) -> dict[str, Any]:
    nulls = answers.select(pl.any_horizontal(pl.col(*QUANTILES).is_null()).sum()).item()
    return {"answered_by": answered(answers), "unanswered": nulls}
