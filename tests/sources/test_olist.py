from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import polars as pl
import pytest

from lanecast.sources import brazil
from lanecast.sources.ingest import ingest
from lanecast.sources.report import RefusedError
from lanecast.tables import commerce, events, network, parcel
from lanecast.tables.ingest import QUARANTINE
from lanecast.tables.lake import Lake

TABLES = (
    network.CALENDARS,
    commerce.MERCHANTS,
    commerce.PRODUCTS,
    commerce.ADDRESSES,
    commerce.ORDERS,
    commerce.ORDER_LINES,
    parcel.PARCELS,
    parcel.PROMISES,
    parcel.SCANS,
    events.CLAIMS,
)


@pytest.fixture
def tiny(lake, tiny_olist):
    report = ingest(lake, "olist", tiny_olist)
    return Lake(lake.path), report


def row(lake, table, column, value):
    rows = lake.read(table).collect().to_native().filter(pl.col(column) == value)
    assert rows.height == 1
    return rows.row(0, named=True)


def found(report):
    return {(f["code"], f["column"]): f["count"] for f in report.findings.iter_rows(named=True)}


def statuses(lake, order):
    scans = lake.read(parcel.SCANS).collect().to_native().filter(pl.col("parcel_id") == order)
    return scans.sort("event_at")["status"].to_list()


def test_an_order_becomes_one_parcel_that_its_dearest_line_names(tiny):
    lake, report = tiny
    assert report.ok()
    usual = row(lake, parcel.PARCELS, "parcel_id", "usual")
    assert (usual["merchant_id"], usual["category"]) == ("s2", "sem_traducao")
    assert (usual["merchants"], usual["pieces"]) == (2, 2)
    assert (usual["weight_g"], usual["volume_cm3"]) == (500, 7000)
    assert (usual["value_minor"], usual["freight_minor"]) == (10_010, 400)
    assert usual["ship_by_at"] == datetime(2018, 1, 6, 14, tzinfo=UTC)
    order = row(lake, commerce.ORDERS, "order_id", "usual")
    assert (order["payment"], order["installments"]) == ("credit_card", 3)
    assert (order["placed_at"], order["utc_offset_min"]) == (
        datetime(2018, 1, 2, 14, tzinfo=UTC),
        -120,
    )
    cheap = row(lake, commerce.PRODUCTS, "product_id", "cheap")
    assert [cheap[f"{side}_mm"] for side in ("length", "width", "height")] == [300, 200, 100]
    assert cheap["category"] == "toys"


def test_what_one_line_does_not_tell_is_not_known_of_the_parcel(tiny):
    lake, _ = tiny
    assert row(lake, parcel.PARCELS, "parcel_id", "hasty")["weight_g"] is None


def test_each_oddity_has_its_rule_and_is_told(tiny):
    lake, report = tiny
    carrier, bought = "order_delivered_carrier_date", "order_purchase_timestamp"
    assert found(report) == {
        ("scan_before_order", "event_at"): 1,
        ("delivered_before_picked_up", "event_at"): 1,
        ("order_without_items", "order_id"): 1,
        ("delivered_without_time", "order_delivered_customer_date"): 1,
        ("ended_without_time", "order_status"): 2,
        ("approval_missing", "order_approved_at"): 2,
        ("handed_over_before_order", carrier): 1,
        ("uncertain_local_time", bought): 1,
        ("outside_brazil", "geolocation_lat"): 1,
        ("postal_code_without_place", "customer_zip_code_prefix"): 1,
        ("postal_code_without_place", "seller_zip_code_prefix"): 1,
        ("never_ordered", "product_id"): 1,
        ("category_without_translation", "product_category_name"): 1,
    }
    assert statuses(lake, "usual") == ["created", "picked_up", "delivered"]
    assert statuses(lake, "reversed") == ["created", "delivered", "picked_up"]
    assert statuses(lake, "timeless") == ["created", "picked_up"]
    assert statuses(lake, "canceled") == ["created"]  # nothing tells when
    assert statuses(lake, "empty") == []
    assert row(lake, commerce.ORDERS, "order_id", "empty")["value_minor"] is None


def test_places_are_medians_of_points_in_brazil(tiny):
    lake, _ = tiny
    address = row(lake, commerce.ADDRESSES, "address_id", "BR-SP-01001")
    assert (address["lat"], address["lon"]) == (pytest.approx(-23.55), pytest.approx(-46.65))
    assert (address["region"], address["postal_code"]) == ("BR-SP", "01001")
    manaus = row(lake, commerce.ADDRESSES, "address_id", "BR-AM-69005")
    assert (manaus["zone"], manaus["lat"]) == ("America/Manaus", None)


def test_a_promise_holds_until_the_last_moment_of_its_day(tiny):
    lake, _ = tiny
    promise = row(lake, parcel.PROMISES, "parcel_id", "usual")
    assert promise["promised_date"] == date(2018, 1, 20)
    midnight = datetime(2018, 1, 21, 2, tzinfo=UTC)
    assert promise["promised_at"] == midnight - timedelta(microseconds=1)
    skipped = row(lake, parcel.PROMISES, "parcel_id", "night")["promised_at"]
    assert skipped == datetime(2018, 11, 4, 3, tzinfo=UTC) - timedelta(microseconds=1)


