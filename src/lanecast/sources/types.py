"""Text and other types to the types of a table, cell by cell; what cannot be one is null, and told.

`cast` gives each column of a table from whatever a file had, and beside it the rules that a cell
broke on the way: a number that is none, a time without offset. Nothing here raises for one cell.
"""

from collections.abc import Iterator, Mapping

import narwhals as nw
import polars as pl

from lanecast.tables.schema import Column, Table

from .oddities import Odd
from .report import RefusedError
from .times import UTC, localize, zones

INSTANT = "an RFC 3339 instant with offset, for example 2026-03-01T08:30:00-03:00"
TRUE, FALSE = ("true", "1", "t", "yes"), ("false", "0", "f", "no")


def polars_type(dtype: object) -> pl.DataType:
    """Return the Polars type of a table's column type."""
    series = nw.new_series("x", [], dtype, backend="polars")  # type: ignore[arg-type]
    return series.to_native().dtype  # type: ignore[no-any-return]


def zone_of(zone: str | None) -> str | None:
    """Return ``zone``, or refuse one that no clock follows."""
    if zone is not None and zone not in zones():
        raise RefusedError(
            f"zone: {zone!r} is not an IANA time zone; expected one such as America/Sao_Paulo."
        )
    return zone


def cast(
    table: Table, raw: Mapping[str, pl.DataType], zone: str | None
) -> tuple[list[pl.Expr], list[Odd]]:
    """Return one expression per column of ``table``, and the rules that cells can break."""
    values: list[pl.Expr] = []
    broken: list[Odd] = []
    for name, column in table.columns.items():
        to = polars_type(column.dtype)
        if name not in raw:
            values.append(pl.lit(None, to).alias(name))
            continue
        value = _value(name, raw[name], to, zone)
        values.append(value.alias(name))
        broken += _rules(name, column, raw[name], to, value, zone)
    return values, broken


def naive(name: str, given: pl.DataType) -> pl.Expr:
    """Return which rows hold a time without offset."""
    if given == pl.String:
        return _instant(name).is_null() & _clock(name).is_not_null()
    return pl.col(name).is_not_null()


def stated_offset(name: str) -> pl.Expr:
    """Return the offset, in minutes, that a text instant states; ``Z`` states none."""
    text = pl.col(name).str.strip_chars()
    local = text.str.slice(0, 16).str.replace("[t ]", "T", literal=False)
    clock = local.str.to_datetime("%Y-%m-%dT%H:%M", strict=False, time_unit="us")
    utc = _instant(name).dt.replace_time_zone(None).dt.truncate("1m")
    stated = (clock - utc).dt.total_minutes().cast(pl.Int16)
    return pl.when(~text.str.ends_with("Z") & ~text.str.ends_with("z")).then(stated)


def _instant(name: str) -> pl.Expr:
    text = pl.col(name).str.strip_chars()
    return text.str.to_datetime("%+", strict=False, time_unit="us", time_zone=UTC)


def _clock(name: str) -> pl.Expr:
    text = pl.col(name).str.strip_chars().str.replace("[t ]", "T", literal=False)
    forms = ("%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M")
    return pl.coalesce(text.str.to_datetime(f, strict=False, time_unit="us") for f in forms)


def _value(name: str, given: pl.DataType, to: pl.DataType, zone: str | None) -> pl.Expr:
    value = pl.col(name)
    if isinstance(to, pl.Datetime):
        if given == pl.String:
            read = _instant(name)
            return pl.coalesce(read, localize(_clock(name), zone)) if zone else read
        if isinstance(given, pl.Datetime):
            clock = value.dt.cast_time_unit("us")
            if given.time_zone is not None:
                return clock.dt.convert_time_zone(UTC)
            return localize(clock, zone) if zone else pl.lit(None, to)
        return pl.lit(None, to)
    if given == pl.String:
        text = value.str.strip_chars()
        if to == pl.Boolean:
            low = text.str.to_lowercase()
            return pl.when(low.is_in(TRUE)).then(True).when(low.is_in(FALSE)).then(False)
        if to == pl.Date:
            return text.str.to_date("%Y-%m-%d", strict=False)
        return value if to == pl.String else text.cast(to, strict=False)
    if to.is_integer() and (given.is_float() or given.is_decimal()):
        exact = value.cast(pl.Float64)
        return pl.when(exact == exact.round()).then(value.cast(to, strict=False))
    return value.cast(to, strict=False)


def _rules(
    name: str,
    column: Column,
    given: pl.DataType,
    to: pl.DataType,
    value: pl.Expr,
    zone: str | None,
) -> Iterator[Odd]:
    if to == given or (to == pl.String and given == pl.Categorical):
        return
    lost = pl.col(name).is_not_null() & value.is_null()
    if isinstance(to, pl.Datetime):
        if isinstance(given, pl.Datetime) and given.time_zone is not None:
            return
        if zone is None:
            yield Odd(name, "naive_time", INSTANT, naive(name, given))
        yield Odd(name, "not_a_time", INSTANT, lost)
    elif to == pl.Date:
        yield Odd(name, "not_a_date", "a civil date, for example 2026-03-01", lost)
    elif to == pl.Boolean:
        yield Odd(name, "not_a_boolean", "true or false", lost)
    elif to.is_numeric():
        what = "a whole number" if to.is_integer() else "a number"
        unit = f" in {column.unit}" if column.unit not in ("", "1") else ""
        yield Odd(name, "not_a_number", f"{what}{unit}", lost)
    else:
        yield Odd(name, "not_text", "text", lost)
