"""``lanecast fit | predict | decide | backtest workforce``: how much work, how fast, and who."""

from contextlib import nullcontext
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import narwhals as nw
import polars as pl
import typer

from lanecast import artifact
from lanecast.planning import workforce
from lanecast.tables.lake import Lake, collect
from lanecast.tables.network import FACILITIES, LANES
from lanecast.tables.planning import DEMAND_FORECASTS, LABOUR, ROSTER_PLANS, WORKERS, WORKLOAD

from .named import as_options
from .options import (
    AsofOption,
    DataOption,
    FirstDayOption,
    JsonOption,
    LakeOption,
    LastDayOption,
    ModelOption,
    OutOption,
    SeedOption,
    SourceOption,
    folder_of,
    named_as_a_lake,
    replayed,
)
from .raw import filled
from .saved import digest, loaded
from .talk import makeable, moment, note, progress, show, tell, whole, writable, write_json

LEARNT_FROM = (LABOUR, WORKLOAD, WORKERS, FACILITIES, LANES)
HORIZON = 14  # days that predict says
OPTIONS = {"team": "site", "lengths": "site", "volumes": "asof", "rules": "in-time"}  # by field
REPLAYED = workforce.Limits(starts=(6.0, 10.0, 14.0), lengths=(4.0, 8.0), per_hour=1)
ROUNDS = 20
FIRST_SHIFTS = 10  # that are shown
LEAST_SAVING = 0.005  # of money, below which a rule costs nothing
MONEY = ("plan", "cost", "regret", "over", "under", "running", "served", "rostered_h", "need_h")


def fit(
    lake: LakeOption = Path("lake"),
    model: ModelOption = Path("model"),
    asof: AsofOption = None,
    seed: SeedOption = 0,
    json: JsonOption = None,
) -> None:
    """Learn how fast people are and how much work comes up, and save it.

    Example:

      lanecast fit workforce --lake lake --model model --asof 2025-04-01
    """
    makeable("model", model)
    writable(json=json)
    known, now = staffed(lake, asof)
    with progress(quiet=json is not None) as say:
        say("fitting", 0.2)
        fitted = workforce.learnt(known, now)
        say("measuring on the last weeks", 0.5)
        held = workforce.held_out(known, now)
        say("saving", 0.9)
        about = {"problem": "workforce", "trained_until": now.isoformat(), "seed": seed}
        metrics: dict[str, Any] = {
            "noise": fitted.hands.noise,
            "skill_sd": fitted.hands.skill_sd,
            **({"held_out": held} if held is not None else {}),
        }
        artifact.save(model, fitted, {}, metrics=metrics, tables=LEARNT_FROM, about=about)
    if json is not None:
        told = {"model": str(model), **about, "metrics": metrics}
        write_json(json, told, f"the model is saved in {model}")
        return
    show(fitted.hands.curves, "Learning and mix")
    tell(f"Model: {model}. Next: lanecast predict workforce --lake {lake} --model {model}")


def predict(
    lake: LakeOption = Path("lake"),
    model: ModelOption = Path("model"),
    asof: AsofOption = None,
    out: OutOption = None,
    json: JsonOption = None,
) -> None:
    """Say how much work comes up in each hour of the days after --asof, and store it.

    Example:

      lanecast predict workforce --lake lake --model model
    """
    writable(json=json, out=out)
    known, now = staffed(lake, asof)
    fitted, _, about = loaded(model, "workforce", workforce.FittedWorkforce, LEARNT_FROM)
    again = workforce.known_volumes(known, now, fitted.volumes.model)
    rows = again.predict(now, HORIZON).with_columns(version=pl.col("version") + digest(about))
    with whole(out) if out else nullcontext() as partial:
        if partial:
            rows.write_parquet(partial)
        stored = Lake(lake).write(DEMAND_FORECASTS, nw.from_native(rows), source="predict")
    by = rows.group_by(process=pl.col("unique_id").str.split("/").list.last()).agg(
        series=pl.col("unique_id").n_unique(), units_per_day=pl.col("mean").sum() / HORIZON
    )
    if json is not None:
        told = {"rows": rows.height, "stored": stored, "processes": by.to_dicts()}
        write_json(json, told, f"{stored:,} rows are stored in {lake}")
        return
    show(by.sort("process"), f"Work, {HORIZON} days from {now:%Y-%m-%d}")
    tell(f"{stored:,} stored in {lake}. Next: lanecast decide workforce --lake {lake}")


