"""The public Delhivery line-haul data: truck legs of autumn 2018, and what their lanes did before.

Every rule for what the files leave open is stated in docs/ingest.md. In short: the clock is that of
Asia/Kolkata; a trip is one parcel that the company sends itself; a leg departs when it starts and
arrives `actual_time` later, which is recorded only then; its plan is known when it departs.
"""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import polars as pl

from lanecast.tables import commerce, network, parcel, trajectory

from .delhivery_files import Raw, load
from .files import folder
from .piece import Piece
from .times import localize, offset_min, uncertain

ZONE = "Asia/Kolkata"
COUNTRY, CARRIER = "IN", "delhivery"
BEFORE = datetime(2018, 9, 27)  # noqa: DTZ001  # the clock of the files: the lane table ends here
HUBS = r"_(H|HB|Hub|L)$"  # how the name of a centre that sorts for others ends


def read(path: Path, zone: str | None, now: datetime, size: int) -> Iterator[Piece]:
    """Return the canonical tables of the files in folder ``path``.

    The files are small, so ``size`` is not needed; the clock is known, so neither is ``zone``.

    Raises
    ------
    RefusedError
        When a file or a column is missing or cannot be read.
    """
    return pieces(load(folder(path)))


def pieces(raw: Raw) -> Iterator[Piece]:
    """Yield the canonical tables, each after those that it refers to."""
    start = pl.col("od_start_time")
    twice = raw.legs.filter(uncertain(start, ZONE))
    raw.say("legs", "od_start_time", "uncertain_local_time", twice, "see lanecast.sources.times")
    legs = raw.legs.with_columns(
        departed_at=localize(start, ZONE),
        arrived_at=localize(start, ZONE) + minutes("actual_time"),
        event=pl.format("{}-{}", "trip_uuid", start.dt.epoch("us")),
    )
    trips = first_legs(legs)
    known = localize(pl.lit(BEFORE), ZONE)
    carrier = pl.DataFrame({"carrier_id": [CARRIER]}).with_columns(recorded_at=known)
    yield raw.piece(network.FACILITIES, "centers", facilities(raw))
    yield Piece(network.CARRIERS, raw.names["legs"], carrier)
    yield Piece(network.LANES, raw.names["lanes"], lanes(raw.lanes))
    yield raw.piece(trajectory.LANE_HISTORY, "lanes", lane_history(raw.lanes))
    yield Piece(commerce.MERCHANTS, raw.names["legs"], merchants(trips, raw))
    goal = trips.select(**goal_id(), recorded_at=known, **place(pl.lit("IN"))).unique()
    yield Piece(commerce.ADDRESSES, raw.names["legs"], goal)
    yield Piece(commerce.ORDERS, raw.names["legs"], orders(trips))
    yield Piece(parcel.PARCELS, raw.names["legs"], parcels(trips))
    yield raw.piece(parcel.SCANS, "legs", scans(legs))
    yield Piece(trajectory.LEG_PLANS, raw.names["legs"], leg_plans(legs))


def minutes(column: str) -> pl.Expr:
    """Return minutes as a span of time."""
    return (pl.col(column) * 60_000_000).round().cast(pl.Int64).cast(pl.Duration("us"))


def place(region: pl.Expr) -> dict[str, pl.Expr]:
    """Return the columns of a place in India."""
    return {"country": pl.lit(COUNTRY), "region": region, "zone": pl.lit(ZONE)}


def goal_id() -> dict[str, pl.Expr]:
    """Return the address of every trip: the files do not name a goal."""
    return {"address_id": pl.lit("IN")}


def first_legs(legs: pl.DataFrame) -> pl.DataFrame:
    """Return the first leg of each trip, at whose departure the trip becomes known."""
    ordered = legs.sort("departed_at", "event")
    return ordered.unique("trip_uuid", keep="first", maintain_order=True)


