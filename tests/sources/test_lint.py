"""Each fault that a file of a real user has had: what happens to the row, and what is said."""

import json
from datetime import UTC, datetime

import narwhals as nw
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lanecast.sources.ingest import ingest
from lanecast.sources.lint import Linter
from lanecast.tables import commerce, parcel
from lanecast.tables.ingest import QUARANTINE
from lanecast.tables.schema import check

from .conftest import NOW

LONG = "x" * 200
SQL = "'; DROP TABLE orders; --"
ZULU = "2026-03-02T14:00:00Z"
NAIVE = "2026-03-02T14:00:00"


def added(folder, table, line):
    file = folder / f"{table}.csv"
    file.write_text(file.read_text() + line + "\n")


def findings(report):
    return {f["code"]: f for f in report.findings.iter_rows(named=True)}


ERRORS = [
    ("scans", f"E9,P1,arrived,{NAIVE},HUB,{ZULU}", "event_at", "naive_time", NAIVE),
    ("scans", f"E9,P1,arrived,yesterday,HUB,{ZULU}", "event_at", "not_a_time", "yesterday"),
    ("scans", f"E9,P1,arrived,2026-02-30T10:00:00Z,HUB,{ZULU}", "event_at", "not_a_time", None),
    ("scans", f"E9,P1,arrived,1970-01-01T00:00:00Z,HUB,{ZULU}", "event_at", "too_early", None),
    ("scans", "E9,P1,arrived,2026-06-03T00:00:00Z,HUB,2026-05-01T00:00:00Z", "event_at",
     "future_time", None),
    ("scans", f"E9,P1,arrived,{ZULU},HUB,2026-06-03T00:00:00Z", "recorded_at", "future_time", None),
    ("scans", f",P1,arrived,{ZULU},HUB,{ZULU}", "event_id", "missing", ""),
    ("scans", f"{LONG},P1,arrived,{ZULU},HUB,{ZULU}", "event_id", "bad_id", LONG),
    ("scans", f"E9,P9,arrived,{ZULU},HUB,{ZULU}", "parcel_id", "unknown_key", "P9"),
    ("scans", f"E9,P1,arrived,{ZULU},NOWHERE,{ZULU}", "facility_id", "unknown_key", "NOWHERE"),
    ("scans", f"E1,P1,arrived,{ZULU},HUB,{ZULU}", "event_id", "duplicate_key", "E1"),
    ("parcels", f"P9,O1,M1,A1,-5,{ZULU}", "weight_g", "too_low", "-5"),
    ("parcels", f"P9,O1,M1,A1,NaN,{ZULU}", "weight_g", "not_finite", "NaN"),
    ("parcels", f"P9,O1,M1,A1,inf,{ZULU}", "weight_g", "not_finite", "inf"),
    ("parcels", f"P9,O1,M1,A1,2000001,{ZULU}", "weight_g", "too_heavy", "2000001"),
    ("parcels", f"P9,O1,M1,A1,heavy,{ZULU}", "weight_g", "not_a_number", "heavy"),
    ("lanes", f"L9,HUB,HUB,C1,road,{ZULU}", "to_facility_id", "cyclic_lane", "HUB"),
    ("lanes", f"L9,HUB,STA,C1,rocket,{ZULU}", "mode", "not_allowed", "rocket"),
    ("addresses", f"A9,BR,BR-AM,Mars/Crater,{ZULU}", "zone", "unknown_zone", "Mars/Crater"),
    ("addresses", f"A9,Brazil,BR-AM,America/Manaus,{ZULU}", "country", "bad_format", "Brazil"),
    ("orders", f"O9,B1,A1,{ZULU},5,R$,{ZULU}", "currency", "bad_format", "R$"),
    ("orders", f"O9,B1,A1,{ZULU},5.5,BRL,{ZULU}", "value_minor", "not_a_number", "5.5"),
    ("orders", f"O1,B1,A1,{ZULU},77,BRL,2026-03-01T14:00:00Z", "order_id, recorded_at",
     "duplicate_key", None),
    ("merchants", f"M9,BR,BR-SP,0,0,America/Sao_Paulo,{ZULU}", "lat, lon", "zero_zero", "0, 0"),
    ("merchants", f"M9,BR,BR-SP,-146.6,-23.5,America/Sao_Paulo,{ZULU}", "lat, lon",
     "lat_lon_swapped", None),
    ("merchants", f"M9,BR,BR-SP,-23.5,-190,America/Sao_Paulo,{ZULU}", "lon", "too_low", "-190"),
    ("promises", f"P2,{ZULU},02.03.2026,{ZULU}", "promised_date", "not_a_date", "02.03.2026"),
]  # fmt: skip


