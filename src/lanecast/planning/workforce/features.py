"""What is known of work at a moment: hours of labour, volumes, people, and cut-offs."""

from datetime import datetime

import narwhals as nw

from lanecast.tables.lake import Frame, Lake
from lanecast.tables.network import FACILITIES, LANES
from lanecast.tables.planning import LABOUR, REPLENISHMENTS, ROSTER_PLANS, WORKERS, WORKLOAD

NEW_D = 90  # days at work before the first record, below which a worker counts as new


def worked(lake: Lake, asof: datetime) -> Frame:
    """Return the hours of labour known at ``asof``, with what the worker had done before.

    Returns
    -------
    Frame
        ``worker_id``, ``facility_id``, ``process``, ``started_h``, ``hours`` [h], ``units``,
        ``heads``, ``heavy_share``; ``hours_before``, the records of the worker at this process
        until then, and ``is_new``: hired less than 90 days before the first record of all, so that
        these are all the hours there are.
    """
    known = lake.asof(asof)
    rows = known.read(LABOUR)
    people = known.read(WORKERS).select("worker_id", "hired_day")
    first = rows.select(first_h=nw.col("started_h").min())
    earlier = nw.col("started_h").rank("ordinal").over("worker_id", "process")
    return (
        rows.join(people, on="worker_id", how="left")
        .join(first, how="cross")
        .select(
            "worker_id",
            "facility_id",
            "process",
            "started_h",
            "heads",
            "heavy_share",
            hours=nw.col("ended_h") - nw.col("started_h"),
            units=nw.col("units").cast(nw.Float64()),
            hours_before=(earlier - 1).cast(nw.Float64()),
            is_new=(nw.col("hired_day") > nw.col("first_h") / 24 - NEW_D).fill_null(False),
        )
    )


def volumes(lake: Lake, asof: datetime) -> Frame:
    """Return ``facility_id``, ``process``, ``zone``, ``hour_h``, ``units`` known at ``asof``."""
    known = lake.asof(asof)
    zones = known.read(FACILITIES).select("facility_id", "zone")
    return (
        known.read(WORKLOAD)
        .join(zones, on="facility_id", how="inner")
        .select(
            "facility_id", "process", "zone", "hour_h", units=nw.col("units").cast(nw.Float64())
        )
    )


def outcomes(lake: Lake, asof: datetime) -> Frame:
    """Return what came up, as known at ``asof``: ``unique_id`` place/process, ``hour_h``, ``y``."""
    return volumes(lake, asof).select(
        "hour_h",
        unique_id=nw.concat_str([nw.col("facility_id"), nw.col("process")], separator="/"),
        y=nw.col("units"),
    )


def receipts(lake: Lake, asof: datetime) -> Frame:
    """Return orders to suppliers known at ``asof``, and when each thing of them became known.

    Returns
    -------
    Frame
        ``replenishment_id``, ``facility_id``, ``units``, ``ordered_h``, ``expected_h``;
        ``known_h``, when the order was first recorded; ``received_h``, and when that was recorded,
        ``told_h``: null where it is under way.
    """
    known = lake.asof(asof)
    told = nw.when(~nw.col("received_h").is_null()).then(nw.col("recorded_h"))
    clocks = (
        known.versions(REPLENISHMENTS)
        .select("replenishment_id", "recorded_h", told_h=told)
        .group_by("replenishment_id")
        .agg(known_h=nw.col("recorded_h").min(), told_h=nw.col("told_h").min())
    )
    return (
        known.read(REPLENISHMENTS)
        .select(
            "replenishment_id", "facility_id", "ordered_h", "expected_h", "received_h",
            units=nw.col("units").cast(nw.Float64()),
        )
        .join(clocks, on="replenishment_id", how="inner")
    )  # fmt: skip


def team(lake: Lake, asof: datetime) -> Frame:
    """Return the workers known at ``asof``, with the zone of their place."""
    known = lake.asof(asof)
    zones = known.read(FACILITIES).select("facility_id", "zone")
    return (
        known.read(WORKERS)
        .join(zones, on="facility_id", how="inner")
        .select(
            "worker_id", "facility_id", "zone", "skills", "is_temp", "hired_day", "end_day",
            "min_h_week", "max_h_week", "preferred_shift",
            wage=nw.col("cost_minor_per_h") / 100,
        )
    )  # fmt: skip


def cutoffs(lake: Lake, asof: datetime) -> Frame:
    """Return departures of each place: local times of the day [s] by which pieces must be ready."""
    return (
        lake.asof(asof)
        .read(LANES)
        .select(
            "weekdays", "departures_per_day", "cutoff_s",
            facility_id=nw.col("from_facility_id"),
            first_s=nw.col("first_departure_s"),
            headway_s=nw.col("headway_s"),
        )
    )  # fmt: skip


def rosters(lake: Lake, asof: datetime, site: str) -> Frame:
    """Return the newest roster of a place that was decided before ``asof``."""
    rows = lake.asof(asof).read(ROSTER_PLANS).filter(nw.col("facility_id") == site)
    rows = rows.filter(nw.col("asof") < asof)
    newest = nw.col("asof").max().over("facility_id")
    return rows.filter(nw.col("asof") == newest).select(*ROSTER_PLANS.columns)
