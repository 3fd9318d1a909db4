"""An ingest is whole or not at all, whatever happens to the process, the disk, or a neighbour."""

import os
import signal
import subprocess
import sys
from datetime import datetime

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from lanecast.sources.ingest import ingest
from lanecast.sources.report import RefusedError
from lanecast.tables import commerce, parcel
from lanecast.tables.commits import LakeBusyError
from lanecast.tables.ingest import QUARANTINE
from lanecast.tables.lake import Lake

from .conftest import NOW

TABLES = (commerce.ORDERS, parcel.PARCELS, parcel.SCANS)

CHILD = """
import sys
from datetime import datetime, UTC
from pathlib import Path
from lanecast.sources.ingest import ingest
from lanecast.tables import commits
from lanecast.tables.lake import Lake

lake, folder, stop = sys.argv[1:]

def wait(moment):
    if moment == stop:
        print("here", flush=True)
        sys.stdin.readline()

publish = commits.publish
commits.publish = lambda *given: (wait("publish"), publish(*given))
now = datetime(2026, 6, 1, tzinfo=UTC)
ingest(Lake(Path(lake)), "csv", Path(folder), now=now, progress=lambda table, rows: wait(table))
"""


def started(lake, folder, stop):
    """Start an ingest in a process of its own, and return it when it has come to ``stop``."""
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(lake.path), str(folder), stop],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout.readline() == "here\n"
    return child


def ended(child, how):
    child.send_signal(how)
    child.wait(60)
    child.stdin.close()
    child.stdout.close()


def frames(lake, stored):
    return [stored(lake, table).sort(table.key) for table in TABLES]


def more(folder):
    """Add an order with its parcel and scan to the files."""
    for table, line in {
        "orders": "O3,B1,A1,2026-03-03T10:00:00Z,3000,BRL,2026-03-03T14:00:00Z",
        "parcels": "P3,O3,M1,A1,300,2026-03-03T14:00:00Z",
        "scans": "E5,P3,arrived,2026-03-04T12:00:00Z,HUB,2026-03-04T12:01:00Z",
    }.items():
        file = folder / f"{table}.csv"
        file.write_text(file.read_text() + line + "\n")


def test_every_table_of_an_ingest_is_one_commit(lake, canonical, stored):
    report = ingest(lake, "csv", canonical, now=NOW)
    pinned = Lake(lake.path).pinned
    assert (pinned.number, pinned.source) == (1, "csv")
    assert set(pinned.rows) == set(report.rows["table"])
    assert dict(report.rows.select("table", "new").rows()) == pinned.rows
    assert stored(lake, parcel.SCANS).height == 4


def test_the_same_files_again_change_nothing(lake, canonical):
    added = (canonical / "scans.csv").read_text() + "E9,P1,arrived,never,HUB,2026-03-05T00:00:00Z\n"
    (canonical / "scans.csv").write_text(added)
    first = ingest(lake, "csv", canonical, now=NOW)
    again = ingest(lake, "csv", canonical)
    assert Lake(lake.path).pinned.number == 1
    assert again.rows["new"].sum() == 0
    assert again.rows["known"].sum() == first.rows["new"].sum()
    assert again.rows["quarantined"].to_list() == first.rows["quarantined"].to_list()
    assert_frame_equal(again.findings, first.findings)


def test_a_dry_run_says_the_same_and_writes_nothing(lake, canonical):
    told = ingest(lake, "csv", canonical, now=NOW, dry_run=True)
    assert not lake.path.exists()
    done = ingest(lake, "csv", canonical, now=NOW)
    assert_frame_equal(told.rows, done.rows)
    more(canonical)
    told = ingest(lake, "csv", canonical, now=NOW, dry_run=True)
    assert Lake(lake.path).pinned.number == 1
    assert_frame_equal(told.rows, ingest(lake, "csv", canonical, now=NOW).rows)


@pytest.mark.parametrize("dry_run", [True, False])
def test_small_batches_give_the_same_report(lake, tmp_path, canonical, dry_run):
    scans = canonical / "scans.csv"
    lines = scans.read_text().splitlines()
    lines += [lines[1], lines[2].replace("arrived", "departed"), "E9,P9" + lines[1][5:]]
    scans.write_text("\n".join(lines))
    whole = ingest(lake, "csv", canonical, now=NOW, dry_run=dry_run)
    other = Lake(tmp_path / "other")
    small = ingest(other, "csv", canonical, now=NOW, batch_rows=1, dry_run=dry_run)
    assert_frame_equal(small.rows, whole.rows)


