"""Personal fields within rows that are shown: masked, unless a column is known to hold none."""

import json
from typing import Any

from lanecast.sources.csv import TABLES

MASK = "***"
PERSONAL = (
    "address_id",
    "buyer_id",
    "worker_id",
    "name",
    "road",
    "house_number",
    "unit",
    "postal_code",
    "city",
    "lat",
    "lon",
    "text",
)
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
