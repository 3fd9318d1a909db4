"""Why this risk? What moved the chances of one parcel, as factors on the odds."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import narwhals as nw
import numpy as np
import polars as pl

from lanecast.parcel import events
from lanecast.parcel.events.models import FittedBoosted
from lanecast.parcel.words import worded

from .drivers import last_question
from .learnt_from import EVENTS
from .options import first_parcel, opened, period
from .same_network import same_network
from .saved import loaded, warn
from .talk import moment, show, tell, write_json

SHOWN = 3  # drivers that are printed of each event


def why_risks(
    lake: Path,
    model: Path,
    parcel_id: str,
    since: str | None,
    until: str | None,
    asof: str | None,
    json: Path | None,
) -> None:
    """Print what was said at the last question about a parcel, how early, and what moved it.

    Raises
    ------
    ValueError
        When nothing was asked about the parcel, or the model cannot be used.
    """
    known, now = opened(lake, asof)
    end = moment("to", until) if until else now
    start, end = period(since, until, first_parcel(known), end, known)
    row = last_question(parcel_id, events.asked(known, start, end), start, end)
    fitted, context, about = loaded(model, "events", FittedBoosted, EVENTS)
    warn(model, about, datetime.fromtimestamp(3600 * row["asof_h"][0], UTC))
    asked = nw.from_native(row, eager_only=True)
    same_network(model, "events", asked["goal_facility_id"], context["place"]["goal_place"])
    x = events.assemble(asked, context).to_native()
    answers = fitted.predict(x)
    promise_h = x["to_promise_h"][0]
    told = [_of_event(fitted, x, answer) for answer in answers.iter_rows(named=True)]
    if json is not None:
        write_json(json, {"to_promise_h": promise_h, "risks": told})
        return
    short = [{name: each[name] for name in ("event", "chance", "fallback")} for each in told]
    moved = [
        {"event": each["event"], "moved by": worded(driver["feature"])} | _said(driver)
        for each in told
        for driver in each["drivers"][:SHOWN]
    ]
    first = answers.row(0, named=True) if answers.height else {"moment": "-", "asof": "-"}
    show(pl.DataFrame(short), f"Parcel {parcel_id}, {first['moment']}, {first['asof']}")
    if moved:
        show(pl.DataFrame(moved), "What moved the odds most, as factors")
    if promise_h is not None:
        before = "before" if promise_h >= 0 else "after"
        tell(f"That is {abs(promise_h):.0f} h {before} the promise.")


def _of_event(fitted: FittedBoosted, x: pl.DataFrame, answer: dict[str, Any]) -> dict[str, Any]:
    """Return an answer with its drivers, factors on the odds, the strongest first."""
    drivers: list[dict[str, Any]] = []
    if answer["event"] in fitted.trees:
        moved = fitted.drivers(x, answer["event"]).sort(pl.col("log_odds").abs(), descending=True)
        drivers = [
            {"feature": name, "value": x[name][0] if name in x.columns else None, "factor": factor}
            for name, factor in moved.select("feature", pl.col("log_odds").exp()).iter_rows()
        ]
    return {**answer, "drivers": drivers}


def _said(driver: dict[str, Any]) -> dict[str, str]:
    value = driver["value"]
    if value is None or (isinstance(value, float) and not np.isfinite(value)):
        value = "missing"
    told = f"{value:.3g}" if isinstance(value, float) else str(value)[:20]
    return {"value": told, "odds": f"x{driver['factor']:.2f}"}