@pytest.mark.parametrize(("table", "line", "column", "code", "value"), ERRORS)
def test_a_bad_row_is_set_aside_whole_and_the_others_are_stored(
    lake, canonical, stored, table, line, column, code, value
):
    clean = ingest(lake, "csv", canonical, now=NOW, dry_run=True)
    added(canonical, table, line)
    report = ingest(lake, "csv", canonical, now=NOW)
    assert report.rows["new"].to_list() == clean.rows["new"].to_list()
    bad = stored(lake, QUARANTINE)
    assert bad.select("file", "table", "column", "code").rows() == [
        (f"{table}.csv", table, column, code)
    ]
    if value is not None:
        assert bad["value"].item().startswith(value)
    assert bad["valid"].item()
    whole = json.loads(bad["row"].item())
    assert set(line.split(",")) - {""} <= {str(cell) for cell in whole.values()}
    said = findings(report)[code]
    assert (said["severity"], said["count"], said["column"]) == ("error", 1, column)


@pytest.mark.parametrize("kind", [pl.Float64, pl.Float32, pl.Decimal(12, 2)], ids=str)
def test_a_fraction_in_a_column_of_whole_numbers_is_set_aside_whatever_its_type(
    lake, canonical, stored, kind
):
    file = canonical / "orders.csv"
    rows = pl.read_csv(file, infer_schema=False)
    half = pl.when(pl.int_range(pl.len()) == 0).then(pl.col("value_minor") + 0.5)
    number = pl.col("value_minor").cast(pl.Float64)
    rows = rows.with_columns(number).with_columns(half.otherwise("value_minor").cast(kind))
    rows.write_parquet(canonical / "orders.parquet")
    file.unlink()
    report = ingest(lake, "csv", canonical, now=NOW)
    bad = stored(lake, QUARANTINE).filter(table="orders")
    assert bad.select("column", "code", "valid").rows() == [
        ("value_minor", "not_a_number", "a whole number in minor units")
    ]
    assert float(bad["value"][0]) == rows["value_minor"][0]
    assert findings(report)["not_a_number"]["count"] == 1
    assert stored(lake, commerce.ORDERS).height == rows.height - 1


WARNINGS = [
    ("scans", "E9,P1,arrived,2026-03-03T16:00:00Z,HUB,2026-03-03T14:00:00Z", "clock_skew"),
    ("scans", "E9,P1,arrived,2026-03-06T16:00:00Z,HUB,2026-03-06T16:00:00Z",
     "scan_after_delivered"),
    ("scans", "E9,P1,arrived,2026-02-20T16:00:00Z,HUB,2026-02-20T16:00:00Z", "scan_before_order"),
    ("scans", f"E9,P2,delivered,{ZULU},HUB,{ZULU}", "delivered_before_picked_up"),
    ("scans", f"E9,P1,TELEPORTED,{ZULU},HUB,{ZULU}", "unknown_code"),
    ("promises", "P2,2026-02-01T00:00:00Z,2026-02-01,2026-03-02T14:00:00Z", "promise_in_the_past"),
]  # fmt: skip


@pytest.mark.parametrize(("table", "line", "code"), WARNINGS)
def test_what_is_odd_but_possible_is_kept_and_told(lake, canonical, table, line, code):
    added(canonical, table, line)
    report = ingest(lake, "csv", canonical, now=NOW)
    assert report.ok()
    assert findings(report)[code]["severity"] == "warning"


def test_nothing_is_said_about_files_without_fault(lake, canonical):
    assert ingest(lake, "csv", canonical, now=NOW).findings.is_empty()


def test_an_unknown_code_is_kept_beside_the_status(lake, canonical, stored):
    added(canonical, "scans", f"E9,P1,TELEPORTED,{ZULU},HUB,{ZULU}")
    added(canonical, "scans", f"E8,P1,Arrived,{ZULU},HUB,{ZULU}")
    ingest(lake, "csv", canonical, now=NOW)
    scans = {r["event_id"]: r for r in stored(lake, parcel.SCANS).iter_rows(named=True)}
    assert (scans["E9"]["status"], scans["E9"]["raw_code"]) == ("unknown", "TELEPORTED")
    assert (scans["E8"]["status"], scans["E8"]["raw_code"]) == ("arrived", None)


def test_weights_in_kilograms_are_suspected(lake, canonical):
    for i in range(5):
        added(canonical, "parcels", f"K{i},O1,M1,A1,0.4,{ZULU}")
    report = ingest(lake, "csv", canonical, now=NOW)
    assert findings(report)["looks_like_kg"]["column"] == "weight_g"


def test_a_row_that_comes_twice_is_kept_once(lake, canonical):
    scans = canonical / "scans.csv"
    added(canonical, "scans", scans.read_text().splitlines()[1])
    report = ingest(lake, "csv", canonical, now=NOW)
    assert report.ok()
    assert findings(report)["repeated_row"]["count"] == 1
    assert report.rows.row(by_predicate=pl.col("table") == "scans") == ("scans", 5, 4, 1, 0)


