"""A client of the service for ``async`` programs: the methods of ``Client``, awaited."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Generic, ParamSpec, Self, TypeVar

import httpx

from . import calls
from .call import Call, Paged
from .client import following, result
from .sending import request, wait_s

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class AsyncOne(Generic[P, T]):
    """A method that sends one call."""

    of: Callable[P, Call[T]]

    def __get__(self, client: "AsyncClient", owner: type) -> Callable[P, Awaitable[T]]:
        """Return the method of ``client``."""

        async def send(*args: P.args, **more: P.kwargs) -> T:
            return await client.do(self.of(*args, **more))

        send.__doc__ = self.of.__doc__
        return send


@dataclass(frozen=True)
class AsyncPages(Generic[P, T]):
    """A method that goes through all pages of a list."""

    of: Callable[P, Paged[T]]

    def __get__(self, client: "AsyncClient", owner: type) -> Callable[P, AsyncIterator[T]]:
        """Return the method of ``client``."""

        async def items(*args: P.args, **more: P.kwargs) -> AsyncIterator[T]:
            paged = self.of(*args, **more)
            call: Call[Any] | None = paged.call
            seen = 0
            while call is not None:
                told = await client.do(call)
                for each in told["items"]:
                    yield each
                seen += len(told["items"])
                call = following(paged, told, seen)

        items.__doc__ = self.of.__doc__
        return items


class AsyncClient:
    """The service at ``url``, asked with ``key``; as ``Client``, and an async context manager.

    >>> async with AsyncClient("http://127.0.0.1:8000", key) as client:
    ...     (await client.eta("pcl_0000001"))["eta_at"]
    """

    parcels = AsyncPages(calls.parcels)
    parcel = AsyncOne(calls.parcel)
    eta = AsyncOne(calls.eta)
    etas = AsyncOne(calls.etas)
    risks = AsyncOne(calls.risks)
    path = AsyncOne(calls.path)
    decide = AsyncOne(calls.decide)
    geometry = AsyncOne(calls.geometry)
    node = AsyncOne(calls.node)
    dependence = AsyncOne(calls.dependence)
    ways = AsyncOne(calls.ways)
    whatif = AsyncOne(calls.whatif)
    bottlenecks = AsyncOne(calls.bottlenecks)
    changes = AsyncOne(calls.changes)
    verify = AsyncOne(calls.verify)
    verify_many = AsyncOne(calls.verify_many)
    suggest = AsyncOne(calls.suggest)
    plans = AsyncOne(calls.plans)
    forecasts = AsyncPages(calls.forecasts)
    orders = AsyncPages(calls.orders)
    roster = AsyncPages(calls.roster)
    overrides = AsyncPages(calls.overrides)
    override = AsyncOne(calls.override)
    send_event = AsyncOne(calls.send_event)
    send_events = AsyncOne(calls.send_events)
    send_epcis = AsyncOne(calls.send_epcis)
    ingests = AsyncPages(calls.ingests)
    quarantine = AsyncOne(calls.quarantine)
    codes = AsyncOne(calls.codes)
    map_code = AsyncOne(calls.map_code)
    models = AsyncOne(calls.models)
    versions = AsyncOne(calls.versions)
    gates = AsyncOne(calls.gates)
    beside = AsyncOne(calls.beside)
    promote = AsyncOne(calls.promote)
    shadow = AsyncOne(calls.shadow)
    rollback = AsyncOne(calls.rollback)
    start = AsyncOne(calls.start)
    jobs = AsyncOne(calls.jobs)
    job = AsyncOne(calls.job)
    cancel = AsyncOne(calls.cancel)
    audit = AsyncPages(calls.audit)
    keys = AsyncOne(calls.keys)
    issue_key = AsyncOne(calls.issue_key)
    rotate_key = AsyncOne(calls.rotate_key)
    revoke_key = AsyncOne(calls.revoke_key)
    erase = AsyncOne(calls.erase)
    erasures = AsyncOne(calls.erasures)
    erasure = AsyncOne(calls.erasure)

    def __init__(
        self,
        url: str,
        key: str,
        *,
        timeout_s: float = 30.0,
        tries: int = 4,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        headers = {"Authorization": f"Bearer {key}"}
        self.tries = tries
        self._http = httpx.AsyncClient(
            base_url=url, headers=headers, timeout=timeout_s, transport=transport
        )

    async def do(self, call: Call[T]) -> T:
        """Send a call, and return its answer."""
        told, tried = request(call), 0
        while True:
            tried += 1
            try:
                answer = await self._http.request(**told)
            except httpx.TransportError:
                if (wait := wait_s(None, tried, self.tries)) is None:
                    raise
            else:
                if (wait := wait_s(answer, tried, self.tries)) is None:
                    return result(answer)  # type: ignore[no-any-return]
            await asyncio.sleep(wait)

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        """Return the client."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the connections."""
        await self.close()
