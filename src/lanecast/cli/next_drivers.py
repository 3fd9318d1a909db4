"""Why this stop next, and why this long? ``lanecast predict trajectory --drivers PARCEL_ID``."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import narwhals as nw
import polars as pl

from lanecast.parcel import trajectory
from lanecast.parcel.trajectory.models import FittedBlend
from lanecast.parcel.trajectory.models.drivers import of_stop, of_time
from lanecast.parcel.words import worded
from lanecast.tables.trajectory import SOMEWHERE_NEW

from .drivers import last_question
from .learnt_from import TRAJECTORY
from .options import first_parcel, opened, period
from .same_network import same_network
from .saved import loaded, warn
from .talk import moment, show, tell, write_json

SHOWN = 8  # inputs that are printed
WIDEST = 20  # characters of a value
MEMORY = timedelta(days=60)  # in which the last question is looked for


def why_next(
    lake: Path,
    model: Path,
    parcel: str,
    since: str | None,
    until: str | None,
    asof: str | None,
    json: Path | None,
) -> None:
    """Print the answer to the last question about a parcel, and what it rests on."""
    known, now = opened(lake, asof)
    end = moment("to", until) if until else now
    start, end = period(since, until, max(first_parcel(known), end - MEMORY), end, known)
    row = last_question(parcel, trajectory.asked(known, start, end), start, end)
    fitted, context, about = loaded(model, "trajectory", FittedBlend, TRAJECTORY)
    warn(model, about, datetime.fromtimestamp(3600 * row["asof_h"][0], UTC))
    asked = nw.from_native(row, eager_only=True)
    same_network(model, "trajectory", asked["here"], context["lanes"]["here"])
    x: pl.DataFrame = trajectory.assemble(asked, context).to_native()
    x = x.sort("listed", "next_stop")
    answers = fitted.predict(x).sort("rank")
    best = answers.row(0, named=True)
    others = x.filter(pl.col("listed") > 0).height > 1
    stop = of_stop(fitted, x, best["stop"]) if others else None
    time = of_time(fitted, x.filter(next_stop=best["stop"]).head(1))
    if json is not None:
        drivers = {"stop": [] if stop is None else stop.to_dicts(), "time": time.to_dicts()}
        names = ("rank", "stop", "probability", "q100", "q500", "q900", "fallback")
        told = answers.select(names).to_dicts()
        head = {"parcel_id": parcel, "asof": best["asof"], "status": best["status"]}
        write_json(json, head | {"answers": told, "drivers": drivers})
        return
    shown = ("stop", "probability", "q100", "q500", "q900")
    where = f"{best['status']} at {best['facility_id'] or 'its seller'}"
    show(answers.select(shown), f"{parcel}, {best['asof']:%Y-%m-%d %H:%M} UTC, {where}; hours")
    if best["stop"] == SOMEWHERE_NEW and stop is None:
        tell("Nobody is known to have left this place: there is nothing to compare.")
    elif stop is not None:
        show(_most(stop, "log_odds"), f"What speaks for {best['stop']}, against the others")
    if fitted.boosted.leg is not None:
        show(_most(time, "factor"), f"What makes the {best['q500']:.1f} h to it")


def _most(rows: pl.DataFrame, kind: str) -> pl.DataFrame:
    """Return the strongest inputs, the others as one, as they are printed."""
    first, rest = rows.head(SHOWN), rows.slice(SHOWN)
    form = "{:+.2f}" if kind == "log_odds" else "x{:.2f}"
    lines = [
        (worded(name), value[:WIDEST], form.format(each)) for name, value, each in first.iter_rows()
    ]
    if kind == "factor":
        lines[0] = (*lines[0][:2], f"{first['factor'][0]:.2f} h")
    if rest.height:
        left = rest[kind].sum() if kind == "log_odds" else rest[kind].product()
        lines.append((f"{rest.height} others", "", form.format(left)))
    return pl.DataFrame(lines, ["feature", "value", kind], orient="row")
