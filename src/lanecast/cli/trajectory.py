"""``lanecast fit | predict | backtest trajectory``: where a parcel goes next, and when."""

from collections.abc import Mapping
from contextlib import nullcontext
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import narwhals as nw
import polars as pl

from lanecast import artifact
from lanecast.experiment import Entry, replay
from lanecast.parcel import trajectory
from lanecast.parcel.trajectory.models import FittedBlend
from lanecast.tables.commerce import ADDRESSES, MERCHANTS, ORDERS
from lanecast.tables.lake import Lake, collect
from lanecast.tables.network import LANES
from lanecast.tables.parcel import PARCELS, SCANS
from lanecast.tables.trajectory import LANE_HISTORY, LEG_PLANS, NEXT_STOPS

from .options import opened, period
from .raw import Source, filled
from .saved import digest, loaded, warn
from .talk import moment, note, progress, show, tell, whole, write_json

LEARNT_FROM = (PARCELS, ORDERS, MERCHANTS, ADDRESSES, SCANS, LANES, LANE_HISTORY, LEG_PLANS)
MOST = timedelta(days=28)  # of questions that trees learn from; counts look further back
ENOUGH = 10  # questions after which it is no accident that no place is known
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


def fit(lake: Path, model: Path, asof: str | None, days: int, seed: int, json: Path | None) -> None:
    """Learn from the questions of the last ``days`` (at most 28), and save the model."""
    known, now = opened(lake, asof)
    since = max(first_scan(known), now - min(timedelta(days=days), MOST))
    with progress(quiet=json is not None) as say:
        say("features", 0.1)
        x = collect(trajectory.features(known, since, now).lazy())
        y = collect(trajectory.outcomes(known, now).lazy())
        say("fitting", 0.6)
        fitted = trajectory.Blend(boosted(seed)).fit(x, y)
        say("saving", 0.95)
        about = {"problem": "trajectory", "trained_until": now.isoformat(), "seed": seed}
        metrics = {
            "rows": x.height,
            "trained_from": since.isoformat(),
            "stop_share": fitted.stop_share,
            "leg_share": fitted.leg_share,
        }
        context = trajectory.context(known, now)
        artifact.save(model, fitted, context, metrics=metrics, tables=LEARNT_FROM, about=about)
    if fitted.stop_share == 0:
        note("too few answers were known, or trees did not help: the baseline will answer.")
    if json is not None:
        write_json(json, {"model": str(model), **about, "metrics": metrics})
        return
    say_next = f"lanecast predict trajectory --lake {lake} --model {model}"
    tell(f"Model: {model}. Next: {say_next}")


def predict(
    lake: Path,
    model: Path,
    since: str | None,
    until: str | None,
    asof: str | None,
    out: Path | None,
    json: Path | None,
) -> None:
    """Answer every question asked in a period, and store the answers."""
    known, now = opened(lake, asof)
    end = moment("to", until) if until else now
    start, end = period(since, until, end - timedelta(days=1), end, known)
    with progress(quiet=json is not None) as say:
        say("loading the model", 0.1)
        fitted, context, about = loaded(model, "trajectory", FittedBlend, LEARNT_FROM)
        say("predicting", 0.3)
        rows = trajectory.asked(known, start, end).collect("polars")
        same_network(model, rows.to_native(), context)
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
        write_json(json, {"rows": answers.height, "stored": stored, "statuses": by.to_dicts()})
        return
    show(by, f"Next stops, {start:%Y-%m-%d} to {end:%Y-%m-%d}")
    tell(f"{stored:,} stored in {lake}.")


def backtest(
    source: Source,
    data: Path,
    start: datetime,
    end: datetime,
    step: timedelta,
    seed: int,
    json: Path | None,
    zone: str,
    title: str,
) -> None:
    """Replay a period: refit, answer what was asked next, and score it when it was known."""
    with filled(source, data) as lake:
        _, newest = opened(lake.path, option="data")
        learn_from = max(first_scan(lake), start - MOST)
        if not learn_from - AHEAD < start <= newest:
            raise ValueError(
                f"--from: the data hold {learn_from:%Y-%m-%d} to {newest:%Y-%m-%d}; got {start}."
            )
        with progress(quiet=json is not None and str(json) == "-") as say:
            from_ = min(learn_from, start)
            replayed = replay(trajectory, entries(seed), lake, start, end, step, from_, say)
    predictions = replayed.predictions
    if source in DEPARTURES:
        predictions = predictions.filter(status="departed")
    by = "day" if end - start <= timedelta(days=60) else "month"
    scored = predictions, replayed.outcomes
    result: dict[str, Any] = trajectory.figures(*scored, "blend", "frequency", by, zone)
    result |= {
        "fit_s": replayed.fit_s["blend"],
        "predict_rows_per_s": replayed.rows_per_s["blend"],
        "features_s": replayed.features_s,
    }
    if json is not None:
        write_json(json, result)
    if json is None or str(json) != "-":
        show(trajectory.evaluate(*scored).select(TOLD), title)


def same_network(model: Path, rows: pl.DataFrame, context: Mapping[str, Any]) -> None:
    """Say so where most places are new to the model.

    Raises
    ------
    ValueError
        When all are: it was trained on another network.
    """
    asked = nw.from_native(rows, eager_only=True)
    new = trajectory.unknown_places(asked, context).to_native()
    if not new.height or new.height < rows.height / 2:
        return
    such = new["here"][0]
    if new.height == rows.height >= ENOUGH:
        raise ValueError(
            f"--model: {model} knows none of the places that were asked about, such as {such!r}; "
            "it was trained on another network. Fit one on this lake: lanecast fit trajectory."
        )
    note(
        f"{model} does not know where {new.height:,} of {rows.height:,} questions were asked, such "
        f"as {such!r}: they are answered somewhere_new."
    )


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
