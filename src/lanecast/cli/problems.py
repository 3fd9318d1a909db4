"""``lanecast fit | predict | backtest | decide``: the same verbs for every problem."""

import math
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import narwhals as nw
import polars as pl
import typer

from lanecast import artifact
from lanecast.experiment import Replay, flat, replay
from lanecast.parcel import eta
from lanecast.parcel.eta.models import FittedBlend
from lanecast.parcel.questions import questions
from lanecast.tables.lake import Lake, collect
from lanecast.tables.parcel import MOMENTS, PLANS, PREDICTIONS, QUANTILES

from . import demand, events, inventory, trajectory, ways, workforce
from .drivers import explain, last_question
from .next_drivers import why_next
from .options import (
    AHEAD,
    WARM_UP,
    ZONES,
    AsofOption,
    JsonOption,
    LakeOption,
    ModelOption,
    ProblemArgument,
    SeedOption,
    answered,
    entries,
    first_parcel,
    folder_of,
    limits,
    opened,
    period,
)
from .raw import Source, filled
from .risk_drivers import why_risks
from .saved import digest, loaded, warn
from .talk import makeable, moment, note, progress, show, span, tell, whole, writable, write_json
from .training import LEARNT_FROM, train

FromOption = Annotated[str | None, typer.Option("--from", help="First moment, a date or instant.")]
ToOption = Annotated[str | None, typer.Option("--to", help="Moment after the last.")]
DEAREST = 1e9  # so that sums of costs stay numbers


def fit(
    problem: ProblemArgument,
    lake: LakeOption = Path("lake"),
    model: ModelOption = Path("model"),
    asof: AsofOption = None,
    days: Annotated[
        int, typer.Option(help="Days of history to learn from.", min=30, max=3660)
    ] = 540,
    seed: SeedOption = 0,
    json: JsonOption = None,
) -> None:
    """Learn a model from what was recorded, measure it on later weeks, and save it in a folder.

    Example:

      lanecast fit eta --lake lake --model model --asof 2018-05-01
    """
    inventory.nothing_to_learn(problem)
    makeable("model", model)
    writable(json=json)
    if problem == "trajectory":
        trajectory.fit(lake, model, asof, days, seed, json)
        return
    if problem == "events":
        events.fit(lake, model, asof, days, seed, json)
        return
    if problem == "workforce":
        workforce.fit(lake, model, asof, seed, json)
        return
    known, now = opened(lake, asof)
    since = max(first_parcel(known) + WARM_UP, now - timedelta(days=days))
    with progress(quiet=json is not None) as say:
        fitted, metrics = train(known, since, now, seed, say)
        say("saving", 0.95)
        about = {"problem": problem, "trained_until": now.isoformat(), "seed": seed}
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
        write_json(json, result)
        return
    if metrics["slices"]:
        show(pl.DataFrame(metrics["slices"]), "Measured on later weeks that it had not seen")
    say_next = f"lanecast predict {problem} --lake {lake} --model {model}"
    tell(f"Model: {model}. Next: {say_next}")


