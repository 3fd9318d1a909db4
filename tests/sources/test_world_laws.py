from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lanecast.sources.world import World, simulate
from lanecast.sources.world.clock import clock
from lanecast.sources.world.queues import board, serve
from lanecast.sources.world.risks import INTERVENTIONS, claim

DAYS = 90


@pytest.fixture(scope="module")
def world() -> World:
    return simulate(parcels=4000, days=DAYS, seed=11)


@pytest.fixture(scope="module")
def large() -> World:
    return simulate(parcels=30_000, days=90, seed=5)


@given(
    st.lists(st.lists(st.integers(0, 4), min_size=1, max_size=6), min_size=1, max_size=4),
    st.data(),
)
@settings(max_examples=200, deadline=None)
def test_boarding_is_first_come_first_served_as_a_naive_loop_does_it(lanes, data):
    capacity, wanted, taken = [], [], []
    for seats in lanes:
        first = len(capacity)
        many = data.draw(st.integers(0, 12))
        choices = sorted(
            data.draw(st.lists(st.integers(0, len(seats)), min_size=many, max_size=many))
        )
        room = [*seats, 100]
        free = list(room)
        for choice in choices:
            departure = next(d for d in range(choice, len(free)) if free[d])
            free[departure] -= 1
            wanted.append(first + choice)
            taken.append(first + departure)
        capacity += room
    got = board(np.array(wanted, dtype=np.int64), np.array(capacity))
    assert got.tolist() == taken


@given(
    st.lists(st.lists(st.integers(0, 50), max_size=8), min_size=1, max_size=4),
    st.lists(st.floats(0.5, 9), min_size=4, max_size=4),
)
@settings(max_examples=200, deadline=None)
def test_a_sort_line_serves_as_a_naive_loop_does_it(arrivals, service):
    line, at, expected = [], [], []
    for number, times in enumerate(arrivals):
        free = 0.0
        for t in sorted(times):
            free = max(free, t) + service[number]
            line.append(number)
            at.append(t)
            expected.append(free)
    each = np.array(service)
    got = serve(np.array(line, dtype=np.int64), np.array(at, dtype=np.int64), each)
    np.testing.assert_allclose(got, expected, atol=1e-4)


def test_no_departure_takes_more_than_it_has_room_for(world):
    capacity = world.tables["lanes"].select("lane_id", "capacity_parcels")
    aboard = world.truth["legs"].group_by("lane_id", "departure").len().join(capacity, on="lane_id")
    assert (aboard["len"] <= aboard["capacity_parcels"]).all()
    assert (aboard["len"] == aboard["capacity_parcels"]).any()  # some are full


def test_who_is_ready_first_leaves_first_and_nobody_before_the_cutoff(world):
    legs = world.truth["legs"].join(world.tables["lanes"], on="lane_id")
    ordered = legs.sort("lane_id", "ready_at", "departure")
    step = ordered.select(pl.col("departure").diff().over("lane_id"))
    assert step.to_series().drop_nulls().min() >= 0
    gate = pl.col("scheduled_at") - pl.duration(seconds=pl.col("cutoff_s"))
    assert legs.select((pl.col("ready_at") <= gate).all()).item()
    assert (legs["missed"] >= 0).all()
    assert 0.005 < (legs["missed"] > 0).mean() < 0.2


def test_missed_departures_offer_more_than_they_take(world):
    missed = world.truth["missed_departures"]
    assert (missed["offered"] > missed["taken"]).all()
    assert (missed["taken"] == missed["capacity"]).all()
    aboard = world.truth["legs"].group_by("lane_id", "departure").len()
    both = missed.join(aboard, on=["lane_id", "departure"], how="left").with_columns(
        pl.col("len").fill_null(0)
    )
    assert (both["taken"] == both["len"]).all()
    rides = world.truth["legs"].select(
        "lane_id", wanted=pl.col("departure") - pl.col("missed"), got="departure"
    )
    stood = missed.join(rides, on="lane_id").filter(pl.col("departure").is_between("wanted", "got"))
    here = stood.group_by("lane_id", "departure").len()
    both = missed.join(here, on=["lane_id", "departure"])
    assert both.height == missed.height
    assert (both["offered"] == both["len"]).all()