def facilities(raw: Raw) -> pl.DataFrame:
    """Return the centres; one that only a leg or a lane names has no name."""
    ends = ("source_center", "destination_center")
    named = [each.select(hub_id=end) for each in (raw.lanes, raw.legs) for end in ends]
    ids = pl.concat([raw.centers.select("hub_id"), *named]).unique(maintain_order=True)
    sorts = pl.col("city").str.contains(HUBS).fill_null(False)
    return ids.join(raw.centers, on="hub_id", how="left", maintain_order="left").select(
        facility_id="hub_id",
        kind=pl.when(sorts).then(pl.lit("sort_hub")).otherwise(pl.lit("delivery_station")),
        name="city",
        recorded_at=localize(pl.lit(BEFORE), ZONE),
        **place(pl.coalesce("state", pl.lit("Unknown"))),
    )


def lanes(table: pl.DataFrame) -> pl.DataFrame:
    """Return the lanes of the table that lead to another centre."""
    source, goal = pl.col("source_center"), pl.col("destination_center")
    return table.filter(source != goal).select(
        lane_id=pl.format("{}-{}", source, goal),
        from_facility_id=source,
        to_facility_id=goal,
        carrier_id=pl.lit(CARRIER),
        mode=pl.lit("road"),
        distance_m=pl.col("median_osrm_km") * 1000,
        duration_s=pl.col("median_osrm_min") * 60,
        recorded_at=localize(pl.lit(BEFORE), ZONE),
    )


def lane_history(table: pl.DataFrame) -> pl.DataFrame:
    """Return what each lane did from 12 to 26 September."""
    return table.select(
        from_facility_id="source_center",
        to_facility_id="destination_center",
        legs="n_legs",
        duration_s=pl.col("median_actual_min") * 60,
        planned_s=pl.col("median_osrm_min") * 60,
        distance_m=pl.col("median_osrm_km") * 1000,
        service="major_route_type",
        recorded_at=localize(pl.lit(BEFORE), ZONE),
    )


def merchants(trips: pl.DataFrame, raw: Raw) -> pl.DataFrame:
    """Return each centre at which a trip begins as a sender, from its first trip."""
    first = trips.sort("departed_at", "event").unique("source_center", keep="first")
    named = first.join(raw.centers, left_on="source_center", right_on="hub_id", how="left")
    return named.sort("source_center").select(
        merchant_id="source_center",
        facility_id="source_center",
        city="city",
        recorded_at="departed_at",
        **place(pl.coalesce("state", pl.lit("Unknown"))),
    )


def orders(trips: pl.DataFrame) -> pl.DataFrame:
    """Return the order that each trip stands for."""
    return trips.select(
        **goal_id(),
        order_id="trip_uuid",
        buyer_id=pl.lit(CARRIER),
        placed_at="departed_at",
        utc_offset_min=offset_min(pl.col("departed_at"), ZONE),
        currency=pl.lit("INR"),
        recorded_at="departed_at",
    )


def parcels(trips: pl.DataFrame) -> pl.DataFrame:
    """Return the trips as parcels; the route type is the service."""
    return trips.select(
        **goal_id(),
        parcel_id="trip_uuid",
        order_id="trip_uuid",
        merchant_id="source_center",
        carrier_id=pl.lit(CARRIER),
        service="route_type",
        recorded_at="departed_at",
    )


def scans(legs: pl.DataFrame) -> pl.DataFrame:
    """Return a departure and an arrival per leg, each recorded when it happens."""
    ends = {"departed": "source_center", "arrived": "destination_center"}
    return pl.concat(
        legs.select(
            event_id=pl.format("{}-{}", "event", pl.lit(status)),
            parcel_id="trip_uuid",
            status=pl.lit(status),
            event_at=f"{status}_at",
            utc_offset_min=offset_min(pl.col(f"{status}_at"), ZONE),
            facility_id=center,
            carrier_id=pl.lit(CARRIER),
            raw_code=pl.lit("od_start_time" if status == "departed" else "actual_time"),
            recorded_at=f"{status}_at",
        )
        for status, center in ends.items()
    ).sort("recorded_at", "event_id")


def leg_plans(legs: pl.DataFrame) -> pl.DataFrame:
    """Return the plan of each leg, known at its departure."""
    return legs.select(
        parcel_id="trip_uuid",
        from_facility_id="source_center",
        to_facility_id="destination_center",
        planned_s=pl.col("osrm_time") * 60,
        recorded_at="departed_at",
    )
