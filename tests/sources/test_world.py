import os
import subprocess
import sys
from datetime import date, timedelta

import narwhals as nw
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from lanecast.sources.world import TABLES, World, simulate
from lanecast.tables.lake import Lake
from lanecast.tables.schema import check

PARCELS, DAYS = 4000, 90
ANSWERS = (  # words of the truth that may not be in a canonical table
    "hazard", "p_failed", "p_lost", "p_claim", "p_damaged", "outcome", "delivered_at", "theft",
    "abuse", "absent", "faulty", "severity", "sigma", "level", "drift", "shift", "planned_at",
)  # fmt: skip


@pytest.fixture(scope="module")
def world() -> World:
    return simulate(parcels=PARCELS, days=DAYS, seed=7, start=date(2025, 2, 1))


@pytest.fixture(scope="module")
def lives(world: World) -> pl.DataFrame:
    """Truth, plan and promise of each parcel, side by side."""
    parcels = world.tables["parcels"].rename({"recorded_at": "placed_at"})
    promises = world.tables["promises"].drop("recorded_at")
    return world.truth["parcel_risks"].join(parcels, on="parcel_id").join(promises, on="parcel_id")


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_table_is_canonical_and_its_references_resolve(world, table):
    rows = check(table, nw.from_native(world.tables[table.name])).to_native()
    assert rows.height > 0
    assert rows.schema == world.tables[table.name].schema
    for column, target in table.references.items():
        name, key = target.split(".")
        known = world.tables[name].select(pl.col(key).alias(column)).unique()
        given = rows.select(column).drop_nulls().unique()
        assert given.join(known, on=column, how="anti").is_empty(), column


def test_no_column_of_the_truth_is_in_a_canonical_table(world):
    columns = {c for table in world.tables.values() for c in table.columns}
    assert not [c for c in columns for word in ANSWERS if word in c]


def test_the_same_seed_gives_the_same_rows_and_another_seed_others():
    one, same = simulate(500, 30, seed=1), simulate(500, 30, seed=1)
    other = simulate(500, 30, seed=2)
    for name in one.tables:
        assert_frame_equal(one.tables[name], same.tables[name])
    for name in one.truth:
        assert_frame_equal(one.truth[name], same.truth[name])
    for name in ("orders", "parcels", "scans", "promises", "lanes", "addresses"):
        assert not one.tables[name].equals(other.tables[name]), name


def test_a_replica_changes_the_luck_and_nothing_that_was_given():
    one, luck = simulate(500, 30, seed=1), simulate(500, 30, seed=1, replica=1)
    for name in ("facilities", "lanes", "orders", "order_lines", "parcels", "promises"):
        assert_frame_equal(one.tables[name], luck.tables[name])
    planned = ["parcel_id", "planned_at", "p_failed_planned", "p_lost", "p_damaged", "p_claim"]
    risks, other = one.truth["parcel_risks"], luck.truth["parcel_risks"]
    assert_frame_equal(risks.select(planned), other.select(planned))
    assert not risks["delivered_at"].equals(other["delivered_at"])


def test_without_imperfection_the_same_things_happen_and_all_is_told():
    told, truth = simulate(500, 30, seed=1), simulate(500, 30, seed=1, imperfect=False)
    assert_frame_equal(told.truth["parcel_risks"], truth.truth["parcel_risks"])
    assert truth.truth["scan_errors"].is_empty()
    scans = truth.tables["scans"]
    assert not scans.select("parcel_id", "status", "event_at", "facility_id").is_duplicated().any()
    assert (scans["recorded_at"] - scans["event_at"]).max() < timedelta(hours=2)


def test_rows_grow_with_parcels_and_the_network_grows_slower():
    small, large = simulate(1000, 60), simulate(8000, 60)

    def ratio(name: str) -> float:
        return large.tables[name].height / small.tables[name].height

    assert ratio("parcels") == ratio("promises") == 8
    assert 7 < ratio("scans") < 9.5
    assert max(ratio("facilities"), ratio("lanes"), ratio("merchants"), ratio("products")) < 5
    assert ratio("addresses") < 8


def test_what_moves_at_the_end_is_open(world, lives):
    scans, end = world.tables["scans"], pl.lit(date(2025, 2, 1) + timedelta(days=DAYS))
    assert scans.filter(pl.col("recorded_at") > end.cast(pl.Datetime("us", "UTC"))).is_empty()
    final = scans.filter(pl.col("status").is_in(["delivered", "returned", "lost", "cancelled"]))
    still = lives.filter("is_open")
    assert 0.005 < still.height / PARCELS < 0.15
    assert still.join(final, on="parcel_id", how="semi").is_empty()
    closed = lives.filter(~pl.col("is_open")).join(final, on="parcel_id", how="anti")
    assert closed.height < 0.002 * PARCELS  # recorded after the end


