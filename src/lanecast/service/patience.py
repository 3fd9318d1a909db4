"""How long a client may take to send the head of a request; the server itself waits for ever."""

import asyncio

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

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
        if self.transport.is_closing():
            return
        headers = [(b"connection", b"close"), (b"content-length", b"0")]
        late = h11.Response(status_code=408, headers=headers, reason=b"Request Timeout")
        for each in (late, h11.EndOfMessage()):
            self.transport.write(self.conn.send(each) or b"")
        self.transport.close()
