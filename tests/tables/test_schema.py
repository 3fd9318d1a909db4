from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import narwhals as nw
import polars as pl
import pytest

from lanecast.tables import address, commerce, events, graph, ingest, network, parcel
from lanecast.tables.schema import LONGEST_ID, Column, Table, check, conform, rules

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
TABLES = {
    table.name: table
    for module in (address, commerce, events, graph, ingest, network, parcel)
    for table in vars(module).values()
    if isinstance(table, Table)
}
COLUMNS = [(table, name) for table in TABLES.values() for name in table.columns]
UNITS = {
    *("", "1", "UTC", "currency", "minor units", "degree", "pieces", "parcels", "parcels/h"),
    *("g", "mm", "cm3", "m", "s", "min", "h"),
}
ENDINGS = {
    "_g": "g",
    "_mm": "mm",
    "_cm3": "cm3",
    "_m": "m",
    "_s": "s",
    "_min": "min",
    "_h": "h",
    "_minor": "minor units",
    "_at": "UTC",
}

PLACES = Table(
    "places",
    "For the tests.",
    key=("place_id",),
    clock="recorded_at",
    columns={
        "place_id": Column(nw.String(), "", "Place."),
        "level": Column(nw.Float64(), "1", "Level.", False, 0, 10),
        "count": Column(nw.Int32(), "1", "Count.", False, 1),
        "kind": Column(nw.String(), "", "Kind.", False, allowed=("hub", "shop")),
        "country": Column(nw.String(), "", "Country.", pattern="[A-Z]{2}"),
        "opened_date": Column(nw.Date(), "", "Day.", False),
        "recorded_at": Column(nw.Datetime("us", "UTC"), "UTC", "Clock."),
    },
)
GOOD = {
    "place_id": "p1",
    "level": 5.0,
    "count": 1,
    "kind": "hub",
    "country": "BR",
    "opened_date": date(2020, 2, 29),
    "recorded_at": AT,
}


def checked(*rows, table=PLACES):
    frame = pl.DataFrame([GOOD | row for row in rows], infer_schema_length=None)
    return check(table, nw.from_native(frame)).to_native()


def test_a_good_row_passes_and_comes_out_in_order_and_type():
    rows = checked({"further": 1, "count": 3, "recorded_at": AT})
    assert rows.columns == list(PLACES.columns)
    assert rows["count"].dtype == pl.Int32
    assert rows.row(0, named=True) == GOOD | {"count": 3}


@pytest.mark.parametrize(
    "good",
    [
        {"level": 0.0},
        {"level": 10.0},
        {"level": None},
        {"count": 1},
        {"kind": "shop"},
        {"kind": None},
        {"country": "US"},
        {"place_id": "x" * LONGEST_ID},
        {"place_id": "日本"},
    ],
)
def test_what_is_just_valid_passes(good):
    assert checked(good).height == 1


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"place_id": None}, r"places\.place_id: 1 rows, .*expected a value"),
        ({"recorded_at": None}, r"places\.recorded_at: 1 rows, .*'p1'.*expected a value"),
        ({"level": float("nan")}, r"places\.level: 1 rows, .*'p1'.*expected a finite number"),
        ({"level": float("inf")}, r"places\.level: .*expected a finite number"),
        ({"level": -0.1}, r"places\.level: .*-0.1.*expected at least 0"),
        ({"level": 10.1}, r"places\.level: .*10.1.*expected at most 10"),
        ({"count": 0}, r"places\.count: .*expected at least 1"),
        ({"kind": "Hub"}, r"places\.kind: .*'Hub'.*expected one of hub, shop"),
        ({"country": "Br"}, r"places\.country: .*'Br'.*expected text like \[A-Z\]\{2\}"),
        ({"country": "BRA"}, r"places\.country: .*expected text like"),
        ({"place_id": ""}, r"places\.place_id: .*expected an identifier of 1 to 128 characters"),
        ({"place_id": "x" * (LONGEST_ID + 1)}, r"places\.place_id: .*1 to 128 characters"),
    ],
)
def test_a_bad_row_is_refused_with_table_column_count_example_and_what_is_valid(bad, message):
    with pytest.raises(ValueError, match=message):
        checked({"place_id": "fine"}, bad)


def test_rows_that_are_wrong_are_counted():
    with pytest.raises(ValueError, match=r"places\.count: 3 rows"):
        checked({"place_id": "fine"}, *({"place_id": f"{i}", "count": -i} for i in range(3)))


def test_a_fact_has_one_version_at_an_instant():
    with pytest.raises(ValueError, match=r"places\.\(place_id, recorded_at\): 1 keys .*'p1'"):
        checked({}, {"level": 6.0})
    assert checked({}, {"recorded_at": AT + timedelta(microseconds=1)}).height == 2


def test_an_event_exists_once_whenever_it_became_known():
    only_growing = Table("events", "", ("place_id",), "recorded_at", PLACES.columns, versions=False)
    with pytest.raises(ValueError, match=r"events\.\(place_id\): 1 keys"):
        checked({}, {"recorded_at": AT + timedelta(hours=1)}, table=only_growing)


@pytest.mark.parametrize(
    ("column", "message"),
    [
        (pl.col("recorded_at").dt.replace_time_zone(None), "needs a time zone; got Datetime"),
        (pl.col("recorded_at").dt.epoch("s"), "needs a time zone; got Int64"),
        (pl.col("recorded_at").dt.date(), "needs a time zone; got Date"),
        (pl.lit("2026-03-01T12:00:00Z"), "needs a time zone; got String"),
    ],
)
def test_an_instant_without_a_zone_is_refused_whatever_its_type(column, message):
    frame = pl.DataFrame([GOOD]).with_columns(recorded_at=column)
    with pytest.raises(ValueError, match=rf"places\.recorded_at: an instant {message}"):
        check(PLACES, nw.from_native(frame))


