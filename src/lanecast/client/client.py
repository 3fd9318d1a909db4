"""A client of the service that waits for each answer."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, Generic, ParamSpec, Self, TypeVar

import httpx

from . import calls
from .call import Call, Paged
from .problem import ProblemError
from .sending import request, wait_s

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class One(Generic[P, T]):
    """A method that sends one call."""

    of: Callable[P, Call[T]]

    def __get__(self, client: "Client", owner: type) -> Callable[P, T]:
        """Return the method of ``client``."""

        def send(*args: P.args, **more: P.kwargs) -> T:
            return client.do(self.of(*args, **more))

        send.__doc__ = self.of.__doc__
        return send


@dataclass(frozen=True)
class Pages(Generic[P, T]):
    """A method that goes through all pages of a list."""

    of: Callable[P, Paged[T]]

    def __get__(self, client: "Client", owner: type) -> Callable[P, Iterator[T]]:
        """Return the method of ``client``."""

        def items(*args: P.args, **more: P.kwargs) -> Iterator[T]:
            paged = self.of(*args, **more)
            call: Call[Any] | None = paged.call
            seen = 0
            while call is not None:
                told = client.do(call)
                yield from told["items"]
                seen += len(told["items"])
                call = following(paged, told, seen)

        items.__doc__ = self.of.__doc__
        return items


def following(paged: Paged[Any], told: dict[str, Any], seen: int) -> Call[Any] | None:
    """Return the call of the next page; None after the last."""
    if paged.by == "offset":
        on: Any = seen if told["items"] and seen < told["total"] else None
    else:
        on = told["next_before"]
    if on is None:
        return None
    return replace(paged.call, params={**paged.call.params, paged.by: on})


class Client:
    """The service at ``url``, asked with ``key``; a context manager.

    >>> with Client("http://127.0.0.1:8000", key) as client:
    ...     client.eta("pcl_0000001")["eta_at"]

    A request is sent up to ``tries`` times while the service is busy or not reached; a POST carries
    an ``Idempotency-Key``, so that it is done once.

    Raises
    ------
    ProblemError
        From every method, when the service refuses.
    httpx.TransportError
        When it is not reached.
    """

    parcels = Pages(calls.parcels)
    parcel = One(calls.parcel)
    eta = One(calls.eta)
    etas = One(calls.etas)
    risks = One(calls.risks)
    path = One(calls.path)
    decide = One(calls.decide)
    geometry = One(calls.geometry)
    node = One(calls.node)
    dependence = One(calls.dependence)
    ways = One(calls.ways)
    whatif = One(calls.whatif)
    bottlenecks = One(calls.bottlenecks)
    changes = One(calls.changes)
    verify = One(calls.verify)
    verify_many = One(calls.verify_many)
    suggest = One(calls.suggest)
    plans = One(calls.plans)
    forecasts = Pages(calls.forecasts)
    orders = Pages(calls.orders)
    roster = Pages(calls.roster)
    overrides = Pages(calls.overrides)
    override = One(calls.override)
    send_event = One(calls.send_event)
    send_events = One(calls.send_events)
    send_epcis = One(calls.send_epcis)
    ingests = Pages(calls.ingests)
    quarantine = One(calls.quarantine)
    codes = One(calls.codes)
    map_code = One(calls.map_code)
    models = One(calls.models)
    versions = One(calls.versions)
    gates = One(calls.gates)
    beside = One(calls.beside)
    promote = One(calls.promote)
    shadow = One(calls.shadow)
    rollback = One(calls.rollback)
    start = One(calls.start)
    jobs = One(calls.jobs)
    job = One(calls.job)
    cancel = One(calls.cancel)
    audit = Pages(calls.audit)
    keys = One(calls.keys)
    issue_key = One(calls.issue_key)
    rotate_key = One(calls.rotate_key)
    revoke_key = One(calls.revoke_key)
    erase = One(calls.erase)
    erasures = One(calls.erasures)
    erasure = One(calls.erasure)

    def __init__(
        self,
        url: str,
        key: str,
        *,
        timeout_s: float = 30.0,
        tries: int = 4,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        headers = {"Authorization": f"Bearer {key}"}
        self.tries = tries
        self._http = httpx.Client(
            base_url=url, headers=headers, timeout=timeout_s, transport=transport
        )

    def do(self, call: Call[T]) -> T:
        """Send a call, and return its answer."""
        told, tried = request(call), 0
        while True:
            tried += 1
            try:
                answer = self._http.request(**told)
            except httpx.TransportError:
                if (wait := wait_s(None, tried, self.tries)) is None:
                    raise
            else:
                if (wait := wait_s(answer, tried, self.tries)) is None:
                    return result(answer)  # type: ignore[no-any-return]
            time.sleep(wait)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        """Return the client."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the connections."""
        self.close()


def result(answer: httpx.Response) -> Any:
    """Return what an answer holds, or raise what it refuses."""
    if not answer.is_success:
        raise ProblemError(answer)
    return answer.json() if answer.content else None
