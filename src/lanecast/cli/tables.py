"""``lanecast tables``: the reference of the canonical tables, made from the tables themselves."""

from collections.abc import Iterator

import typer

from lanecast.tables import (
    address,
    commerce,
    events,
    graph,
    ingest,
    network,
    parcel,
    planning,
    series,
    trajectory,
)
from lanecast.tables.schema import Column, Table
from lanecast.tables.status import CROSSWALK, INCIDENTS, MILESTONES

GROUPS = {
    "Network": (network.FACILITIES, network.CARRIERS, network.LANES, network.CALENDARS),
    "Commerce": (
        commerce.MERCHANTS,
        commerce.PRODUCTS,
        commerce.ADDRESSES,
        commerce.ORDERS,
        commerce.ORDER_LINES,
    ),
    "Parcels": (
        parcel.PARCELS,
        parcel.SCANS,
        parcel.PROMISES,
        parcel.PREDICTIONS,
        parcel.PLANS,
    ),
    "Events": (events.CLAIMS, events.RISKS, events.INTERVENTIONS),
    "Trajectory": trajectory.TABLES,
    "Planning": planning.TABLES,
    "Series": series.TABLES,
    "Knowledge graph": graph.TABLES,
    "Addresses": (*address.TABLES, address.ADDRESS_CHECKS),
    "Ingestion": (ingest.QUARANTINE,),
}


def tables() -> None:
    """Print the reference of all canonical tables as Markdown.

    Example:

      lanecast tables > docs/tables.md
    """
    typer.echo(reference(), nl=False)


def reference() -> str:
    """Return the reference page."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# The canonical tables"
    yield ""
    yield "Made by `lanecast tables`; do not edit. A **key** names a fact and the **clock** the"
    yield "version of it: a correction is a new row with the same key and a later clock. Instants"
    yield "are stored in UTC; money is integer minor units; a column in *italics* may be empty."
    for group, members in GROUPS.items():
        yield from ("", f"## {group}")
        for table in members:
            yield from _table(table)
    yield from ("", "## Status", "", "| status | milestone | " + " | ".join(_systems()) + " |")
    yield "|---" * (2 + len(_systems())) + "|"
    for status, milestone in MILESTONES.items():
        theirs = (_codes(system, status) for system in _systems())
        yield f"| `{status}` | {milestone} | " + " | ".join(theirs) + " |"
    yield from ("", "Incidents: " + ", ".join(f"`{name}`" for name in INCIDENTS) + ".")


def _table(table: Table) -> Iterator[str]:
    yield from ("", f"### {table.name}", "", table.doc)
    key = ", ".join(f"`{name}`" for name in table.key)
    grows = "" if table.versions else " Only ever grows: it has no versions."
    yield from ("", f"Key: {key}. Clock: `{table.clock}`.{grows}", "")
    yield from ("| column | type | unit | valid | meaning |", "|---|---|---|---|---|")
    for name, column in table.columns.items():
        shown = f"`{name}`" if column.required else f"*`{name}`*"
        also = table.references.get(name)
        doc = column.doc + (f" See `{also}`." if also else "")
        yield f"| {shown} | {_type(column)} | {column.unit} | {_valid(column)} | {doc} |"


def _type(column: Column) -> str:
    text = str(column.dtype)
    return "instant" if "Datetime" in text else text.split(".")[-1].removesuffix("'>")


def _valid(column: Column) -> str:
    if column.allowed is not None:
        return ", ".join(column.allowed)
    low = "" if column.low is None else f"&ge; {column.low:g}"
    high = "" if column.high is None else f"&le; {column.high:g}"
    return ", ".join(part for part in (low, high) if part)


def _systems() -> list[str]:
    return [name for name in dict.fromkeys(row[0] for row in CROSSWALK) if name != "lanecast"]


def _codes(system: str, status: str) -> str:
    return " ".join(code for name, code, ours, _ in CROSSWALK if (name, ours) == (system, status))
