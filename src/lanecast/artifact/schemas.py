"""Which form the canonical tables had when a model was learnt."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Protocol


class Schema(Protocol):
    """What is looked at of a canonical table."""

    @property
    def name(self) -> str:
        """Return its name."""

    @property
    def key(self) -> tuple[str, ...]:
        """Return the columns that name a fact."""

    @property
    def columns(self) -> Mapping[str, Any]:
        """Return its columns, each with ``dtype`` and ``unit``."""


def form(table: Schema) -> dict[str, Any]:
    """Return columns with type and unit, the key, and a digest of both."""
    columns = {name: f"{c.dtype} {c.unit}".strip() for name, c in table.columns.items()}
    said = {"columns": columns, "key": list(table.key)}
    return {"sha256": hashlib.sha256(json.dumps(said).encode()).hexdigest(), **said}


def changes(table: Schema, then: Mapping[str, Any]) -> list[str]:
    """Return in words how ``table`` differs from the ``form`` that it had then."""
    now = form(table)
    if now["sha256"] == then["sha256"]:
        return []
    old, new = then["columns"], now["columns"]
    found = [f"key was {then['key']}, is {now['key']}"] if then["key"] != now["key"] else []
    for name in {**old, **new}:
        if name not in new:
            found.append(f"{name} is gone")
        elif name not in old:
            found.append(f"{name} is new")
        elif old[name] != new[name]:
            found.append(f"{name} was {old[name]}, is {new[name]}")
    return found or ["its columns stand in another order"]
