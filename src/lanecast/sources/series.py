"""Series of one's own: `series.csv` with `unique_id, ds, y`, and what may lie beside it.

`static` (unique_id and any columns), `hierarchy` (unique_id and the levels above it, from the top),
`known_future` (unique_id, ds and numbers that are known before: price plan, promotion, holiday).
Further numbers of `series` are used for their past only. The role is thus the file.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import polars as pl

from lanecast.tables.frequency import Frequency, detect
from lanecast.tables.series import ATTRIBUTES

from . import files
from .oddities import Odd
from .panels import UTC_DS, Sheet, attributes, covariates, described, measured, observed, sheet
from .piece import Piece
from .report import Finding, RefusedError
from .times import localize, skipped

NEEDS = "expected columns unique_id, ds and y"
OWN = ("unique_id", "ds", "y", "recorded_at")
KEY = ("unique_id", "ds")
UNNAMED = ',:[]{}"'  # what names of features may not hold in a file of LightGBM
MOST_EMPTY = 100  # periods on the grid per one that is observed


def read(path: Path, zone: str | None, now: datetime, size: int) -> Iterator[Piece]:
    """Return series, covariates and attributes of the files in folder ``path``.

    Raises
    ------
    RefusedError
        When a file or column is missing or cannot be read, frequencies are mixed, or the hierarchy
        is no tree.
    """
    given = _columns(path, "series")
    files.demand("series", given, OWN[:3])
    further = [name for name in given if name not in OWN]
    types: dict[str, pl.DataType] = {"unique_id": pl.String(), "ds": UTC_DS, "y": pl.Float64()}
    if "recorded_at" in given:
        types["recorded_at"] = UTC_DS
    types |= dict.fromkeys(further, pl.Float64())
    main = sheet(path, "series", types, KEY, ["y"], NEEDS)
    if main.rows.is_empty():
        raise RefusedError(f"{main.name}: no row can be used{_example(main)}")
    if zone is not None:
        _to_instants(main, zone)
    try:
        frequency = detect(main.rows)
    except ValueError as error:
        raise RefusedError(f"{main.name}: {error}") from error
    return _pieces(path, main, further, frequency, _beside(path, main))


def _pieces(
    path: Path, main: Sheet, further: Sequence[str], frequency: Frequency, beside: list[Piece]
) -> Iterator[Piece]:
    over = frequency.end(main.rows["ds"].dt.epoch("us").to_numpy())
    rows = main.rows.with_columns(over=pl.Series(over).cast(pl.Datetime("us")).cast(UTC_DS))
    recorded = pl.col("recorded_at") if "recorded_at" in rows.columns else pl.lit(None, UTC_DS)
    rows = rows.with_columns(recorded_at=pl.coalesce(recorded, "over"))
    yield observed(rows.select(OWN), main, list(_said(main, rows, frequency)))
    if further:
        past = measured(rows, further, pl.col("recorded_at"))
        yield covariates([past], Sheet(main.name, rows))
    yield from beside


def _example(main: Sheet) -> str:
    """Return what is wrong with the first row that was spoiled, and what would be valid."""
    if not main.spoiled:
        return "; expected a series, a period and a number."
    rows, odd = main.spoiled[0]
    return f": column {odd.column!r} holds {rows[odd.column][0]!r}; expected {odd.valid}."


def _to_instants(main: Sheet, zone: str) -> None:
    """Turn ``ds`` of a clock into instants; a date stays the civil date that it is.

    An hour that the clock skipped in spring is the one after it, and set aside where that is there.
    """
    rows = main.rows.with_row_index("#")
    clock = pl.col("ds").dt.replace_time_zone(None)
    civil = (clock == clock.dt.truncate("1d")).all()
    at = pl.when(civil).then("ds").otherwise(localize(clock, zone))
    rows = rows.with_columns(at=at, skipped=~civil & skipped(clock, zone))
    kept = rows.sort("skipped", "#").unique(("unique_id", "at"), keep="first").sort("#")
    if kept.height < rows.height:
        lost = rows.join(kept, on="#", how="anti").drop("#", "at", "skipped")
        valid = f"an hour that the clock of {zone} shows"
        main.spoiled.append((lost, Odd("ds", "skipped_hour", valid, pl.lit(True))))
    main.rows = kept.with_columns(ds="at").drop("#", "at", "skipped")


def _beside(path: Path, main: Sheet) -> list[Piece]:
    """Return what lies beside the series, each file in the role that its name says."""
    start = pl.lit(main.rows["ds"].min(), UTC_DS)
    out = []
    for stem in ("static", "hierarchy"):
        if not files.find(path, stem):
            continue
        names = [name for name in _columns(path, stem) if name != "unique_id"]
        types = dict.fromkeys(("unique_id", *names), pl.String())
        found = sheet(path, stem, types, ["unique_id"], [], NEEDS)
        if stem == "hierarchy":
            _tree(found, names, main.rows["unique_id"].unique())
        levels = {n: i + 1 if stem == "hierarchy" else None for i, n in enumerate(names)}
        rows = described(found.rows, levels, start)
        out.append(attributes(rows, found, found.said(ATTRIBUTES)))
    if files.find(path, "known_future"):
        out.append(_known_future(path, main))
    return out


def _known_future(path: Path, main: Sheet) -> Piece:
    given = _columns(path, "known_future")
    about = [name for name in ("unique_id",) if name in given]
    names = [name for name in given if name not in KEY]
    types = dict.fromkeys(about, pl.String()) | {"ds": UTC_DS} | dict.fromkeys(names, pl.String())
    found = sheet(path, "known_future", types, (*about, "ds"), [], NEEDS)
    low = found.rows.with_columns(pl.col(names).str.to_lowercase().replace(TRUTH))
    numbers = low.with_columns(pl.col(names).cast(pl.Float64, strict=False))
    for name in names:
        lost = low.filter(low[name].is_not_null() & numbers[name].is_null())
        if lost.height:
            raise RefusedError(
                f"{found.name}: column {name!r} holds {lost[name][0]!r}; expected numbers, or true "
                "and false (a column per kind)."
            )
    if not about:
        numbers = numbers.with_columns(unique_id=pl.lit("*"))
    ends, first, last = found.rows["ds"].max(), main.rows["ds"].min(), main.rows["ds"].max()
    said = list(_early(found.name, ends, main.name, first, last))
    recorded = pl.min_horizontal(pl.lit(first, UTC_DS), "ds")
    return covariates([measured(numbers, names, recorded)], found, said)


def _early(file: str, ends: Any, series: str, first: Any, last: Any) -> Iterator[Finding]:
    """Yield that a plan ends before the series do; one that ends before they begin is refused."""
    if ends is None or ends >= last:
        return
    if ends < first:
        raise RefusedError(
            f"{file}: ends {ends:%Y-%m-%d %H:%M}, before {series} begins, {first:%Y-%m-%d %H:%M}; "
            "expected the periods of the series and those after them."
        )
    action = f"{series} goes on to {last:%Y-%m-%d}; of a later forecast nothing is known ahead"
    said = (file, "covariates", "ds", "ends_early", "warning", 1, f"{ends:%Y-%m-%d}", action)
    yield Finding(*said)  # type: ignore[arg-type]


TRUTH = {"true": "1", "false": "0", "na": None, "nan": None, "": None}


def _tree(found: Sheet, names: Sequence[str], ids: pl.Series) -> None:
    """Refuse a hierarchy in which a level has two parents, or a series has no place."""
    if not names:
        raise RefusedError(f"{found.name}: has no level; expected columns beside unique_id.")
    for above, below in pairwise(names):
        parents = found.rows.group_by(below).agg(pl.col(above).unique().sort())
        twice = parents.filter(pl.col(above).list.len() > 1).sort(below)
        if twice.height:
            child, several = twice.row(0)
            raise RefusedError(
                f"{found.name}: not a tree: {below} {child!r} lies in {above} "
                f"{', '.join(map(repr, several))}; expected one, so give {below} names of its own."
            )
    lost = ids.filter(~ids.is_in(found.rows["unique_id"].implode()))
    if len(lost):
        raise RefusedError(
            f"{found.name}: {len(lost)} series have no row, for example {lost[0]!r}; expected one "
            "each."
        )


def _said(main: Sheet, rows: pl.DataFrame, frequency: Frequency) -> Iterator[Finding]:
    """Yield what is odd and kept: gaps, negative values, series without any sale."""
    at = pl.Series(frequency.index(rows["ds"].dt.epoch("us").to_numpy()))
    spans = (
        rows.select("unique_id", at=at)
        .group_by("unique_id")
        .agg(gaps=pl.col("at").max() - pl.col("at").min() + 1 - pl.len())
    )
    gaps = int(spans["gaps"].sum())
    if gaps > MOST_EMPTY * rows.height:
        raise RefusedError(
            f"{main.name}: {rows.height} rows lie on a grid of {frequency.name} with {gaps} gaps; "
            "expected ds of one frequency, without times that differ by seconds."
        )
    below, zero = (
        rows.filter(pl.col("y") < 0),
        rows.filter((pl.col("y") == 0).all().over("unique_id")),
    )
    first = spans.filter(pl.col("gaps") > 0).sort("unique_id")["unique_id"]
    what = (
        ("ds", "gap", gaps, first, "unknown, not zero"),
        ("y", "negative", below.height, below["unique_id"], "kept; quantiles may be negative"),
        ("y", "all_zero", zero["unique_id"].n_unique(), zero["unique_id"], "kept; forecast as 0"),
    )
    for column, code, count, example, action in what:
        if count:
            said = (main.name, "series", column, code, "note", count, str(example[0]), action)
            yield Finding(*said)  # type: ignore[arg-type]


def _columns(path: Path, stem: str) -> list[str]:
    file = files.find(files.folder(path), stem)
    if file is None:
        raise RefusedError(f"{path}: no {stem}.csv nor {stem}.parquet; {NEEDS}.")
    names = files.scan(file).collect_schema().names()
    if odd := [name for name in names if set(name) & set(UNNAMED)]:
        raise RefusedError(
            f"{file.name}: the name of column {odd[0]!r} may hold none of {' '.join(UNNAMED)}; "
            "give it another."
        )
    return names
