"""What people decided about proposed actions; the newest word on each counts."""

from datetime import UTC, datetime
from typing import Any, Literal, get_args

import polars as pl

from .clock import wall
from .keys import Caller, said
from .parts import Parts
from .problems import Refused
from .questions import shown
from .state import State

Decision = Literal["accept", "decline"]
DONE = {"accept": "action accepted", "decline": "action declined"}  # as the audit says it


def decide(
    parts: Parts, caller: Caller, parcel_id: str, action: str, decision: Decision, why: str
) -> str:
    """Keep what ``caller`` decided about an action, and return the words for the audit.

    Raises
    ------
    Refused
        When the parcel is not known, or that action is not proposed for it (any more).
    """
    view = shown(parts, parts.tenants[caller.tenant])
    if decision not in get_args(Decision):
        detail = f"decision: expected accept or decline, got {decision!r}."
        raise Refused(422, "not_valid", detail, "decision")
    if parcel_id not in view.at:
        raise unknown("parcel_id", parcel_id)
    proposed = view.plan.table.filter(pl.col("parcel_id") == parcel_id)["action"].to_list()
    if action not in proposed:
        offered = ", ".join(proposed) or "nothing"
        detail = f"action: {action!r} is not proposed for {parcel_id}; {offered} is."
        raise Refused(409, "not_proposed", detail, "action")
    parts.state.write(
        "insert into notes values (?, 'action', ?, ?, ?, ?, ?)",
        (caller.tenant, parcel_id, f"{decision}:{action}", caller.name, why, said(wall())),
    )
    return DONE[decision]


def decided(
    state: State, tenant: str, parcel_id: str | None = None, asof: datetime | None = None
) -> dict[str, dict[str, Any]]:
    """Return the newest decision about each parcel, or one: decision, action, who, why, at.

    With ``asof``, as it was then.
    """
    rows = state.read(
        "select id, value, who, why, max(at) as at from notes where tenant = ? "
        "and kind = 'action' and (? is null or id = ?) and at <= ? group by id",
        (tenant, parcel_id, parcel_id, said(asof) if asof else "9"),
    )
    found = {}
    for row in rows:
        decision, _, action = row["value"].partition(":")
        at = datetime.fromisoformat(row["at"]).astimezone(UTC)
        about = {"decision": decision, "action": action, "who": row["who"], "why": row["why"]}
        found[row["id"]] = about | {"at": at}
    return found


def unknown(name: str, parcel_id: str) -> Refused:
    """Return the refusal of a parcel that nobody knows."""
    detail = f"{name}: {parcel_id!r} is no parcel that was known then and asked about lately."
    return Refused(404, "not_found", detail, name)
