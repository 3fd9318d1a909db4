"""Laws of the drain: each event is in the lake once, wherever a kill falls."""

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import narwhals as nw
import polars as pl
import pytest

from lanecast.service import drain as drains
from lanecast.service.drain import Drain
from lanecast.service.events import Read, read
from lanecast.service.intake import BusyError, Intake, journalled
from lanecast.service.journal import Journal
from lanecast.tables.commits import LakeBusyError, locked
from lanecast.tables.ingest import QUARANTINE
from lanecast.tables.lake import Lake, collect
from lanecast.tables.parcel import PARCELS, SCANS

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Ends(Exception):  # noqa: N818  # stands for a kill
    """The process ends here."""


class Kept:
    """A lake, a journal, and what moves between them; ``again`` is what a restart does."""

    def __init__(self, lake: Path, folder: Path) -> None:
        self.lake, self.folder = lake, folder
        self.codes: dict[tuple[str, str], str] = {}
        self.touched: list[str] = []
        self.again()

    def again(self) -> None:
        """Start anew on what is on the disk."""
        if hasattr(self, "journal"):
            self.journal.close()
        self.journal = Journal(self.folder)
        self.journal.open()
        self.drain = Drain(
            self.journal,
            self.lake,
            lambda: self.codes,
            lambda: AT,
            [self.touched.extend],
            lambda events: None,
        )
        self.drain.renew()
        self.intake = Intake(
            self.journal, lambda: AT, lambda: self.drain.known, lambda events: None
        )

    def take(self, *events: dict[str, Any]) -> Any:
        """Take events in, as the thread of the intake does."""
        return self.intake._take([read(list(events))])[0]

    def scans(self) -> list[tuple[str, str]]:
        """Return name and status of the events in the lake."""
        rows = collect(Lake(self.lake).read(SCANS).select("event_id", "status"))
        return sorted(rows.filter(pl.col("event_id").str.starts_with("t:")).rows())

    def aside(self) -> list[str]:
        """Return the reasons of the quarantine."""
        lake = Lake(self.lake)
        return collect(lake.read(QUARANTINE))["code"].to_list() if lake.has(QUARANTINE) else []


@pytest.fixture
def kept(world_lake: Lake, tmp_path: Path) -> Iterator[Kept]:
    made = Kept(shutil.copytree(world_lake.path, tmp_path / "lake"), tmp_path / "journal")
    yield made
    made.journal.close()


@pytest.fixture
def event(world_lake: Lake) -> Callable[..., dict[str, Any]]:
    first = collect(world_lake.read(PARCELS).select("parcel_id"))["parcel_id"].min()

    def make(number: int, **more: Any) -> dict[str, Any]:
        at = "2026-03-01T08:30:00-03:00"
        said = {"source": "t", "event_id": f"{number}", "parcel_id": first, "status": "arrived"}
        return {**said, "event_at": at, **more}

    return make