def predict(
    problem: ProblemArgument,
    lake: LakeOption = Path("lake"),
    model: ModelOption = Path("model"),
    since: FromOption = None,
    until: ToOption = None,
    asof: AsofOption = None,
    out: Annotated[
        Path | None, typer.Option(help="Write the predictions to this Parquet file too.")
    ] = None,
    drivers: Annotated[
        str | None,
        typer.Option(
            metavar="PARCEL_ID",
            help="Only say what moved the last answer about this parcel; nothing is stored.",
        ),
    ] = None,
    ways_: Annotated[
        int | None,
        typer.Option(
            "--ways",
            help="trajectory: draw whole ways of all that are under way; keep so many of each.",
            min=1,
            max=64,
        ),
    ] = None,
    parcel: Annotated[
        str | None,
        typer.Option(
            metavar="PARCEL_ID",
            help="trajectory: only tell the whole ways of this parcel; nothing is stored.",
        ),
    ] = None,
    json: JsonOption = None,
) -> None:
    """Answer every question asked in a period, by default the last day, and store the answers.

    Examples
    --------
      lanecast predict eta --lake lake --model model --from 2018-05-01 --to 2018-05-08

      lanecast predict eta --lake lake --model model --drivers parcel-1

      lanecast predict trajectory --lake lake --model model --parcel parcel-1
    """
    inventory.nothing_to_learn(problem)
    if drivers is not None and out is not None:
        raise ValueError(f"--out: with --drivers nothing is written to {out}; leave one out.")
    writable(json=json, out=out)
    if problem == "workforce":
        if since is not None or until is not None or drivers is not None:
            raise ValueError("problem: workforce forecasts the days after --asof; give only that.")
        workforce.predict(lake, model, asof, out, json)
        return
    if ways_ is not None or parcel is not None:
        given = {"--from": since, "--to": until, "--drivers": drivers}
        extra = next((name for name, value in given.items() if value is not None), None)
        asked = "--ways" if parcel is None else "--parcel"
        if problem != "trajectory":
            raise ValueError(f"{asked}: whole ways are drawn by trajectory only; got {problem}.")
        if extra is not None:
            raise ValueError(f"{extra}: with {asked} ways begin at --asof; leave {extra} out.")
        ways.predict(lake, model, asof, parcel, ways_, out, json)
        return
    if problem != "eta":
        if drivers is not None and problem == "events":
            why_risks(lake, model, drivers, since, until, asof, json)
            return
        if drivers is not None:
            why_next(lake, model, drivers, since, until, asof, json)
            return
        ask = trajectory.predict if problem == "trajectory" else events.predict
        ask(lake, model, since, until, asof, out, json)
        return
    known, now = opened(lake, asof)
    end = moment("to", until) if until else now
    first = end - timedelta(days=1) if drivers is None else first_parcel(known)
    start, end = period(since, until, first, end, known)
    if drivers is not None:
        row = last_question(drivers, questions(known, start, end), start, end)
        fitted, context, about = loaded(model, problem, FittedBlend, LEARNT_FROM)
        warn(model, about, datetime.fromtimestamp(3600 * row["asof_h"][0], UTC))
        explain(fitted, context, row, json)
        return
    with progress(quiet=json is not None) as say:
        say("loading the model", 0.1)
        fitted, context, about = loaded(model, problem, FittedBlend, LEARNT_FROM)
        say("predicting", 0.3)
        rows = questions(known, start, end).collect("polars")
        x = eta.assemble(rows, context).to_native()
        answers = fitted.predict(x).with_columns(version=pl.col("version") + digest(about))
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
        say_next = f"lanecast decide {problem} --lake {lake}"
        tell(f"{stored:,} stored in {lake}. Next: {say_next}")
        return
    write_json(
        json, {"rows": answers.height, "stored": stored, "moments": by.to_dicts(), **_said(answers)}
    )


def decide(
    problem: ProblemArgument,
    lake: LakeOption = Path("lake"),
    since: FromOption = None,
    until: ToOption = None,
    asof: AsofOption = None,
    per_day: Annotated[float, typer.Option(help="Cost of each promised day.")] = 1.0,
    late: Annotated[float, typer.Option(help="Cost of a broken promise.")] = 60.0,
    per_late_day: Annotated[float, typer.Option(help="Cost of each day it is broken by.")] = 0.0,
    budget: Annotated[
        float | None,
        typer.Option(help="events, inventory: what all together may cost.", min=0),
    ] = None,
    places: Annotated[
        str | None,
        typer.Option(help="events: how often an action may be taken: call_ahead=100,open_trace=5"),
    ] = None,
    order_cost: Annotated[
        float, typer.Option(help="inventory: cost of an order of an item.", min=0)
    ] = 2.0,
    holding: Annotated[
        float, typer.Option(help="inventory: share of its cost that a unit costs per year.", min=0)
    ] = 0.25,
    service: Annotated[
        float | None, typer.Option(help="inventory: least chance that nothing is lost.")
    ] = None,
    policy: Annotated[
        inventory.PolicyName, typer.Option(help="inventory: how to order.")
    ] = "rolling",
    site: Annotated[
        str | None, typer.Option(help="workforce: the place whose roster it is.")
    ] = None,
    days: Annotated[int, typer.Option(help="workforce: days of the roster.", min=1, max=28)] = 7,
    late_work: Annotated[
        float,
        typer.Option(help="workforce: cost of an hour of work that is late for an hour.", min=0),
    ] = 40.0,
    json: JsonOption = None,
) -> None:
    """Decide on stored predictions, by default of the last day.

    For eta: the date to promise at checkout. For events: which parcels to act on, and how. For
    inventory: what to order in the evening of --asof. For workforce: who works when.

    Examples
    --------
      lanecast decide eta --lake lake --per-day 0.8 --late 40

      lanecast decide events --lake lake --places call_ahead=100 --budget 200

      lanecast decide inventory --lake lake --order-cost 2 --holding 0.25

      lanecast decide workforce --lake lake --site whs_us_ny_01 --days 7
    """
    if problem == "workforce":
        writable(json=json)
        workforce.decide(lake, asof, site, days, late_work, json)
        return
    if problem == "inventory":
        writable(json=json)
        stock = inventory.Costs(order=order_cost, holding=holding)
        inventory.decide(lake, asof, stock, budget, inventory.policy_of(policy, service), json)
        return
    for option, cost in (("per-day", per_day), ("late", late), ("per-late-day", per_late_day)):
        if not (math.isfinite(cost) and 0 <= cost <= DEAREST) or (option == "per-day" and not cost):
            low = "above 0" if option == "per-day" else "from 0"
            raise ValueError(f"--{option}: expected a cost {low} to {DEAREST:g}, got {cost}.")
    if problem == "trajectory":
        raise ValueError(f"problem: nothing is decided on {problem} so far; expected eta, events.")
    if problem == "events":
        writable(json=json)
        events.decide(lake, since, until, asof, budget, places, json)
        return
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
        write_json(json, result)
        return
    show(pl.DataFrame([{k: v for k, v in result.items() if not isinstance(v, dict)}]), "Plan")
    if plan.table.height:
        names = ("parcel_id", "asof", "promised_date", "level", "cost")
        show(plan.table.head(10).select(names), "First promises")


