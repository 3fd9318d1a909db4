import os
import random
import signal
import subprocess
import sys
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import narwhals as nw
import polars as pl
import pytest
from deltalake import DeltaTable
from polars.testing import assert_frame_equal

from lanecast.tables.commits import LakeBusyError
from lanecast.tables.lake import Lake, collect
from lanecast.tables.network import CARRIERS
from lanecast.tables.parcel import PROMISES, SCANS

from . import pairs
from .pairs import LEFT, RIGHT, ROWS, append, look

ROOT = Path(__file__).resolve().parents[2]
T1 = datetime(2026, 3, 1, 12, tzinfo=UTC)
T2 = T1 + timedelta(days=7)


def carrier(name, at=T1, carrier_id="c1"):
    return nw.from_native(
        pl.DataFrame({"carrier_id": [carrier_id], "name": [name], "recorded_at": [at]})
    )


def promise(day, at=T1):
    return nw.from_native(
        pl.DataFrame(
            {
                "parcel_id": ["p1"],
                "promised_at": [datetime(2026, 3, day, 23, 59, 59, tzinfo=UTC)],
                "promised_date": [date(2026, 3, day)],
                "recorded_at": [at],
            }
        )
    )


def scan(event_id="e1", status="arrived", event_at=T1, recorded_at=T1):
    row = {
        "event_id": event_id,
        "parcel_id": "p1",
        "status": status,
        "event_at": event_at,
        "recorded_at": recorded_at,
    }
    return nw.from_native(pl.DataFrame([row]))


def names(lake):
    return collect(lake.read(CARRIERS))["name"].to_list()


def state(path):
    """Every file that belongs to the lake, with its content."""
    found = {f: f.read_bytes() for f in path.rglob("*") if f.is_file()}
    return {f: content for f, content in found.items() if f.name != ".lock"}


def process(*args, **more):
    return subprocess.Popen(
        [sys.executable, "-m", "tests.tables.pairs", *map(str, args)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **more,
    )


# One writer, one reader


def test_writing_twice_changes_nothing(tmp_path):
    lake = Lake(tmp_path / "lake")
    assert lake.write(CARRIERS, carrier("A")) == 1
    before, number = state(lake.path), Lake(lake.path).pinned.number
    assert lake.write(CARRIERS, carrier("A")) == 0
    after = state(lake.path)
    assert {f: after[f] for f in before} == before
    assert names(Lake(lake.path)) == ["A"]
    assert Lake(lake.path).pinned.number == number


def test_a_correction_replaces_the_fact_but_not_the_past(tmp_path):
    Lake(tmp_path).write(CARRIERS, carrier("A"))
    Lake(tmp_path).write(CARRIERS, carrier("B", T2))
    now = Lake(tmp_path)
    assert names(now) == ["B"]
    assert names(now.asof(T2)) == ["B"]
    assert names(now.asof(T2 - timedelta(microseconds=1))) == ["A"]
    assert names(now.asof(T1 - timedelta(microseconds=1))) == []
    assert collect(now.versions(CARRIERS))["name"].sort().to_list() == ["A", "B"]


def test_a_correction_that_arrives_late_does_not_replace_what_came_after_it(tmp_path):
    Lake(tmp_path).write(CARRIERS, carrier("B", T2))
    Lake(tmp_path).write(CARRIERS, carrier("A", T1))
    assert names(Lake(tmp_path)) == ["B"]
    assert names(Lake(tmp_path).asof(T1)) == ["A"]


def test_another_value_at_the_same_instant_is_refused_and_nothing_is_written(tmp_path):
    Lake(tmp_path).write(CARRIERS, carrier("A"))
    with pytest.raises(ValueError, match=r"carriers: 1 rows are stored .*'B'.* later recorded_at"):
        Lake(tmp_path).write(CARRIERS, carrier("B"))
    assert names(Lake(tmp_path)) == ["A"]
    assert Lake(tmp_path).pinned.number == 1


def test_an_event_that_is_sent_again_is_the_same_event(tmp_path):
    Lake(tmp_path).write(SCANS, scan())
    assert Lake(tmp_path).write(SCANS, scan(recorded_at=T2)) == 0
    with pytest.raises(ValueError, match="scans: 1 rows are stored already with other values"):
        Lake(tmp_path).write(SCANS, scan(status="departed", recorded_at=T2))
    assert collect(Lake(tmp_path).read(SCANS))["recorded_at"].to_list() == [T1]


def test_the_clock_of_a_lake_only_goes_back(tmp_path):
    Lake(tmp_path).write(CARRIERS, carrier("A"))
    Lake(tmp_path).write(CARRIERS, carrier("B", T2))
    past = Lake(tmp_path).asof(T1)
    assert names(past.asof(T2)) == ["A"]
    assert past.asof(T2).until == T1


def test_a_naive_instant_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"asof: 2026-03-01 12:00:00 has no time zone"):
        Lake(tmp_path).asof(T1.replace(tzinfo=None))


