"""A disk that is full: nothing half is kept, the answer is a sentence, and it goes on later."""

import errno
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from lanecast.cli.failures import told
from lanecast.service import storage
from lanecast.service.clock import wall
from lanecast.service.keys import issue
from lanecast.service.state import State


def squeezed(state: State, pages: int) -> None:
    """Let SQLite have so many pages more: it then says what it says on a full disk."""
    (now,) = state._connection.execute("pragma page_count").fetchone()
    state._connection.execute(f"pragma max_page_count = {now + pages}")


def test_the_state_keeps_what_it_had_and_goes_on(tmp_path: Path) -> None:
    state = State(tmp_path / "service.db")
    issue(state, "main", "before", ["parcels:read"], wall())
    squeezed(state, 2)
    with pytest.raises(sqlite3.OperationalError) as caught:
        for _ in range(1000):
            issue(state, "main", "x" * 80, ["parcels:read"], wall())
    assert storage.full(caught.value)
    before = state.read("select count(*) as n from keys")[0]["n"]
    with pytest.raises(sqlite3.OperationalError):
        state.write("insert into replies (key_id, place, idempotency_key, digest, at, body) "
                    "values ('a', 'b', 'c', 'd', 'e', zeroblob(100000))")  # fmt: skip
    assert state.read("select count(*) as n from replies") == [{"n": 0}]
    squeezed(state, 10_000)
    issue(state, "main", "after", ["parcels:read"], wall())
    assert state.read("select count(*) as n from keys")[0]["n"] == before + 1
    assert State(tmp_path / "service.db").read("pragma integrity_check")[0]["integrity_check"] == (
        "ok"
    )


def test_a_request_is_told_and_may_come_again(service: Any, holder: Any) -> None:
    state, admin = service.app.state.parts.state, holder("keys:write", "audit:read")
    wanted = {"name": "n" * 80, "scopes": ["audit:read"]}
    squeezed(state, 1)
    answers = [
        service.post("/v1/keys", json=wanted, headers=admin | {"Idempotency-Key": str(i)})
        for i in range(100)
    ]
    last = answers[-1]
    assert {each.status_code for each in answers} <= {201, 503}
    assert (last.status_code, last.json()["code"]) == (503, "disk")
    assert "is full" in last.json()["detail"]
    assert last.headers["retry-after"] == "5"
    assert service.get("/v1/audit", headers=admin).status_code == 200  # reading goes on
    squeezed(state, 10_000)
    again = service.post("/v1/keys", json=wanted, headers=admin | {"Idempotency-Key": "99"})
    assert again.status_code == 201, again.text


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), True),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), True),
        (RuntimeError("Generic error: No space left on device (os error 28)"), True),
        (OSError(errno.EACCES, "Permission denied"), False),
        (sqlite3.OperationalError("database is locked"), False),
        (ValueError("full"), False),
    ],
)
def test_what_says_so_is_told_from_other_faults(error: BaseException, expected: bool) -> None:
    assert storage.full(error) is expected


def test_a_state_that_the_disk_does_not_open_is_no_broken_one(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"cannot be opened .*; is the disk full") as caught:
        State(tmp_path)
    assert told(caught.value)[1] == 4
    (tmp_path / "service.db").write_bytes(b"no database" * 1000)
    with pytest.raises(ValueError, match="is not the state of a service"):
        State(tmp_path / "service.db")


def test_the_command_line_says_so_too() -> None:
    said, code = told(sqlite3.OperationalError("database or disk is full"))
    assert code == 4
    assert said.startswith("no space left on the device; free some and run this again")
