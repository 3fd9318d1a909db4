"""The graph of a company's network in memory: made aside, asked by routes and pages.

The graph that ``lanecast graph build`` stored in the lake is taken; where there is none, or it is
a day older than the last scan, one is built in memory. Old answers stand until the new are there.
"""

import hashlib
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

import orjson
import polars as pl
import structlog

from lanecast.graph import Graph, build, extend, load, stored
from lanecast.graph.bottlenecks import bottlenecks
from lanecast.graph.changes import changes
from lanecast.graph.facts import facts
from lanecast.graph.flows import Flows, Ways, daily, under_way, ways
from lanecast.graph.index import Index, index
from lanecast.graph.statistics import rates, times
from lanecast.tables.lake import Lake

from .aside import Aside, begin
from .messages import rows
from .problems import Refused

STALE = timedelta(days=1)
WORST = 100  # facilities and lanes whose loss is reckoned
FACILITY = ("node_id", "label", "role", "country", "region", "zone", "lat", "lon")


@dataclass(frozen=True)
class Network:
    """A network as it was known at ``index.graph.asof``, and what is reckoned of it once."""

    lake: Lake
    index: Index
    aside: Aside = field(default_factory=Aside)

    @property
    def asof(self) -> datetime:
        """Return the moment of the graph."""
        return self.index.graph.asof

    @cached_property
    def flows(self) -> Flows:
        """Return parcels a day between places."""
        return daily(self.index)

    @cached_property
    def usual(self) -> Ways:
        """Return the ways of ``flows`` as they are."""
        return ways(self.index, self.flows)

    @cached_property
    def open(self) -> Flows:
        """Return the parcels that are under way."""
        return under_way(self.index, self.lake)

    @cached_property
    def rates(self) -> pl.DataFrame:
        """Return volume, utilisation, delay and misses of every lane."""
        return rates(self.index)

    @cached_property
    def geometry(self) -> tuple[bytes, str]:
        """Return facilities and lanes to draw, as JSON, and a digest of it."""
        told = {"asof": self.asof, "facilities": self._facilities(), "lanes": self._lanes()}
        body = orjson.dumps(told, option=orjson.OPT_UTC_Z)
        return body, f'"{hashlib.sha256(body).hexdigest()[:32]}"'

    def worst(self) -> pl.DataFrame:
        """Return what would cost most to lose; made aside, for it takes long."""
        if not len(self.flows.start):
            return pl.DataFrame()
        make = lambda: bottlenecks(self.index, self.flows, WORST)  # noqa: E731
        found: pl.DataFrame = self.aside.get("worst", make, "list of bottlenecks")
        return found

    def changed(self) -> pl.DataFrame:
        """Return the lanes whose riding times changed; made aside."""
        make = lambda: changes(self.index.graph)  # noqa: E731
        found: pl.DataFrame = self.aside.get("changes", make, "list of changed lanes")
        return found

    def facts(self, row: int) -> dict[str, Any]:
        """Return what is known of the node in ``row``."""
        known = facts(self.index, row)
        name = known.node["node_id"]
        ours = pl.any_horizontal(pl.col("head_id", "tail_id", "lane_id") == name)
        lanes = self.rates.with_row_index("lane").filter(ours.fill_null(False))
        is_lane = known.node["kind"] == "lane" and lanes.height
        return {
            "asof": self.asof,
            "node": known.node,
            "edges": rows(known.edges.sort("parcels", "edge_id", descending=[True, False])),
            "lanes": rows(lanes.drop("lane")),
            "times": rows(times(self.index, lanes["lane"][0])) if is_lane else [],
        }

    def _facilities(self) -> list[dict[str, Any]]:
        nodes = self.index.graph.nodes.filter(pl.col("kind") == "facility")
        out = self.rates.group_by(node_id="head_id").agg(parcels_per_day=pl.sum("parcels_per_day"))
        into = self.rates.group_by(node_id="tail_id").agg(arriving=pl.sum("parcels_per_day"))
        found = nodes.select(*FACILITY, "capacity_per_h").join(out, on="node_id", how="left")
        found = found.join(into, on="node_id", how="left").sort("node_id")
        both = pl.max_horizontal("parcels_per_day", "arriving").fill_null(0.0)
        return rows(found.with_columns(parcels_per_day=both).drop("arriving"))

    def _lanes(self) -> list[dict[str, Any]]:
        plan = self.index.roads.lanes.select("lane_id", "mode", "distance_m", "duration_s")
        found = self.rates.filter(pl.col("lane_id").is_not_null())
        found = found.join(plan, on="lane_id", how="left", maintain_order="left")
        usual_h = pl.col("duration_s") * pl.col("ratio") / 3600
        return rows(
            found.select(
                *("lane_id", "head_id", "tail_id", "carrier_id", "mode", "distance_m"),
                *("parcels_per_day", "utilisation", "ratio", "miss_rate"),
                planned_h=pl.col("duration_s") / 3600,
                delay_h=usual_h - pl.col("duration_s") / 3600,
            )
        )


@dataclass
class Networks:
    """The network of one company, now and at moments of the past.

    Parameters
    ----------
    lake, now
        Give the lake at its newest commit, and the moment to ask at.
    """

    lake: Callable[[], Lake]
    now: Callable[[], datetime]
    _held: Network | None = None
    _commit: int = -1
    _looking: threading.Lock = field(default_factory=threading.Lock)
    _made: Aside = field(default_factory=lambda: Aside(most=4))

    def get(self, asof: datetime | None = None) -> Network:
        """Return the network as it is known now, or was at ``asof``.

        Raises
        ------
        Refused
            While it is being made: 503, with the time to come again.
        """
        if asof is not None:
            make = lambda: _network(self.lake().asof(asof), asof)  # noqa: E731
            past: Network = self._made.get(asof, make, f"network of {asof:%Y-%m-%d %H:%M}")
            return past
        if self._held is None:
            self._held = self._made.get("now", self._newest, "network")
        elif self.lake().pinned.number != self._commit and self._looking.acquire(blocking=False):
            begin(self._look)
        return self._held

    def prepare(self) -> None:
        """Begin to read the graph that is stored, so that who asks first need not wait for it."""
        try:
            if stored(self.lake()) is not None:
                with suppress(Refused):  # it is not there at once
                    self._made.get("now", self._newest, "network", wait_s=0.0)
        except Exception as error:  # the service starts all the same; who asks is told
            structlog.get_logger().error("network", error=type(error).__name__)

    def forget(self) -> None:
        """Make everything anew when it is asked for."""
        self._held, self._made = None, Aside(most=4)

    def _newest(self) -> Network:
        lake = self.lake()
        made = _network(lake, self.now())
        made.geometry  # noqa: B018  # what is drawn first, made once
        self._commit = lake.pinned.number
        return made

    def _look(self) -> None:
        """Take what is newer in the lake, if it is a day or a stored graph."""
        try:
            lake, held = self.lake(), self._held
            newest = stored(lake) or datetime.min.replace(tzinfo=self.now().tzinfo)
            if held is None or max(newest, self.now() - STALE) > held.asof:
                self._held = self._newest()
            self._commit = lake.pinned.number
        except Exception as error:  # the old one stays
            structlog.get_logger().error("network", error=type(error).__name__)
        finally:
            self._looking.release()


def _network(lake: Lake, now: datetime) -> Network:
    return Network(lake, index(_graph(lake, now)))


def _graph(lake: Lake, now: datetime) -> Graph:
    asof = stored(lake)
    if asof is None:
        return build(lake, now)
    graph = load(lake)
    return graph if now - asof <= STALE else extend(graph, lake, now)