def backtest(
    problem: ProblemArgument,
    data: Annotated[Path, typer.Option(help="Folder of raw files, or a lake (--source lake).")],
    source: Annotated[Source, typer.Option(help="What --data holds; world: csv of a simulation.")],
    since: Annotated[str | None, typer.Option("--from", help="First day of the period.")] = None,
    until: Annotated[str | None, typer.Option("--to", help="Day after the last.")] = None,
    every: Annotated[
        str | None, typer.Option(help="Time between refits, e.g. 7d; demand: the horizon.")
    ] = None,
    horizon: Annotated[
        int, typer.Option(help="demand: periods to forecast.", min=1, max=3660)
    ] = 28,
    seed: SeedOption = 0,
    json: JsonOption = None,
) -> None:
    """Replay a period: refit, predict what was asked next, and score it when it was known.

    Examples
    --------
      lanecast backtest eta --data olist/ --source olist --from 2018-03-01 --to 2018-06-01

      lanecast backtest trajectory --data delhivery/ --source delhivery --from 2018-09-27 \
        --to 2018-10-05 --every 6h

      lanecast backtest demand --data walmart/ --source walmart --horizon 8 --from 2012-01-06

      lanecast backtest inventory --data lake/ --source lake --from 2025-06-01 --to 2025-08-01
    """
    zone = ZONES.get(source, "UTC")
    if problem == "demand":
        _backtest_demand(data, source, since, until, every, horizon, seed, json)
        return
    if since is None or until is None:
        lost = "--from" if since is None else "--to"
        raise ValueError(f"{lost}: {problem} needs a period; expected a date such as 2018-03-01.")
    every = every or "7d"
    start, end, step = moment("from", since, zone), moment("to", until, zone), span("every", every)
    if start >= end:
        raise ValueError(f"--from: expected a day before --to {until}, got {since}.")
    writable(json=json)
    folder_of("data", data)
    if problem == "trajectory":
        title = f"{problem}, {since} to {until}, refit every {every}"
        trajectory.backtest(source, data, start, end, step, seed, json, zone, title)
        return
    if problem == "workforce":
        workforce.backtest(source, data, start, end, json, f"workforce, {since} to {until}")
        return
    if problem == "inventory":
        inventory.backtest(source, data, start, end, seed, json, f"inventory, {since} to {until}")
        return
    if problem == "events":
        title = f"{problem}, {since} to {until}, refit every {every}"
        events.backtest(source, data, start, end, step, seed, json, zone, title)
        return
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
            replayed = replay(eta, entries(seed), lake, start, end, step, learn_from, say)
        result = flat(replayed, eta, "blend", "lane_quantiles", zone=zone)
        result |= _beside_peers(replayed, limits(lake, start, end))
        speed = {name: result[name] for name in ("fit_s", "predict_rows_per_s")}
        result["months"] = [month | speed for month in result["months"]]
    if json is not None:
        write_json(json, result)
    if json is None or str(json) != "-":
        scores = eta.evaluate(replayed.predictions, replayed.outcomes)
        show(scores, f"{problem}, {since} to {until}, refit every {every}")


def _backtest_demand(
    data: Path,
    source: Source,
    since: str | None,
    until: str | None,
    every: str | None,
    horizon: int,
    seed: int,
    json: Path | None,
) -> None:
    start, end = moment("from", since) if since else None, moment("to", until) if until else None
    if start and end and start >= end:
        raise ValueError(f"--from: expected a day before --to {until}, got {since}.")
    step = span("every", every) if every else None
    writable(json=json)
    folder_of("data", data)
    title = f"demand, {horizon} periods ahead"
    demand.backtest(source, data, start, end, step, horizon, seed, json, title)


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
