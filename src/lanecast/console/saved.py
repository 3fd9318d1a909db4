"""Filters that a person keeps by a name: rows of ``notes``, the newest of each counts."""

from lanecast.service.clock import wall
from lanecast.service.keys import Caller, said
from lanecast.service.problems import Refused
from lanecast.service.state import State

KIND = "saved view"
LONGEST = 40  # characters of a name
MOST = 30


def views(state: State, caller: Caller, screen: str) -> dict[str, str]:
    """Return the query strings that a person has kept for a screen, by their names."""
    start = f"{caller.key_id} {screen} "
    rows = state.read(
        "select id, value, max(at) from notes where tenant = ? and kind = ? "
        "and substr(id, 1, ?) = ? group by id order by id",
        (caller.tenant, KIND, len(start), start),
    )
    return {row["id"][len(start) :]: row["value"] for row in rows if row["value"]}


def keep(state: State, caller: Caller, screen: str, name: str, query: str) -> None:
    """Keep a view; an empty query forgets it.

    Raises
    ------
    Refused
        When the name is none, or there are too many.
    """
    name = " ".join(name.split())
    if not 0 < len(name) <= LONGEST:
        raise Refused(422, "not_valid", f"name: expected 1 to {LONGEST} characters.", "name")
    if query and len(views(state, caller, screen)) >= MOST:
        raise Refused(409, "too_many", f"There are {MOST} views; forget one first.")
    state.write(
        "insert into notes values (?, ?, ?, ?, ?, '', ?)",
        (
            *(caller.tenant, KIND, f"{caller.key_id} {screen} {name}", query),
            *(caller.name, said(wall())),
        ),
    )
