"""What was planned, as it is stored in the lake, and what people changed of it, with who and why.

A plan stays as it was stored; an override is a note beside it, and a later one takes its place.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

import polars as pl

from lanecast.tables.lake import Lake, collect
from lanecast.tables.planning import DEMAND_FORECASTS, REPLENISHMENT_PLANS, ROSTER_PLANS
from lanecast.tables.schema import Table

from .clock import wall
from .keys import said
from .state import State

Kind = Literal["forecast", "order", "shift"]
NOTE = "override"


@dataclass(frozen=True)
class Planned:
    """One kind of plan.

    Attributes
    ----------
    fact
        Columns of what is planned; of several plans of it, the one of the latest ``asof`` counts.
    row
        Columns that name a row, for an override.
    begins
        Column of when it begins.
    """

    table: Table
    fact: tuple[str, ...]
    row: tuple[str, ...]
    begins: str


PLANNED: dict[str, Planned] = {
    "forecast": Planned(DEMAND_FORECASTS, ("unique_id", "ds"), ("unique_id", "ds"), "ds"),
    "order": Planned(
        REPLENISHMENT_PLANS,
        ("facility_id",),
        ("plan_id", "product_id", "facility_id", "source_id", "order_date"),
        "order_date",
    ),
    "shift": Planned(
        ROSTER_PLANS, ("facility_id",), ("plan_id", "worker_id", "started_at"), "started_at"
    ),
}


def planned(
    lake: Lake,
    kind: Kind,
    where: Sequence[pl.Expr],
    since: date | datetime | None = None,
    until: date | datetime | None = None,
    newest: bool = True,
) -> pl.DataFrame:
    """Return rows of a plan that begin in [since, until), by ``row``; no rows where none is."""
    of = PLANNED[kind]
    if not lake.has(of.table):
        schema = of.table.columns
        return pl.DataFrame(schema=dict.fromkeys(schema, pl.Null))
    rows = lake.read(of.table).select(*of.table.columns).to_native().filter(*where)
    if newest:
        rows = rows.filter(pl.col("asof") == pl.col("asof").max().over(of.fact))
    if since is not None:
        rows = rows.filter(pl.col(of.begins) >= since)
    if until is not None:
        rows = rows.filter(pl.col(of.begins) < until)
    found: pl.DataFrame = rows.collect().sort(*of.row, "asof")
    return found


def plans(lake: Lake) -> list[dict[str, Any]]:
    """Return the order lists and rosters that were stored, the newest first."""
    found = []
    for kind, amount in (("order", "units"), ("shift", "paid_h")):
        of = PLANNED[kind]
        if not lake.has(of.table):
            continue
        days = pl.col(of.begins).cast(pl.Date)
        rows = collect(lake.read(of.table)).group_by("plan_id", "facility_id", "asof")
        each = rows.agg(
            rows=pl.len(),
            amount=pl.col(amount).sum().cast(pl.Float64),
            cost=pl.col("cost").sum(),
            first=days.min(),
            last=days.max(),
        )
        found.append(each.with_columns(kind=pl.lit(kind), unit=pl.lit(amount)))
    if not found:
        return []
    return pl.concat(found).sort("asof", "plan_id", descending=[True, False]).to_dicts()


def part_of(name: str, value: str) -> pl.Expr:
    """Return whether ``value`` is one of the parts, joined by /, of a column."""
    return pl.concat_str(pl.lit("/"), pl.col(name), pl.lit("/")).str.contains(
        f"/{value}/", literal=True
    )


def key_of(kind: Kind, row: dict[str, Any]) -> str:
    """Return the name of a row for its overrides."""
    values = (row[name] for name in PLANNED[kind].row)
    return json.dumps([kind, *(_text(value) for value in values)])


def override(
    state: State, tenant: str, kind: Kind, row: dict[str, Any], value: Any, who: str, why: str
) -> dict[str, Any]:
    """Keep what a person changed of a row; ``value`` None goes back to the plan."""
    at = wall()
    told = (tenant, NOTE, key_of(kind, row), json.dumps(value), who, why, said(at))
    state.write("insert into notes values (?, ?, ?, ?, ?, ?, ?)", told)
    return {"value": value, "who": who, "why": why, "at": at}


def overrides(state: State, tenant: str, asof: datetime | None = None) -> dict[str, dict[str, Any]]:
    """Return the last override of each row that has one, as it was at ``asof``, by its name."""
    rows = state.read(
        "select id, value, who, why, at from notes where tenant = ? and kind = ? and at <= ? "
        "order by at",
        (tenant, NOTE, said(asof) if asof else "9"),
    )
    last = {row.pop("id"): row | {"value": json.loads(row["value"])} for row in rows}
    return {name: each for name, each in last.items() if each["value"] is not None}


def history(state: State, tenant: str, before: str | None, limit: int) -> list[dict[str, Any]]:
    """Return overrides, the newest first, made before the moment ``before``."""
    rows = state.read(
        "select id, value, who, why, at from notes where tenant = ? and kind = ? and at < ? "
        "order by at desc limit ?",
        (tenant, NOTE, before or "9", limit),
    )
    found = []
    for row in rows:
        kind, *names = json.loads(row["id"])
        of = dict(zip(PLANNED[kind].row, names, strict=True))
        found.append(
            {
                "kind": kind,
                "of": of,
                "value": json.loads(row["value"]),
                **{name: row[name] for name in ("who", "why", "at")},
            }
        )
    return found


def beside(
    rows: list[dict[str, Any]], kind: Kind, held: dict[str, dict[str, Any]]
) -> list[dict[str, Any]]:
    """Return rows with the override of each, or None."""
    return [row | {"override": held.get(key_of(kind, row))} for row in rows]


def _text(value: Any) -> str:
    if isinstance(value, datetime):
        return said(value)
    return value.isoformat() if isinstance(value, date) else str(value)
