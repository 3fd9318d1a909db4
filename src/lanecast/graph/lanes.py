"""Lanes: those that the tables plan, those that scans show, and which ride went by which."""

import polars as pl

from .names import node

LANE = ("head_id", "tail_id", "lane_id", "carrier_id")
PLANNED = (
    *("mode", "distance_m", "duration_s", "weekdays", "first_departure_s", "headway_s"),
    *("departures_per_day", "cutoff_s", "capacity_parcels"),
)


def planned(lanes: pl.DataFrame) -> pl.DataFrame:
    """Return the lanes of the tables as edges between facilities."""
    return lanes.select(
        head_id=node("facility", pl.col("from_facility_id")),
        relation=pl.lit("lane"),
        tail_id=node("facility", pl.col("to_facility_id")),
        lane_id=node("lane", pl.col("lane_id")),
        carrier_id="carrier_id",
        first_seen_at="first_seen_at",
        **{name: name for name in PLANNED},
    )


def matched(rides: pl.DataFrame, plan: pl.DataFrame) -> pl.DataFrame:
    """Return ``rides`` with ``head_id``, ``tail_id``, and the ``lane_id`` and carrier of each.

    Of several lanes between two facilities the ride took that of its carrier, else the one whose
    planned duration is the nearest to its own (in logs). A ride between facilities that no lane
    joins took a lane of its own, named after facilities and carrier.
    """
    rows = rides.with_row_index("ride").with_columns(
        head_id=node("facility", pl.col("from_facility_id")),
        tail_id=node("facility", pl.col("to_facility_id")),
        took_s=(pl.col("arrived_at") - pl.col("departed_at")).dt.total_seconds(),
    )
    lanes = plan.select(*LANE, "duration_s").rename({"carrier_id": "by"})
    other = (pl.col("by") != pl.col("carrier_id")).cast(pl.Int8)
    apart = (pl.col("took_s") / pl.col("duration_s").clip(60.0)).clip(1e-6).log().abs()
    best = (
        rows.join(lanes, on=["head_id", "tail_id"])
        .with_columns(other=other, apart=apart.fill_null(0.0))
        .sort("ride", "other", "apart", "lane_id")
        .unique("ride", keep="first", maintain_order=True)
        .select("ride", "lane_id", by="by")
    )
    own = pl.concat_str(pl.lit("lane:"), "from_facility_id", pl.lit(">"), "to_facility_id")
    with_carrier = pl.concat_str(own, pl.lit(":"), "carrier_id")
    return (
        rows.join(best, on="ride", how="left", maintain_order="left")
        .with_columns(
            lane_id=pl.coalesce(
                "lane_id", pl.when(pl.col("carrier_id") == "").then(own).otherwise(with_carrier)
            ),
            carrier_id=pl.coalesce("by", "carrier_id").replace("", None),
            relation=pl.lit("lane"),
        )
        .drop("ride", "by", "took_s")
    )
