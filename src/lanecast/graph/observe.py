"""What scans show of the network: edges, counts by day, and the scans that prove them.

Everything here is a sum over parcels, so that the difference of two moments is found from the
parcels alone of which something became known in between.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from .bins import bin_of, day_and_hour
from .cells import with_cell
from .known import Known
from .lanes import matched, planned
from .names import edges, node
from .stays import rides, stays, usable
from .waits import waits

EDGE = ("head_id", "relation", "tail_id", "lane_id", "carrier_id")
CELL = ("edge_id", "date", "hour", "measure", "bin")


@dataclass(frozen=True)
class Observed:
    """``edges`` with ``EDGE``; ``days`` with ``CELL`` and ``n``; ``proofs`` with ``seen_at``."""

    edges: pl.DataFrame
    days: pl.DataFrame
    proofs: pl.DataFrame


def observe(facts: Known) -> Observed:
    """Return what the scans of ``facts`` show."""
    events = usable(facts.scans)
    found = stays(events)
    moved = matched(rides(found), planned(facts.lanes))
    moved = waits(moved, facts)
    parts = [edges(moved), *(edges(part) for part in _of_parcels(events, found, moved, facts))]
    shown = pl.concat([part.select("edge_id", *EDGE) for part in parts]).unique("edge_id")
    counted = pl.concat(list(_counted(parts)))
    proofs = pl.concat(list(_proofs(parts)))
    return Observed(
        shown,
        counted.group_by(CELL).agg(n=pl.len().cast(pl.Int64)),
        proofs.group_by("edge_id", "event_id").agg(pl.col("seen_at").min()),
    )


def _counted(parts: list[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """Yield one row per thing that was measured."""
    for part in parts:
        when = day_and_hour(pl.col("seen_at"), pl.col("utc_offset_min").fill_null(0))
        rows = part.with_columns(**when)
        yield rows.select("edge_id", "date", "hour", measure=pl.lit("volume"), bin=_zero())
        spans = [name for name in ("transit_s", "dwell_s", "late_s") if name in part.columns]
        for name in spans:
            yield rows.filter(pl.col(name).is_not_null()).select(
                "edge_id",
                "date",
                "hour",
                measure=pl.lit(name.removesuffix("_s")),
                bin=bin_of(pl.col(name)),
            )
        if "slack_s" in part.columns:
            offered = rows.filter(pl.col("slack_s").is_not_null())
            at = bin_of(pl.col("slack_s"))
            took = pl.col("missed") == 0
            yield offered.select("edge_id", "date", "hour", measure=pl.lit("offered"), bin=at)
            yield offered.filter(took).select(
                "edge_id", "date", "hour", measure=pl.lit("taken"), bin=at
            )
            again = offered.filter(~took)
            yield again.select(
                "edge_id", "date", "hour", measure=pl.lit("taken_again"), bin=_zero()
            )
            yield again.select(
                pl.col("edge_id", "date", "hour").repeat_by("missed").explode(),
                measure=pl.lit("offered_again"),
                bin=_zero(),
            )


def _zero() -> pl.Expr:
    return pl.lit(0, pl.Int16)


def _proofs(parts: list[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    for part in parts:
        for end in ("head", "tail"):
            if f"{end}_event" in part.columns:
                yield part.filter(pl.col(f"{end}_event").is_not_null()).select(
                    "edge_id", event_id=f"{end}_event", seen_at=f"{end}_known"
                )


def _of_parcels(
    events: pl.DataFrame, found: pl.DataFrame, moved: pl.DataFrame, facts: Known
) -> Iterator[pl.DataFrame]:
    """Yield what else a parcel's scans show, each as rows of ``EDGE`` with event and instant."""
    sellers = facts.merchants.select("merchant_id", from_region="region")
    goals = with_cell(facts.addresses).select(
        "address_id", "cell", to_region="region", goal="facility_id"
    )
    parcels = facts.parcels.join(sellers, on="merchant_id", how="left")
    parcels = parcels.join(goals, on="address_id", how="left").drop("carrier_id", "first_seen_at")
    nothing = {"lane_id": pl.lit(None, pl.String), "carrier_id": pl.lit(None, pl.String)}
    scan = {"seen_at": "event_at", "head_event": "event_id", "head_known": "recorded_at"}

    first = found.unique("parcel_id", keep="first", maintain_order=True).join(
        parcels, on="parcel_id"
    )
    of_first = {
        "seen_at": "first_at",
        "utc_offset_min": "utc_offset_min",
        "head_event": "first_event",
        "head_known": "first_known",
    }
    yield first.filter(pl.col("merchant_id").is_not_null()).select(
        head_id=node("merchant", pl.col("merchant_id")),
        relation=pl.lit("ships_from"),
        tail_id=node("facility", pl.col("facility_id")),
        **nothing,
        **of_first,
    )
    yield first.filter(pl.col("goal") != pl.col("facility_id")).select(
        head_id=node("facility", pl.col("facility_id")),
        relation=pl.lit("flows_to"),
        tail_id=node("facility", pl.col("goal")),
        **nothing,
        **of_first,
    )
    door = (
        events.filter(pl.col("status") == "out_for_delivery", pl.col("facility_id").is_not_null())
        .unique("parcel_id", keep="first", maintain_order=True)
        .join(parcels, on="parcel_id")
    )
    yield door.filter(pl.col("cell").is_not_null()).select(
        head_id=node("facility", pl.col("facility_id")),
        relation=pl.lit("serves"),
        tail_id=node("cell", pl.col("cell")),
        utc_offset_min="utc_offset_min",
        **nothing,
        **scan,
    )
    shipped = pl.col("status").is_in(["picked_up", "arrived", "departed"])
    ends = (
        events.group_by("parcel_id")
        .agg(
            pl.col("event_at", "event_id", "recorded_at", "utc_offset_min").filter(shipped).first(),
            tail_at=pl.col("event_at").filter(pl.col("status") == "delivered").first(),
            tail_event=pl.col("event_id").filter(pl.col("status") == "delivered").first(),
            tail_known=pl.col("recorded_at").filter(pl.col("status") == "delivered").first(),
        )
        .join(parcels, on="parcel_id")
    )
    known_ends = pl.all_horizontal(pl.col("event_at", "from_region", "to_region").is_not_null())
    yield ends.filter(known_ends).select(
        head_id=node("region", pl.col("from_region")),
        relation=pl.lit("ships_to"),
        tail_id=node("region", pl.col("to_region")),
        transit_s=(pl.col("tail_at") - pl.col("event_at")).dt.total_seconds(),
        tail_event="tail_event",
        tail_known="tail_known",
        utc_offset_min="utc_offset_min",
        **nothing,
        **scan,
    )
    handed = moved.sort("parcel_id", "number").with_columns(
        giver=pl.col("carrier_id").shift().over("parcel_id")
    )
    yield (
        handed.filter(pl.col("giver") != pl.col("carrier_id"))
        .select(
            head_id=node("carrier", pl.col("giver")),
            relation=pl.lit("hands_over_to"),
            tail_id=node("carrier", pl.col("carrier_id")),
            lane_id=pl.lit(None, pl.String),
            seen_at="seen_at",
            utc_offset_min="utc_offset_min",
            head_event="head_event",
            head_known="head_known",
        )
        .with_columns(carrier_id=pl.lit(None, pl.String))
    )