def test_orders_and_lines_and_parcels_tell_the_same_money_and_pieces(world):
    parcels, lines = world.tables["parcels"], world.tables["order_lines"]
    value = parcels.group_by("order_id").agg(pl.col("value_minor", "pieces").sum())
    priced = lines.group_by("order_id").agg(pl.col("price_minor", "quantity").sum())
    both = value.join(priced, on="order_id").join(world.tables["orders"], on="order_id")
    assert both.height == world.tables["orders"].height
    assert (both["value_minor"] == both["price_minor"]).all()
    assert (both["value_minor"] == both["value_minor_right"]).all()
    assert (both["pieces"] == both["quantity"]).all()


def test_local_time_follows_daylight_saving():
    summer = simulate(300, 30, start=date(2025, 7, 1)).tables
    winter = simulate(300, 30, start=date(2025, 1, 1)).tables
    expected = {"Europe/Berlin": (60, 120), "America/New_York": (-300, -240),
                "America/Mexico_City": (-360, -360)}  # fmt: skip
    for zone, minutes in expected.items():
        for tables, minute in zip((winter, summer), minutes, strict=True):
            here = tables["facilities"].filter(zone=zone).select("facility_id")
            scans = tables["scans"].join(here, on="facility_id", how="semi")
            assert scans["utc_offset_min"].unique().to_list() == [minute]


def test_a_timetable_keeps_local_time_when_the_clock_changes(world):
    legs = world.truth["legs"].join(world.tables["lanes"], on="lane_id")
    zones = world.tables["facilities"].select("zone", from_facility_id="facility_id")
    feed = legs.filter(leg="feed").join(zones, on="from_facility_id")
    for (zone,), every in feed.group_by("zone"):
        night = every["scheduled_at"].dt.convert_time_zone(str(zone)).dt.date()
        rides = every.filter(~night.is_in([date(2025, 3, 9), date(2025, 3, 30)]))  # clocks jump
        assert night.min() < date(2025, 3, 9) < date(2025, 3, 30) < night.max()
        local = rides["scheduled_at"].dt.convert_time_zone(str(zone))
        second = local.dt.hour().cast(pl.Int64) * 3600 + local.dt.minute().cast(pl.Int64) * 60
        number = (second - rides["first_departure_s"]) / rides["headway_s"]
        assert (number == number.round()).all()
        assert number.min() >= 0
        assert (number < rides["departures_per_day"]).all()


def test_a_world_is_written_as_one_commit_and_exported_with_its_truth_apart(tmp_path):
    world = simulate(200, 20)
    lake = Lake(tmp_path / "lake")
    rows = world.write(lake)
    assert rows == {name: table.height for name, table in world.tables.items()}
    assert Lake(tmp_path / "lake").pinned.number == 1
    world.export(tmp_path / "out")
    assert {f.stem for f in (tmp_path / "out").glob("*.parquet")} == set(world.tables)
    assert {f.stem for f in (tmp_path / "out/truth").glob("*.parquet")} == set(world.truth)
    read = pl.read_parquet(tmp_path / "out/scans.parquet")
    assert_frame_equal(read, world.tables["scans"])
    with pytest.raises(ValueError, match="a lake of its own"):
        simulate(200, 20, seed=1).write(Lake(tmp_path / "lake"))


@pytest.mark.parametrize(
    ("given", "word"),
    [({"parcels": 5}, "parcels"), ({"days": 2}, "days"), ({"seed": -1}, "seed"),
     ({"start": date(1900, 1, 1)}, "start")],
)  # fmt: skip
def test_nonsense_is_refused_in_a_sentence(given, word):
    with pytest.raises(ValueError, match=rf"{word}.*expected"):
        simulate(**given)


def test_the_number_of_threads_does_not_matter():
    code = (
        "import hashlib\n"
        "from lanecast.sources.world import simulate\n"
        "w = simulate(400, 30, seed=3)\n"
        "for t in (*w.tables.values(), *w.truth.values()):\n"
        "    print(hashlib.sha256(t.write_ipc(None).getvalue()).hexdigest())"
    )
    told = [
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "POLARS_MAX_THREADS": threads},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for threads in ("1", "3")
    ]
    assert told[0] == told[1]
    assert len(told[0].split()) == 26
