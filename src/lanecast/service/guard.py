"""What surrounds every request: its id, limits, headers, one line in the log, and a count."""

import asyncio
import re
import secrets
import time
from dataclasses import dataclass
from typing import Any

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from . import figures, storage
from .problems import Refused, answer

ID = re.compile(r"[A-Za-z0-9_.-]{1,64}")
SECURE = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "geolocation=(), camera=(), microphone=()",
}
STRICT = "default-src 'none'; frame-ancestors 'none'"  # for what is no page


class TooLongError(Exception):
    """The body is longer than allowed."""


@dataclass(frozen=True)
class Guard:
    """An ASGI middleware around everything.

    Parameters
    ----------
    body_bytes
        Longest body.
    timeout_s
        Longest time from the first byte of the request to the first of the answer.
    """

    app: ASGIApp
    body_bytes: int
    timeout_s: float

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        headers = dict(scope["headers"])
        given = headers.get(b"x-request-id", b"").decode("latin-1")
        request_id = given if ID.fullmatch(given) else secrets.token_hex(8)
        scope.setdefault("state", {})["request_id"] = request_id
        told: dict[str, Any] = {"status": 0}
        api = scope["path"].startswith("/v1/")

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                told["status"] = message["status"]
                extra = SECURE | {"x-request-id": request_id}
                if api:
                    extra |= {"content-security-policy": STRICT, "cache-control": "no-store"}
                present = {name for name, _ in message["headers"]}
                message["headers"] = [
                    *message["headers"],
                    *(
                        (k.encode(), v.encode())
                        for k, v in extra.items()
                        if k.encode() not in present
                    ),
                ]
            await send(message)

        try:
            await self._limited(scope, headers, receive, sending, told)
        except TooLongError:
            if not told["status"]:
                await answer(request_id, self._too_long())(scope, receive, sending)
        except Exception as error:
            if told["status"] or not storage.full(error):
                raise
            structlog.get_logger().error("disk full", request_id=request_id)
            await answer(request_id, storage.refusal())(scope, receive, sending)
        finally:
            spent = time.perf_counter() - started
            route = getattr(scope.get("route"), "path_format", "other")
            figures.REQUESTS.labels(scope["method"], route, told["status"]).inc()
            figures.SECONDS.labels(scope["method"], route).observe(spent)
            if api:
                structlog.get_logger().info(
                    "request",
                    request_id=request_id,
                    method=scope["method"],
                    route=route,
                    status=told["status"],
                    ms=round(1000 * spent, 2),
                    key=scope["state"].get("key_id"),
                )

    async def _limited(
        self,
        scope: Scope,
        headers: dict[bytes, bytes],
        receive: Receive,
        send: Send,
        told: dict[str, Any],
    ) -> None:
        length = headers.get(b"content-length", b"0")
        if not length.isdigit() or int(length) > self.body_bytes:
            raise TooLongError
        coded = headers.get(b"content-encoding", b"identity").decode("latin-1")
        if coded.lower() not in ("", "identity"):
            await answer(scope["state"]["request_id"], _coded(coded))(scope, receive, send)
            return
        taken = 0

        async def receiving() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self.body_bytes:
                raise TooLongError
            return message

        if not scope["path"].startswith("/v1/") and scope["method"] != "POST":
            await self.app(scope, receiving, send)  # a page has a patience of its own
            return
        try:
            async with asyncio.timeout(self.timeout_s):
                await self.app(scope, receiving, send)
        except TimeoutError:
            if told["status"]:
                raise
            late = Refused(504, "too_slow", f"No answer within {self.timeout_s:g} s.")
            await answer(scope["state"]["request_id"], late)(scope, receive, send)

    def _too_long(self) -> Refused:
        return Refused(
            413,
            "too_long",
            f"The body is longer than {self.body_bytes} bytes.",
            hint="Send less at once.",
        )


def _coded(coded: str) -> Refused:
    """Return what is told of a body that is packed, whose length nobody can limit unseen."""
    return Refused(
        415,
        "encoding",
        f"Content-Encoding: {coded[:40]!r} is not read; expected identity, or none.",
        "Content-Encoding",
        "Send the body as it is.",
    )