def test_no_event_comes_before_its_cause(world):
    true = simulate(parcels=4000, days=DAYS, seed=11, imperfect=False).tables["scans"]
    first = true.group_by("parcel_id").agg(
        created=pl.col("event_at").filter(pl.col("status") == "created").min(),
        picked=pl.col("event_at").filter(pl.col("status") == "picked_up").min(),
        moved=pl.col("event_at").filter(pl.col("status").is_in(["arrived", "departed"])).min(),
        out=pl.col("event_at").filter(pl.col("status") == "out_for_delivery").min(),
        travelled=pl.col("event_at").filter(pl.col("status").is_in(["arrived", "departed"])).max(),
        last=pl.col("event_at").max(),
        final=pl.col("event_at").filter(pl.col("status").is_in(["delivered", "returned"])).min(),
    )
    for before, after in (("created", "picked"), ("picked", "moved"), ("travelled", "out"),
                          ("out", "final"), ("last", "final")):  # fmt: skip
        both = first.filter(pl.col(before).is_not_null() & pl.col(after).is_not_null())
        if after == "final" and before == "last":
            assert (both["last"] == both["final"]).all()
        else:
            assert (both[before] < both[after]).all(), (before, after)
    legs = world.truth["legs"].sort("parcel_id", "departed_at")
    assert (legs["ready_at"] < legs["departed_at"]).all()
    assert (legs["departed_at"] < legs["arrived_at"]).all()  # null where lost
    gap = legs.select(
        (pl.col("ready_at") - pl.col("arrived_at").shift(1).over("parcel_id")).dt.total_seconds()
    )
    assert gap.to_series().drop_nulls().min() > 0
    attempts = true.filter(pl.col("attempt").is_not_null())
    tried = attempts.sort("parcel_id", "event_at")
    assert tried.select(pl.col("attempt").diff().over("parcel_id")).to_series().min() >= 0


def test_outcomes_lie_in_the_bounds_of_the_trade(world):
    risks = world.truth["parcel_risks"].join(world.tables["promises"], on="parcel_id")
    share = risks["outcome"].value_counts(normalize=True)
    part = dict(zip(share["outcome"], share["proportion"], strict=True))
    assert 0.05 < risks["failed_first"].mean() < 0.20
    assert part.get("lost", 0) < 0.01
    assert part.get("damaged", 0) < 0.01
    assert part["returned"] < 0.03
    assert 0.001 < world.truth["claims"].height / risks.height < 0.015
    late = risks.filter(pl.col("delivered_at").is_not_null())
    assert 0.02 < (late["delivered_at"] > late["promised_at"]).mean() < 0.20


def test_true_chances_are_calibrated(large):
    risks = large.truth["parcel_risks"]
    tried = risks.filter(pl.col("failed_first").is_not_null())
    for low, high in ((0, 0.08), (0.08, 0.15), (0.15, 0.25), (0.25, 1.0)):
        part = tried.filter(pl.col("p_failed_first").is_between(low, high))
        p, n = part["p_failed_first"].mean(), part.height
        assert abs(part["failed_first"].mean() - p) < 4 * np.sqrt(p * (1 - p) / n)
    lost = (risks["outcome"] == "lost").sum()
    assert abs(lost - risks["p_lost"].sum()) < 4 * np.sqrt(risks["p_lost"].sum())