def test_an_instant_keeps_its_moment_whatever_its_zone():
    there = pl.col("recorded_at").dt.convert_time_zone("America/Sao_Paulo")
    frame = pl.DataFrame([GOOD]).with_columns(there)
    assert check(PLACES, nw.from_native(frame)).to_native()["recorded_at"][0] == AT


def test_a_missing_required_column_is_named_and_an_optional_one_is_null():
    frame = pl.DataFrame([GOOD])
    with pytest.raises(ValueError, match=r"places: no column country; got place_id, level,"):
        check(PLACES, nw.from_native(frame.drop("country")))
    rows = check(PLACES, nw.from_native(frame.drop("level", "opened_date"))).to_native()
    assert rows.row(0, named=True) == GOOD | {"level": None, "opened_date": None}


def test_a_column_of_another_type_is_refused():
    with pytest.raises(ValueError, match="count"):
        checked({"count": "many"})
    with pytest.raises(ValueError, match="count"):
        checked({"count": 2**40})


@pytest.mark.parametrize(
    ("counts", "kind", "message"),
    [
        ([1.0, 1.5, 2.7], pl.Float64, r"2 rows, for example 1\.5; expected a whole number\."),
        ([2.5, None, None], pl.Float32, r"1 rows, for example 2\.5; expected a whole number\."),
        ([1.25, 2, 3], pl.Decimal(9, 2), r"1 rows, for example 1\.25; expected a whole number\."),
    ],
)
@pytest.mark.parametrize("lazy", [False, True])
def test_a_fraction_is_no_whole_number(counts, kind, message, lazy):
    rows = pl.DataFrame([GOOD | {"place_id": f"p{i}"} for i in range(3)])
    rows = rows.with_columns(count=pl.Series(counts, dtype=pl.Float64).cast(kind))
    with pytest.raises(ValueError, match=rf"places\.count: {message}"):
        conform(PLACES, nw.from_native(rows.lazy() if lazy else rows))
    whole = rows.with_columns(pl.col("count").cast(pl.Float64).floor().cast(kind))
    passed = conform(PLACES, nw.from_native(whole)).to_native()["count"]
    assert passed.to_list() == [each and int(each) for each in counts]


def test_a_fraction_is_told_with_the_unit():
    weighed = replace(PLACES.columns["count"], unit="g")
    table = replace(PLACES, columns=PLACES.columns | {"count": weighed})
    with pytest.raises(ValueError, match=r"places\.count: 1 rows.*expected a whole number in g\."):
        checked({"count": 1.5}, table=table)


def test_no_rows_are_valid_rows():
    frame = pl.DataFrame([GOOD]).clear()
    assert check(PLACES, nw.from_native(frame)).to_native().height == 0


def test_lazy_rows_are_checked_too():
    frame = pl.LazyFrame([GOOD | {"count": 0}])
    with pytest.raises(ValueError, match=r"places\.count: 1 rows"):
        check(PLACES, nw.from_native(frame))


def test_there_are_tables():
    assert {"orders", "parcels", "scans", "promises", "predictions", "plans"} <= set(TABLES)


@pytest.mark.parametrize(("table", "name"), COLUMNS, ids=lambda x: getattr(x, "name", x))
def test_every_column_says_what_it_is_in_a_known_unit(table, name):
    column = table.columns[name]
    assert column.doc.endswith("."), "a sentence"
    assert len(column.doc) > 5
    assert column.unit in UNITS
    ending = next((e for e in sorted(ENDINGS, key=len)[::-1] if name.endswith(e)), None)
    if ending and "_per_" not in name:
        assert column.unit == ENDINGS[ending]
    assert (column.unit == "UTC") == (column.dtype == nw.Datetime("us", "UTC"))
    assert name.endswith("date") == (column.dtype == nw.Date)
    if name.endswith("_id"):
        assert column.dtype == nw.String
    if column.unit == "minor units":
        assert column.dtype == nw.Int64


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_every_table_has_a_key_a_clock_and_says_what_it_holds(table):
    assert table.doc.endswith(".")
    assert isinstance(table.columns[table.clock].dtype, nw.Datetime)
    assert table.clock not in table.key
    for name in table.identity:
        assert table.columns[name].required
    assert [rule.column for rule in rules(table) if rule.code == "missing"]
    if any(column.unit == "minor units" for column in table.columns.values()):
        near = [table, *(TABLES[target.split(".")[0]] for target in table.references.values())]
        assert any("currency" in each.columns for each in near), "money needs a currency"


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_references_point_to_a_key_of_the_same_type(table):
    for name, target in table.references.items():
        other, column = target.split(".")
        assert column in TABLES[other].key
        assert TABLES[other].columns[column].dtype == table.columns[name].dtype


def test_every_identifier_is_explained_somewhere():
    """A column ``*_id`` is a key of its table or refers to one; a pseudonym explains nothing."""
    unexplained = {
        f"{table.name}.{name}"
        for table, name in COLUMNS
        if name.endswith("_id") and name not in {*table.key, *table.references}
    }
    assert unexplained <= {"orders.buyer_id"}


def test_enumerations_hold_each_value_once():
    for table, name in COLUMNS:
        allowed = table.columns[name].allowed
        assert allowed is None or len(set(allowed)) == len(allowed) > 0


def test_quantile_columns_are_the_levels_in_order():
    named = [int(name[1:]) / 1000 for name in parcel.QUANTILES]
    assert named == pytest.approx(list(parcel.LEVELS))
    assert sorted(parcel.LEVELS) == list(parcel.LEVELS)
    assert set(parcel.QUANTILES) <= set(TABLES["predictions"].columns)
