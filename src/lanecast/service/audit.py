"""Who did what, when and to what: rows that are only ever added, each sealed with the one before.

A row that was changed or taken out afterwards breaks the chain, and ``broken`` says where.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from .keys import said
from .state import State

COLUMNS = ("tenant", "at", "who", "action", "subject", "detail", "request_id")


def record(
    state: State,
    tenant: str,
    now: datetime,
    who: str,
    action: str,
    subject: str,
    detail: Mapping[str, Any] | None = None,
    request_id: str = "",
) -> None:
    """Add a row; ``detail`` must hold no personal data."""
    told = json.dumps(dict(detail or {}), sort_keys=True)
    values = (tenant, said(now), who, action, subject, told, request_id)
    with state.writing() as write:
        last = write.execute("select digest from audit order by id desc limit 1").fetchone()
        before = last["digest"] if last else ""
        write.execute(
            f"insert into audit ({', '.join(COLUMNS)}, before, digest) "
            "values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*values, before, _seal(before, values)),
        )


def entries(
    state: State, tenant: str, before: int | None, limit: int, action: str | None = None
) -> list[dict[str, Any]]:
    """Return the newest rows of a tenant, older than the row ``before``; of one action, or all."""
    rows = state.read(
        "select id, at, who, action, subject, detail, request_id from audit "
        "where tenant = ? and id < ? and (? is null or action = ?) order by id desc limit ?",
        (tenant, before if before is not None else 2**62, action, action, limit),
    )
    return [row | {"detail": json.loads(row["detail"])} for row in rows]


def broken(state: State) -> int | None:
    """Return the id of the first row that does not follow from the one before it."""
    before = ""
    for row in state.read("select * from audit order by id"):
        if row["before"] != before or row["digest"] != _seal(
            before, tuple(row[c] for c in COLUMNS)
        ):
            return int(row["id"])
        before = row["digest"]
    return None


def _seal(before: str, values: tuple[str, ...]) -> str:
    return hashlib.sha256(json.dumps([before, *values]).encode()).hexdigest()
