"""Why this answer? What moved the forecast of one parcel, as factors and as days."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import narwhals as nw
import numpy as np
import polars as pl

from lanecast.parcel import eta
from lanecast.parcel.eta.drivers import BASELINE, SCHEMA, moved
from lanecast.parcel.eta.models import FittedBlend
from lanecast.parcel.questions import questions
from lanecast.parcel.words import worded
from lanecast.tables.lake import Lake, collect

from .talk import show, tell, write_json

SHOWN = 10  # drivers that are printed
WIDEST = 24  # characters of a value


def last_question(
    parcel_id: str, asked: nw.LazyFrame[Any], start: datetime, end: datetime
) -> pl.DataFrame:
    """Return the last of the questions ``asked`` in [start, end) about a parcel.

    Raises
    ------
    ValueError
        When there was none.
    """
    mine = collect(asked.filter(nw.col("parcel_id") == parcel_id))
    if mine.is_empty():
        others = collect(asked.select("asof_h", "parcel_id")).sort("asof_h", "parcel_id")
        such = f", such as {others['parcel_id'][-1]}" if others.height else ""
        raise ValueError(
            f"--drivers: nothing was asked about a parcel {parcel_id!r} from {start:%Y-%m-%d %H:%M}"
            f" to {end:%Y-%m-%d %H:%M}; expected a parcel_id of the table parcels{such}."
        )
    return mine.sort("asof_h").tail(1)


def typical(
    fitted: FittedBlend, context: Mapping[str, Any], lake: Lake, start: datetime
) -> tuple[str, pl.DataFrame] | None:
    """Return a parcel of the day from ``start`` that was moved as much as most, and by what."""
    asked = questions(lake, start, start + timedelta(days=1), scans=False).collect("polars")
    x = eta.assemble(asked, context).to_native().drop_nulls(BASELINE)
    if x.is_empty():
        return None
    change = np.abs(np.log(fitted.boosted.median(x) / x[BASELINE].to_numpy()))
    order = x.select("parcel_id").with_row_index().with_columns(change=pl.Series(change))
    chosen = x[order.sort("change", "parcel_id")["index"][x.height // 2]]
    return chosen["parcel_id"][0], moved(fitted, chosen)


def explain(
    fitted: FittedBlend, context: Mapping[str, Any], row: pl.DataFrame, json: Path | None
) -> None:
    """Print the answer to one question, and what moved it."""
    x = eta.assemble(nw.from_native(row), context).to_native()
    answer = fitted.predict(x).row(0, named=True)
    rows = moved(fitted, x)
    if json is not None:
        asked = x.row(0, named=True)
        drivers = [each | {"value": asked[each["feature"]]} for each in rows.to_dicts()]
        write_json(json, {"prediction": answer, "drivers": drivers})
        return
    low, middle, high = (answer[name] / 24 for name in ("q100", "q500", "q900"))
    shown = {
        "moment": answer["moment"],
        "asof": answer["asof"],
        "eta_at": answer["eta_at"],
        "days": middle,
        "range_80": f"{low:.1f} to {high:.1f}",
    }
    show(pl.DataFrame([shown]), f"Parcel {answer['parcel_id']}")
    if rows.is_empty():
        tell("There was no usual time to start from, so the lane quantiles answered: no drivers.")
        return
    show(_printed(rows), "What moved the median of the trees, the strongest first")
    tell(
        f"The net, and how things went lately, make {middle:.2f} d of the "
        f"{rows['days'].sum():.2f} d of the trees."
    )


def _printed(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the strongest drivers, the rest as one, and the median, as they are printed."""
    rest = rows.slice(1 + SHOWN)
    lines = [
        (worded(name), value[:WIDEST], f"x{factor:.2f}", f"{days:+.2f} d")
        for name, value, factor, days in rows[1 : 1 + SHOWN].iter_rows()
    ]
    lines.insert(0, (worded(BASELINE), rows["value"][0], *_spans(rows.head(1))))
    left = f"x{rest['factor'].product():.2f}", f"{rest['days'].sum():+.2f} d"
    lines.append((f"{rest.height} others", "", *left))
    lines.append(("median of the trees", "", *_spans(rows)))
    return pl.DataFrame(lines, list(SCHEMA), orient="row")


def _spans(rows: pl.DataFrame) -> tuple[str, str]:
    return f"{rows['factor'].product():.1f} h", f"{rows['days'].sum():.2f} d"
