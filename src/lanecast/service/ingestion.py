"""Events of one tenant, from the door to the lake: the journal and the two threads around it."""

import threading
import time
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from . import figures
from .clock import wall
from .drain import Drain, Touched
from .events import Read
from .intake import Intake, Receipt, journalled
from .journal import Journal, read
from .screen import Known, codes
from .state import State


@dataclass
class Ingestion:
    """Accepts events and moves them into the lake.

    Parameters
    ----------
    after
        Each is called with the ids of the parcels of every commit, from a thread of its own; it
        should return soon.
    """

    tenant: str
    lake: Path
    folder: Path
    after: list[Touched] = field(default_factory=list)
    _intake: Intake | None = None
    _drain: Drain | None = None
    _threads: list[threading.Thread] = field(default_factory=list)
    _taken: tuple[Journal, int] | None = None

    def take(self) -> tuple[Journal, int]:
        """Take the journal, unless it is taken; return it and how many bytes were cut off.

        Raises
        ------
        ValueError
            When the journal is damaged, or another process has it.
        """
        if self._taken is None:
            journal = Journal(self.folder)
            self._taken = journal, journal.open()
        return self._taken

    def start(self, state: State) -> None:
        """Take the journal, and go on where the last process ended.

        Raises
        ------
        ValueError
            As :meth:`take`.
        """
        journal, cut = self.take()
        waiting = sum(events for path in journal.segments() for _, events in read(path))
        if cut or waiting:
            structlog.get_logger().warning(
                "journal", tenant=self.tenant, waiting=waiting, unacknowledged_bytes_cut=cut
            )
        gauge = figures.WAITING.labels(self.tenant)
        gauge.set(waiting)
        total = figures.ACCEPTED.labels(self.tenant)

        def accepted(events: int) -> None:
            total.inc(events)
            gauge.inc(events)

        self._drain = drain = Drain(
            journal, self.lake, lambda: codes(state, self.tenant), wall, self.after, gauge.dec
        )
        drain.renew()
        self._intake = Intake(journal, wall, lambda: drain.known, accepted)
        self._intake.remember(journalled(journal.segments()))
        self._threads = [
            threading.Thread(target=each.run, name=f"{name} {self.tenant}", daemon=True)
            for name, each in (("intake", self._intake), ("drain", self._drain))
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Finish what is being done; events that wait stay in the journal."""
        if self._intake is None or self._drain is None:
            return
        self._intake.end()
        self._drain.end()
        for thread in self._threads:
            thread.join()
        self._drain.journal.close()
        self._taken = None

    def settled(self, timeout_s: float) -> bool:
        """Wait until what was accepted before is in the lake; return whether it is."""
        until = time.monotonic() + timeout_s
        journal = self._running[1].journal
        waiting = set(journal.segments())
        while waiting & set(journal.segments()):
            if time.monotonic() > until:
                return False
            time.sleep(0.1)
        return True

    @property
    def known(self) -> Known:
        """Return what keeps no event out at the moment."""
        return self._running[1].known

    def submit(self, sent: Read) -> "Future[Receipt]":
        """Take events; see ``Intake.submit``."""
        return self._running[0].submit(sent)

    @property
    def _running(self) -> tuple[Intake, Drain]:
        if self._intake is None or self._drain is None:
            raise RuntimeError(f"{self.tenant}: takes events only between start and stop.")
        return self._intake, self._drain
