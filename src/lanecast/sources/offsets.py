"""The offset of a local clock: as the instant stated it, else as its place has it."""

from collections.abc import Mapping

import polars as pl

from lanecast.tables.schema import Table

from .times import offset_min
from .types import naive, stated_offset

CLOCKS = {"scans": ("event_at", "facility_id"), "orders": ("placed_at", "address_id")}


def with_offsets(
    table: Table,
    raw: pl.DataFrame,
    cells: pl.DataFrame,
    known: Mapping[str, pl.DataFrame],
    zone: str | None,
) -> pl.DataFrame:
    """Return ``cells`` with ``utc_offset_min`` where the file, the time or the place tells it."""
    if table.name not in CLOCKS or not cells["utc_offset_min"].null_count():
        return cells
    instant, link = CLOCKS[table.name]
    guesses = [cells["utc_offset_min"]]
    if instant in raw.columns and raw.schema[instant] == pl.String:
        guesses.append(raw.select(utc_offset_min=stated_offset(instant)).to_series())
    if zone is not None and instant in raw.columns:
        local = raw.select(naive(instant, raw.schema[instant])).to_series()
        clock = cells.select(offset_min(pl.col(instant), zone)).to_series()
        guesses.append(clock.zip_with(local, clock.clear().extend_constant(None, len(clock))))
    places = known.get(link)
    if places is not None and "zone" in places.columns:
        guesses.append(_of_place(cells.select(instant, link), places, instant, link))
    return cells.with_columns(pl.coalesce(guesses).alias("utc_offset_min"))


def _of_place(cells: pl.DataFrame, places: pl.DataFrame, instant: str, link: str) -> pl.Series:
    zone = cells.join(places, left_on=link, right_on="key", how="left", maintain_order="left")
    names = zone["zone"].drop_nulls().unique().sort()
    each = [
        pl.when(pl.col("zone") == name).then(offset_min(pl.col(instant), name)) for name in names
    ]
    return zone.select(pl.coalesce([*each, pl.lit(None, pl.Int16)])).to_series()