def test_an_event_that_is_sent_again_later_is_the_same_event(lake, canonical):
    added(canonical, "scans", "E4,P2,picked_up,2026-03-04T08:00:00-03:00,HUB,2026-03-09T00:00:00Z")
    report = ingest(lake, "csv", canonical, now=NOW)
    assert report.rows.row(by_predicate=pl.col("table") == "scans") == ("scans", 5, 4, 1, 0)


def test_a_bad_order_takes_its_parcels_and_scans_with_it(lake, canonical, stored):
    orders = canonical / "orders.csv"
    orders.write_text(orders.read_text().replace("O2,B1,A1,2026-03-02T10:00:00Z", "O2,B1,A1,soon"))
    ingest(lake, "csv", canonical, now=NOW)
    assert sorted(stored(lake, QUARANTINE).select("table", "code").rows()) == [
        ("orders", "not_a_time"),
        ("parcels", "unknown_key"),
        ("scans", "unknown_key"),
    ]


@pytest.mark.parametrize("text", [SQL, "${jndi:x}", "=1+1", 'a"b', "名前", "\u202e"])
def test_hostile_text_is_only_text(lake, canonical, stored, text):
    orders = pl.read_csv(canonical / "orders.csv", infer_schema=False)
    orders.with_columns(buyer_id=pl.lit(text)).write_csv(canonical / "orders.csv")
    assert ingest(lake, "csv", canonical, now=NOW).ok()
    assert set(stored(lake, commerce.ORDERS)["buyer_id"]) == {text}


def test_infinity_survives_in_the_quarantine(lake, canonical, stored):
    parcels = pl.read_csv(canonical / "parcels.csv")
    (canonical / "parcels.csv").unlink()
    parcels = parcels.with_columns(weight_g=pl.Series([float("nan"), float("-inf")]))
    parcels.write_parquet(canonical / "parcels.parquet")
    (canonical / "scans.csv").unlink()
    (canonical / "promises.csv").unlink()
    ingest(lake, "csv", canonical, now=NOW)
    rows = [json.loads(row)["weight_g"] for row in stored(lake, QUARANTINE)["row"]]
    assert sorted(rows) == ["-inf", "NaN"]


cell = st.sampled_from(
    ["", "P1", LONG, SQL, "NaN", "-1", "1e309", "3", ZULU, NAIVE, "2026-13-01", "\x00", "BRL", "é"]
)


@given(st.lists(st.fixed_dictionaries(dict.fromkeys(parcel.PARCELS.columns, cell)), min_size=1))
def test_every_row_is_stored_or_set_aside_or_a_repetition(rows):
    raw = pl.DataFrame(rows, dict.fromkeys(parcel.PARCELS.columns, pl.String))
    raw = raw.with_columns(pl.when(pl.all() != "").then(pl.all()).name.keep())
    known = {"order_id": pl.DataFrame({"key": ["P1", "3"]})}
    judged = Linter("csv", "parcels.csv", "UTC", NOW).lint(parcel.PARCELS, raw, known)
    assert judged.read == judged.good.height + judged.set_aside + judged.again
    check(parcel.PARCELS, nw.from_native(judged.good))
    errors = sum(f.count for f in judged.findings if f.severity == "error")
    assert errors == judged.set_aside
    told = {json.loads(row)["parcel_id"] for bad in judged.bad for row in bad["row"]}
    assert told | set(judged.good["parcel_id"]) >= set(raw["parcel_id"])


instants = st.datetimes(datetime(1995, 1, 1), datetime(2025, 1, 1))  # noqa: DTZ001


@given(st.lists(st.tuples(instants, st.integers(-14 * 60, 14 * 60)), min_size=1))
def test_offsets_agree_with_the_standard_library(times):
    def text(moment, minutes):
        sign, away = "-" if minutes < 0 else "+", abs(minutes)
        return f"{moment.isoformat()}{sign}{away // 60:02}:{away % 60:02}"

    said = [text(*each) for each in times]
    raw = pl.DataFrame(
        {
            "event_id": [f"E{i}" for i in range(len(said))],
            "event_at": said,
            "parcel_id": "P",
            "status": "arrived",
            "recorded_at": "2025-06-01T00:00:00Z",
        }
    )
    judged = Linter("csv", "scans.csv", None, NOW).lint(parcel.SCANS, raw, {})
    expected = [datetime.fromisoformat(each).astimezone(UTC) for each in said]
    assert judged.good["event_at"].to_list() == expected
    assert judged.good["utc_offset_min"].to_list() == [minutes for _, minutes in times]
