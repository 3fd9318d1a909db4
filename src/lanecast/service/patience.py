"""What becomes of a request before it is one: a head that does not end, or that is no HTTP.

The server itself waits for ever, and answers in plain text.
"""

import asyncio
import json
import secrets
import sys

import h11
import structlog
from uvicorn.protocols.http.h11_impl import H11Protocol

from .problems import KIND, Refused, worded

HEAD_S = 10.0  # from the connection, or the first byte of a later request, to the end of its head


class Patient(H11Protocol):
    """The protocol of uvicorn, which ends a connection whose head does not come to its end."""

    _due: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first head."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Wait for the rest of a head that has begun, and for none once it is there."""
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._calm()
        elif self._due is None and not self.transport.is_closing():
            self._wait()

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """Let the connection be a socket, which has its own patience."""
        self._calm()
        super().handle_websocket_upgrade(event)

    def on_response_complete(self) -> None:
        """Wait for the next request as long as uvicorn keeps connections."""
        self._calm()
        super().on_response_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        self._calm()
        super().connection_lost(exc)

    def _wait(self) -> None:
        self._due = self.loop.call_later(HEAD_S, self._late)

    def _calm(self) -> None:
        if self._due is not None:
            self._due.cancel()
            self._due = None

    def _late(self) -> None:
        self._due = None
        if not self.transport.is_closing():
            detail = f"The head of the request did not end within {HEAD_S:g} s."
            self._refuse(Refused(408, "too_slow", detail))

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP as every other error; ``msg`` says no more than that."""
        if getattr(sys.exc_info()[1], "error_status_hint", 400) == 431:
            longest = self.config.h11_max_incomplete_event_size or 2**16
            detail = f"The head of the request is too long; expected up to {longest // 1024} KiB."
            self._refuse(Refused(431, "head_too_long", detail))
            return
        detail = "This is no HTTP/1.1: look at the request line, the headers and the length."
        self._refuse(Refused(400, "not_http", detail))

    def _refuse(self, refused: Refused) -> None:
        """Answer, if nothing has been answered yet, and end the connection."""
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            request_id = secrets.token_hex(8)
            structlog.get_logger().info("request", request_id=request_id, status=refused.status)
            body = json.dumps(worded(request_id, refused)).encode()
            headers = [("content-type", KIND), ("content-length", f"{len(body)}")]
            headers.append(("connection", "close"))
            head = h11.Response(status_code=refused.status, headers=headers)
            for each in (head, h11.Data(data=body), h11.EndOfMessage()):
                self.transport.write(self.conn.send(each) or b"")
        self.transport.close()
