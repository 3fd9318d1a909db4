"""What the journey model reads: per step numbers and texts, per place its lanes and traits."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from math import pi, tau
from typing import Any

import narwhals as nw
import polars as pl

from lanecast.tables.lake import Lake, collect
from lanecast.tables.network import CALENDARS, FACILITIES
from lanecast.tables.parcel import SCANS

from .left import left, usually_left
from .load import busy, load
from .reach import KEYS, WEEK_H, lanes, moves, reach
from .slices import near
from .steps import steps

TEXTS = (
    *("status", "moment", "facility_id", "origin_facility_id", "goal_facility_id", "merchant_id"),
    *("origin_region", "goal_region", "carrier_id", "service", "category", "payment"),
)
PLACES = ("facility_id", "origin_facility_id", "goal_facility_id")
NUMBERS = (
    *("since_placed", "since_event", "since_step", "hour_sin", "hour_cos", "week_sin", "week_cos"),
    *("to_promise_d", "to_ship_by_d", "to_goal_km", "from_origin_km", "weight", "value", "pieces"),
    *("attempts", "scans", "here_arrivals", "here_stay", "goal_arrivals", "goal_stay"),
    *("is_working", "works_tomorrow", "usually_left", "usually_n"),
    *("seller_left", "seller_n"),
)
VECTOR = "v_"  # how columns of ``places`` begin that hold a vector of the graph
Context = dict[str, pl.DataFrame]
Kept = Mapping[str, pl.DataFrame | nw.DataFrame[Any]]  # a context, made or loaded


@dataclass(frozen=True)
class Sequences:
    """Steps with ``NUMBERS`` and ``TEXTS``, sorted by parcel and time; ``reach`` and ``places``."""

    steps: pl.DataFrame
    reach: pl.DataFrame
    places: pl.DataFrame

    def mentioned(self) -> "Sequences":
        """Return the same with only those ``places`` that a step or a lane tells of."""
        names = [*(self.steps[name] for name in PLACES), self.reach["place"]]
        seen = pl.concat([each.rename("facility_id").to_frame() for each in names])
        places = self.places.join(seen, on="facility_id", how="semi", maintain_order="left")
        return replace(self, places=places)


def context(lake: Lake, asof: datetime, vectors: pl.DataFrame | None = None) -> Context:
    """Return what is looked up, as of ``asof``: places, lanes, load, times left, and calendars.

    Rows carry the moment at which they became known, so that one context serves all steps before
    ``asof``. What is summed is summed here, and sorted by what it is looked up by.

    Parameters
    ----------
    vectors
        ``facility_id`` and columns ``v_*``, traits of places learnt elsewhere from the same past.
    """
    known = lake.asof(asof)
    scans = collect(known.read(SCANS)).sort("parcel_id", "recorded_h", "event_id")
    rows: pl.DataFrame = collect(steps(known, datetime.fromtimestamp(86400, asof.tzinfo), asof))
    goals = ("parcel_id", "origin_facility_id", "goal_facility_id", "goal_region")
    first = rows.sort("parcel_id", "asof_h").unique("parcel_id", keep="first", maintain_order=True)
    return {
        "places": _places(known, scans, vectors),
        "load": load(scans),
        "calendar": _calendar(known),
        **lanes(moves(scans, first.select(goals))),
        **left(rows, _deliveries(scans)),
    }


def plain(context: Kept) -> Context:
    """Return a context that was loaded as the one that was saved."""
    return {name: nw.to_native(each, pass_through=True) for name, each in context.items()}


def assemble(rows: pl.DataFrame, context: Kept) -> Sequences:
    """Return the sequences of ``steps`` rows."""
    tables = plain(context)
    week = (pl.col("asof_h") / WEEK_H).floor().cast(pl.Int32)
    rows = rows.sort("asof_h").with_columns(week=week)  # the order in which all is looked up
    rows = busy(rows, tables["load"], "facility_id", "here")
    rows = busy(rows, tables["load"], "goal_facility_id", "goal")
    rows = usually_left(_working(rows, tables["calendar"]), tables)
    reached = reach(tables, rows)
    rows = rows.sort("parcel_id", "asof_h", "moment")  # a checkout comes first
    keys = ("parcel_id", "asof_h", "is_asked", *KEYS)
    numbered = rows.select(*keys, *(name for name in TEXTS if name not in keys), **_numbers())
    return Sequences(numbered, reached, tables["places"])


def sequences(
    lake: Lake, since: datetime, until: datetime, vectors: pl.DataFrame | None = None
) -> Sequences:
    """Return the sequences of parcels that were asked about in [since, until)."""
    rows: pl.DataFrame = collect(steps(lake, since, until))
    return assemble(rows, context(lake, until, vectors))


def _numbers() -> dict[str, pl.Expr]:
    now, late = pl.col("asof_h"), pl.col("asof_h").shift(1).over("parcel_id")
    local = now + pl.col("utc_offset_min").fill_null(0) / 60
    hour, week = local % 24 * (tau / 24), (local + 72) % 168 * (tau / 168)  # 1970 began a Thursday
    return {
        "since_placed": (now - pl.col("placed_h")).clip(0.0).log1p(),
        "since_event": (now - pl.col("event_h")).clip(0.0).log1p(),
        "since_step": (now - late).clip(0.0).log1p(),
        "hour_sin": hour.sin(),
        "hour_cos": hour.cos(),
        "week_sin": week.sin(),
        "week_cos": week.cos(),
        "to_promise_d": ((pl.col("promised_h") - now) / 24).clip(-20.0, 60.0),
        "to_ship_by_d": ((pl.col("ship_by_h") - now) / 24).clip(-20.0, 30.0),
        "to_goal_km": _distance("", "goal_").log1p(),
        "from_origin_km": _distance("", "origin_").log1p(),
        "weight": pl.col("weight_g").cast(pl.Float64).log1p(),
        "value": pl.col("value_minor").cast(pl.Float64).log1p(),
        "pieces": pl.col("pieces").cast(pl.Float64),
        "attempts": pl.col("attempts"),
        "scans": pl.col("scans").log1p(),
        **{
            name: pl.col(name)
            for name in ("here_arrivals", "here_stay", "goal_arrivals", "goal_stay")
        },
        "is_working": pl.col("is_working"),
        "works_tomorrow": pl.col("works_tomorrow"),
        **{name: pl.col(name) for name in ("usually_left", "usually_n", "seller_left", "seller_n")},
    }


def _distance(a: str, b: str) -> pl.Expr:
    """Return the distance [km] between two points of a row; the seller's where a step has none."""
    lat_a = pl.coalesce(f"{a}lat", "origin_lat")
    lon_a = pl.coalesce(f"{a}lon", "origin_lon")
    rad = pi / 180
    north = (pl.col(f"{b}lat") - lat_a) * rad
    east = (pl.col(f"{b}lon") - lon_a) * rad * ((pl.col(f"{b}lat") + lat_a) * (rad / 2)).cos()
    return 6371.0 * (north**2 + east**2).sqrt()