def test_a_stored_row_is_not_contradicted(lake, canonical, stored):
    ingest(lake, "csv", canonical, now=NOW)
    orders = canonical / "orders.csv"
    orders.write_text(orders.read_text().replace("1000", "1001"))
    report = ingest(lake, "csv", canonical, now=NOW)
    assert report.findings["code"].to_list() == ["contradicts"]
    bad = stored(lake, QUARANTINE)
    assert bad["value"].to_list() == ["O1, 2026-03-01 14:00:00.000000+00:00"]
    assert '"value_minor":1001' in bad["row"].item()
    assert sorted(stored(lake, commerce.ORDERS)["value_minor"]) == [1000, 2000]


def test_a_correction_is_a_new_version(lake, canonical, stored):
    ingest(lake, "csv", canonical, now=NOW)
    before = datetime.fromisoformat("2026-03-05T00:00:00Z")
    orders = canonical / "orders.csv"
    orders.write_text(orders.read_text().replace("1000,BRL,2026-03-01", "1001,BRL,2026-03-06"))
    assert ingest(lake, "csv", canonical, now=NOW).ok()
    assert sorted(stored(lake, commerce.ORDERS)["value_minor"]) == [1001, 2000]
    past = Lake(lake.path).asof(before).read(commerce.ORDERS).collect().to_native()
    assert sorted(past["value_minor"]) == [1000, 2000]


@pytest.mark.parametrize("moment", ["facilities", "orders", "scans", "publish"])
def test_a_killed_ingest_leaves_the_lake_as_it_was(lake, tmp_path, canonical, stored, moment):
    ingest(lake, "csv", canonical, now=NOW)
    before = frames(lake, stored)
    more(canonical)
    ended(started(lake, canonical, moment), signal.SIGKILL)
    assert Lake(lake.path).pinned.number == 1
    for old, seen in zip(before, frames(lake, stored), strict=True):
        assert_frame_equal(old, seen)

    ingest(lake, "csv", canonical, now=NOW)
    assert Lake(lake.path).pinned.number == 2
    other = Lake(tmp_path / "other")
    ingest(other, "csv", canonical, now=NOW)
    for here, there in zip(frames(lake, stored), frames(other, stored), strict=True):
        assert_frame_equal(here, there)


def test_a_first_ingest_that_is_killed_leaves_an_empty_lake(lake, canonical):
    ended(started(lake, canonical, "publish"), signal.SIGKILL)
    assert Lake(lake.path).pinned.number == 0
    assert not Lake(lake.path).has(commerce.ORDERS)
    assert ingest(lake, "csv", canonical, now=NOW).ok()


def test_of_two_ingests_at_once_the_second_is_refused(lake, canonical):
    child = started(lake, canonical, "orders")
    try:
        with pytest.raises(LakeBusyError, match="another process is writing to this lake"):
            ingest(lake, "csv", canonical, now=NOW)
        looked = ingest(lake, "csv", canonical, now=NOW, dry_run=True)  # looking is allowed
        assert looked.ok()
        child.communicate("\n", timeout=120)
    finally:
        child.kill()
    assert child.returncode == 0
    assert Lake(lake.path).pinned.number == 1


def test_a_full_disk_is_told_and_changes_nothing(tmp_path, canonical, stored):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)]
    try:
        mounted = subprocess.run(mount, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("needs mount, to make a small disk")
    if mounted.returncode:
        pytest.skip(f"needs the right to mount a small disk: {mounted.stderr.strip()}")
    try:
        lake = Lake(disk / "lake")
        ingest(lake, "csv", canonical, now=NOW)
        before = frames(lake, stored)
        n = 100_000
        ids = pl.Series(os.urandom(8).hex() for _ in range(n))
        pl.read_csv(canonical / "scans.csv", infer_schema=False).head(1).select(
            pl.exclude("event_id")
        ).join(pl.DataFrame({"event_id": ids}), how="cross").write_csv(canonical / "scans.csv")
        with pytest.raises(RefusedError, match="no space left on the device"):
            ingest(lake, "csv", canonical, now=NOW)
        assert Lake(lake.path).pinned.number == 1
        for old, seen in zip(before, frames(lake, stored), strict=True):
            assert_frame_equal(old, seen)
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_parameters_are_refused_by_name(lake, canonical):
    with pytest.raises(RefusedError, match="source: 'oilst' is unknown; expected olist"):
        ingest(lake, "oilst", canonical)
    with pytest.raises(RefusedError, match="zone: 'Brazil' is not an IANA time zone"):
        ingest(lake, "csv", canonical, zone="Brazil")
    with pytest.raises(RefusedError, match=r"now: .* has no time zone"):
        ingest(lake, "csv", canonical, now=NOW.replace(tzinfo=None))


def test_progress_counts_rows(lake, canonical):
    seen = []
    progress = lambda table, rows: seen.append((table, rows))  # noqa: E731
    ingest(lake, "csv", canonical, now=NOW, batch_rows=3, progress=progress)
    assert [rows for table, rows in seen if table == "scans"] == [3, 4]
