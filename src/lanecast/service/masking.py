"""Personal fields within rows that are shown: masked by default.

A row of our own tables is masked in the columns that ``tables.personal`` marks; one that was set
aside is masked unless a column is known to hold nothing personal.
"""

import json
from typing import Any

from lanecast.sources.csv import TABLES
from lanecast.tables.personal import SHOWN

MASK = "***"
PERSONAL = {*SHOWN, "address_id", "worker_id", "name", "road", "house_number", "unit"}
"""Also what a row of somebody else's file may name so."""
COLUMNS = {name for table in TABLES for name in table.columns} | {"source", "system"}
OPEN = COLUMNS.difference(PERSONAL)


def masked(row: str) -> dict[str, Any]:
    """Return a quarantined row; what a table does not know, or is personal, is masked."""
    try:
        said = json.loads(row)
    except ValueError:
        return {}
    return {
        name: value if name in OPEN or value is None else MASK
        for name, value in said.items()
        if name.isidentifier()
    }


def shown(column: str, value: str | None) -> str | None:
    """Return the value that broke a rule, masked where its column may be personal."""
    if value is None or all(each in OPEN for each in column.split(", ")):
        return value
    return MASK


def hidden(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return rows of our own tables with the personal fields masked; numbers become null."""
    return [
        {
            name: value if name not in SHOWN or value is None else _mask(value)
            for name, value in row.items()
        }
        for row in rows
    ]


def _mask(value: Any) -> str | None:
    return MASK if isinstance(value, str) else None
