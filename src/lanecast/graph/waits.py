"""How a ride kept to the timetable: how late it left, and which departures it could have taken."""

import numpy as np
import polars as pl

from .known import Known
from .timetable import timetable

EARLY_S = 1200.0  # a departure that was scanned that much before its time is still that one


def seconds(at: str) -> pl.Expr:
    """Return an instant as seconds since 1970; NaN where it is null."""
    return (pl.col(at).dt.epoch("us") / 1e6).fill_null(float("nan"))


def waits(moved: pl.DataFrame, facts: Known) -> pl.DataFrame:
    """Return rides with ``transit_s``, ``dwell_s``, ``late_s``, ``slack_s`` [s] and ``missed``.

    ``late_s`` is the departure against the timetable, ``slack_s`` the time between the arrival and
    the first departure after it, ``missed`` how many departures left before the one it took. All
    are null where a scan or a timetable is missing.
    """
    dwell = (pl.col("departed_at") - pl.col("came_at")).dt.total_seconds()
    rows = moved.with_columns(
        transit_s=(pl.col("arrived_at") - pl.col("departed_at")).dt.total_seconds(),
        dwell_s=pl.when(dwell > 0).then(dwell),
    )
    places = facts.facilities.select("region", "zone", from_facility_id="facility_id")
    lanes = facts.lanes.join(places, on="from_facility_id", how="left", maintain_order="left")
    names = pl.DataFrame({"lane_id": "lane:" + lanes["lane_id"]}).with_row_index("row")
    timed = rows.join(names, on="lane_id", how="left", maintain_order="left")
    row = timed["row"].fill_null(0).cast(pl.Int64).to_numpy()
    left, came = (timed.select(seconds(at)).to_series().to_numpy() for at in _ENDS)
    late, slack, missed = (np.full(len(row), np.nan) for _ in range(3))
    usable = timed["row"].is_not_null().to_numpy() & np.isfinite(left)
    if usable.any():
        day0 = int(np.nanmin([np.nanmin(left[usable]), np.nanmin(came, initial=np.inf)]) // 86_400)
        days = int(np.nanmax(left[usable]) // 86_400) + 10 - (day0 - 8)
        holidays = facts.calendars.filter(pl.col("holiday").is_not_null())
        plan = timetable(lanes, holidays, day0 - 8, days)
        usable &= plan.scheduled[row]
        lane, departed, arrived = row[usable], left[usable], came[usable]
        taken = plan.before(lane, departed + EARLY_S) - 1
        late[usable] = np.maximum(departed - plan.at(lane, taken), 0.0)
        first = plan.before(lane, np.nan_to_num(arrived))
        known = np.isfinite(arrived) & (arrived < departed)
        slack[usable] = np.where(known, plan.at(lane, first) - arrived, np.nan)
        missed[usable] = np.where(known, np.maximum(taken - first, 0), np.nan)
    return rows.with_columns(
        late_s=pl.Series(late).fill_nan(None).replace(np.inf, None),
        slack_s=pl.Series(slack).fill_nan(None).replace(np.inf, None),
        missed=pl.Series(missed).fill_nan(None).cast(pl.Int64),
    )


_ENDS = ("departed_at", "came_at")
