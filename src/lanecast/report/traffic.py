"""Which lanes were used, how often, and how late they were: the two tables of the map."""

from datetime import datetime

import narwhals as nw
import polars as pl

from lanecast.parcel.journeys import journeys
from lanecast.tables.commerce import ADDRESSES, MERCHANTS
from lanecast.tables.lake import Lake, collect
from lanecast.tables.network import FACILITIES, LANES
from lanecast.tables.parcel import SCANS

Network = tuple[pl.DataFrame, pl.DataFrame]
ENDS = ["from_facility_id", "to_facility_id"]
FEWEST = 20  # parcels of a lane between regions


def network(lake: Lake, since: datetime, until: datetime) -> Network | None:
    """Return facilities and lanes of [since, until), or the regions where no facility is known.

    ``delay_h`` is the mean time behind the plan, early counted as on time: behind the planned
    duration of a lane, or, between regions, behind the promise. None where neither is known.
    """
    if all(lake.has(table) for table in (FACILITIES, LANES, SCANS)):
        return _facilities(lake, since, until)
    if all(lake.has(table) for table in (MERCHANTS, ADDRESSES, SCANS)):
        return _regions(lake, since, until)
    return None


def _facilities(lake: Lake, since: datetime, until: datetime) -> Network:
    scans = lake.read(SCANS).filter(
        nw.col("event_h") >= since.timestamp() / 3600, nw.col("event_h") < until.timestamp() / 3600
    )
    scans = scans.filter(nw.col("status").is_in(["departed", "arrived"]))
    rows = collect(scans.select("parcel_id", "status", "event_h", "facility_id", "event_id"))
    rows = rows.drop_nulls("facility_id").sort("parcel_id", "event_h", "event_id")
    next_ = {n: pl.col(n).shift(-1).over("parcel_id") for n in ("status", "facility_id", "event_h")}
    rides = rows.with_columns(
        next_status=next_["status"], to_facility_id=next_["facility_id"], end_h=next_["event_h"]
    ).filter(
        pl.col("status") == "departed",
        pl.col("next_status") == "arrived",
        pl.col("facility_id") != pl.col("to_facility_id"),
    )
    rides = rides.rename({"facility_id": "from_facility_id"})
    plans = collect(lake.read(LANES).select(*ENDS, "duration_s")).group_by(ENDS)
    timed = rides.join(plans.agg(pl.col("duration_s").median()), on=ENDS)
    late = (pl.col("end_h") - pl.col("event_h") - pl.col("duration_s") / 3600).clip(0.0)
    lanes = timed.group_by(ENDS).agg(delay_h=late.mean(), volume=pl.len())
    facilities = collect(lake.read(FACILITIES).select("facility_id", "name", "kind", "lat", "lon"))
    return facilities, lanes.sort(ENDS)


def _regions(lake: Lake, since: datetime, until: datetime) -> Network | None:
    place = "region", "lat", "lon"
    spots = [collect(lake.read(table).select(*place)) for table in (MERCHANTS, ADDRESSES)]
    centres = pl.concat(spots, how="vertical_relaxed").drop_nulls().group_by("region")
    facilities = centres.agg(pl.col("lat", "lon").median()).rename({"region": "facility_id"})
    asked = journeys(lake).filter(
        nw.col("asof_h") >= since.timestamp() / 3600, nw.col("asof_h") < until.timestamp() / 3600
    )
    named = {"origin_region": "from_facility_id", "goal_region": "to_facility_id"}
    rows = collect(asked.select(*named, "delivered_h", "promised_h")).rename(named).drop_nulls()
    rows = rows.filter(pl.col(ENDS[0]) != pl.col(ENDS[1]))
    late = (pl.col("delivered_h") - pl.col("promised_h")).clip(0.0)
    lanes = rows.group_by(ENDS).agg(delay_h=late.mean(), volume=pl.len())
    lanes = lanes.filter(pl.col("volume") >= FEWEST).sort(ENDS)
    return None if lanes.is_empty() else (facilities.sort("facility_id"), lanes)
