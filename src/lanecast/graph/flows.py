"""Which parcels travel between which places: daily flows, and those under way."""

from dataclasses import dataclass
from datetime import UTC

import numpy as np
import polars as pl

from lanecast.tables.lake import Lake
from lanecast.tables.status import FINAL

from .bins import Bools, Floats
from .evidence import Ints
from .index import Index
from .known import known
from .search import UNCHANGED, Change, earliest
from .statistics import RECENT

MOMENTS_D = (1.2, 3.5, 5.8)  # days after the graph's moment at which a flow is asked to leave


@dataclass(frozen=True)
class Flows:
    """Parcels between places: ``start`` and ``goal`` [flow] are rows of nodes.

    ``weight`` is parcels a day, or 1 per parcel under way; ``at`` [flow, moment] the instants
    [s since 1970] at which they leave, and ``parcel_id`` names those under way.
    """

    start: Ints
    goal: Ints
    weight: Floats
    at: Floats
    parcel_id: tuple[str, ...] = ()

    def only(self, some: Bools) -> "Flows":
        """Return those of ``some`` [flow]."""
        names = tuple(name for name, is_in in zip(self.parcel_id, some, strict=False) if is_in)
        return Flows(self.start[some], self.goal[some], self.weight[some], self.at[some], names)


def daily(index: Index) -> Flows:
    """Return flows of the last ``RECENT`` days: first facility to last, else between regions."""
    edges, asof = index.edges, index.graph.asof
    since = int(asof.timestamp() // 86_400) - RECENT
    volume = index.graph.days.filter(
        pl.col("measure") == "volume", pl.col("date").dt.epoch("d") >= since
    )
    volume = volume.group_by("edge_id").agg(pl.col("n").sum())
    for relation in ("flows_to", "ships_to"):
        rows = edges.filter(pl.col("relation") == relation, pl.col("head_id") != pl.col("tail_id"))
        rows = rows.join(volume, on="edge_id").sort("edge_id")
        if rows.height:
            break
    moments = asof.timestamp() + 86_400.0 * np.array(MOMENTS_D)
    return Flows(
        _rows(index, rows["head_id"]),
        _rows(index, rows["tail_id"]),
        rows["n"].to_numpy() / RECENT,
        np.tile(moments, (rows.height, 1)),
    )


def under_way(index: Index, lake: Lake) -> Flows:
    """Return the parcels that were under way at the graph's moment, from where they were last.

    A parcel counts where its last scan in a facility and the facility of its address are both
    nodes, and it has not ended. It leaves at the graph's moment.
    """
    facts = known(lake, index.graph.asof)
    ended = facts.scans.filter(pl.col("status").is_in([*FINAL, "returning"])).select("parcel_id")
    goals = facts.addresses.select("address_id", goal="facility_id")
    last = (
        facts.scans.filter(pl.col("facility_id").is_not_null())
        .sort("parcel_id", "event_at", "recorded_at", "event_id")
        .unique("parcel_id", keep="last", maintain_order=True)
        .join(ended, on="parcel_id", how="anti")
        .join(facts.parcels.select("parcel_id", "address_id"), on="parcel_id")
        .join(goals, on="address_id")
        .filter(pl.col("goal").is_not_null(), pl.col("goal") != pl.col("facility_id"))
        .sort("parcel_id")
    )
    asof = index.graph.asof.astimezone(UTC).timestamp()
    return Flows(
        _rows(index, "facility:" + last["facility_id"]),
        _rows(index, "facility:" + last["goal"]),
        np.ones(last.height),
        np.full((last.height, 1), asof),
        tuple(last["parcel_id"]),
    )


def _rows(index: Index, names: pl.Series) -> Ints:
    found = np.array([index.position[name] for name in names], dtype=np.int64)
    return found


@dataclass(frozen=True)
class Ways:
    """The way of each flow at each moment: ``hours`` [flow, moment] (inf: none), and its lanes."""

    hours: Floats
    lanes: tuple[tuple[tuple[int, ...], ...], ...]

    def through(self, lanes: set[int]) -> Bools:
        """Return which ways [flow, moment] use one of ``lanes``."""
        used = [[bool(lanes.intersection(way)) for way in ways] for ways in self.lanes]
        return np.array(used, dtype=bool).reshape(self.hours.shape)


def ways(index: Index, flows: Flows, change: Change = UNCHANGED) -> Ways:
    """Return the fastest way of every flow; flows between the same places are asked once."""
    asked: dict[tuple[int, int, float], tuple[float, tuple[int, ...]]] = {}
    hours = np.empty(flows.at.shape)
    lanes = []
    for flow, (start, goal) in enumerate(
        zip(flows.start.tolist(), flows.goal.tolist(), strict=True)
    ):
        each = []
        for moment, at in enumerate(flows.at[flow].tolist()):
            question = (start, goal, at)
            if question not in asked:
                arrive, way = earliest(index, start, goal, at, change)
                asked[question] = (arrive - at) / 3600, tuple(way)
            hours[flow, moment], way_of = asked[question]
            each.append(way_of)
        lanes.append(tuple(each))
    return Ways(hours, tuple(lanes))
