"""Orders to each street as of now, by which suggestions are ordered where such a model is live.

A model brings the orders that it learnt from; those recorded since are counted aside, so that no
answer waits for them.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

import numpy as np
import polars as pl
import structlog
from numpy.typing import NDArray

from lanecast.address.suggest.given import given, meant
from lanecast.address.suggest.learnt import Learnt
from lanecast.address.suggest.popular import Popular, placed, popular
from lanecast.tables.address import TYPED_ADDRESSES
from lanecast.tables.commerce import ORDERS
from lanecast.tables.lake import Lake, collect

from .addresses import Register
from .aside import Aside, begin
from .models import Serving

LOOK_S = 30.0  # between two looks for orders that came
REST = 9.0  # times as long as a text took to be looked up, before the next one: answers come first


@dataclass(frozen=True)
class Counted:
    """A learnt order of suggestions among the documents of a register.

    Parameters
    ----------
    version
        Of the model.
    asof
        Orders recorded by then are counted.
    begun, since
        Those that the model learnt from, and until when.
    tables
        Versions of the tables that were counted.
    met
        Documents of what was typed, by its digest, so that each text is looked up once.
    """

    version: str
    asof: datetime
    learnt: Learnt
    register: Register
    begun: Popular
    since: datetime
    tables: tuple[int | None, ...] = ()
    met: dict[int, int] = field(default_factory=dict, repr=False)


@dataclass
class Counts:
    """The orders of one company, now and at moments of the past.

    Parameters
    ----------
    lake
        Gives the lake at its newest commit.
    now
        Gives the moment until which orders are counted.
    """

    lake: Callable[[], Lake]
    now: Callable[[], datetime]
    clock: Callable[[], float] = time.monotonic
    _held: Counted | None = None
    _looked: float = 0.0
    _made: Aside = field(default_factory=lambda: Aside(most=3))
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _ended: threading.Event = field(default_factory=threading.Event, repr=False)

    def get(
        self, register: Register, serving: Serving | None, asof: datetime | None = None
    ) -> Counted | None:
        """Return the order of the model that answers, now or at ``asof``; None is the plain order.

        A model in which orders weigh nothing has no other.

        Raises
        ------
        Refused
            While it is being made: 503, with the time to come again.
        """
        if serving is None or not serving.fitted.weight:
            return None
        key = serving.version, tuple(register.edition.items()), asof
        if asof is not None:
            past: Counted = self._made.get(
                key, lambda: self._until(asof, _begun(register, serving)), "order of then"
            )
            return past
        held = self._held
        if held is None or held.version != serving.version or held.register is not register:
            held = self._made.get(key, lambda: _begun(register, serving), "order of suggestions")
            self._held = held
            self._count(held)
        elif self.clock() - self._looked > LOOK_S:
            self._count(held)
        return held

    def forget(self) -> None:
        """Count everything anew, since what was recorded has changed."""
        self._held, self._made = None, Aside(most=3)

    def stop(self) -> None:
        """Leave off counting."""
        self._ended.set()

    def _count(self, held: Counted) -> None:
        self._looked = self.clock()
        begin(lambda: self._look(held))

    def _look(self, held: Counted) -> None:
        if not self._lock.acquire(blocking=False):
            return  # the last look is not over
        try:
            if _tables(self.lake()) != held.tables:
                counted = self._until(self.now(), held)
                if self._held is held:
                    self._held = counted
        except Exception as error:  # what was counted before stays
            structlog.get_logger().warning("counts", error=type(error).__name__)
        finally:
            self._lock.release()

    def _until(self, asof: datetime, held: Counted) -> Counted:
        """Return ``held`` with all orders that were recorded by ``asof``."""
        lake = self.lake()
        if not (lake.has(ORDERS) and lake.has(TYPED_ADDRESSES)):
            return held
        rows = collect(given(lake, asof)).filter(pl.col("known_h") > held.since.timestamp() / 3600)
        docs = self._documents(rows, held)
        every = np.concatenate([held.begun.docs, docs])
        orders = np.concatenate([held.begun.orders, np.ones(len(docs), np.float32)])
        learnt = replace(held.learnt, popular=popular(every, orders))
        return replace(held, asof=asof, learnt=learnt, tables=_tables(lake))

    def _documents(self, rows: pl.DataFrame, held: Counted) -> NDArray[np.int32]:
        """Return the street of each order whose address is one."""
        texts = rows.select("text", "country", digest=pl.struct("text", "country").hash())
        known = pl.Series(list(held.met), dtype=pl.UInt64)
        new = texts.unique("digest").filter(~pl.col("digest").is_in(known.implode()))
        for piece in new.iter_slices(1):
            of, started = held.register, time.perf_counter()
            found = meant(piece.select("text", "country"), of.known, of.index())
            held.met.update(zip(piece["digest"], found, strict=True))
            if self._ended.wait(REST * (time.perf_counter() - started)):
                break
        docs = np.array([held.met.get(each, -1) for each in texts["digest"]], np.int32)
        return docs[docs >= 0]


def _begun(register: Register, serving: Serving) -> Counted:
    """Return the order with the orders that the model learnt from."""
    streets = serving.context["popular"].to_native()
    begun = placed(streets, register.known, register.index())
    until = datetime.fromisoformat(serving.manifest["about"]["trained_until"])
    learnt = Learnt(serving.fitted, begun)
    return Counted(serving.version, until, learnt, register, begun, until)


def _tables(lake: Lake) -> tuple[int | None, ...]:
    held = lake.pinned.versions
    return tuple(held.get(table.name) for table in (ORDERS, TYPED_ADDRESSES))
