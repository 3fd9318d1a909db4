"""Keys of the API: shown once, kept as digests, limited to scopes, replaced with an overlap."""

import hashlib
import hmac
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from .state import State

SCOPES = {
    "parcels:read": "Parcels, their predictions and risks.",
    "network:read": "Facilities, lanes, ways and what-if.",
    "address:read": "Verify and suggest addresses.",
    "planning:read": "Forecasts, orders and rosters.",
    "planning:write": "Override what was planned.",
    "decisions:write": "Accept or decline a proposed action.",
    "events:write": "Send events.",
    "data:read": "Ingests, quarantine and the mapping of codes.",
    "data:write": "Map unknown codes.",
    "jobs:read": "Jobs and their results.",
    "jobs:write": "Start and cancel jobs.",
    "models:read": "Versions of models and their figures.",
    "models:write": "Promote models and roll them back.",
    "audit:read": "The audit.",
    "keys:write": "Issue, rotate and revoke keys.",
    "personal:read": "Personal fields unmasked; each look is audited.",
    "personal:erase": "Erase a person's data.",
}
ADMIN = frozenset(SCOPES) - {"personal:read", "personal:erase"}
OVERLAP = timedelta(days=7)  # that a replaced key lives on


@dataclass(frozen=True)
class Caller:
    """Who is asking: the key, whose data it may see, and what it may do."""

    key_id: str
    tenant: str
    name: str
    scopes: frozenset[str]


def issue(
    state: State,
    tenant: str,
    name: str,
    scopes: Collection[str],
    now: datetime,
    days: float | None = None,
    replaces: str | None = None,
) -> tuple[str, str]:
    """Return the id of a new key and the key itself, which cannot be read again.

    Raises
    ------
    ValueError
        When a scope does not exist.
    """
    if unknown := sorted(set(scopes) - set(SCOPES)):
        raise ValueError(f"scopes: {', '.join(unknown)}; expected some of {', '.join(SCOPES)}.")
    key_id, secret, salt = secrets.token_hex(6), secrets.token_urlsafe(32), secrets.token_bytes(16)
    state.write(
        "insert into keys values (?, ?, ?, ?, ?, ?, ?, ?, null, ?)",
        (
            *(key_id, tenant, name, " ".join(sorted(set(scopes))), salt, _digest(salt, secret)),
            *(said(now), said(now + timedelta(days=days)) if days else None, replaces),
        ),
    )
    return key_id, f"lc_{key_id}_{secret}"


def vouched(
    state: State, tenant: str, name: str, scopes: Collection[str], now: datetime, days: float
) -> Caller:
    """Return who an identity provider vouches for, with a key that nobody holds.

    It has no secret, so that only a session can stand on it, and is the same one each time; its
    scopes are those of the last sign-in.
    """
    with state.writing() as write:
        row = write.execute(
            "select key_id from keys where tenant = ? and name = ? and digest = x''", (tenant, name)
        ).fetchone()
        key_id = row["key_id"] if row else secrets.token_hex(6)
        write.execute(
            "insert into keys values (?, ?, ?, ?, x'', x'', ?, ?, null, null) "
            "on conflict (key_id) do update set scopes = excluded.scopes, "
            "expires_at = excluded.expires_at, revoked_at = null",
            (
                *(key_id, tenant, name, " ".join(sorted(scopes))),
                *(said(now), said(now + timedelta(days=days))),
            ),
        )
    return Caller(key_id, tenant, name, frozenset(scopes))


def unvouched(state: State, now: datetime) -> None:
    """End every session that stands on an identity provider, since none is set up any more."""
    state.write(
        "update keys set revoked_at = ? where digest = x'' and revoked_at is null", (said(now),)
    )


def caller(state: State, key: str, now: datetime) -> Caller | None:
    """Return who holds ``key``; None where it was never issued, has expired or was revoked."""
    start, _, rest = key.partition("_")
    key_id, _, secret = rest.partition("_")
    rows = state.read("select * from keys where key_id = ?", (key_id,)) if start == "lc" else []
    row: dict[str, Any] = rows[0] if rows else {"salt": b"", "digest": b""}
    right = hmac.compare_digest(_digest(row["salt"], secret), row["digest"])
    return holder(state, key_id, now) if right else None


def holder(state: State, key_id: str, now: datetime) -> Caller | None:
    """Return who holds the key of this id; None where it has expired or was revoked."""
    rows = state.read(
        "select tenant, name, scopes from keys where key_id = ? and revoked_at is null "
        "and (expires_at is null or expires_at > ?)",
        (key_id, said(now)),
    )
    if not rows:
        return None
    (row,) = rows
    return Caller(key_id, row["tenant"], row["name"], frozenset(row["scopes"].split()))


def rotate(state: State, key_id: str, by: Caller, now: datetime) -> tuple[str, str] | None:
    """Return a new key like ``key_id``, which lives on for ``OVERLAP``; None if none lives.

    Nor is there one of who is vouched for, since nobody holds it.

    The new key may do what the old one may, and lives as long as that was given.

    Raises
    ------
    ValueError
        When ``by`` may not do all of that, and would get more than it has.
    """
    rows = state.read(
        "select * from keys where key_id = ? and tenant = ? and digest != x''", (key_id, by.tenant)
    )
    if not rows or (held := holder(state, key_id, now)) is None:
        return None
    if beyond := sorted(held.scopes - by.scopes):
        raise ValueError(f"key_id: that key has {', '.join(beyond)}, which yours may not grant.")
    days = _days(state, rows[0])
    new = issue(state, by.tenant, held.name, held.scopes, now, days, replaces=key_id)
    state.write(
        "update keys set expires_at = min(coalesce(expires_at, ?), ?) where key_id = ?",
        (said(now + OVERLAP), said(now + OVERLAP), key_id),
    )
    return new


def _days(state: State, old: dict[str, Any]) -> float | None:
    """Return for how long a key was given; one in its overlap says it in its successor."""
    then = state.read(
        "select * from keys where replaces = ? order by made_at limit 1", (old["key_id"],)
    )
    given = then[0] if then else old
    if given["expires_at"] is None:
        return None
    made, ends = (datetime.fromisoformat(given[name]) for name in ("made_at", "expires_at"))
    return (ends - made) / timedelta(days=1)


def revoke(state: State, key_id: str, tenant: str, now: datetime) -> bool:
    """End a key at once; return whether there was one."""
    changed = state.write(
        "update keys set revoked_at = ? where key_id = ? and tenant = ? and revoked_at is null",
        (said(now), key_id, tenant),
    )
    return changed == 1


def listed(state: State, tenant: str) -> list[dict[str, Any]]:
    """Return the keys of a tenant, without what would let anybody in."""
    rows = state.read(
        "select key_id, name, scopes, made_at, expires_at, revoked_at, replaces from keys "
        "where tenant = ? order by made_at",
        (tenant,),
    )
    return [row | {"scopes": row["scopes"].split()} for row in rows]


def said(instant: datetime) -> str:
    """Return an instant as text that sorts by time."""
    return instant.astimezone(UTC).isoformat(timespec="microseconds")


def _digest(salt: bytes, secret: str) -> bytes:
    """Return a salted digest; a key has 256 random bits, so that a slow one would add nothing."""
    return hashlib.sha256(salt + secret.encode()).digest()