def test_a_kill_between_lake_and_journal_repeats_nothing(
    kept: Kept, event: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept.take(event(1), event(2, parcel_id="nobody's"), event(3, status=None, raw_code="?"))
    kept.journal.seal()
    kept.take(event(4), event(1, status="departed"))
    first: list[Any] = []

    def ends(segments: Any) -> None:
        first.append(len(segments))
        max(segments).unlink()  # the newest is gone, and then the process
        raise Ends

    monkeypatch.setattr(kept.journal, "delete", ends)
    with pytest.raises(Ends):
        kept.drain.once()
    before = kept.scans(), sorted(kept.aside())
    assert first == [2]
    assert before == (
        [("t:1", "arrived"), ("t:4", "arrived")],
        ["duplicate_key", "unknown_code", "unknown_key"],
    )
    kept.again()
    kept.take(event(5))
    kept.drain.once()
    assert kept.scans() == [*before[0], ("t:5", "arrived")]
    assert sorted(kept.aside()) == before[1]
    assert not kept.journal.segments()


def test_a_commit_that_fails_leaves_everything_in_the_journal(
    kept: Kept, event: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept.take(event(1))
    with locked(kept.lake), pytest.raises(LakeBusyError):
        kept.drain.once()
    with monkeypatch.context() as patched:
        patched.setattr(drains, "told_when_full", lambda lake: (_ for _ in ()).throw(OSError(28)))
        with pytest.raises(OSError, match="28"):
            kept.drain.once()
    assert journalled(kept.journal.segments()).height == 1
    assert kept.drain.once() == 1
    assert kept.scans() == [("t:1", "arrived")]


def test_a_lake_that_is_gone_is_not_made_anew_and_its_events_wait(kept: Kept, event: Any) -> None:
    kept.drain.once()
    away = kept.lake.with_name("away")
    kept.lake.rename(away)
    kept.take(event(1))
    with pytest.raises(FileNotFoundError, match="commits"):
        kept.drain.once()
    assert not kept.lake.exists()
    assert journalled(kept.journal.segments()).height == 1
    away.rename(kept.lake)
    kept.drain.once()
    assert [name for name, _ in kept.scans()] == ["t:1"]


def test_what_was_set_aside_comes_in_once_and_only_when_nothing_lacks(
    kept: Kept, event: Any
) -> None:
    kept.take(event(1, parcel_id="late", status=None, raw_code="Q"))
    kept.drain.once()
    assert kept.aside() == ["unknown_key"]
    kept.codes = {("", "q"): "lost"}
    kept.drain.once()
    assert kept.scans() == []
    row = collect(Lake(kept.lake).read(PARCELS).select(list(PARCELS.columns))).head(1)
    Lake(kept.lake).write(PARCELS, nw.from_native(row.with_columns(parcel_id=pl.lit("late"))))
    kept.drain.once()
    kept.again()
    kept.take(event(1, parcel_id="late", status=None, raw_code="Q"))
    kept.drain.once()
    assert kept.scans() == [("t:1", "lost")]
    assert set(kept.touched) == {"late"}


def test_an_event_that_waits_in_quarantine_is_there_once_however_often_it_is_sent(
    kept: Kept, event: Any
) -> None:
    for _ in range(3):
        kept.again()  # forgets what it took in
        kept.take(event(1, parcel_id="nobody's"))
        kept.drain.once()
    assert kept.aside() == ["unknown_key"]


def test_events_are_recorded_when_they_arrive_at_the_latest(kept: Kept, event: Any) -> None:
    said = ["2026-03-01T11:59:00Z", "2026-03-01T12:30:00Z", None]
    kept.take(*(event(i, recorded_at=at) for i, at in enumerate(said)))
    kept.drain.once()
    rows = collect(Lake(kept.lake).read(SCANS)).filter(pl.col("event_id").str.starts_with("t:"))
    assert rows.sort("event_id")["recorded_at"].to_list() == [
        AT.replace(hour=11, minute=59),
        AT,
        AT,
    ]
    assert rows["utc_offset_min"].unique().to_list() == [-180]


def test_small_files_are_joined_and_rows_stay(
    kept: Kept, event: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drains, "PARTS", 3)
    before = collect(Lake(kept.lake).read(SCANS)).height
    for number in range(5):
        kept.take(event(number))
        kept.drain.once()
    lake = Lake(kept.lake)
    assert collect(lake.read(SCANS)).height == before + 5
    parts = lake.read(SCANS).to_native().explain().count(".parquet")
    assert parts <= 4
    assert collect(Lake(kept.lake, commit=lake.pinned.number - 2).read(SCANS)).height == before + 3


def test_too_many_events_are_refused_and_not_forgotten(kept: Kept, event: Any) -> None:
    one = read([event(1)])
    many = Read(pl.concat([one.rows] * 100_000), [0] * 100_000, [])
    kept.intake.submit(many)
    with pytest.raises(BusyError):
        kept.intake.submit(one)


def test_names_are_told_apart_however_long_they_are(kept: Kept, event: Any) -> None:
    long = "x" * 128
    other = "x" * 127 + "y"
    kept.take(event(0, event_id=long), event(1, event_id=other), event(1, event_id=long))
    kept.take(event(2, source="t2", event_id=long))
    kept.drain.once()
    rows = collect(Lake(kept.lake).read(SCANS)).filter(pl.col("recorded_at") == AT)
    assert rows["event_id"].n_unique() == 3
    assert rows["event_id"].str.len_chars().max() == 32
