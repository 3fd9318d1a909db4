"""The part of a graph on which parcels travel: its lanes as arrays, with their usual times."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from .bins import Bools, Floats
from .build import Graph
from .evidence import Evidence, Ints, evidence
from .handling import Handling, handling, time_needed
from .timetable import Timetable, timetable

CAUTIOUS = 1.2816  # normal quantile 0.9
FEWEST, LEAST = 3, 0.005  # rides, and share of its origin's, of a lane that no table plans
HORIZON = 90  # days after the graph's moment for which departures are known
USUAL = {"transit": (0.0, 0.15), "late": (2.3, 0.9), "dwell": (5.5, 1.0)}  # ln min
TRAVELS = ("lane", "ships_to")


@dataclass(frozen=True)
class Roads:
    """Lanes [lane], sorted by their ``head``; ``first`` [node + 1] points to those of a node.

    ``head`` and ``tail`` are rows of the graph's nodes. ``usual`` [lane, 2] is the usual time [s]
    from arriving until the end of the cut-off of a departure that can be caught, and that from
    the timetable's departure to the arrival; ``slow`` those that nine in ten keep. ``least_s`` is a
    whole lane without waiting.
    Corridors between regions have no waiting, and are whole ways: nobody changes there.
    """

    lanes: pl.DataFrame
    head: Ints
    tail: Ints
    first: Ints
    plan: Timetable
    usual: Floats
    slow: Floats
    least_s: Floats
    is_corridor: Bools
    transit: Evidence
    dwell: Evidence
    late: Evidence
    handling: Handling
    day0: int
    days: int

    def arrival(self, lane: Ints, at: Floats, slow: bool = False) -> Floats:
        """Return when lanes bring to their tails what came to their heads at ``at`` [s]."""
        own = (self.slow if slow else self.usual).take(lane, axis=0)
        result: Floats = self.plan.next(lane, at + own[:, 0]) + own[:, 1]
        return result

    @property
    def ride_s(self) -> Floats:
        """Return the usual time [s] from the timetable's departure to the arrival [lane]."""
        return self.usual[:, 1]


def roads(graph: Graph, position: Mapping[str, int]) -> Roads:
    """Return the lanes of ``graph`` that can be travelled.

    A lane that no table plans counts where it was ridden ``FEWEST`` times and took a share of
    ``LEAST`` of the rides from its origin: fewer are a scan that went missing in between.
    """
    places = graph.nodes.select(
        "region",
        "zone",
        head_id="node_id",
        role=pl.coalesce("role", "kind"),
    )
    of_head = pl.col("parcels") / pl.col("parcels").sum().over("head_id")
    real = pl.col("is_planned") | (pl.col("relation") == "ships_to")
    lanes = (
        graph.edges.filter(
            pl.col("relation").is_in(TRAVELS), pl.col("head_id") != pl.col("tail_id")
        )
        .filter(real | ((pl.col("parcels") >= FEWEST) & (of_head >= LEAST)))
        .join(places, on="head_id", how="left")
        .with_columns(
            head=pl.col("head_id").replace_strict(position, return_dtype=pl.Int64),
            tail=pl.col("tail_id").replace_strict(position, return_dtype=pl.Int64),
            region=pl.col("region").fill_null(""),
        )
        .sort("head", "edge_id")
        .with_row_index("lane")
    )
    day0 = int(graph.asof.timestamp() // 86_400) - 30
    plan = timetable(lanes, graph.holidays, day0, 30 + HORIZON)
    days = graph.days.join(lanes.select("edge_id", "lane"), on="edge_id")
    base = (lanes["duration_s"].clip(60.0) / 60).log().fill_null(float("nan")).to_numpy()
    by_mover = _kinds(lanes, "relation", "mode", "carrier_id")
    by_place = _kinds(lanes, "relation", "role")
    transit = evidence(days, "transit", base, by_mover, USUAL["transit"])
    dwell = evidence(days, "dwell", None, by_place, USUAL["dwell"])
    late = evidence(days, "late", None, by_mover, USUAL["late"])
    offered, taken = (
        evidence(days, measure, None, by_place, USUAL["dwell"]) for measure in ("offered", "taken")
    )
    hands = handling(offered, taken)
    head = lanes["head"].to_numpy()
    ready, ready_slow = _ready(lanes, plan, dwell, hands)
    ride, ride_slow = _ride(transit, late, plan)
    return Roads(
        lanes,
        head,
        lanes["tail"].to_numpy(),
        np.searchsorted(head, np.arange(graph.nodes.height + 1)).astype(np.int64),
        plan,
        np.stack([ready + plan.cutoff, ride], axis=1),
        np.stack([ready_slow + plan.cutoff, ride_slow], axis=1),
        ready + plan.cutoff + ride,
        (lanes["relation"] == "ships_to").to_numpy(),
        transit,
        dwell,
        late,
        hands,
        day0,
        30 + HORIZON,
    )


def _kinds(lanes: pl.DataFrame, *names: str) -> Ints:
    key = lanes.select(pl.concat_str(pl.col(*names).fill_null(""), separator="|")).to_series()
    return key.rank("dense").cast(pl.Int64).to_numpy() - 1


def _ready(
    lanes: pl.DataFrame, plan: Timetable, dwell: Evidence, hands: Handling
) -> tuple[Floats, Floats]:
    """Return the usual and the slow time [s] until a parcel can be loaded, beyond the cut-off."""
    middle = np.array([time_needed(ready, np.array([0.5, 0.9])) for ready in hands.ready])
    needed = middle[hands.offered.kind].T - plan.cutoff  # what was caught had met the cut-off
    mean, spread = dwell.moments()
    waiting = 60 * np.exp(np.stack([mean, mean + CAUTIOUS * spread]))
    found = np.where(plan.scheduled, np.maximum(needed, 0.0), waiting)
    found[:, (lanes["relation"] == "ships_to").to_numpy()] = 0.0
    return found[0], found[1]


def _ride(transit: Evidence, late: Evidence, plan: Timetable) -> tuple[Floats, Floats]:
    """Return the usual and the slow time [s] from the planned departure to the arrival."""
    (ride, ride_spread), (behind, behind_spread) = transit.moments(), late.moments()
    usual = 60 * np.exp(ride) + np.where(plan.scheduled, 60 * np.exp(behind), 0.0)
    slow = 60 * np.exp(ride + CAUTIOUS * ride_spread)
    slow += np.where(plan.scheduled, 60 * np.exp(behind + CAUTIOUS * behind_spread), 0.0)
    return usual, np.maximum(slow, usual)
