"""The nodes of a graph: what the tables name, and what only scans show."""

from collections.abc import Iterator
from typing import Any

import polars as pl

from lanecast.tables.graph import GRAPH_NODES

from .cells import cell_places, with_cell
from .known import Known
from .names import node

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "holiday")
COLUMNS = tuple(name for name in GRAPH_NODES.columns if name not in ("asof", "holds"))


def nodes(facts: Known, edges: pl.DataFrame) -> pl.DataFrame:
    """Return one row per node of ``edges`` or the tables, sorted by ``node_id``.

    A node that only scans name has its identifier for a label, and neither place nor zone.
    """
    parts = [_whole(part) for part in _of_tables(facts)]
    seen = pl.concat(
        [
            edges.select(node_id=end, first_seen_at="first_seen_at").drop_nulls("node_id")
            for end in ("head_id", "tail_id", "lane_id")
        ]
    )
    seen = seen.group_by("node_id").agg(pl.col("first_seen_at").min())
    seen = seen.with_columns(
        kind=pl.col("node_id").str.extract("^([a-z_]+):"),
        label=pl.col("node_id").str.replace("^[a-z_]+:", ""),
    )
    found = pl.concat([*parts, _whole(seen)]).sort("node_id", maintain_order=True)
    return found.unique("node_id", keep="first", maintain_order=True)


def _whole(rows: pl.DataFrame) -> pl.DataFrame:
    kinds: dict[str, Any] = dict.fromkeys(("lat", "lon", "capacity_per_h"), pl.Float64)
    kinds |= {"first_seen_at": pl.Datetime("us", "UTC")}
    return rows.select(
        (pl.col(name) if name in rows.columns else pl.lit(None))
        .cast(kinds.get(name, pl.String))
        .alias(name)
        for name in COLUMNS
    )


def _of_tables(facts: Known) -> Iterator[pl.DataFrame]:
    place = ("country", "region", "zone", "lat", "lon", "first_seen_at")
    facility = pl.col("facility_id")
    yield facts.facilities.select(
        node_id=node("facility", facility),
        kind=pl.lit("facility"),
        label=pl.coalesce("name", "facility_id"),
        role="kind",
        capacity_per_h="capacity_per_h",
        **{name: name for name in place},
    )
    yield facts.carriers.select(
        node_id=node("carrier", pl.col("carrier_id")),
        kind=pl.lit("carrier"),
        label=pl.coalesce("name", "carrier_id"),
        first_seen_at="first_seen_at",
    )
    yield facts.lanes.select(
        node_id=node("lane", pl.col("lane_id")),
        kind=pl.lit("lane"),
        label=pl.concat_str("from_facility_id", pl.lit(" to "), "to_facility_id"),
        role="mode",
        first_seen_at="first_seen_at",
    )
    yield facts.merchants.select(
        node_id=node("merchant", pl.col("merchant_id")),
        kind=pl.lit("merchant"),
        label="merchant_id",
        **{name: name for name in place},
    )
    yield _regions(facts)
    homes = with_cell(facts.addresses).filter(pl.col("cell").is_not_null())
    cells = homes.group_by("cell").agg(
        pl.col("country", "region", "zone").mode().sort().first(), pl.col("first_seen_at").min()
    )
    yield cells.join(cell_places(cells["cell"]), on="cell").select(
        node_id=node("cell", pl.col("cell")),
        kind=pl.lit("cell"),
        label="cell",
        **{name: name for name in place},
    )


def _regions(facts: Known) -> pl.DataFrame:
    at = ("region", "country", "zone", "lat", "lon", "first_seen_at")
    parts = (facts.facilities, facts.merchants, facts.addresses)
    rows = pl.concat([part.select(at) for part in parts]).filter(pl.col("region").is_not_null())
    return (
        rows.sort(at)
        .group_by("region")
        .agg(
            pl.col("country", "zone").mode().sort().first(),
            pl.col("lat", "lon").mean(),
            pl.col("first_seen_at").min(),
        )
        .select(
            "region",
            "country",
            "zone",
            "lat",
            "lon",
            "first_seen_at",
            node_id=node("region", pl.col("region")),
            kind=pl.lit("region"),
            label="region",
        )
    )