def decide(
    lake: LakeOption = Path("lake"),
    asof: AsofOption = None,
    site: Annotated[str | None, typer.Option(help="The place whose roster it is.")] = None,
    days: Annotated[int, typer.Option(help="Days of the roster.", min=1, max=28)] = 7,
    late: Annotated[
        float,
        typer.Option(
            "--late-work", help="Cost of an hour of work that is late for an hour.", min=0
        ),
    ] = 40.0,
    in_time: Annotated[
        bool,
        typer.Option("--in-time", help="No work may be late; if that cannot be, say what forbids."),
    ] = False,
    temps: Annotated[int, typer.Option(help="Temps a day and process.", min=0, max=1000)] = 3,
    json: JsonOption = None,
) -> None:
    """Write a roster of one place: stored forecasts of work, hands as they were measured.

    Example:

      lanecast decide workforce --lake lake --site whs_us_ny_01 --days 7
    """
    writable(json=json)
    with as_options(late="late-work"):
        costs = workforce.Costs(late=late)
    known, now = staffed(lake, asof)
    with as_options(**OPTIONS), progress(quiet=json is not None) as say:
        say("hands", 0.1)
        fitted = workforce.learnt(known, now)
        say("work", 0.3)
        people = collect(workforce.team(known, now).lazy())
        site = _place(site, people)
        volumes = _volumes(known, now, fitted, site, days)
        say("roster", 0.5)
        cutoffs = collect(workforce.cutoffs(known, now).lazy())
        plan = workforce.decide(
            volumes, fitted.hands.rates(), people, cutoffs, costs,
            workforce.Limits(per_hour=1, temps=temps, in_time=in_time),
            before=_before(known, site), prices=True,
        )  # fmt: skip
    written = Lake(lake).write(ROSTER_PLANS, nw.from_native(plan.table), source="decide")
    result: dict[str, Any] = {
        "site": site,
        "shifts": plan.table.height,
        "temps": int(plan.table["worker_id"].str.starts_with("ros_").sum()),
        "stored": written,
        "objective": plan.objective,
        "parts": dict(plan.parts),
        "bound": plan.bound,
        "gap": plan.gap,
        "status": plan.status,
        "prices": dict(plan.prices),
        "late_h": float(plan.skipped["late_h"].sum()),
        "late": plan.skipped.group_by("process", "reason").agg(pl.col("late_h").sum()).to_dicts(),
    }
    if json is not None:
        write_json(json, result, f"{written:,} rows are stored in {lake}")
        return
    tell(f"Roster of {site}, {days} days from {now:%Y-%m-%d}.")
    first = plan.table.sort("started_at", "worker_id").head(FIRST_SHIFTS)
    who = pl.when(pl.col("worker_id").str.starts_with("ros_")).then(pl.lit("a temp"))
    first = first.with_columns(worker_id=who.otherwise("worker_id"))
    show(first.select("worker_id", "process", "started_at", "ended_at"), "First shifts")
    tell(f"{result['shifts']:,} shifts, {result['temps']:,} of them by temps; stored: {written:,}.")
    tell(f"Expected to cost {plan.objective:,.0f}; no roster costs less than {plan.bound:,.0f}.")
    paid = [(name, cost) for name, cost in plan.parts.items() if cost and name != "changed_days"]
    show(pl.DataFrame(paid, schema=["part", "cost"], orient="row"), "What it costs")
    why = plan.skipped.group_by("reason").agg(pl.col("late_h").sum())
    for reason, hours in why.sort("late_h", descending=True).iter_rows():
        tell(f"{hours:,.1f} h late: {reason}.")
    rules = sorted(plan.prices.items(), key=lambda item: -item[1])
    table = pl.DataFrame(rules, schema={"rule": pl.String, "saves": pl.Float64}, orient="row")
    show(table.filter(pl.col("saves") > LEAST_SAVING), "What each rule costs")


