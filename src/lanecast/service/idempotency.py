"""``Idempotency-Key``: a POST that comes again is answered as the first was, and done once.

The key belongs to whoever sent it and to the path. What was answered is kept for a day; the same
key with another body is refused; while the first is being done, the second is told so. A route that
answers with a secret sets ``request.state.kept`` to what may be told again; one that changes
nothing sets ``request.state.changes_nothing``, and is asked again. Nothing is kept for whoever has
no key that lives, nor of what no route has checked the key for.
"""

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .clock import wall
from .keys import caller, said
from .problems import Refused, answer
from .state import State

KEY = re.compile(r"[\x21-\x7e]{1,128}")
KEPT = timedelta(days=1)
NOT_KEPT = (401, 403, 408, 413, 429)  # those say nothing of what was asked


@dataclass(frozen=True)
class Idempotent:
    """An ASGI middleware around the routes."""

    app: ASGIApp
    state: State

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        headers = dict(scope.get("headers", ())) if scope["type"] == "http" else {}
        given = headers.get(b"idempotency-key")
        if given is None or scope["method"] != "POST" or not scope["path"].startswith("/v1/"):
            await self.app(scope, receive, send)
            return
        key, request_id = given.decode("latin-1"), scope["state"]["request_id"]
        if not KEY.fullmatch(key):
            detail = "Idempotency-Key: expected 1 to 128 printable characters without spaces."
            refused = Refused(422, "not_valid", detail, "Idempotency-Key")
            await answer(request_id, refused)(scope, receive, send)
            return
        if not self._lives(headers):
            await self.app(scope, receive, send)  # which refuses the key, or knows no such route
            return
        body = await _whole(receive)
        if body is None:
            return
        who = hashlib.sha256(headers.get(b"authorization", b"")).hexdigest()
        asked = scope["path"].encode() + b"?" + scope["query_string"]
        place = hashlib.sha256(asked).hexdigest()  # as short as the path and query may be long
        digest = hashlib.sha256(body).hexdigest()
        if (refused_or := self._first(who, place, key, digest)) is not None:
            if isinstance(refused_or, Refused):
                await answer(request_id, refused_or)(scope, receive, send)
            else:
                await _replay(refused_or, send)
            return
        start: Message = {}
        parts: list[bytes] = []

        async def keep(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            else:
                parts.append(message.get("body", b""))

        scope["state"]["idempotency_key"] = f"{who}:{place}:{key}"
        try:
            await self.app(scope, _once(body, receive), keep)
        except BaseException:
            self._forget(who, place, key)
            raise
        status = start["status"]
        told = [
            (name.decode("latin-1"), value.decode("latin-1"))
            for name, value in start["headers"]
            if name != b"content-length"
        ]
        whole = b"".join(parts)
        kept = scope["state"].get("kept", whole)
        changes = not scope["state"].get("changes_nothing", False)
        checked = "key_id" in scope["state"]  # no route has, where there is none
        if status >= 500 or status in NOT_KEPT or not changes or not checked:
            self._forget(who, place, key)
        else:
            self.state.write(
                "update replies set status = ?, headers = ?, body = ? "
                "where key_id = ? and place = ? and idempotency_key = ?",
                (status, json.dumps(told), kept, who, place, key),
            )
        await send(start)
        await send({"type": "http.response.body", "body": whole})

    def _lives(self, headers: dict[bytes, bytes]) -> bool:
        _, _, key = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
        return caller(self.state, key.strip(), wall()) is not None

    def _first(
        self, who: str, place: str, key: str, digest: str
    ) -> Refused | dict[str, Any] | None:
        """Return None where this is the first request, else how to answer it."""
        now = datetime.now(UTC)
        with self.state.writing() as write:
            write.execute("delete from replies where at < ?", (said(now - KEPT),))
            row = write.execute(
                "select * from replies where key_id = ? and place = ? and idempotency_key = ?",
                (who, place, key),
            ).fetchone()
            if row is None:
                write.execute(
                    "insert into replies values (?, ?, ?, ?, null, null, null, ?)",
                    (who, place, key, digest, said(now)),
                )
                return None
        if row["digest"] != digest:
            detail = "Idempotency-Key: was used for another body; expected a new key."
            return Refused(422, "idempotency_key_reused", detail, "Idempotency-Key")
        if row["status"] is None:
            detail = "Idempotency-Key: the first request with it is still being done."
            return Refused(
                409, "in_progress", detail, "Idempotency-Key", headers={"Retry-After": "1"}
            )
        return dict(row)

    def _forget(self, who: str, place: str, key: str) -> None:
        self.state.write(
            "delete from replies where key_id = ? and place = ? and idempotency_key = ?",
            (who, place, key),
        )


def unfinished(state: State) -> int:
    """Forget requests that a stop has interrupted, so that they may come again; say how many."""
    return state.write("delete from replies where status is null")


async def _whole(receive: Receive) -> bytes | None:
    """Return the body; None where whoever sent it has gone before its end."""
    parts = []
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


def _once(body: bytes, receive: Receive) -> Receive:
    sent = False

    async def again() -> Message:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


async def _replay(row: dict[str, Any], send: Send) -> None:
    headers = [(k.encode("latin-1"), v.encode("latin-1")) for k, v in json.loads(row["headers"])]
    length = str(len(row["body"])).encode()
    await send(
        {
            "type": "http.response.start",
            "status": row["status"],
            "headers": [*headers, (b"content-length", length), (b"idempotency-replayed", b"true")],
        }
    )
    await send({"type": "http.response.body", "body": row["body"]})
