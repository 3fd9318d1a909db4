"""``lanecast graph whatif | bottlenecks | depends | changes``: what would be, and what became."""

import re
from pathlib import Path
from typing import Annotated, Any

import polars as pl
import typer

from lanecast.graph import told
from lanecast.graph.bottlenecks import bottlenecks as worst
from lanecast.graph.changes import TELL
from lanecast.graph.changes import changes as changed
from lanecast.graph.flows import daily, under_way
from lanecast.graph.hubs import depends as dependence
from lanecast.graph.index import Index
from lanecast.graph.names import plain
from lanecast.graph.places import node_of, stand
from lanecast.graph.search import Change
from lanecast.graph.store import load
from lanecast.graph.whatif import adding, closing, effect, slowing, together
from lanecast.tables.lake import Lake

from .graph import MOST, DataOption, indexed, note_age
from .options import JsonOption, folder_of
from .talk import progress, show, tell, writable, write_json


def whatif(
    data: DataOption = Path("lake"),
    close: Annotated[
        list[str] | None, typer.Option("--close", help="Facility that closes.")
    ] = None,
    slow: Annotated[
        list[str] | None, typer.Option("--slow", help="LANE:FACTOR, for example lan_00009:1.5.")
    ] = None,
    add: Annotated[
        list[str] | None,
        typer.Option("--add", help="FROM:TO:HOURS, a lane that leaves at any time."),
    ] = None,
    json: JsonOption = None,
) -> None:
    """Say which parcels a change would touch, and when they would arrive instead.

    An option that is given several times is several changes at once.

    Examples
    --------
      lanecast graph whatif --close hub_us_il_01 --close hub_us_ny_01

      lanecast graph whatif --slow lan_00009:1.5

      lanecast graph whatif --add whs_de_be_01:sta_us_ca_01:30
    """
    kinds = {"close": (close, _closed), "slow": (slow, _slowed), "add": (add, _added)}
    given = [(name, values, read) for name, (values, read) in kinds.items() if values]
    if len(given) != 1:
        said = " and ".join(f"--{name}" for name, *_ in given) or "none"
        raise ValueError(f"whatif: expected one of --close, --slow and --add; got {said}.")
    name, values, read = given[0]
    writable(json=json)
    found = indexed(data)
    change = together([read(found, each) for each in values])
    note_age(data, found.graph)
    with progress(quiet=json is not None) as say:
        say("daily flows", 0.1)
        flows = effect(found, daily(found), change)
        say("parcels under way", 0.7)
        open_now = effect(found, under_way(found, Lake(data)), change)
    parts = {"daily": flows, "under_way": open_now}
    if json is not None:
        result = {part: told.effect(of) for part, of in parts.items()}
        write_json(json, {"change": name, "values": values} | result)
        return
    for part, of in parts.items():
        title = "Parcels a day" if part == "daily" else "Parcels under way"
        tell(
            f"{title}: {of.parcels:,.1f}, affected {of.affected:,.1f}, without a way "
            f"{of.cut_off:,.1f}, hours longer in all {of.extra_h:,.1f}."
        )
        if of.table.height:
            ends = [pl.col(e).map_elements(plain, pl.String).alias(e) for e in ("from", "to")]
            hours = ("parcels", "old_q50_h", "new_q50_h", "old_q90_h", "new_q90_h")
            short = {name: name.removesuffix("_h").replace("_", " ") for name in hours}
            show(
                of.table.head(MOST).select(*ends, *hours).rename(short),
                f"{of.table.height} affected, most parcels first; quantiles in hours",
            )


def _closed(found: Index, close: str) -> Change:
    return closing(found, _facility(found, close, "--close"))


def _slowed(found: Index, slow: str) -> Change:
    match = re.fullmatch(r"(.+):(\d{1,6}(?:\.\d+)?)", slow)
    if match is None:
        raise ValueError(f"--slow: expected LANE:FACTOR such as lan_00009:1.5; got {slow!r}.")
    name = found.names[node_of(found, match[1], "--slow")]
    return slowing(found, name, float(match[2]))