def _deliveries(scans: pl.DataFrame) -> pl.DataFrame:
    """Return the first delivery of each parcel: when it was, and when it became known."""
    done = scans.filter(status="delivered").unique("parcel_id", keep="first", maintain_order=True)
    return done.select("parcel_id", delivered_h="event_h", known_h="recorded_h")


def _places(known: Lake, scans: pl.DataFrame, vectors: pl.DataFrame | None) -> pl.DataFrame:
    """Return each place once: ``facility_id``, ``kind``, ``region``, ``lat``, ``lon``, ``v_*``."""
    seen = scans.select(pl.col("facility_id").drop_nulls().unique()).filter(
        pl.col("facility_id") != ""
    )
    blank: dict[str, Any] = {"kind": pl.String, "region": pl.String}
    blank |= {"lat": pl.Float64, "lon": pl.Float64}
    if known.has(FACILITIES):
        table: pl.DataFrame = collect(known.read(FACILITIES).select("facility_id", *blank))
        seen = table.join(seen, on="facility_id", how="full", coalesce=True)
    else:
        seen = seen.with_columns(**{name: pl.lit(None, kind) for name, kind in blank.items()})
    if vectors is not None:
        seen = seen.join(vectors, on="facility_id", how="left")
    return seen.sort("facility_id")


def _calendar(known: Lake) -> pl.DataFrame:
    """Return per region and day whether it is a working day, and since when that was known."""
    clocks = {"day": pl.Int32, "known_h": pl.Float64}
    schema = pl.Schema({"goal_region": pl.String, **clocks, "is_working": pl.Float64})
    if not known.has(CALENDARS):
        return pl.DataFrame(schema=schema)
    told = known.versions(CALENDARS).select("region", "day", "recorded_h", "is_working")
    days: pl.DataFrame = collect(told)
    days = days.rename({"region": "goal_region", "recorded_h": "known_h"}).cast(schema)
    return days.sort("goal_region", "day", "known_h")


def _working(rows: pl.DataFrame, calendar: pl.DataFrame) -> pl.DataFrame:
    """Add whether today and tomorrow are working days at the goal, as was known at each step."""
    local_h = pl.col("asof_h") + pl.col("utc_offset_min").fill_null(0) / 60
    today = (local_h / 24).floor().cast(pl.Int32)
    days = near(calendar, "goal_region", rows["goal_region"])
    for name, day in (("is_working", today), ("works_tomorrow", today + 1)):
        found = rows.select("goal_region", "asof_h", day=day).join_asof(
            days,
            left_on="asof_h",
            right_on="known_h",
            by=["goal_region", "day"],
            strategy="backward",
            check_sortedness=False,
        )
        rows = rows.hstack([found["is_working"].alias(name)])
    return rows