def test_an_instant_may_stand_in_any_zone(tmp_path):
    Lake(tmp_path).write(CARRIERS, carrier("A"))
    there = datetime.fromisoformat("2026-03-01T09:00:00-03:00")
    assert names(Lake(tmp_path).asof(there)) == ["A"]
    assert names(Lake(tmp_path).asof(there - timedelta(seconds=1))) == []


def test_a_table_that_was_never_written_says_what_to_do(tmp_path):
    assert not Lake(tmp_path).has(CARRIERS)
    with pytest.raises(FileNotFoundError, match="carriers: no such table; write it first"):
        Lake(tmp_path).read(CARRIERS)


def test_hours_and_days_stand_beside_instants_and_dates(tmp_path):
    Lake(tmp_path).write(PROMISES, promise(2))
    row = collect(Lake(tmp_path).read(PROMISES)).row(0, named=True)
    assert row["recorded_h"] == T1.timestamp() / 3600
    assert row["promised_h"] == pytest.approx(datetime(2026, 3, 3, tzinfo=UTC).timestamp() / 3600)
    assert row["promised_day"] == (date(2026, 3, 2) - date(1970, 1, 1)).days


@pytest.mark.parametrize("name", ["my lake", "späti", "a#b"])
def test_a_lake_may_lie_in_a_folder_with_any_ordinary_name(tmp_path, name):
    Lake(tmp_path / name).write(CARRIERS, carrier("A"))
    Lake(tmp_path / name).write(CARRIERS, carrier("B", T2))
    assert names(Lake(tmp_path / name)) == ["B"]


def test_a_folder_that_engines_misread_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"may not hold %"):
        Lake(tmp_path / "50%20").write(CARRIERS, carrier("A"))


def test_an_empty_table_is_a_table(tmp_path):
    Lake(tmp_path).write(CARRIERS, carrier("A").head(0))
    assert names(Lake(tmp_path)) == []
    assert Lake(tmp_path).write(CARRIERS, carrier("A")) == 1


# Commits


def test_all_tables_of_a_batch_appear_together(tmp_path):
    with Lake(tmp_path).batch("a source") as batch:
        batch.append(CARRIERS, carrier("A"))
        batch.append(PROMISES, promise(2))
        assert not Lake(tmp_path).has(CARRIERS)
    lake = Lake(tmp_path)
    assert names(lake) == ["A"]
    assert lake.has(PROMISES)
    assert (lake.pinned.number, lake.pinned.source) == (1, "a source")
    assert lake.pinned.rows == {"carriers": 1, "promises": 1}


def test_a_batch_sees_its_own_rows_and_clashes_with_them(tmp_path):
    with Lake(tmp_path).batch("s") as batch:
        assert batch.append(CARRIERS, carrier("A"))[0] == 1
        new, clash = batch.append(CARRIERS, carrier("B"))
        assert (new, clash["name"].to_list()) == (0, ["B"])
        assert batch.append(CARRIERS, carrier("A"))[0] == 0


def test_a_batch_that_fails_leaves_the_lake_as_it_was(tmp_path):
    append(tmp_path)
    for _ in range(2):
        with pytest.raises(RuntimeError, match="in the middle"), Lake(tmp_path).batch("s") as b:
            b.append(LEFT, pairs.rows(2))
            b.append(CARRIERS, carrier("A"))
            raise RuntimeError("in the middle")
        assert look(tmp_path) == 1
        assert not Lake(tmp_path).has(CARRIERS)
    assert append(tmp_path) == 2
    assert look(tmp_path) == 2
    Lake(tmp_path).write(CARRIERS, carrier("B"))
    assert names(Lake(tmp_path)) == ["B"]


