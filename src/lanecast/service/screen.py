"""What keeps an event out of the lake for now: a key that nothing explains, a code without meaning.

Such events are set aside in the quarantine, and come in once the key or the code is known.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import polars as pl

from lanecast.tables import network, parcel
from lanecast.tables.lake import Lake, collect
from lanecast.tables.schema import Table
from lanecast.tables.status import CROSSWALK

from .keys import said
from .state import State

KEYS = {
    "parcel_id": parcel.PARCELS,
    "facility_id": network.FACILITIES,
    "carrier_id": network.CARRIERS,
}
UNKNOWN_CODE = (
    "raw_code",
    "unknown_code",
    "a code of system, or one whose meaning was told (POST /v1/data/codes)",
)
REASONS = (
    *((c, "unknown_key", f"a {t.name}.{c} of the lake") for c, t in KEYS.items()),
    UNKNOWN_CODE,
)
APART = "\x1f"
THEIRS = {f"{system}{APART}{code.lower()}": status for system, code, status, _ in CROSSWALK}


@dataclass(frozen=True)
class Known:
    """Keys of the lake and meanings of codes, as of one moment.

    Attributes
    ----------
    versions
        Of the tables that the keys are of.
    keys
        By table: ``key``, sorted, and of facilities their ``zone``.
    codes
        Status by carrier (empty for all) and code in lower case.
    """

    versions: Mapping[str, int | None] = field(default_factory=dict)
    keys: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    codes: Mapping[tuple[str, str], str] = field(default_factory=dict)

    def renewed(self, lake: Lake, codes: Mapping[tuple[str, str], str]) -> "Known":
        """Return what is known now; itself where nothing has changed."""
        versions = {t.name: lake.pinned.versions.get(t.name) for t in KEYS.values()}
        if versions == self.versions and codes == self.codes:
            return self
        keys = {
            table.name: self.keys[table.name]
            if versions[table.name] == self.versions.get(table.name, -1)
            else _keys(lake, table, column)
            for column, table in KEYS.items()
        }
        return Known(versions, keys, dict(codes))


def _keys(lake: Lake, table: Table, column: str) -> pl.DataFrame:
    wanted = [column, *(c for c in ("zone",) if c in table.columns)]
    if not lake.has(table):
        return pl.DataFrame(schema=dict.fromkeys(["key", *wanted[1:]], pl.String))
    rows = collect(lake.read(table).select(wanted)).rename({column: "key"})
    return rows.unique("key", keep="any").sort("key")


def statuses(known: Known) -> pl.Expr:
    """Return what each event means; null where no one has said."""
    own = pl.when((pl.col("status") != "unknown") | pl.col("raw_code").is_null()).then("status")
    code = pl.col("raw_code").str.to_lowercase()
    carrier = pl.col("carrier_id").fill_null("")
    mapped = {f"{carrier}{APART}{code}": status for (carrier, code), status in known.codes.items()}
    ways = [own, _looked_up(pl.col("system"), code, THEIRS)]
    if mapped:
        ways += [_looked_up(carrier, code, mapped), _looked_up(pl.lit(""), code, mapped)]
    return pl.coalesce(ways)


def _looked_up(first: pl.Expr, code: pl.Expr, meanings: Mapping[str, str]) -> pl.Expr:
    both = pl.concat_str(first, code, separator=APART)
    return both.replace_strict(meanings, default=None, return_dtype=pl.String)


def screen(rows: pl.DataFrame, known: Known) -> tuple[pl.DataFrame, pl.Series]:
    """Return ``rows`` with their status, and for each the number of its reason, if it has one."""
    rows = rows.with_columns(status=statuses(known))
    broken = [
        *(_strange(column, known.keys[table.name]["key"]) for column, table in KEYS.items()),
        pl.col("status").is_null(),
    ]
    why = rows.select(pl.coalesce(pl.when(each).then(i) for i, each in enumerate(broken)))
    return rows, why.to_series()


def _strange(column: str, keys: pl.Series) -> pl.Expr:
    """Return which values are none of the sorted ``keys``; a few values cost a few comparisons."""
    value = pl.col(column)
    if keys.is_empty():
        return value.is_not_null()
    there = pl.lit(keys)
    place = there.search_sorted(value.fill_null("")).clip(upper_bound=len(keys) - 1)
    return there.gather(place) != value


def codes(state: State, tenant: str) -> dict[tuple[str, str], str]:
    """Return the meanings that people gave to codes."""
    rows = state.read(
        "select id, value from notes where tenant = ? and kind = 'code' order by at", (tenant,)
    )
    found = {tuple(json.loads(row["id"])): row["value"] for row in rows}
    return {key: status for key, status in found.items() if status}


def give_code(
    state: State,
    tenant: str,
    carrier: str,
    code: str,
    status: str,
    who: str,
    why: str,
    at: datetime,
) -> None:
    """Let ``code`` of ``carrier`` (empty for all) mean ``status``; empty takes the meaning back."""
    name = json.dumps([carrier, code.lower()])
    state.write(
        "insert or replace into notes values (?, 'code', ?, ?, ?, ?, ?)",
        (tenant, name, status, who, why, said(at)),
    )