def _added(found: Index, add: str) -> Change:
    match = re.fullmatch(r"(.+?):((?:facility:)?[^:]+):(\d{1,6}(?:\.\d+)?)", add)
    if match is None:
        raise ValueError(f"--add: expected FROM:TO:HOURS such as a:b:30; got {add!r}.")
    start, goal = (stand(found, match[i], "--add") for i in (1, 2))
    return adding(start, goal, float(match[3]))


def _facility(found: Index, name: str, option: str) -> int:
    """Return the row of a facility, and refuse what is none."""
    row = node_of(found, name, option)
    if not found.names[row].startswith("facility:"):
        raise ValueError(f"{option}: expected a facility, got {found.names[row]}.")
    return row


def bottlenecks(
    data: DataOption = Path("lake"),
    top: Annotated[int, typer.Option("--top", help="How many.", min=1, max=1000)] = 10,
    json: JsonOption = None,
) -> None:
    """List facilities and lanes whose loss would cost most parcel-hours a day.

    Example:

      lanecast graph bottlenecks --data lake --top 5
    """
    writable(json=json)
    found = indexed(data)
    flows = daily(found)
    if not len(flows.start):
        raise ValueError(f"--data: no parcel travelled in {data} in the last 28 days of its graph.")
    note_age(data, found.graph)
    with progress(quiet=json is not None) as say:
        say("removing one after the other", 0.2)
        rows = worst(found, flows, top)
    if json is not None:
        write_json(json, {"bottlenecks": rows.to_dicts()})
        return
    short = {"criticality_h": "hours lost/d", "extra_h": "longer h/d", "cut_off": "cut off/d"}
    show(rows.drop("kind").rename(short | {"parcels": "parcels/d"}), "Worst to lose")


def depends(
    node: Annotated[str, typer.Argument(help="Facility.")],
    data: DataOption = Path("lake"),
    json: JsonOption = None,
) -> None:
    """List the places and the flows that have no way without a facility.

    Example:

      lanecast graph depends hub_us_il_01 --data lake
    """
    writable(json=json)
    found = indexed(data)
    row = _facility(found, node, "NODE")
    of = dependence(found, row, daily(found))
    note_age(data, found.graph)
    if json is not None:
        result: dict[str, Any] = {"node": found.names[row], "places": of.places}
        result |= {"parcels": of.parcels, "parcels_all": of.parcels_all}
        write_json(json, result | {"flows": of.flows.to_dicts()})
        return
    share = f"{of.parcels:,.1f} of {of.parcels_all:,.1f} parcels a day"
    tell(f"Without {found.names[row]}: {share} and {len(of.places)} places have no way.")
    if of.flows.height:
        show(of.flows.head(MOST), f"{of.flows.height} flows that depend on it")


def changes(
    data: DataOption = Path("lake"),
    tell_at: Annotated[
        float, typer.Option("--false-share", help="Largest share of false alarms.", min=0, max=1)
    ] = TELL,
    days: Annotated[
        int | None, typer.Option("--days", help="Look at the last days only.", min=20, max=3660)
    ] = None,
    json: JsonOption = None,
) -> None:
    """List lanes whose riding times changed from one day to the next.

    Example:

      lanecast graph changes --data lake --false-share 0.05
    """
    writable(json=json)
    graph = load(Lake(folder_of("data", data)))
    note_age(data, graph)
    rows = changed(graph, tell_at, days)
    moved = rows.filter("is_changed")
    if json is not None:
        write_json(json, {"judged": rows.height, "changed": moved.to_dicts()})
        return
    tell(f"{moved.height} of {rows.height} lanes that can be judged have changed.")
    if moved.height:
        ends = {"head_id": "from", "tail_id": "to"}
        rest = {"changed_on": "since", "ratio_low": "low", "ratio_high": "high", "q_value": "q"}
        table = moved.rename(ends | rest).with_columns(
            pl.col(end).map_elements(plain, pl.String) for end in ends.values()
        )
        table = table.select(*ends.values(), "since", "ratio", "low", "high", "q")
        show(table.head(MOST), "Riding time after to before, with 90 % interval")
