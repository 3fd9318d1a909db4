"""``lanecast fit | predict | decide | backtest events``: what goes wrong, and what to do."""

from contextlib import nullcontext
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import narwhals as nw
import polars as pl
import typer

from lanecast import artifact
from lanecast.experiment import Entry, replay
from lanecast.parcel import events
from lanecast.parcel.events.models import FittedBoosted
from lanecast.tables.events import ACTIONS, INTERVENTIONS, RISKS
from lanecast.tables.lake import Lake, collect

from .held_out import held_out
from .learnt_from import EVENTS
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
from .risk_drivers import why_risks
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

JUDGED = {  # the moments that a back-test learns and asks
    "late": ("checkout",),
    "failed_first": ("in_transit",),
    "returned": ("shipped",),
    "lost": ("shipped", "waiting"),
    "not_received": ("delivered",),
}
TOLD = ("model", "event", "moment", "n", "hits", "roc_auc", "pr_auc", "recall_5", "lift_2", "ece")
MATURITY = timedelta(days=45)  # age of the questions that measure: nearly all is known of them
MEASURED = timedelta(days=14)  # questions that measure
LONGEST = timedelta(days=540)  # of questions that a back-test learns from


def boosted(seed: int) -> events.Boosted:
    """Return the model that is fitted, with this seed."""
    return events.Boosted(seed=seed)


def entries(seed: int) -> dict[str, Entry]:
    """Return the models of a back-test: ours, base rates, and two peers."""
    return {
        "boosted": Entry(replace(boosted(seed), moments=JUDGED)),
        "base_rates": Entry(events.BaseRates()),
        "plain": Entry(events.Plain(moments=("checkout",))),
        "overdue": Entry(events.Overdue()),
    }


def fit(
    lake: LakeOption = Path("lake"),
    model: ModelOption = Path("model"),
    asof: AsofOption = None,
    days: DaysOption = 540,
    seed: SeedOption = 0,
    json: JsonOption = None,
) -> None:
    """Learn what goes wrong with parcels from what was recorded, and save the model.

    Example:

      lanecast fit events --lake lake --model model --asof 2025-04-01
    """
    makeable("model", model)
    writable(json=json)
    known, now = opened(lake, asof)
    since = max(first_parcel(known) + WARM_UP, now - timedelta(days=days))
    if since >= now:
        raise ValueError(f"--asof: {now:%Y-%m-%d} is within a week of the first parcel.")
    with progress(quiet=json is not None) as say:
        say("features", 0.1)
        x = collect(events.features(known, since, now).lazy())
        y = collect(events.outcomes(known, now))
        say("fitting", 0.5)
        fitted = boosted(seed).fit(x, y)
        if not fitted.base.rates:
            raise ValueError(f"--asof: nothing was known by {now:%Y-%m-%d} of how parcels ended.")
        say("measuring on later weeks", 0.7)
        held = _measured(known, now, x, y, seed)
        say("saving", 0.95)
        about = {"problem": "events", "trained_until": now.isoformat(), "seed": seed}
        metrics = {
            "rows": x.height,
            "trained_from": since.isoformat(),
            "events": sorted(fitted.trees),
            **({"held_out": held} if held is not None else {}),
        }
        context = events.context(known, now)
        artifact.save(model, fitted, context, metrics=metrics, tables=EVENTS, about=about)
    rare = sorted({name for name in fitted.base.rates if "/" not in name} - set(fitted.trees))
    if rare:
        note(f"too few hits of {', '.join(rare)} are known: base rates will answer.")
    if json is not None:
        told = {"model": str(model), **about, "metrics": metrics}
        write_json(json, told, f"the model is saved in {model}")
        return
    tell(f"Model: {model}. Next: lanecast predict events --lake {lake} --model {model}")


def _measured(
    known: Lake, now: datetime, x: pl.DataFrame, y: pl.DataFrame, seed: int
) -> dict[str, Any] | None:
    """Return how a model of six weeks ago answered the two weeks after, beside base rates."""
    cut = now - MATURITY
    then = collect(events.outcomes(known.asof(cut), cut))
    models = boosted(seed), events.BaseRates()
    return held_out("events", models, x, then, y, cut, cut + MEASURED)


