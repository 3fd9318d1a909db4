"""Relations that tables state, and those that follow from others."""

from collections.abc import Iterator
from typing import Any

import polars as pl

from lanecast.tables.graph import GRAPH_EDGES

from .cells import with_cell
from .known import Known
from .lanes import PLANNED, planned
from .names import edges, node
from .nodes import DAYS

TEXTS = ("head_id", "relation", "tail_id", "lane_id", "carrier_id", "mode", "weekdays")
MOST_PARALLEL = 12  # lanes of one pair of places that are compared with each other


def stated(facts: Known) -> pl.DataFrame:
    """Return the relations that the tables state, each once, with when it was stated first."""
    parts = [_whole(part) for part in _stated(facts)]
    rows = edges(pl.concat(parts)).filter(pl.col("head_id") != pl.col("tail_id"))
    return rows.sort("edge_id", "first_seen_at").unique("edge_id", keep="first")


def _whole(rows: pl.DataFrame) -> pl.DataFrame:
    kinds: dict[str, Any] = dict.fromkeys(TEXTS, pl.String) | {"departures_per_day": pl.Int16}
    kinds |= {"first_seen_at": pl.Datetime("us", "UTC")}
    names = ("head_id", "relation", "tail_id", "lane_id", "carrier_id", *PLANNED, "first_seen_at")
    return rows.select(
        (pl.col(name) if name in rows.columns else pl.lit(None))
        .cast(kinds.get(name, pl.Float64))
        .alias(name)
        for name in names
    )


def _stated(facts: Known) -> Iterator[pl.DataFrame]:
    yield planned(facts.lanes)
    yield _pair(facts.facilities, "located_in", ("facility", "facility_id"), ("region", "region"))
    yield _pair(facts.merchants, "located_in", ("merchant", "merchant_id"), ("region", "region"))
    for rows, kind in ((facts.facilities, "facility"), (facts.merchants, "merchant")):
        yield _pair(with_cell(rows), "in_cell", (kind, f"{kind}_id"), ("cell", "cell"))
    homes = with_cell(facts.addresses)
    regions = (
        homes.drop_nulls(["cell", "region"])
        .group_by("cell")
        .agg(pl.col("region").mode().sort().first(), pl.col("first_seen_at").min())
    )
    yield _pair(regions, "located_in", ("cell", "cell"), ("region", "region"))
    yield _pair(homes, "serves", ("facility", "facility_id"), ("cell", "cell"))
    made_by = ("merchant", "merchant_id")
    yield _pair(facts.merchants, "ships_from", made_by, ("facility", "facility_id"))
    yield _pair(facts.parcels, "sells", made_by, ("category", "category"))
    yield _pair(facts.parcels, "offers", ("carrier", "carrier_id"), ("service", "service"))
    yield _rests(facts)


def _pair(
    rows: pl.DataFrame, relation: str, head: tuple[str, str], tail: tuple[str, str]
) -> pl.DataFrame:
    return (
        rows.drop_nulls([head[1], tail[1]])
        .group_by(head_id=node(head[0], pl.col(head[1])), tail_id=node(tail[0], pl.col(tail[1])))
        .agg(pl.col("first_seen_at").min())
        .with_columns(relation=pl.lit(relation))
    )


def _rests(facts: Known) -> pl.DataFrame:
    """Return which kinds of day a region rests on: weekdays without any work, and holidays."""
    days = facts.calendars.with_columns(
        day=pl.when(pl.col("holiday").is_not_null())
        .then(pl.lit("holiday"))
        .otherwise(pl.col("date").dt.weekday().replace_strict(dict(enumerate(DAYS, 1)), default=""))
    )
    rests = days.group_by("region", "day").agg(
        pl.col("first_seen_at").min(), works=pl.col("is_working").any()
    )
    return _pair(
        rests.filter(~pl.col("works")), "rests_on", ("region", "region"), ("day_type", "day")
    )


def derived(lanes: pl.DataFrame) -> pl.DataFrame:
    """Return what follows from the lanes of a graph: who operates, what replaces, when it runs.

    Each is proved by the scans of its lane; ``substitutes`` joins lanes between the same places.
    """
    by = lanes.filter(pl.col("carrier_id").is_not_null())
    proof = ("is_planned", "scans", "parcels", "first_seen_at", "last_seen_at")
    operates = by.select(
        head_id=node("carrier", pl.col("carrier_id")),
        relation=pl.lit("operates"),
        tail_id="lane_id",
        **{name: name for name in proof},
    )
    among = lanes.select("head_id", "tail_id", "lane_id", "first_seen_at")
    among = among.filter(pl.len().over("head_id", "tail_id") <= MOST_PARALLEL)
    pairs = among.join(among, on=["head_id", "tail_id"]).filter(
        pl.col("lane_id") != pl.col("lane_id_right")
    )
    replaces = pairs.select(
        head_id="lane_id",
        relation=pl.lit("substitutes"),
        tail_id="lane_id_right",
        is_planned=pl.lit(False),
        scans=pl.lit(0, pl.Int64),
        parcels=pl.lit(0, pl.Int64),
        first_seen_at=pl.max_horizontal("first_seen_at", "first_seen_at_right"),
        last_seen_at=pl.lit(None, pl.Datetime("us", "UTC")),
    )
    runs = (
        lanes.filter(pl.col("first_departure_s").is_not_null())
        .with_columns(runs=pl.col("weekdays").fill_null("1111111").str.split(""))
        .with_columns(day=pl.lit(list(DAYS[:7])))
        .explode("runs", "day")
        .filter(pl.col("runs") == "1")
    )
    runs_on = runs.select(
        head_id="lane_id",
        relation=pl.lit("runs_on"),
        tail_id=node("day_type", pl.col("day")),
        is_planned=pl.lit(True),
        scans=pl.lit(0, pl.Int64),
        parcels=pl.lit(0, pl.Int64),
        first_seen_at="first_seen_at",
        last_seen_at=pl.lit(None, pl.Datetime("us", "UTC")),
    )
    rows = pl.concat([operates, replaces, runs_on])
    lane = pl.lit(None, pl.String)
    rows = edges(rows.with_columns(lane_id=lane, carrier_id=lane))
    missing = [name for name in EDGE_COLUMNS if name not in rows.columns]
    return rows.with_columns(pl.lit(None).alias(name) for name in missing).select(EDGE_COLUMNS)


EDGE_COLUMNS = tuple(name for name in GRAPH_EDGES.columns if name not in ("asof", "holds"))
