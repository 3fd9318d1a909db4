"""Files at the door: read in pieces, or refused in a sentence that says what to do."""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from lanecast.sources import files
from lanecast.sources.ingest import ingest
from lanecast.sources.report import RefusedError
from lanecast.tables import commerce, parcel

from .conftest import NOW


def edited(old, new, file="orders.csv"):
    def change(folder):
        (folder / file).write_text((folder / file).read_text().replace(old, new))

    return change


def written(file, content):
    def change(folder):
        (folder / file).write_bytes(content)

    return change


def emptied(folder):
    for file in folder.iterdir():
        file.unlink()
    (folder / "order.csv").write_text("order_id\n1\n")


def doubled(folder):
    pl.read_csv(folder / "orders.csv").write_parquet(folder / "orders.parquet")


def renamed(name, to):
    return lambda folder: (folder / name).rename(folder / to)


def removed(name):
    return lambda folder: (folder / name).unlink()


def moved(folder):
    folder.rename(folder.parent / "elsewhere")


LATIN = "order_id,buyer_id\nO1,B1\nO2,Jo\u00e3o\n".encode("latin-1")


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (moved, r"canonical: no such folder"),
        (
            emptied,
            r"no file of a canonical table; expected facilities.* order\.csv\. Is orders mea",
        ),
        (written("orders.csv", b""), r"orders\.csv: is empty"),
        (written("orders.csv", b"order_id,buyer_id\n"), r"orders\.csv: has a header and no rows"),
        (written("orders.csv", LATIN), r"byte 0xe3 at offset 29 \(line 3\) is not UTF-8"),
        (edited("buyer_id", "buyer"), r"no column 'buyer_id'; is 'buyer' meant\?.*order_id"),
        (edited(",", ";"), r"separate the columns by commas"),
        (edited(",BRL,", ",BRL,,,,,"), r"orders\.csv: (is not a CSV|cannot be read)"),
        (written("scans.parquet", b"PAR1 no"), r"scans\.(csv|parquet)"),
        (doubled, r"has orders\.csv and orders\.parquet; keep one"),
        (renamed("orders.csv", "order.csv"), r"no orders, .*; is order\.csv meant\? Name it like"),
        (renamed("orders.csv", "Orders.CSV"), r"no orders, .*; is Orders\.CSV meant\? Name it"),
        (renamed("orders.csv", "bought.csv"), r"there are no orders, .*; bring them first or tog"),
        (edited("buyer_id", "Buyer_ID"), r"no column 'buyer_id'; is 'Buyer_ID' meant\? It has or"),
        (edited("buyer_id", "x"), r"no column 'buyer_id'\. It has order_id, x, address_id, placed"),
        (
            written("orders.csv", b"order_id,placed,x\nO1,1,2\n"),
            r"no column 'buyer_id', 'address_id', 'placed_at', 'currency', 'recorded_at'; "
            r"is 'placed' meant for '(address_id|placed_at)'\? It has order_id, placed, x\.",
        ),
        (removed("parcels.csv"), r"column 'parcel_id' refers to parcels.*'P1'.*no parcels"),
    ],
)
def test_structural_trouble_refuses_everything(lake, canonical, damage, sentence):
    damage(canonical)
    with pytest.raises(RefusedError, match=sentence):
        ingest(lake, "csv", canonical, now=NOW)
    assert not list((lake.path / "_commits").glob("*.json"))


def test_what_is_no_parquet_file_is_refused(lake, tmp_path):
    (tmp_path / "orders.parquet").write_bytes(b"order_id\nO1\n")
    with pytest.raises(RefusedError, match=r"orders\.parquet: is not a Parquet file"):
        ingest(lake, "csv", tmp_path, now=NOW)
    with pytest.raises(RefusedError, match="is a file; give the folder"):
        ingest(lake, "csv", tmp_path / "orders.parquet", now=NOW)


def test_other_files_and_columns_are_told(lake, canonical):
    (canonical / "notes.csv").write_text("a\n1\n")
    edited("weight_g", "weight_kg", "parcels.csv")(canonical)
    report = ingest(lake, "csv", canonical, now=NOW)
    told = {(f["code"], f["column"]): f for f in report.findings.iter_rows(named=True)}
    assert told["unknown_file", ""]["example"] == "notes.csv"
    assert told["unknown_column", "weight_kg"]["action"] == "ignored; is weight_g meant?"
    assert told["unknown_column", "weight_kg"]["severity"] == "warning"


def test_a_file_that_is_called_almost_like_a_table_is_told(lake, canonical):
    (canonical / "promises.csv").rename(canonical / "promise.csv")
    (canonical / "scan.csv").write_text("a\n1\n")
    report = ingest(lake, "csv", canonical, now=NOW)
    told = {f["file"]: f for f in report.findings.iter_rows(named=True)}
    assert told["promise.csv"]["action"] == "ignored; is promises meant?"
    assert (told["promise.csv"]["table"], told["promise.csv"]["severity"]) == (
        "promises",
        "warning",
    )
    assert told["scan.csv"]["action"] == "ignored", "the table scans is there"


