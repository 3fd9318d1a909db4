"""Canonical tables of the knowledge graph: nodes, edges, what each day showed, and the proof.

A version of a row is what was known at its ``asof``. Counts are whole numbers, so that adding day
by day and counting at once give the same graph.
"""

import narwhals as nw

from .columns import LAT, LON, amount, instant
from .network import MODES
from .schema import Column, Table

LONGEST = 160  # characters of a node: its kind and an identifier
NODE_KINDS = (
    *("facility", "carrier", "lane", "region", "cell"),
    *("merchant", "category", "service", "day_type"),
)
RELATIONS = (
    *("lane", "ships_to", "flows_to", "located_in", "in_cell", "serves", "ships_from"),
    *("sells", "operates", "offers", "hands_over_to", "substitutes", "runs_on", "rests_on"),
)
MEASURES = (
    *("volume", "transit", "dwell", "late", "offered", "taken", "offered_again", "taken_again"),
)
HOURS = (0, 6, 12, 18)  # local hours at which a part of the day begins
BIN_LOG = 0.05  # width of a bin of durations, in natural logs of minutes
BINS = 256  # 1 minute to 240 days

SEEN = instant("When it became known first.", False)
HOLDS = Column(nw.Boolean(), "", "False where what became known later took it back.")
ASOF = instant("Everything recorded by then has been used.")


def node(doc: str) -> Column:
    """Return a node: its kind, a colon, and the identifier it has in its own table."""
    return Column(nw.String(), "", doc, longest=LONGEST)


def edge(doc: str) -> Column:
    """Return an edge: head, relation and tail, and the lane where there is one."""
    return Column(nw.String(), "", doc, longest=4 * LONGEST)


def count(doc: str) -> Column:
    """Return a whole number from 0."""
    return Column(nw.Int64(), "1", doc, low=0)


GRAPH_NODES = Table(
    "graph_nodes",
    "What the network is made of: places, companies, lanes, and what parcels are sorted by.",
    key=("node_id",),
    clock="asof",
    columns={
        "node_id": node("Kind and identifier, for example facility:hub_de_be_01."),
        "kind": Column(nw.String(), "", "What it is.", allowed=NODE_KINDS),
        "label": Column(nw.String(), "", "Name as people say it."),
        "role": Column(nw.String(), "", "Kind of facility, or mode of a lane.", False),
        "country": Column(nw.String(), "", "ISO 3166-1 alpha-2 country.", False),
        "region": Column(nw.String(), "", "Region it lies in.", False),
        "zone": Column(nw.String(), "", "IANA time zone.", False),
        "lat": LAT,
        "lon": LON,
        "capacity_per_h": amount("parcels/h", "Parcels it can handle in an hour."),
        "first_seen_at": SEEN,
        "holds": HOLDS,
        "asof": ASOF,
    },
)

GRAPH_EDGES = Table(
    "graph_edges",
    "How nodes are related, with the plan where there is one, and how many scans prove it.",
    key=("edge_id",),
    clock="asof",
    columns={
        "edge_id": edge("Head, relation, tail, and the lane where there is one, joined by |."),
        "head_id": node("Where it begins."),
        "relation": Column(nw.String(), "", "How they are related.", allowed=RELATIONS),
        "tail_id": node("Where it ends."),
        "lane_id": Column(nw.String(), "", "Lane node of a lane.", False, longest=LONGEST),
        "carrier_id": Column(nw.String(), "", "Who moves parcels on it.", False),
        "mode": Column(nw.String(), "", "How it moves.", False, allowed=MODES),
        "is_planned": Column(nw.Boolean(), "", "Whether a table says so, not only scans."),
        "distance_m": amount("m", "Length."),
        "duration_s": amount("s", "Planned time from departure to arrival."),
        "weekdays": Column(nw.String(), "", "Days of departure, Monday first.", False),
        "first_departure_s": amount("s", "First departure of the day after local midnight."),
        "headway_s": amount("s", "Time between departures of a day."),
        "departures_per_day": Column(nw.Int16(), "1", "Departures on each such day.", False, 0),
        "cutoff_s": amount("s", "How long before a departure a parcel must be there."),
        "capacity_parcels": amount("parcels", "Parcels that one departure takes."),
        "scans": count("Scans that prove it; 0 where only a table says so."),
        "parcels": count("Parcels that were seen on it, each time counted."),
        "first_seen_at": SEEN,
        "last_seen_at": instant("When the last scan that proves it became known.", False),
        "holds": HOLDS,
        "asof": ASOF,
    },
    references={
        "head_id": "graph_nodes.node_id",
        "tail_id": "graph_nodes.node_id",
        "lane_id": "graph_nodes.node_id",
        "carrier_id": "carriers.carrier_id",
    },
)

GRAPH_DAYS = Table(
    "graph_days",
    "What was observed on each edge and local day, as counts in fixed bins that add up.",
    key=("edge_id", "date", "hour", "measure", "bin"),
    clock="asof",
    columns={
        "edge_id": edge("Edge that was observed."),
        "date": Column(nw.Date(), "", "Local civil day of the departure."),
        "hour": Column(nw.Int16(), "h", "Local hour at which the part of the day begins.", low=0),
        "measure": Column(nw.String(), "", "What was counted.", allowed=MEASURES),
        "bin": Column(
            nw.Int16(),
            "",
            f"Bin of the duration: floor(ln(minutes) / {BIN_LOG:g}), 0 for counts.",
            low=0,
            high=BINS - 1,
        ),
        "n": count("How many; 0 where a later scan took it back."),
        "asof": ASOF,
    },
    references={"edge_id": "graph_edges.edge_id"},
)

GRAPH_PROOFS = Table(
    "graph_proofs",
    "The scans that prove an edge.",
    key=("edge_id", "event_id"),
    clock="asof",
    columns={
        "edge_id": edge("Edge that is proved."),
        "event_id": Column(nw.String(), "", "Scan that proves it."),
        "seen_at": instant("When the scan became known."),
        "holds": HOLDS,
        "asof": ASOF,
    },
    references={"edge_id": "graph_edges.edge_id", "event_id": "scans.event_id"},
)

TABLES = (GRAPH_NODES, GRAPH_EDGES, GRAPH_DAYS, GRAPH_PROOFS)
