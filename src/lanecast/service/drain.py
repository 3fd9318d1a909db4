"""From the journal to the lake: one commit about a second while there is something to move.

What a kill leaves in the journal comes again, and the lake, which takes each event once, lets it
pass; so segments are deleted only after a commit, which is on the disk when it is made. Events that
``screen`` holds back are set aside in the quarantine, and come in when what they lacked is there.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import polars as pl
import structlog

from lanecast.sources.ingest import Ingest, told_when_full
from lanecast.sources.oddities import Odd
from lanecast.sources.piece import Piece
from lanecast.tables.commits import LakeBusyError
from lanecast.tables.ingest import QUARANTINE
from lanecast.tables.lake import Lake, collect
from lanecast.tables.parcel import SCANS

from .events import NAME, RAW
from .intake import JOURNALLED, journalled
from .journal import Journal, read
from .screen import REASONS, Known, screen

SOURCE = "events"  # of commits and of quarantine rows
EVERY_S = 1.0
MOST = 50_000  # events of one commit
PARTS = 200  # files of a table, from which on they are joined
PATIENCE_S = (0.5, 1.0, 2.0, 5.0, 15.0)  # between tries, the last one again and again
Touched = Callable[[Sequence[str]], None]


@dataclass
class Drain:
    """Moves events of one tenant.

    Parameters
    ----------
    codes
        Meanings that people gave to codes, read anew each time.
    after
        Each is called with the parcels of every commit, from the thread of the drain.
    """

    journal: Journal
    lake: Path
    codes: Callable[[], dict[tuple[str, str], str]]
    clock: Callable[[], datetime]
    after: list[Touched]
    moved: Callable[[int], None]
    known: Known = field(default_factory=Known)
    _fresh: bool = True
    _seen: int = 0  # commits that the lake had
    _ended: threading.Event = field(default_factory=threading.Event, repr=False)

    def renew(self) -> Lake:
        """Look what the lake and people explain by now, and return the lake."""
        lake = self._there()
        known = self.known.renewed(lake, self.codes())
        self._fresh = self._fresh or known is not self.known
        self.known = known
        return lake

    def _there(self) -> Lake:
        """Return the lake.

        Raises
        ------
        FileNotFoundError
            When commits that it had are gone; events wait in the journal until they are back.
        """
        lake = Lake(self.lake)
        if lake.pinned.number < self._seen:
            raise FileNotFoundError(f"{self.lake}: had {self._seen} commits and lost some.")
        self._seen = lake.pinned.number
        return lake

    def end(self) -> None:
        """Let ``run`` return soon."""
        self._ended.set()

    def run(self) -> None:
        """Move events until the end; what goes wrong is told, and tried again."""
        tries = 0
        while not self._ended.wait(EVERY_S if not tries else PATIENCE_S[min(tries, 5) - 1]):
            try:
                self.once()
                tries = 0
            except LakeBusyError:
                tries = 1
            except Exception as error:  # events stay in the journal, and the thread lives on
                tries += 1
                structlog.get_logger().error("drain", error=type(error).__name__, tries=tries)

    def once(self) -> int:
        """Move what is there, and return how many events that were."""
        lake, count = self.renew(), 0
        again = self._released(lake) if self._fresh else None
        segments = self.journal.seal()
        while segments or again is not None:
            few, count_few = _few(segments)
            self._commit(journalled(few), again)
            self.journal.delete(few)
            self.moved(count_few)
            count, again, self._fresh = count + count_few, None, False
            segments = segments[len(few) :]
        self._fresh = False
        return count

    def _commit(self, rows: pl.DataFrame, again: pl.DataFrame | None) -> None:
        now = self.clock()
        rows, why = screen(rows, self.known)
        good = rows.filter(why.is_null()).with_columns(
            recorded_at=pl.min_horizontal(
                pl.coalesce(_instant("recorded_at"), "arrived_at"), "arrived_at"
            )
        )
        if again is not None:
            recorded = pl.coalesce(_instant("recorded_at"), pl.lit(now))
            good = pl.concat([good, again.with_columns(recorded_at=recorded)], how="diagonal")
        good = good.drop("event_id").rename({NAME: "event_id"}).select(*SCANS.columns)
        sent = rows.select(NAME, *RAW)
        aside = [
            (sent.filter(why == i), Odd(*reason, pl.lit(True))) for i, reason in enumerate(REASONS)
        ]
        lake = self._there()
        with told_when_full(lake), lake.batch(SOURCE) as batch:
            work = Ingest(batch, SOURCE, None, now, _quiet, keys=dict(self.known.keys))
            work.add(Piece(SCANS, SOURCE, good, [each for each in aside if each[0].height]))
            for table in (SCANS, QUARANTINE):
                batch.join(table, PARTS)
        touched = good["parcel_id"].unique().sort().to_list()
        for tell in self.after if touched else ():
            try:
                tell(touched)
            except Exception as error:  # a subscriber's fault is not the drain's
                structlog.get_logger().error("after", error=type(error).__name__)

    def _released(self, lake: Lake) -> pl.DataFrame | None:
        """Return events that were set aside and lack nothing any more, or None."""
        if not lake.has(QUARANTINE):
            return None
        waiting = collect(lake.read(QUARANTINE)).filter(
            pl.col("source") == SOURCE,
            pl.col("table") == SCANS.name,
            pl.col("code").is_in([code for _, code, _ in REASONS]),
        )
        kind = pl.Struct({name: JOURNALLED[name] for name in (NAME, *RAW)})
        rows = waiting.select(pl.col("row").str.json_decode(kind)).unnest("row")
        rows, why = screen(rows, self.known)
        rows = rows.filter(why.is_null()).unique(NAME, keep="first", maintain_order=True)
        if lake.has(SCANS) and rows.height:
            there = collect(lake.read(SCANS).select("event_id"))
            rows = rows.join(there, left_on=NAME, right_on="event_id", how="anti")
        return rows if rows.height else None


def _few(segments: Sequence[Path]) -> tuple[list[Path], int]:
    """Return the first segments, of at most ``MOST`` events or one, and how many those are."""
    few: list[Path] = []
    events = 0
    for path in segments:
        more = sum(each for _, each in read(path))
        if few and events + more > MOST:
            break
        few, events = [*few, path], events + more
    return few, events


def _instant(name: str) -> pl.Expr:
    """Return an instant that was judged already, from its text."""
    return pl.col(name).str.to_datetime("%+", strict=False, time_unit="us", time_zone="UTC")


def _quiet(table: str, rows: int) -> None:
    """Say nothing."""