def local(folder):
    orders = pl.read_csv(folder / "orders.csv", infer_schema=False)
    clock = pl.col("placed_at").str.slice(0, 19)
    orders.with_columns(clock).write_csv(folder / "orders.csv")


def test_local_times_need_a_zone(lake, canonical, stored):
    local(canonical)
    sentence = r"orders\.csv: column 'placed_at' has times without offset.*2026-03-01T10:00:00"
    with pytest.raises(RefusedError, match=sentence):
        ingest(lake, "csv", canonical, now=NOW)
    assert ingest(lake, "csv", canonical, now=NOW, zone="America/Manaus").ok()
    first = stored(lake, commerce.ORDERS).sort("order_id").row(0, named=True)
    assert first["placed_at"] == datetime(2026, 3, 1, 14, tzinfo=UTC)
    assert first["utc_offset_min"] == -240


def test_local_times_of_parquet_need_a_zone_too(lake, canonical):
    local(canonical)
    orders = pl.read_csv(canonical / "orders.csv", infer_schema=False)
    (canonical / "orders.csv").unlink()
    orders.with_columns(pl.col("placed_at").str.to_datetime()).write_parquet(
        canonical / "orders.parquet"
    )
    with pytest.raises(RefusedError, match="'placed_at' has times without offset"):
        ingest(lake, "csv", canonical, now=NOW)
    assert ingest(lake, "csv", canonical, now=NOW, zone="America/Manaus").ok()


def test_the_offset_is_as_stated_or_as_its_place_has_it(lake, canonical, stored):
    ingest(lake, "csv", canonical, now=NOW)
    scans = dict(stored(lake, parcel.SCANS).select("event_id", "utc_offset_min").rows())
    assert scans == {"E1": -180, "E2": -240, "E3": -240, "E4": -180}
    orders = dict(stored(lake, commerce.ORDERS).select("order_id", "utc_offset_min").rows())
    assert orders == {"O1": -240, "O2": -240}


def test_csv_and_parquet_store_the_same(lake, tmp_path, canonical, stored):
    for file in canonical.glob("*.csv"):
        pl.read_csv(file, try_parse_dates=True).write_parquet(file.with_suffix(".parquet"))
        file.unlink()
    assert ingest(lake, "csv", canonical, now=NOW).ok()
    assert stored(lake, parcel.SCANS).height == 4


def test_a_byte_order_mark_and_windows_lines_do_no_harm(lake, canonical):
    file = canonical / "orders.csv"
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes().replace(b"\n", b"\r\n"))
    assert ingest(lake, "csv", canonical, now=NOW).ok()


def test_large_text_goes_through_pieces_and_says_the_same(lake, canonical, monkeypatch):
    whole = ingest(lake, "csv", canonical, now=NOW, dry_run=True)
    monkeypatch.setattr(files, "SMALL", 0)
    pieces = ingest(lake, "csv", canonical, now=NOW, dry_run=True, batch_rows=3)
    assert_frame_equal(pieces.rows, whole.rows)
    edited("Z,STA,", "Z,STA,,,,,", "scans.csv")(canonical)
    with pytest.raises(RefusedError, match=r"scans\.csv: (is not a CSV|cannot be read)"):
        ingest(lake, "csv", canonical, now=NOW)


PEAK = """
import sys
from pathlib import Path
from lanecast.sources.ingest import ingest
from lanecast.tables.lake import Lake
ingest(Lake(Path(sys.argv[1])), "csv", Path(sys.argv[2]), batch_rows=int(sys.argv[3]))
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux to measure memory")
def test_memory_is_bounded_by_the_batch_not_by_the_file(tmp_path, canonical):
    def peak(n, batch_rows):
        scans = pl.DataFrame({"i": pl.int_range(n, eager=True)}).select(
            event_id=pl.format("event-of-the-year-{}", "i"),
            parcel_id=pl.lit("P1"),
            status=pl.lit("arrived"),
            event_at=pl.lit("2026-03-03T12:00:00Z"),
            facility_id=pl.lit("HUB"),
            raw_code=pl.format("a rather long text that takes a lot of memory {}", "i"),
            recorded_at=pl.lit("2026-03-03T12:01:00Z"),
        )
        (canonical / "scans.csv").unlink(missing_ok=True)
        scans.write_parquet(canonical / "scans.parquet", row_group_size=50_000)
        lake = tmp_path / f"lake{n}-{batch_rows}"
        run = [sys.executable, "-c", PEAK, str(lake), str(canonical), str(batch_rows)]
        return int(subprocess.run(run, capture_output=True, check=True, text=True).stdout)

    little, much, whole = peak(50_000, 50_000), peak(1_000_000, 50_000), peak(1_000_000, 1_000_000)
    assert much < 0.6 * whole
    assert much - little < 0.5 * (whole - little)