def test_what_no_commit_names_is_taken_back_by_the_next_write(tmp_path):
    append(tmp_path)
    with pytest.raises(RuntimeError), Lake(tmp_path).batch("s") as batch:
        batch.append(LEFT, pairs.rows(77))
        raise RuntimeError
    stored = DeltaTable(tmp_path / "left")
    assert stored.version() > Lake(tmp_path).pinned.versions["left"], "the orphan is there"
    append(tmp_path)
    newest = DeltaTable(tmp_path / "left")
    assert newest.version() == Lake(tmp_path).pinned.versions["left"]
    assert sum(newest.get_add_actions(flatten=True)["num_records"].to_pylist()) == 2 * ROWS


def test_an_older_commit_stays_readable(tmp_path):
    for _ in range(3):
        append(tmp_path)
    assert [look(tmp_path, commit=n) for n in (0, 1, 2, 3)] == [0, 1, 2, 3]
    with pytest.raises(ValueError, match=r"has no commit 9; it has 1 to 3"):
        look(tmp_path, commit=9)


def test_looking_back_agrees_with_what_was_there_then(tmp_path):
    """An audit: the lake as of an instant is the lake that one had at that instant."""
    for _ in range(3):
        append(tmp_path)
    for n in (1, 2, 3):
        back = Lake(tmp_path).asof(pairs.START + timedelta(hours=n))
        then = Lake(tmp_path, commit=n)
        for table in (LEFT, RIGHT):
            assert_frame_equal(
                collect(back.read(table)), collect(then.read(table)), check_row_order=False
            )


def test_a_lake_shows_one_commit_however_long_it_is_held(tmp_path):
    append(tmp_path)
    held, past = Lake(tmp_path), Lake(tmp_path).asof(T2)
    assert held.pinned.number == 1
    append(tmp_path)
    for lake in (held, past, held.asof(T2)):
        assert collect(lake.read(LEFT)).height == ROWS
    assert collect(Lake(tmp_path).read(LEFT)).height == 2 * ROWS


# Other processes


def test_a_second_writer_is_turned_away_until_the_first_has_ended(tmp_path):
    with (
        Lake(tmp_path).batch("first") as batch,
        pytest.raises(LakeBusyError, match="another process is writing to this lake; try again"),
    ):
        batch.append(CARRIERS, carrier("A"))
        Lake(tmp_path).write(CARRIERS, carrier("B", T2))
    assert names(Lake(tmp_path)) == ["A"]
    Lake(tmp_path).write(CARRIERS, carrier("B", T2))
    assert names(Lake(tmp_path)) == ["B"]


def test_a_writer_in_another_process_is_turned_away_too(tmp_path):
    with Lake(tmp_path).batch("first"):
        second = process("write", tmp_path, 1)
        _, said = second.communicate(timeout=60)
    assert second.returncode == 1
    assert "LakeBusyError" in said
    assert look(tmp_path) == 0


def test_a_writer_that_is_killed_leaves_a_whole_lake_at_any_moment(tmp_path):
    chance = random.Random(0)
    number = 0
    orphans = 0
    for _ in range(8):
        writer = process("write", tmp_path, 10**9)
        first = int(writer.stdout.readline())
        assert first == number + 1, "the first write after a kill works"
        time.sleep(chance.uniform(0, 0.15))
        writer.send_signal(signal.SIGKILL)
        said = [first, *map(int, writer.stdout.read().split())]
        writer.wait()
        writer.stdout.close()
        writer.stderr.close()
        number = look(tmp_path)
        assert number in (said[-1], said[-1] + 1), "what was said is there, and at most one more"
        versions = Lake(tmp_path).pinned.versions
        orphans += any(
            DeltaTable(tmp_path / name).version() > version for name, version in versions.items()
        )
    assert append(tmp_path) == number + 1
    assert look(tmp_path) == number + 1
    assert orphans, "no kill fell into a write: the test has proved nothing"


