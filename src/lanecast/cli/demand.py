"""``lanecast fit | predict | backtest demand``: how much will be sold."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import polars as pl
import typer

from lanecast.planning import demand
from lanecast.planning.panel import MOST_PERIODS, Panel
from lanecast.planning.weighing import Weighing
from lanecast.sources import m4
from lanecast.sources.ingest import ingest_pieces
from lanecast.tables.frequency import Frequency, detect
from lanecast.tables.lake import Lake, collect
from lanecast.tables.planning import SALES
from lanecast.tables.series import SERIES

from . import demand_parts, forecasts
from .forecasts import WEIGHING, model_of
from .options import (
    AsofOption,
    DataOption,
    JsonOption,
    LakeOption,
    ModelOption,
    OutOption,
    SeedOption,
    SourceOption,
    folder_of,
)
from .raw import Source, filled
from .talk import makeable, moment, note, progress, show, span, writable, write_json

TOLD = ("model", "wape", "mase", "scaled_pinball", "coverage_80", "bias")
MAIN = "ensemble"
HorizonOption = Annotated[
    int,
    typer.Option(
        "--horizon", help="Periods to forecast, up to ten years.", min=1, max=MOST_PERIODS
    ),
]


def entries(source: str, known: Panel, seed: int) -> dict[str, Any]:
    """Return the models of a back-test: ours, the baseline, and two that everybody has at hand."""
    return {
        MAIN: model_of(source, known, seed),
        "seasonal_naive": demand.SeasonalNaive(),
        "statistical": demand.Statistical(),
        "mlforecast": demand.Recursive(seed=seed),
    }


def fit(
    lake: LakeOption = Path("lake"),
    model: ModelOption = Path("model"),
    asof: AsofOption = None,
    horizon: HorizonOption = 28,
    seed: SeedOption = 0,
    json: JsonOption = None,
) -> None:
    """Learn the series or the sales of a lake, and save the model.

    Example:

      lanecast fit demand --lake lake --model model --horizon 14
    """
    makeable("model", model)
    writable(json=json)
    forecasts.fit(lake, model, asof, horizon, seed, json)


def predict(
    lake: LakeOption = Path("lake"),
    model: ModelOption = Path("model"),
    asof: AsofOption = None,
    level: Annotated[
        str | None,
        typer.Option(
            "--level",
            help="Sums too: warehouse, category, region, total, or an attribute of the series.",
        ),
    ] = None,
    paths: Annotated[
        int, typer.Option("--paths", help="Futures to draw, written to --out.", min=0, max=2000)
    ] = 0,
    explain: Annotated[
        bool, typer.Option("--explain", help="Only say what forecasts are made of; store nothing.")
    ] = False,
    out: OutOption = None,
    json: JsonOption = None,
) -> None:
    """Forecast every series from --asof on, as far as the model learnt, and store it.

    Example:

      lanecast predict demand --lake lake --model model --level category
    """
    writable(json=json, out=out)
    if explain:
        if level is not None or paths:
            raise ValueError("--explain: is of the series; leave --level and --paths out.")
        demand_parts.tell_parts(lake, model, asof, out, json)
        return
    forecasts.predict(lake, model, asof, out, json, level, paths)


def backtest(
    data: DataOption,
    source: SourceOption,
    horizon: HorizonOption = 28,
    from_: Annotated[str | None, typer.Option("--from", help="First origin.")] = None,
    to: Annotated[str | None, typer.Option("--to", help="Nothing later is scored.")] = None,
    every_: Annotated[
        str | None,
        typer.Option("--every", help="Time between origins, e.g. 7d; by default the horizon."),
    ] = None,
    zone: Annotated[
        str | None,
        typer.Option("--zone", help="IANA zone of times without offset, e.g. Europe/Paris."),
    ] = None,
    seed: SeedOption = 0,
    json: JsonOption = None,
) -> None:
    """Forecast from each origin of a period with models fitted there, and score what came.

    Example:

      lanecast backtest demand --data walmart/ --source walmart --horizon 8 --from 2012-01-06
    """
    since, until = moment("from", from_) if from_ else None, moment("to", to) if to else None
    if since and until and since >= until:
        raise ValueError(f"--from: expected a day before --to {to}, got {from_}.")
    every = span("every", every_) if every_ else None
    writable(json=json)
    folder_of("data", data)
    with series(source, data, horizon, zone) as lake:
        frequency, first, last = extent(lake)
        if source == "m4" and (since or until):
            note("M4 has no dates: the last periods of every series are held out.")
            since = until = None
        at = origins(frequency, first, last, since, until, every, horizon)
        asked, fit_s, predict_s = [], 0.0, 0.0
        weights: dict[str, dict[str, float]] = {}
        with progress(quiet=json is not None and str(json) == "-") as say:
            for number, origin in enumerate(at):
                say(f"{origin:%Y-%m-%d}", number / len(at))
                known = demand.context(lake, origin, horizon)
                if number == 0 and source == "series" and (lost := forecasts.past_plans(known)):
                    raise ValueError(
                        f"known_future: of {', '.join(lost)} nothing is known from the first "
                        f"origin on, {origin:%Y-%m-%d %H:%M}; expected the periods ahead, or a "
                        "column of series, of which only the past is used."
                    )
                odd = [*forecasts.left_out(known), *forecasts.past_only(known)]
                for sentence in odd if number == 0 else []:
                    note(sentence)
                answers = {}
                for name, each in entries(source, known, seed).items():
                    started = time.perf_counter()
                    fitted = each.fit(known)
                    learnt = time.perf_counter()
                    answers[name] = fitted.predict(known)
                    if name == MAIN:
                        weights[f"{origin:%Y-%m-%dT%H:%M}"] = fitted.weights
                        fit_s += (learnt - started) / len(at)
                        predict_s += (time.perf_counter() - learnt) / len(at)
                scored = _until(demand.outcomes(lake, known), known, until)
                asked.append(demand.Asked(known, scored, answers))
    weighing = WEIGHING.get(source, Weighing())
    result = demand.figures(asked, MAIN, weighing) | {"fit_s": fit_s, "predict_s": predict_s}
    if source == "m4":
        season = frequency.seasons[0] if frequency.us < 86_400_000_000 else 1
        for name, value in demand.owa(asked, season).items():
            result["owa" if name == MAIN else f"owa_{name}"] = value
    result |= {"horizon": horizon, "origins": list(weights), "weights": weights}
    if not result["n_scored"]:
        raise ValueError(f"--from: nothing was observed within {horizon} periods of {at[0]}.")
    if json is not None:
        write_json(json, result)
    if json is None or str(json) != "-":
        scores = demand.evaluate(asked, weighing)
        table = pl.DataFrame([{"model": n, **s} for n, s in scores.items()])
        show(table.select(TOLD), f"demand, {horizon} periods ahead")


@contextmanager
def series(source: Source, data: Path, horizon: int, zone: str | None) -> Iterator[Lake]:
    """Yield a lake with the series of ``data``; of M4, those whose horizon it is."""
    if source != "m4" or zone is not None:
        with filled(source, data, zone) as lake:
            yield _with_series(lake)
        return
    name = m4.only(data, horizon)
    with tempfile.TemporaryDirectory(prefix="lanecast-") as folder:
        lake = Lake(Path(folder) / "lake")
        ingest_pieces(lake, source, m4.read_one(data, name))
        yield _with_series(Lake(lake.path))


def _with_series(lake: Lake) -> Lake:
    if not (lake.has(SERIES) or lake.has(SALES)):
        raise ValueError(
            f"--data: {lake.path} holds no series; expected --source series, walmart, m5, m4 or "
            "vn1, or a lake that one of them filled, or one with sales."
        )
    return lake


def extent(lake: Lake) -> tuple[Frequency, int, int]:
    """Return the frequency of the series of a lake, and their first and last periods."""
    if lake.has(SERIES):
        rows = collect(lake.read(SERIES).select("unique_id", "ds"))
    else:
        sold = collect(lake.read(SALES).select("product_id", "facility_id", "date"))
        rows = sold.select(
            unique_id=pl.format("{}/{}", "product_id", "facility_id"),
            ds=pl.col("date").cast(pl.Datetime("us", "UTC")),
        )
    frequency = detect(rows)
    ends = rows.select(low=pl.col("ds").min(), high=pl.col("ds").max()).select(pl.all().dt.epoch())
    first, last = frequency.index(ends.to_numpy()[0])
    return frequency, int(first), int(last)


def origins(
    frequency: Frequency,
    first: int,
    last: int,
    since: datetime | None,
    until: datetime | None,
    every: timedelta | None,
    horizon: int,
) -> list[datetime]:
    """Return the moments to forecast from; without a period, the one whose horizon ends the data.

    Raises
    ------
    ValueError
        When the data do not reach there.
    """
    start = moment_of(frequency, last + 1 - horizon) if since is None else since
    known = frequency.first_from(start)
    low, high = moment_of(frequency, first + 2), moment_of(frequency, last)
    if not first + 2 <= known <= last:
        name = "horizon" if since is None else "from"
        given = horizon if since is None else f"{start:%Y-%m-%d %H:%M}"
        raise ValueError(
            f"--{name}: the data hold {frequency.name} and can be forecast from "
            f"{low:%Y-%m-%d %H:%M} to {high:%Y-%m-%d %H:%M}; got {given}."
        )
    end = min(until or moment_of(frequency, last + 1), moment_of(frequency, last + 1))
    if every is None:
        numbers = range(known, frequency.first_from(end), horizon)
        return [start, *(moment_of(frequency, number) for number in numbers[1:])]
    return [start + step * every for step in range(-(-(end - start) // every))]


def moment_of(frequency: Frequency, number: int) -> datetime:
    """Return when a period begins."""
    at: datetime = pl.Series([int(frequency.start(number))]).cast(pl.Datetime("us", "UTC"))[0]
    return at


def _until(outcomes: Any, known: Panel, until: datetime | None) -> Any:
    """Return outcomes without those of periods from ``until`` on."""
    if until is None:
        return outcomes
    inside = known.ds(known.length, known.horizon) < np.datetime64(until.replace(tzinfo=None), "us")
    return np.where(inside, outcomes, np.nan)
