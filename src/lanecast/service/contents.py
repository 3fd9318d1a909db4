"""What came into a lake and when, what was set aside and why, and codes without meaning."""

import json
from pathlib import Path
from typing import Any

import polars as pl

from lanecast.tables import commits
from lanecast.tables.ingest import QUARANTINE
from lanecast.tables.lake import Lake, collect
from lanecast.tables.parcel import SCANS

from .drain import SOURCE
from .events import NAME
from .masking import masked, shown
from .screen import UNKNOWN_CODE, codes
from .state import State
from .tenants import Tenant

EXAMPLES = 3
REASON = ["source", "table", "column", "code", "valid"]


def ingests(lake: Path, before: int | None = None, limit: int = 50) -> list[dict[str, Any]]:
    """Return commits, newest first: ``number``, ``at``, ``source`` and new ``rows`` by table."""
    numbers = [n for n in commits.history(lake) if before is None or n < before]
    return [vars(commits.load(lake, number)) for number in numbers[-limit:][::-1]]


def set_aside(lake: Lake, unmasked: bool = False) -> list[dict[str, Any]]:
    """Return the quarantine by reason, most rows first, with examples."""
    found = (
        _quarantine(lake)
        .sort("recorded_at", "row_id", descending=True)
        .group_by(REASON, maintain_order=True)
        .agg(
            rows=pl.len(),
            open=pl.col("open").sum(),
            first_at=pl.col("recorded_at").min(),
            last_at=pl.col("recorded_at").max(),
            examples=pl.col("row").head(EXAMPLES),
            values=pl.col("value").head(EXAMPLES),
        )
        .sort("rows", descending=True)
    )
    return [
        each
        | {
            "examples": [json.loads(row) if unmasked else masked(row) for row in each["examples"]],
            "values": [v if unmasked else shown(each["column"], v) for v in each["values"]],
        }
        for each in found.to_dicts()
    ]


def unknown_codes(tenant: Tenant, state: State) -> list[dict[str, Any]]:
    """Return codes that nobody has translated, and those that were mapped, most events first."""
    lake = tenant.lake()
    aside = _quarantine(lake).filter("open", pl.col("code") == UNKNOWN_CODE[1])
    sent = aside.select(
        carrier=pl.col("row").str.json_path_match("$.carrier_id"),
        code=pl.col("row").str.json_path_match("$.raw_code").str.to_lowercase(),
    )
    waiting, stored = _counted(sent), _counted(_stored(lake))
    meanings = codes(state, tenant.name)
    items = [
        {
            "carrier_id": carrier or None,
            "code": code,
            "waiting": waiting.get((carrier, code), 0),
            "stored": stored.get((carrier, code), 0),
            "status": meanings.get((carrier, code)) or meanings.get(("", code)),
        }
        for carrier, code in sorted({*waiting, *stored, *meanings})
    ]
    return sorted(items, key=lambda each: -(each["waiting"] + each["stored"]))


def _quarantine(lake: Lake) -> pl.DataFrame:
    """Return the quarantine, and whether each row has not come in since."""
    if not lake.has(QUARANTINE):
        return pl.DataFrame(
            schema={**dict.fromkeys(QUARANTINE.columns, pl.String), "open": pl.Boolean}
        )
    rows = collect(lake.read(QUARANTINE)).with_columns(
        name=pl.when(pl.col("source") == SOURCE).then(
            pl.col("row").str.json_path_match(f"$.{NAME}")
        )
    )
    if not lake.has(SCANS):
        return rows.with_columns(open=pl.lit(True))
    there = collect(lake.read(SCANS).select("event_id"))
    taken = rows.join(there, left_on="name", right_on="event_id", how="semi").select("row_id")
    return rows.with_columns(open=~pl.col("row_id").is_in(taken["row_id"].implode()))


def _stored(lake: Lake) -> pl.DataFrame:
    if not lake.has(SCANS):
        return pl.DataFrame(schema={"carrier": pl.String, "code": pl.String})
    scans = lake.read(SCANS).select("status", "carrier_id", "raw_code").to_native()
    found: pl.DataFrame = (
        scans.filter(pl.col("status") == "unknown", pl.col("raw_code").is_not_null())
        .select(carrier="carrier_id", code=pl.col("raw_code").str.to_lowercase())
        .collect()
    )
    return found


def _counted(rows: pl.DataFrame) -> dict[tuple[str, str], int]:
    each = rows.with_columns(pl.col("carrier").fill_null("")).group_by("carrier", "code").len()
    return {(carrier, code): count for carrier, code, count in each.rows()}