def predict(
    lake: LakeOption = Path("lake"),
    model: ModelOption = Path("model"),
    since: FromOption = None,
    until: ToOption = None,
    asof: AsofOption = None,
    out: OutOption = None,
    drivers: DriversOption = None,
    json: JsonOption = None,
) -> None:
    """Say how likely each event is at every question of a period, and store the answers.

    Examples
    --------
      lanecast predict events --lake lake --model model --from 2025-04-01 --to 2025-04-02

      lanecast predict events --lake lake --model model --drivers parcel-1
    """
    drivers_alone(drivers, out)
    writable(json=json, out=out)
    if drivers is not None:
        why_risks(lake, model, drivers, since, until, asof, json)
        return
    known, now = opened(lake, asof)
    end = moment("to", until) if until else now
    start, end = period(since, until, end - timedelta(days=1), end, known)
    with progress(quiet=json is not None) as say:
        say("loading the model", 0.1)
        fitted, context, about = loaded(model, "events", FittedBoosted, EVENTS)
        say("predicting", 0.3)
        rows = events.asked(known, start, end).collect("polars")
        same_network(model, "events", rows["goal_facility_id"], context["place"]["goal_place"])
        x = events.assemble(rows, context).to_native()
        answers = fitted.predict(x.sort("asof_h", "parcel_id", "moment"))
        # what happened at one instant is one question
        answers = answers.with_columns(version=pl.col("version") + digest(about)).unique(
            ["parcel_id", "moment", "event", "asof"], keep="last", maintain_order=True
        )
        say("storing", 0.8)
        with whole(out) if out else nullcontext() as partial:
            if partial:
                answers.write_parquet(partial)
            stored = Lake(lake).write(RISKS, nw.from_native(answers), source="predict")
    if not answers.height:
        note(f"no question was asked between {start:%Y-%m-%d %H:%M} and {end:%Y-%m-%d %H:%M}.")
    else:
        warn(model, about, end)
    by = (
        answers.group_by("event", "moment")
        .agg(
            questions=pl.len(),
            mean_chance=pl.col("chance").mean(),
            highest=pl.col("chance").max(),
            by_model=pl.col("fallback").is_null().mean(),
        )
        .sort("event", "moment")
    )
    if json is not None:
        told = {"rows": answers.height, "stored": stored, "events": by.to_dicts()}
        write_json(json, told, f"{stored:,} rows are stored in {lake}")
        return
    show(by, f"Risks, {start:%Y-%m-%d} to {end:%Y-%m-%d}")
    tell(f"{stored:,} stored in {lake}. Next: lanecast decide events --lake {lake}")


def decide(
    lake: LakeOption = Path("lake"),
    since: FromOption = None,
    until: ToOption = None,
    asof: AsofOption = None,
    budget: Annotated[
        float | None, typer.Option(help="What all actions together may cost.", min=0)
    ] = None,
    places: Annotated[
        str | None,
        typer.Option(help="How often an action may be taken: call_ahead=100,open_trace=5"),
    ] = None,
    json: JsonOption = None,
) -> None:
    """Choose what to do about which parcels, from stored risks, by default of the last day.

    Example:

      lanecast decide events --lake lake --places call_ahead=100 --budget 200
    """
    writable(json=json)
    limits = events.Limits(_places(places), float("inf") if budget is None else budget)
    known, now = opened(lake, asof)
    if not known.has(RISKS):
        raise ValueError(f"--lake: {lake} holds no risks; run lanecast predict events first.")
    start, end = period(since, until, now - timedelta(days=1), now, known)
    asked = nw.col("asof").is_between(start, end)
    stored = collect(known.read(RISKS).filter(asked).select(*RISKS.columns))
    newest = stored.sort("version").unique(
        ["parcel_id", "moment", "event", "asof"], keep="last", maintain_order=True
    )
    plan = events.decide(newest, events.Costs(), limits)
    written = 0
    if plan.table.height:
        table = nw.from_native(plan.table)
        written = Lake(lake).write(INTERVENTIONS, table, source="decide")
    result = {
        "plans": plan.table.height,
        "stored": written,
        "objective": plan.objective,
        "parts": dict(plan.parts),
        "bound": plan.bound,
        "gap": plan.gap,
        "status": plan.status,
        "prices": dict(plan.prices),
        "skipped": dict(plan.skipped["reason"].value_counts().iter_rows()),
    }
    if not stored.height:
        note(f"no risk of {start:%Y-%m-%d} to {end:%Y-%m-%d} is stored.")
    if json is not None:
        write_json(json, result, f"{written:,} rows are stored in {lake}")
        return
    show(pl.DataFrame([{k: v for k, v in result.items() if not isinstance(v, dict)}]), "Plan")
    if plan.table.height:
        best = plan.table.sort("saving", descending=True).head(10)
        show(best.select("parcel_id", "action", "asof", "saving", "price"), "Worth most")


