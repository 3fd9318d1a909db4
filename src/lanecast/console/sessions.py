"""Who is signed in: a cookie in the browser, a digest of it in the state of the service.

A session stands on the key that opened it, and ends with it.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from lanecast.service import keys
from lanecast.service.keys import Caller, said
from lanecast.service.state import State

IDLE = timedelta(hours=12)  # without a look
LONGEST = timedelta(days=7)  # from the sign-in on
TOUCH = timedelta(minutes=1)  # how exactly the last look is remembered


@dataclass(frozen=True)
class Session:
    """A person at a browser: their key, and the token that their forms carry."""

    session_id: str
    caller: Caller
    csrf: str


def open_for(state: State, caller: Caller, now: datetime) -> str:
    """Begin a session, and return what the cookie holds; it cannot be read again."""
    session_id, secret = secrets.token_hex(8), secrets.token_urlsafe(32)
    oldest = said(now - LONGEST)
    with state.writing() as write:
        write.execute("delete from sessions where made_at < ?", (oldest,))
        write.execute(
            "insert into sessions values (?, ?, ?, ?, ?, ?, null)",
            (
                *(session_id, _digest(secret), caller.key_id, secrets.token_urlsafe(24)),
                *(said(now), said(now)),
            ),
        )
    return f"{session_id}.{secret}"


def held(state: State, cookie: str, now: datetime) -> Session | None:
    """Return the session of a cookie; None where it is none, has ended, or its key has."""
    session_id, _, secret = cookie.partition(".")
    rows = state.read("select digest from sessions where session_id = ?", (session_id,))
    digest = rows[0]["digest"] if rows else b""
    if not hmac.compare_digest(_digest(secret), digest):
        return None
    return alive(state, session_id, now)


def lives(state: State, session_id: str, now: datetime) -> bool:
    """Return whether a session still is one; what asks so is no look of a person."""
    return _found(state, session_id, now) is not None


def alive(state: State, session_id: str, now: datetime) -> Session | None:
    """Return a session if it still is one, and remember that somebody looked."""
    if (found := _found(state, session_id, now)) is None:
        return None
    session, seen_at = found
    if seen_at < said(now - TOUCH):
        state.write("update sessions set seen_at = ? where session_id = ?", (said(now), session_id))
    return session


def end(state: State, session_id: str, now: datetime) -> None:
    """End a session."""
    state.write("update sessions set ended_at = ? where session_id = ?", (said(now), session_id))


def _found(state: State, session_id: str, now: datetime) -> tuple[Session, str] | None:
    rows = state.read(
        "select * from sessions where session_id = ? and ended_at is null "
        "and seen_at > ? and made_at > ?",
        (session_id, said(now - IDLE), said(now - LONGEST)),
    )
    if not rows or (caller := keys.holder(state, rows[0]["key_id"], now)) is None:
        return None
    return Session(session_id, caller, rows[0]["csrf"]), rows[0]["seen_at"]


def _digest(secret: str) -> bytes:
    """Return a digest; a secret has 256 random bits, so that salt would add nothing."""
    return hashlib.sha256(secret.encode()).digest()