def test_an_hour_that_happens_twice_is_the_second(tiny):
    lake, _ = tiny
    night = row(lake, commerce.ORDERS, "order_id", "night")
    assert night["placed_at"] == datetime(2018, 2, 18, 2, 30, tzinfo=UTC)
    assert night["utc_offset_min"] == -180


def test_nothing_of_an_order_is_known_before_its_purchase(tiny):
    lake, _ = tiny
    before = lake.asof(datetime(2018, 1, 2, 13, 59, tzinfo=UTC))
    for table in TABLES[1:]:
        assert before.read(table).collect().is_empty()
    hasty = row(lake, commerce.ORDERS, "order_id", "hasty")["placed_at"]
    scans = lake.read(parcel.SCANS).collect().to_native().filter(pl.col("parcel_id") == "hasty")
    assert scans["recorded_at"].min() == hasty


def test_a_missing_file_is_named_and_optional_ones_are_told(lake, tiny_olist):
    (tiny_olist / "olist_order_payments_dataset.csv").unlink()
    report = ingest(lake, "olist", tiny_olist, dry_run=True)
    assert ("no_file", "") in found(report)
    (tiny_olist / "olist_sellers_dataset.csv").unlink()
    with pytest.raises(RefusedError, match=r"no olist_sellers_dataset\.csv nor .*\.parquet"):
        ingest(lake, "olist", tiny_olist)
    assert not lake.path.exists()


def test_rows_of_which_nothing_can_be_made_are_set_aside(lake, tiny_olist, stored):
    orders = tiny_olist / "olist_orders_dataset.csv"
    lines = orders.read_text().splitlines()
    lines += [
        "soon,c1,created,tomorrow,,,,2018-01-20 00:00:00",
        "alone,nobody,created,2018-01-02 12:00:00,,,,2018-01-20 00:00:00",
        lines[1].replace("2018-01-09", "2018-01-10"),
        lines[1],
    ]
    orders.write_text("\n".join(lines))
    items = tiny_olist / "olist_order_items_dataset.csv"
    items.write_text(items.read_text() + "ghost,1,cheap,s1,2018-01-04 12:00:00,1,1\n")
    report = ingest(lake, "olist", tiny_olist)
    quarantine = stored(lake, QUARANTINE)
    assert sorted(quarantine.select("table", "code").rows()) == [
        ("order_lines", "missing"),
        ("orders", "duplicate_key"),
        ("orders", "not_a_time"),
        ("orders", "unknown_key"),
    ]
    assert report.rows["quarantined"].sum() == 4
    assert statuses(Lake(lake.path), "usual") == ["created", "picked_up", "delivered"]


@pytest.mark.parametrize(
    ("year", "day"),
    [(2016, "03-27"), (2017, "04-16"), (2018, "04-01"), (2019, "04-21"), (2024, "03-31")],
)
def test_easter_and_what_hangs_on_it(year, day):
    sunday = date.fromisoformat(f"{year}-{day}")
    assert brazil.easter(year) == sunday
    assert brazil.holidays(year)[sunday + timedelta(days=60)] == "Corpus Christi"


def test_the_calendar_names_each_day_of_each_state_once():
    days = brazil.calendar(2017, 2018)
    assert days.height == days.select("region", "date").n_unique() == 27 * 730
    carnival = days.filter(pl.col("date") == date(2018, 2, 13), pl.col("region") == "BR-BA")
    assert carnival["holiday"].item() == "Carnival Tuesday"
    assert not carnival["is_working"].item()
    assert days.filter(pl.col("date") == date(2018, 2, 14))["is_working"].all()


def test_the_public_files_in_full(lake, olist_dir):
    """Counts that anybody can check in the files; those of 'before June 2018' where cut."""
    report = ingest(lake, "olist", olist_dir)
    assert report.ok()
    raw = pl.read_parquet(olist_dir / "olist_orders_dataset.parquet")
    lake = Lake(lake.path)
    rows = dict(report.rows.select("table", "new").rows())
    assert rows["orders"] == raw.height
    assert found(report)["delivered_before_picked_up", "event_at"] == 23
    scans = lake.read(parcel.SCANS).collect().to_native()
    packed = raw.join(lake.read(parcel.PARCELS).collect().to_native(), on="order_id", how="semi")
    counts = dict(scans["status"].value_counts().rows())
    assert counts["delivered"] == packed["order_delivered_customer_date"].count()
    assert counts["picked_up"] == packed["order_delivered_carrier_date"].count()
    late = (
        scans.filter(status="delivered")
        .join(lake.read(parcel.PROMISES).collect().to_native(), on="parcel_id")
        .filter(pl.col("event_at") > pl.col("promised_at"))
        .height
    )
    day = pl.col("order_delivered_customer_date").dt.date()
    assert late == packed.filter(day > pl.col("order_estimated_delivery_date").dt.date()).height
    again = ingest(lake, "olist", olist_dir)
    assert again.rows["new"].sum() == 0
    assert Lake(lake.path).pinned.number == 1


def test_before_any_moment_of_the_public_files_nothing_later_is_seen(lake, olist_dir):
    ingest(lake, "olist", olist_dir)
    for before, after in pairwise(datetime(2017, m, 1, tzinfo=UTC) for m in (3, 6, 9)):
        early, late = Lake(lake.path).asof(before), Lake(lake.path).asof(after)
        for table in TABLES:
            rows = early.read(table).collect().to_native()
            assert rows[table.clock].max() <= before
            assert rows.height <= late.read(table).collect().to_native().height
