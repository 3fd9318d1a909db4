"""Where events are accepted: requests that wait are judged together and share one write.

One thread per tenant. An event is accepted once the journal has it on the disk. What was accepted
lately is remembered, so that an event that is sent again is told apart at once; whatever is not
remembered is told apart by the lake, which takes each event once.
"""

import io
import queue
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import polars as pl

from .events import NAME, RAW, Fault, Read, faults, verdict
from .journal import Journal, read
from .screen import REASONS, Known, screen

GROUP = 20_000  # events that are judged together
WAITING = 100_000  # that may wait to be judged; more are refused
REMEMBERED = 100_000
CONTENT = [NAME, *(name for name in RAW if name not in ("source", "event_id", "recorded_at"))]
CONTRADICTS = ("event_id", "contradicts", "the values that came first under this event_id")
JOURNALLED = {NAME: pl.String(), **RAW, "arrived_at": pl.Datetime("us", "UTC")}


class BusyError(Exception):
    """More events wait than can be judged soon."""


@dataclass(frozen=True)
class Receipt:
    """What became of the events of one request.

    Attributes
    ----------
    accepted
        Now on the disk, to be in the lake soon.
    known
        Accepted earlier, with the same content.
    refused
        What is wrong with the others.
    aside
        Accepted ones that will be in the quarantine at first, and why.
    """

    accepted: int
    known: int
    refused: list[Fault]
    aside: list[Fault]


@dataclass
class Intake:
    """Takes events in for one tenant.

    Parameters
    ----------
    clock
        The present.
    known
        What the lake and people explain, at the moment.
    accepted
        Called with how many events have been accepted.
    """

    journal: Journal
    clock: Callable[[], datetime]
    known: Callable[[], Known]
    accepted: Callable[[int], None]
    _queue: "queue.SimpleQueue[tuple[Read, Future[Receipt]] | None]" = field(
        default_factory=queue.SimpleQueue, repr=False
    )
    _memory: dict[int, int] = field(default_factory=dict, repr=False)
    _waiting: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def submit(self, sent: Read) -> "Future[Receipt]":
        """Queue events; the result is there once those that are accepted are on the disk.

        Raises
        ------
        BusyError
            When too many wait.
        """
        with self._lock:
            if self._waiting + sent.rows.height > WAITING:
                raise BusyError
            self._waiting += sent.rows.height
        answer: Future[Receipt] = Future()
        self._queue.put((sent, answer))
        return answer

    def remember(self, rows: pl.DataFrame) -> None:
        """Remember events that are in the journal already."""
        self._keep(dict(_digests(rows)))

    def end(self) -> None:
        """Let ``run`` return after what waits."""
        self._queue.put(None)

    def run(self) -> None:
        """Take events in until the end."""
        while group := self._group():
            try:
                receipts = self._take([sent for sent, _ in group])
            except BaseException as error:  # whoever waits is told, and the thread lives on
                for _, answer in group:
                    answer.set_exception(error)
            else:
                for (_, answer), receipt in zip(group, receipts, strict=True):
                    answer.set_result(receipt)

    def _group(self) -> "list[tuple[Read, Future[Receipt]]]":
        group: list[tuple[Read, Future[Receipt]]] = []
        each = self._queue.get()
        while each is not None:
            group.append(each)
            if sum(sent.rows.height for sent, _ in group) >= GROUP:
                break
            try:
                each = self._queue.get_nowait()
            except queue.Empty:
                break
        if each is None and group:
            self._queue.put(None)  # for the next round
        with self._lock:
            self._waiting -= sum(sent.rows.height for sent, _ in group)
        return group

    def _take(self, group: list[Read]) -> list[Receipt]:
        now = self.clock()
        rows = pl.concat([sent.rows for sent in group])
        numbers, rules = verdict(rows, now)
        why = numbers.to_list()
        taken, again, contradicts = self._compare(rows, why)
        new = [number is None and not met for number, met in zip(why, again, strict=True)]
        self._write(rows if all(new) else rows.filter(new), now)
        self._keep(taken)
        _, reasons = screen(rows, self.known())
        aside = [
            (len(REASONS) if other else reason) if fresh else None
            for fresh, other, reason in zip(new, contradicts, reasons, strict=True)
        ]
        receipts, start = [], 0
        for sent in group:
            part = slice(start, start := start + sent.rows.height)
            receipts.append(
                Receipt(
                    sum(new[part]),
                    sum(again[part]),
                    [*sent.faults, *faults(sent.rows, why[part], rules, sent.of)],
                    faults(sent.rows, aside[part], [*REASONS, CONTRADICTS], sent.of),
                )
            )
        return receipts

    def _compare(
        self, rows: pl.DataFrame, why: list[int | None]
    ) -> tuple[dict[int, int], list[bool], list[bool]]:
        """Return digests of what is new, and which rows were met before: alike, or otherwise."""
        taken: dict[int, int] = {}
        again, contradicts = [False] * rows.height, [False] * rows.height
        for at, (number, (name, content)) in enumerate(zip(why, _digests(rows), strict=True)):
            if number is None:
                before = self._memory.get(name, taken.get(name))
                if before is None:
                    taken[name] = content
                again[at], contradicts[at] = before == content, before not in (None, content)
        return taken, again, contradicts

    def _write(self, rows: pl.DataFrame, now: datetime) -> None:
        if rows.height:
            payload = io.BytesIO()
            arrived = pl.lit(now).cast(JOURNALLED["arrived_at"]).alias("arrived_at")
            rows.select(NAME, *RAW, arrived).write_ipc_stream(payload, compression="lz4")
            self.journal.append(payload.getvalue(), rows.height)
            self.accepted(rows.height)

    def _keep(self, taken: dict[int, int]) -> None:
        self._memory |= taken
        while len(self._memory) > REMEMBERED:
            del self._memory[next(iter(self._memory))]


def journalled(segments: Iterable[Path]) -> pl.DataFrame:
    """Return the events of segments of a journal, in the order of their arrival."""
    frames = [pl.read_ipc_stream(payload) for path in segments for payload, _ in read(path)]
    return pl.concat(frames, how="diagonal") if frames else pl.DataFrame(schema=JOURNALLED)


def _digests(rows: pl.DataFrame) -> list[tuple[int, int]]:
    """Return for each event a digest of its name, and one of all that it says."""
    said = pl.struct(CONTENT).hash().alias("said")
    return rows.select(pl.col(NAME).hash(), said).rows()