def test_readers_never_see_half_a_commit(tmp_path):
    append(tmp_path)
    readers = [process("read", tmp_path, 12) for _ in range(2)]
    for reader in readers:
        assert reader.stdout.readline() == "1\n"
    writer = process("write", tmp_path, 12)
    between = set()
    for reader in readers:
        seen, said = reader.communicate(timeout=120)
        assert reader.returncode == 0, said
        numbers = list(map(int, seen.split()))
        assert numbers == sorted(numbers)
        between |= set(numbers) - {1, 12}
    writer.communicate(timeout=120)
    assert writer.returncode == 0
    assert between, "no reader has seen the writer at work: the test has proved nothing"


# A full disk


@pytest.fixture
def small_disk(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=768k", "tmpfs", str(disk)]
    try:
        allowed = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        allowed = False
    if not allowed:
        pytest.skip("needs the right to mount a small tmpfs")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk_is_an_error_and_changes_nothing(small_disk):
    lake = small_disk / "lake"
    append(lake)
    ballast = small_disk / "ballast"
    free = os.statvfs(small_disk)
    ballast.write_bytes(b"0" * (free.f_bavail * free.f_frsize - 8192))
    with pytest.raises(Exception, match=r"(?i)no space left|os error 28"):
        for _ in range(20):
            append(lake)
    number = look(lake)
    assert number < 20
    ballast.unlink()
    assert append(lake) == number + 1
    assert look(lake) == number + 1


# Spark


def test_spark_reads_what_polars_reads(tmp_path, spark):
    Lake(tmp_path).write(PROMISES, promise(2))
    Lake(tmp_path).write(PROMISES, promise(3, T2))
    Lake(tmp_path).write(SCANS, scan())
    Lake(tmp_path).write(SCANS, scan("e2", "delivered", T2, T2 + timedelta(milliseconds=1)))
    for table in (PROMISES, SCANS):
        for until in (T1, T2 + timedelta(days=1)):
            one, other = (
                collect(Lake(tmp_path, engine).asof(until).read(table)).sort(*table.key)
                for engine in ("polars", "spark")
            )
            assert_frame_equal(one, other, check_exact=True)
            assert one.columns[: len(table.columns)] == list(table.columns)


def test_spark_reads_an_empty_table_and_a_folder_with_a_space(tmp_path, spark):
    path = tmp_path / "my lake"
    Lake(path).write(CARRIERS, carrier("A").head(0))
    empty = collect(Lake(path, "spark").read(CARRIERS))
    assert_frame_equal(empty, collect(Lake(path).read(CARRIERS)))
    Lake(path).write(CARRIERS, carrier("A"))
    assert names(Lake(path, "spark")) == ["A"]


def test_spark_holds_and_sees_older_commits(tmp_path, spark):
    for _ in range(2):
        append(tmp_path)
    then = Lake(tmp_path, "spark", commit=1)
    held = then.hold(then.read(LEFT))
    assert collect(held).height == ROWS
    assert collect(Lake(tmp_path, "spark").read(LEFT)).height == 2 * ROWS


def test_all_files_of_a_commit_are_on_the_disk_before_it_is(tmp_path, monkeypatch):
    lake, forced, fsync = Lake(tmp_path / "a lake"), [], os.fsync

    def note(number):
        forced.append(Path(f"/proc/self/fd/{number}").readlink())
        fsync(number)

    monkeypatch.setattr(os, "fsync", note)
    lake.write(CARRIERS, carrier("a"))
    with lake.batch("x") as batch:
        batch.append(CARRIERS, carrier("b", T2))
        batch.append(SCANS, scan())
        DeltaTable(lake.path / "carriers").create_checkpoint()  # as Delta does now and then
    last = forced.index(lake.path / "_commits" / ".00000002.partial")
    told = [each for each in lake.path.rglob("*") if each.suffix in (".json", ".parquet")]
    written = {each for each in told if each.parent.name != "_commits"}
    assert any("checkpoint.parquet" in each.name for each in written)
    assert written | {each.parent for each in written} <= set(forced[:last])
