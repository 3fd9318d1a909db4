"""Network: where it is late, what is known of a hub or a lane, and what if a hub closed."""

from datetime import date, datetime, time, timedelta
from typing import Any

import orjson
import polars as pl
from nicegui import run, ui

from lanecast.graph import told
from lanecast.graph.places import node_of
from lanecast.graph.whatif import closing, effect
from lanecast.service.networks import Network
from lanecast.service.problems import Refused

from ..frame import Screen
from ..page import Page
from . import network_drawer, network_table
from . import network_parts as show

SCREEN = Screen("/network", "Network", "network:read", "network", "n")
MOST = 500  # rows of an effect


def build(page: Page) -> None:
    """Draw the screen."""
    closed: dict[str, Any] = {}  # the node whose closing was asked for, and its effect
    found = page.once(lambda: _found(page))
    page.part(found, lambda told: show.choices(page, told), what="The choices", height=34)
    page.part(found, lambda told: show.figures(page, told), what="The figures", height=96)
    with ui.element("div").classes("beside even"):
        page.part(
            found,
            lambda told: show.map_(page, told),
            what="The map",
            height=500,
            wide="pinned",
        )
        page.part(
            found,
            lambda told: network_table.table(page, told),
            what="The table",
            height=600,
        )
    drawer = page.part(
        lambda: (found(), _chosen(page), dict(closed)),
        lambda told: network_drawer.drawer(page, *told),
        what="The drawer",
        height=1,
    )

    async def close(values: dict[str, str]) -> None:
        await page.allowed("network:read")
        node = values.get("value", "")
        closed.update(node=node, effect=None)
        await page.refresh([drawer])
        try:
            done: Any = await run.io_bound(_close, page, node)
        except Refused:
            closed.clear()
            await page.refresh([drawer])
            raise
        under_way = {name: done["under_way"][name] for name in ("affected", "cut_off", "extra_h")}
        page.audited("closing reckoned", node, **under_way)
        closed.update(node=node, effect=done)
        await page.refresh([drawer])
        page.say(f"Reckoned: {done['under_way']['affected']:.0f} parcels under way are touched.")

    page.on("close", close)


def _network(page: Page) -> Network | None:
    """Return the network at the moment of the page; None where the data makes none."""
    try:
        return page.parts.networks[page.tenant.name].get(moment(page))
    except Refused as refused:
        if refused.code == "not_ready" and not isinstance(refused.__cause__, TimeoutError):
            return None  # asking again would not help
        raise


def moment(page: Page) -> datetime | None:
    """Return the end of the chosen day where the viewer is; None for now.

    Raises
    ------
    Refused
        When it is no day.
    """
    if not (wanted := page.query.text("day")):
        return None
    try:
        day = date.fromisoformat(wanted) + timedelta(days=1)
    except (ValueError, OverflowError) as error:
        detail = f"day: expected a date such as 2026-11-21. Got {wanted!r}."
        raise Refused(422, "not_valid", detail, "day") from error
    asof = datetime.combine(day, time(), page.viewer.zone)
    return None if asof >= page.tenant.now() else asof


def _found(page: Page) -> show.Found | None:
    if (network := _network(page)) is None:
        return None
    drawn = orjson.loads(network.geometry[0])
    if not drawn["facilities"] or not drawn["lanes"]:
        return None
    lanes = pl.DataFrame(drawn["lanes"], infer_schema_length=None)
    lost = pl.col("delay_h").cast(pl.Float64) * pl.col("parcels_per_day")
    lanes = lanes.with_columns(lost_h=lost, ratio=pl.col("ratio").cast(pl.Float64))
    facilities = pl.DataFrame(drawn["facilities"], infer_schema_length=None)
    ends = pl.concat([lanes.rename({each: "node_id"}) for each in ("head_id", "tail_id")], how=HOW)
    known = ends.filter(pl.col("ratio").is_not_null())
    weight = pl.col("parcels_per_day")
    mean = (pl.col("ratio") * weight).sum() / weight.sum()
    by_place = known.group_by("node_id").agg(
        ratio=pl.when(weight.sum() > 0).then(mean).otherwise(pl.col("ratio").mean()),
        lost_h=pl.col("lost_h").sum(),
    )
    facilities = facilities.join(by_place, on="node_id", how="left")
    seen = network.index.graph.nodes["first_seen_at"].drop_nulls()
    first = min(seen).date() if len(seen) else network.asof.date()
    return show.Found(network.asof, first, facilities, lanes)


HOW: Any = "diagonal"


def _chosen(page: Page) -> dict[str, Any] | None:
    """Return what is known of the hub or lane in the query; None where none is asked for."""
    name = page.query.text("node")
    network = _network(page) if name else None
    return None if network is None else network.facts(_row(network, name))


def _close(page: Page, node: str) -> dict[str, Any]:
    """Return what closing a facility does to a usual day and to the parcels under way."""
    if (network := _network(page)) is None:
        raise Refused(404, "not_found", "There is no network.", "node")
    row = _row(network, node)
    if not network.index.names[row].startswith("facility:"):
        raise Refused(422, "not_valid", f"node: expected a facility, got {node}.", "node")
    change = closing(network.index, row)
    return {
        "daily": told.effect(effect(network.index, network.flows, change, network.usual), MOST),
        "under_way": told.effect(effect(network.index, network.open, change), MOST),
    }


def _row(network: Network, name: str) -> int:
    try:
        return node_of(network.index, name, "node")
    except ValueError as error:
        raise Refused(404, "not_found", str(error), "node") from error
