"""Which model was live when: rows that are only ever added, one for each thing that was done.

One row makes a model live, and it is written whole or not at all; so there is no moment at which
half a model is live. Its folder was there before the row.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal, get_args

from .clock import wall
from .keys import said
from .state import State

Action = Literal["register", "shadow", "unshadow", "promote", "rollback"]


def record(
    state: State,
    tenant: str,
    problem: str,
    version: str,
    action: Action,
    who: str,
    why: str = "",
    gates: Sequence[dict[str, Any]] = (),
) -> None:
    """Add a row."""
    if action not in get_args(Action):
        raise ValueError(f"action: {action!r}; expected one of {', '.join(get_args(Action))}.")
    state.write(
        "insert into live (tenant, problem, version, action, at, who, why, gates) "
        "values (?, ?, ?, ?, ?, ?, ?, ?)",
        (tenant, problem, version, action, said(wall()), who, why, json.dumps(list(gates))),
    )


def mark(state: State, tenant: str, problem: str) -> int:
    """Return the number of the newest row of a problem: another one, and something has changed."""
    query = "select max(id) as newest from live where tenant = ? and problem = ?"
    return int(state.read(query, (tenant, problem))[0]["newest"] or 0)


def entries(
    state: State, tenant: str, problem: str | None = None, limit: int = 1000
) -> list[dict[str, Any]]:
    """Return the newest rows, newest first."""
    rows = state.read(
        "select id, problem, version, action, at, who, why, gates from live "
        "where tenant = ? and (? is null or problem = ?) order by id desc limit ?",
        (tenant, problem, problem, limit),
    )
    return [row | {"gates": json.loads(row["gates"])} for row in rows]


def stack(state: State, tenant: str, problem: str, instant: datetime | None = None) -> list[str]:
    """Return the version that is live, then those it would be rolled back to, one by one.

    A promotion lays a version on top; a rollback takes off what lies above the one it goes back to.
    With ``instant``, as it was then.
    """
    rows = state.read(
        "select version, action from live where tenant = ? and problem = ? and at <= ? "
        "and action in ('promote', 'rollback') order by id",
        (tenant, problem, said(instant) if instant else "9"),
    )
    found: list[str] = []
    for row in rows:
        if row["version"] in found:
            below = found[: found.index(row["version"])]
            above = [] if row["action"] == "rollback" else found[len(below) + 1 :]
            found = [*below, *above]
        found.append(row["version"])
    return found[::-1]


def live_at(state: State, tenant: str, problem: str, instant: datetime | None = None) -> str | None:
    """Return the version that was live at ``instant``, by default now; None where none was."""
    return next(iter(stack(state, tenant, problem, instant)), None)


def ever(state: State, tenant: str, problem: str) -> list[str]:
    """Return all versions that were ever live, the first one first."""
    rows = state.read(
        "select version, min(id) as first from live where tenant = ? and problem = ? "
        "and action in ('promote', 'rollback') group by version order by first",
        (tenant, problem),
    )
    return [row["version"] for row in rows]


def shadow(state: State, tenant: str, problem: str) -> str | None:
    """Return the version that answers beside the live one, and is only stored; None if none."""
    rows = state.read(
        "select version, action from live where tenant = ? and problem = ? "
        "and action != 'register' order by id desc limit 1",
        (tenant, problem),
    )
    return rows[0]["version"] if rows and rows[0]["action"] == "shadow" else None
