from datetime import timedelta
from pathlib import Path

from lanecast.console import sessions
from lanecast.service import keys
from lanecast.service.clock import wall
from lanecast.service.state import State


def test_a_session_ends_by_rest_by_age_by_hand_and_with_its_key(tmp_path: Path) -> None:
    state, now = State(tmp_path / "service.db"), wall()
    key_id, key = keys.issue(state, "main", "Ada", ["parcels:read"], now)
    caller = keys.caller(state, key, now)
    assert caller is not None

    def opened() -> str:
        return sessions.open_for(state, caller, now)

    cookie = opened()
    assert sessions.held(state, cookie + "x", now) is None
    assert sessions.held(state, "", now) is None
    held = sessions.held(state, cookie, now)
    assert held is not None
    assert held.caller == caller
    assert sessions.held(state, cookie, now + sessions.IDLE) is None
    step = sessions.IDLE * 0.9  # somebody looks now and then: only its age ends it
    at = now
    while at + step < now + sessions.LONGEST:
        at += step
        assert sessions.held(state, cookie, at) is not None
    assert sessions.held(state, cookie, now + sessions.LONGEST) is None
    sessions.end(state, held.session_id, now)
    assert sessions.held(state, cookie, now) is None
    other = opened()
    keys.revoke(state, key_id, "main", now)
    assert sessions.held(state, other, now) is None
    secret = other.partition(".")[2].encode()
    assert not any(secret in file.read_bytes() for file in tmp_path.glob("service.db*"))
    state.close()


def test_a_session_ends_when_its_key_expires(tmp_path: Path) -> None:
    state, now = State(tmp_path / "service.db"), wall()
    _, key = keys.issue(state, "main", "Ada", ["parcels:read"], now, days=1 / 24)
    caller = keys.caller(state, key, now)
    assert caller is not None
    cookie = sessions.open_for(state, caller, now)
    assert sessions.held(state, cookie, now + timedelta(minutes=59)) is not None
    assert sessions.held(state, cookie, now + timedelta(minutes=61)) is None
    state.close()