def backtest(
    data: DataOption,
    source: SourceOption,
    since: FirstDayOption,
    until: LastDayOption,
    every: EveryOption = "7d",
    seed: SeedOption = 0,
    json: JsonOption = None,
) -> None:
    """Replay a period: refit, say what may happen, and score it when it was known.

    Example:

      lanecast backtest events --data olist/ --source olist --from 2018-03-01 --to 2018-06-01 \
        --every 28d
    """
    zone = ZONES.get(source, "UTC")
    start, end, step = replayed(since, until, every, zone)
    writable(json=json)
    folder_of("data", data)
    with filled(source, data) as lake:
        _, newest = opened(lake.path, option="data")
        first = first_parcel(lake) + WARM_UP
        if not first + timedelta(days=30) <= start <= newest or end > newest + AHEAD:
            raise ValueError(
                f"--from: the data allow {first + timedelta(days=30):%Y-%m-%d} to "
                f"{newest:%Y-%m-%d}; got {start:%Y-%m-%d} to {end:%Y-%m-%d}."
            )
        learn_from = max(first, start - LONGEST)
        with progress(quiet=json is not None and str(json) == "-") as say:
            done = replay(events, entries(seed), lake, start, end, step, learn_from, say)
    said, became = done.predictions, done.outcomes
    result = events.headline(said, became)
    local = pl.col("asof").dt.convert_time_zone(zone).dt.strftime("%Y-%m")
    months = said.with_columns(month=local).partition_by("month", as_dict=True)
    speed = {
        "fit_s": done.fit_s["boosted"],
        "predict_rows_per_s": done.rows_per_s["boosted"],
    }
    result |= {"n": result.get("late_n", 0), **speed, "features_s": done.features_s}
    result["months"] = [
        {
            "month": month,
            **events.headline(rows.drop("month"), became, draws=100),
        }
        for (month,), rows in sorted(months.items())
    ]
    scores = events.evaluate(said, became)
    result |= {
        f"{name}_{row['event']}_{row['moment']}": row[name]
        for row in scores.filter(model="boosted").iter_rows(named=True)
        for name in ("ece", "ece_debiased", "ece_luck_hi", "pr_auc", "roc_auc")
    }
    if json is not None:
        write_json(json, result)
    if json is None or str(json) != "-":
        show(scores.select(TOLD), f"events, {since} to {until}, refit every {every}")


def _places(text: str | None) -> dict[str, float]:
    """Return how often each action may be taken, from ``call_ahead=100,pickup_point=50``."""
    found: dict[str, float] = {}
    for each in filter(None, (text or "").split(",")):
        name, _, count = each.strip().partition("=")
        if name not in ACTIONS or not count.isdecimal():
            raise ValueError(
                "--places: expected actions with whole numbers, such as call_ahead=100; got "
                f"{each!r}. Actions: {', '.join(ACTIONS)}."
            )
        if name in found:
            raise ValueError(f"--places: expected each action once, got {name} twice.")
        found[name] = float(count)
    return found
