"""What makes a row wrong or odd beyond the rules of its columns: clocks, units, places, codes."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import polars as pl

from lanecast.tables.address import KNOWN
from lanecast.tables.schema import Table
from lanecast.tables.status import STATUSES

from . import country_boxes as boxes
from .times import zones

EARLIEST, LATEST = datetime(1990, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
OF_SERIES = {"series", "covariates", "attributes"}  # whose history may be that of a country
OLDEST = datetime(1900, 1, 1, tzinfo=UTC)
PAST = ("recorded_at", "event_at", "placed_at")  # what nobody can know before it happens
PLACES = ("facilities", "merchants", "addresses")
AHEAD = timedelta(days=1)
SKEW = timedelta(hours=1)
HEAVIEST_G, LIGHTEST_MEDIAN_G = 1_000_000, 50
UNKNOWN_CODES = 0.01


@dataclass(frozen=True)
class Odd:
    """A rule on the rows of a table: column, code, what would be valid, which rows break it."""

    column: str
    code: str
    valid: str
    rows: pl.Expr


def errors(table: Table, now: datetime) -> Iterator[Odd]:
    """Yield what sets a row aside."""
    first = OLDEST if table.name in OF_SERIES else EARLIEST
    for name, column in table.columns.items():
        value = pl.col(name)
        if column.unit == "UTC":
            yield Odd(name, "too_early", f"after {first:%Y-%m-%d}", value < first)
            yield Odd(name, "too_late", "before 2100-01-01", value >= LATEST)
        if name in PAST:
            valid = f"at most {(now + AHEAD).isoformat(timespec='seconds')}, a day from now"
            yield Odd(name, "future_time", valid, value > now + AHEAD)
        if name == "zone":
            valid = "an IANA time zone, for example America/Sao_Paulo"
            yield Odd(name, "unknown_zone", valid, ~value.is_in(sorted(zones())))
        if column.unit == "g":
            valid = f"grams, at most {HEAVIEST_G}"
            yield Odd(name, "too_heavy", valid, value > HEAVIEST_G)
    if table.name == "lanes":
        same = pl.col("from_facility_id") == pl.col("to_facility_id")
        yield Odd("to_facility_id", "cyclic_lane", "another facility than the first", same)
    if table.name in PLACES:
        valid = "a place, or nothing where it is not known"
        yield Odd("lat, lon", "zero_zero", valid, _zero())


def swapped(table: Table) -> Iterator[Odd]:
    """Yield what the rules of the columns would report under a less helpful name."""
    if "lat" in table.columns:
        turned = (pl.col("lat").abs() > 90) & (pl.col("lon").abs() <= 90)
        yield Odd("lat, lon", "lat_lon_swapped", "latitude first, -90 to 90", turned)
    if table in KNOWN and {"lat", "country"} <= set(table.columns):
        valid = "latitude first: the other way round it lies in the country, as given far from it"
        yield Odd("lat, lon", "lat_lon_swapped", valid, boxes.swapped())


def given(table: Table) -> list[str]:
    """Return the columns of a table's key that a file holds; its edition is no part of it."""
    ours = ("gazetteer_id", "recorded_at") if table in KNOWN else ()
    return [name for name in table.identity if name not in ours] or list(table.identity)


def warnings(table: Table) -> Iterator[Odd]:
    """Yield what is odd, told, and kept."""
    if table.name == "scans":
        late = pl.col("event_at") - pl.col("recorded_at") > SKEW
        yield Odd("event_at", "clock_skew", "at most an hour after recorded_at", late)
        yield Odd("lat, lon", "zero_zero", "a place, or nothing", _zero())
    if table.name == "promises":
        early = pl.col("promised_at") < pl.col("recorded_at")
        yield Odd("promised_at", "promise_in_the_past", "after recorded_at", early)


def proportions(table: Table, rows: pl.DataFrame) -> Iterator[tuple[Odd, int, float, bool]]:
    """Yield what is trouble only as a share: rule, number of rows, limit, silent below it."""
    if table.name == "scans":
        strange = (pl.col("status") == "unknown") & pl.col("raw_code").is_not_null()
        valid = "a status, or a code that the crosswalk explains"
        yield Odd("raw_code", "unknown_code", valid, strange), rows.height, UNKNOWN_CODES, False
    for name, column in table.columns.items():
        if column.unit == "g":  # the median is below x when more than half of the rows are
            light = pl.col(name) < LIGHTEST_MEDIAN_G
            known = rows[name].count()
            yield Odd(name, "looks_like_kg", "grams", light), known, 0.5, True


def known_codes(raw: pl.DataFrame, cells: pl.DataFrame) -> pl.DataFrame:
    """Return scans whose unknown statuses are ``unknown``, with the code as it came beside."""
    status = pl.col("status").str.strip_chars().str.to_lowercase()
    strange = ~status.is_in(list(STATUSES))
    code = pl.col("raw_code") if "raw_code" in raw.columns else pl.lit(None, pl.String)
    return cells.with_columns(
        status=pl.when(strange).then(pl.lit("unknown")).otherwise(status),
        raw_code=pl.when(strange).then(pl.coalesce(code, "status")).otherwise(code),
    )


def _zero() -> pl.Expr:
    return (pl.col("lat") == 0) & (pl.col("lon") == 0)