def test_scans_are_wrong_about_as_often_as_said(world):
    errors, scans = world.truth["scan_errors"], world.tables["scans"]
    count = dict(errors["error"].value_counts().iter_rows())
    assert 0.01 < count["missing"] / scans.height < 0.03
    assert 0.02 < count["late"] / scans.height < 0.04
    assert 0.005 < count["duplicate"] / scans.height < 0.012
    assert 0 < count["clock_skew"] / scans.height < 0.10
    assert (scans["recorded_at"] >= scans["event_at"]).all()
    assert not (scans.sort("recorded_at")["event_at"].is_sorted())
    told = errors.filter(pl.col("event_id").is_not_null())
    assert told.join(scans, on="event_id", how="anti").is_empty()
    same = ["parcel_id", "status", "event_at", "facility_id", "attempt"]
    again = scans.join(told.filter(error="duplicate"), on="event_id", how="semi")
    twice = again.join(scans, on=same, nulls_equal=True)
    assert (twice.group_by("event_id").len()["len"] >= 2).all()


def test_a_scan_is_never_recorded_before_its_own_time(large):
    scans, errors = large.tables["scans"], large.truth["scan_errors"]
    assert errors["skew_s"].min() < -60 < 60 < errors["skew_s"].max()  # both slow and fast clocks
    assert (scans["recorded_at"] >= scans["event_at"]).all()


def test_the_delivery_scan_tells_when_and_where_it_was(world):
    addresses = world.tables["addresses"].select("address_id", at_lat="lat", at_lon="lon")
    parcels = (
        world.tables["parcels"].select("parcel_id", "address_id").join(addresses, on="address_id")
    )
    scans = world.tables["scans"].filter(status="delivered").unique("parcel_id")
    told = scans.join(world.truth["parcel_risks"], on="parcel_id").join(parcels, on="parcel_id")
    assert (told["event_at"] == told["delivered_at"]).all()
    door = told.filter(outcome="delivered")
    degree = 111_195 * np.cos(np.radians(door["at_lat"]))
    north, east = (door["lat"] - door["at_lat"]) * 111_195, (door["lon"] - door["at_lon"]) * degree
    apart = (north**2 + east**2).sqrt()
    wrong = door["wrong_door"]
    assert 5 < apart.filter(~wrong).median() < 15
    assert apart.filter(wrong).median() > 50


def test_interventions_change_the_risks_they_are_for(world):
    effects = world.truth["intervention_effects"]
    assert set(world.truth["intervention_mechanisms"]["intervention"]) == set(INTERVENTIONS)
    for helps in ("failed_first_call_ahead", "failed_first_slot_change", "claim_require_code",
                  "failed_first_address_verification", "claim_pickup_point"):  # fmt: skip
        assert effects[helps].max() <= 1e-12
        assert effects[helps].mean() < 0
    assert effects["failed_first_require_code"].mean() > 0  # somebody must be there
    one = (np.array([0.3]), np.array([0.02]), np.array([0.01]), np.array([0.001]))
    assert claim(*one)[0] == pytest.approx(1 - (1 - 0.006) * (1 - 0.005) * (1 - 0.001))


def test_couriers_rest_on_sundays_unless_their_company_does_not(world):
    out = world.tables["scans"].filter(status="out_for_delivery")
    zones = world.tables["facilities"].select("facility_id", "zone")
    sundays = set()
    for (zone,), rows in out.join(zones, on="facility_id").group_by("zone"):
        local = rows["event_at"].dt.convert_time_zone(str(zone))
        assert local.dt.hour().is_between(7, 11).all()
        sundays |= set(rows.filter(local.dt.weekday() == 7)["carrier_id"])
    assert sundays == {"pigeon"}


def test_civil_time_round_trips_except_where_the_clock_jumps():
    time = clock(date(2025, 3, 1), 60, ("America/New_York", "Europe/Berlin", "America/Phoenix"))
    t = np.arange(0, time.end, 1800)
    for zone in range(3):
        which = np.full(len(t), zone)
        back = time.utc(which, time.local(which, t))
        assert np.isin(np.abs(back - t), [0, 3600]).all()
        assert (back == t).mean() > 0.995
    assert time.instants(np.array([0]))[0].date() == date(2025, 3, 1)
    assert time.dates(np.array([59]))[0] == date(2025, 3, 1) + timedelta(days=59)