def backtest(
    data: DataOption,
    source: SourceOption,
    since: FirstDayOption,
    until: LastDayOption,
    site: Annotated[
        str | None,
        typer.Option("--site", help="A place whose rosters are replayed too, in money."),
    ] = None,
    json: JsonOption = None,
) -> None:
    """Forecast the work of each week of a period, and how fast people will be; score both.

    With --site, rosters of each week are made on what was known, and paid by the work that came.

    Examples
    --------
      lanecast backtest workforce --data lake/ --source lake --from 2025-06-01 --to 2025-08-01

      lanecast backtest workforce --data lake/ --source lake --from 2025-06-01 --to 2025-07-13 \
        --site whs_us_ny_01
    """
    start, end, _ = replayed(since, until, "7d")
    writable(json=json)
    folder_of("data", data)
    with filled(source, data) as lake:
        _, newest = staffed(lake.path, None, "data")
        if end > newest + timedelta(days=1) or end - start < timedelta(days=7):
            raise ValueError(
                f"--from: expected a week or more until {newest:%Y-%m-%d}, got {start:%Y-%m-%d} to "
                f"{end:%Y-%m-%d}."
            )
        if site is not None:
            _place(site, collect(workforce.team(lake, newest).lazy()))
        said, fast, paid, at = [], [], [], start
        done = collect(workforce.worked(lake, newest).lazy())
        came = collect(workforce.outcomes(lake, newest).lazy())
        later = workforce.Productivity().fit(done).rates()
        with progress(quiet=json is not None and str(json) == "-") as say:
            while at + timedelta(days=7) <= end:
                say(f"{at:%Y-%m-%d}", (at - start) / (end - start))
                known = lake.asof(at)
                naive = workforce.Naive().fit(collect(workforce.volumes(known, at).lazy()))
                forecasts = [
                    workforce.known_volumes(known, at).predict(at, 7), naive.predict(at, 7)
                ]  # fmt: skip
                said += forecasts
                hands = workforce.Productivity().fit(collect(workforce.worked(known, at).lazy()))
                at_h = at.timestamp() / 3600
                week = done.filter(pl.col("started_h").is_between(at_h, at_h + 7 * 24))
                fast.append(hands.predict(week).with_columns(model=pl.lit("productivity")))
                plain = hands.rates().rename({"units_per_h": "rate"})
                fast.append(
                    hands.predict(week)
                    .join(plain, on=["facility_id", "process"], how="left")
                    .with_columns(units_per_h="rate", model=pl.lit("place_mean"))
                    .drop("rate")
                )
                if site is not None:
                    mine = pl.col("unique_id").str.starts_with(f"{site}/")
                    ways = dict(zip(("volumes", "naive"), forecasts, strict=True))
                    paid.append(
                        workforce.replay(
                            {name: each.filter(mine) for name, each in ways.items()},
                            came.filter(mine), hands.rates(), later,
                            collect(workforce.team(known, at).lazy()),
                            collect(workforce.cutoffs(known, at).lazy()),
                            workforce.Costs(), REPLAYED, rounds=ROUNDS,
                        )
                    )  # fmt: skip
                at += timedelta(days=7)
        scores = workforce.evaluate(pl.concat(said), came)
        speeds = workforce.speed(pl.concat(fast), ("model",))
    result = {
        f"{key}_{row['model']}": value
        for frame in (scores, speeds)
        for row in frame.iter_rows(named=True)
        for key, value in row.items()
        if key != "model"
    }
    money = workforce.paid(paid) if paid else None
    if money is not None:
        result |= {
            f"{key}_{row['plan'].replace(':', '_')}": value
            for row in money.iter_rows(named=True)
            for key, value in row.items()
            if key != "plan"
        }
    if json is not None:
        write_json(json, result)
    if json is None or str(json) != "-":
        show(scores, f"workforce, {since} to {until}: pieces that came up")
        show(speeds, f"workforce, {since} to {until}: pieces per hour of work")
        if money is not None:
            show(money.select(MONEY), f"{site}: rosters paid by the work that came")


def staffed(path: Path, asof: str | None, option: str = "lake") -> tuple[Lake, datetime]:
    """Return the lake as of a moment, by default of its last record of labour.

    Raises
    ------
    ValueError
        When there is no lake with labour, or it knows none by then.
    """
    lake = Lake(named_as_a_lake(option, folder_of(option, path)))
    if not lake.has(LABOUR) or not lake.has(WORKLOAD):
        raise ValueError(
            f"--{option}: {path} holds no labour; ingest workers, labour and workload first (see "
            "docs/workforce.md)."
        )
    clock = nw.col("recorded_at")
    last, first = collect(lake.read(LABOUR).select(last=clock.max(), first=clock.min())).row(0)
    if asof is None:
        return lake.asof(last), last
    now = moment("asof", asof)
    if not first <= now <= last + timedelta(days=31):
        raise ValueError(
            f"--asof: labour is known from {first:%Y-%m-%d} to {last:%Y-%m-%d}; got {asof!r}."
        )
    return lake.asof(now), now


def _place(site: str | None, people: pl.DataFrame) -> str:
    """Return the place to plan: the one asked for, or the first."""
    sites = people["facility_id"].unique().sort().to_list()
    if site is None:
        note(f"--site: none is given; {sites[0]} of {', '.join(sites)} is taken.")
        return str(sites[0])
    if site not in sites:
        raise ValueError(f"--site: nobody works in {site!r}; expected one of {', '.join(sites)}.")
    return site


def _volumes(
    known: Lake, now: datetime, fitted: workforce.FittedWorkforce, site: str, days: int
) -> pl.DataFrame:
    """Return what is forecast for a place: stored in the last day, or made now."""
    if known.has(DEMAND_FORECASTS):
        rows = collect(known.read(DEMAND_FORECASTS).select(*DEMAND_FORECASTS.columns))
        rows = rows.filter(
            (pl.col("level") == "facility_id/process")
            & pl.col("unique_id").str.starts_with(f"{site}/")
            & (pl.col("asof") > now - timedelta(days=1))
        ).sort("version")
        rows = rows.filter(pl.col("asof") == pl.col("asof").max())
        rows = rows.unique(["unique_id", "ds"], keep="last", maintain_order=True)
        first = rows["ds"].min()
        if isinstance(first, datetime) and rows["ds"].n_unique() >= 24 * days:
            return rows.filter(pl.col("ds") < first + timedelta(days=days))
    note("no forecast of the last day is stored; recent volumes are taken instead.")
    rows = fitted.volumes.predict(now, days)
    return rows.filter(pl.col("unique_id").str.starts_with(f"{site}/"))


def _before(known: Lake, site: str) -> pl.DataFrame | None:
    """Return the last roster of a place, if there is one."""
    if not known.has(ROSTER_PLANS):
        return None
    rows = collect(known.read(ROSTER_PLANS).select(*ROSTER_PLANS.columns))
    rows = rows.filter(pl.col("facility_id") == site)
    return rows.filter(pl.col("asof") == pl.col("asof").max())
