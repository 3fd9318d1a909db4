"""What a row says: the calendar, the outcome, and the same thing one row at a time."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import narwhals as nw
import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from lanecast.parcel import eta
from lanecast.parcel.eta.features import AHEAD, LEFT_OUT
from lanecast.parcel.questions import ASKED, questions
from lanecast.tables.lake import collect

from ..stories import at, number, put, scan, shop, told

ASOF = datetime(2025, 3, 5, 9, tzinfo=UTC)
MILAN, LA = ZoneInfo("Europe/Rome"), ZoneInfo("America/Los_Angeles")


def numbers(context):
    return {name: nw.from_native(collect(rows.lazy())) for name, rows in context.items()}


def assembled(rows, context):
    return eta.assemble(nw.from_native(rows), context).to_native()


@pytest.fixture(scope="module")
def known(world_lake):
    """A context, and two days of questions with their features."""
    context = numbers(eta.context(world_lake, ASOF))
    asked = collect(questions(world_lake, ASOF, ASOF + timedelta(days=2))).sort(ASKED)
    return context, asked, assembled(asked, context).sort(ASKED)


@pytest.mark.parametrize("prepared", [dict, eta.ready])
def test_one_row_assembles_as_in_the_batch(known, prepared):
    context, asked, batch = known
    context = prepared(context)
    for moment in ("checkout", "shipped", "in_transit"):
        rows = asked.filter(moment=moment)
        for row in rows.sample(min(20, rows.height), seed=0).iter_slices(1):
            one = assembled(row, context)
            of_batch = batch.join(row, on=ASKED, how="semi")
            assert_frame_equal(one, of_batch, check_exact=True)


def test_a_row_stays_one_row(known):
    _, asked, batch = known
    assert_frame_equal(batch.select(ASKED), asked.select(ASKED))


def test_every_column_of_a_context_is_read(known):
    context, _, batch = known
    for name, rows in context.items():
        assert set(rows.columns) <= {*batch.columns, *LEFT_OUT}, name
    assert set(LEFT_OUT).isdisjoint(batch.columns)


def test_a_request_may_know_less(known):
    """An unseen seller, address and lane have numbers of coarser levels, and no error."""
    context, asked, _ = known
    new = asked.filter(moment="checkout").head(1).with_columns(
        merchant_id=pl.lit("new"), origin_region=pl.lit("XX-X"), goal_region=pl.lit("XX-Y"),
        goal_facility_id=pl.lit(None, pl.String), goal_postal_code=pl.lit(None, pl.String),
        category=pl.lit(None, pl.String), promised_h=pl.lit(None, pl.Float64),
    )  # fmt: skip
    row = assembled(new, context).row(0, named=True)
    assert row["usual_h"] > 0
    assert row["goal_place"] == "" == row["category"]
    assert row["transit_lane_short"] is row["to_promise_h"] is row["working_3d"] is None


def test_no_number_of_x_is_nan_or_infinite(known):
    batch = known[2]
    floats = batch.select(pl.col(pl.Float64))
    assert floats.select((pl.all().is_finite() | pl.all().is_null()).all()).row(0) == tuple(
        True for _ in floats.columns
    )
    assert batch["usual_h"].min() > 0


def test_no_column_of_x_tells_the_date(known, world_lake):
    """A column that is equal for all rows of a snapshot says which day it is."""
    batch = known[2].filter(pl.col("moment") == "checkout")
    for name, column in batch.select(pl.col(pl.Float64)).drop("asof_h").to_dict().items():
        if "_area_" in name or name.startswith(
            ("working", "is_working", "attempts", "scans", "since_")
        ):
            continue
        assert column.drop_nulls().n_unique() != 1, name


def test_before_any_history_rows_have_no_usual_time(world_lake):
    start = datetime(2025, 1, 1, tzinfo=UTC)
    x = collect(eta.features(world_lake, start, start + timedelta(days=1)).lazy())
    assert x.height > 5
    assert x["usual_h"].is_null().all()
    assert not x.select(pl.col(pl.Float64).is_nan().any()).row(0).count(True)


# calendar


def calendar_lake(path, offset_min, holidays=(), region="US-NY"):
    """One parcel placed at the beginning of the stories, to a region with Sundays off."""
    lake = shop(path)
    days = [date(2025, 2, 20) + timedelta(days=k) for k in range(80)]
    rows = [{"region": region, "date": day, "is_working": works(day, holidays), "holiday": None,
             "recorded_at": at(-900)} for day in days]  # fmt: skip
    put(lake, "calendars", *rows)
    return type(lake)(lake.path)


def works(day, holidays=()):
    return day.isoweekday() != 7 and day not in holidays


@pytest.mark.parametrize("holidays", [(), (date(2025, 3, 5), date(2025, 3, 9), date(2025, 3, 17))])
@pytest.mark.parametrize("hour", [0.5, 4.9, 5.0, 11.5, 23.9])
def test_working_days_agree_with_a_count(tmp_path, holidays, hour):
    context = numbers(eta.calendar(calendar_lake(tmp_path / "lake", 0, holidays)))
    asked = datetime(2025, 3, 4, tzinfo=UTC) + timedelta(hours=hour)
    promised = date(2025, 3, 18)
    row = eta_row(context, asked, -300, datetime(2025, 3, 19, 4, 59, 59, tzinfo=UTC))
    here = (asked - timedelta(hours=5)).date()
    assert row["is_working"] == works(here, holidays)
    for k in AHEAD:
        days = [here + timedelta(days=d) for d in range(1, k + 1)]
        assert row[f"working_{k}d"] == sum(works(day, holidays) for day in days)
    until = [here + timedelta(days=d) for d in range((promised - here).days)]
    assert row["working_to_promise_d"] == sum(works(day, holidays) for day in until)
    assert row["promise_weekday"] == promised.weekday()


def eta_row(context, asked, offset_min, promised=None):
    from lanecast.parcel.eta.features import _with_calendar

    rows = pl.DataFrame(
        {"goal_region": ["US-NY"], "asof_h": [number(asked)], "utc_offset_min": [offset_min],
         "promised_h": [number(promised) if promised else None]},
        schema_overrides={"promised_h": pl.Float64, "utc_offset_min": pl.Int16},
    )  # fmt: skip
    out = _with_calendar(nw.from_native(rows), context)
    return out.to_native().row(0, named=True)


@pytest.mark.parametrize("zone", [MILAN, LA])
@pytest.mark.parametrize(
    "asked",
    [
        datetime(2025, 3, 3, 12, 30, tzinfo=UTC),
        datetime(2025, 3, 9, 9, 59, tzinfo=UTC),  # a minute before the clocks of LA go forward
        datetime(2025, 3, 9, 10, 0, tzinfo=UTC),
        datetime(2025, 3, 30, 0, 59, tzinfo=UTC),
        datetime(2025, 3, 30, 1, 0, tzinfo=UTC),  # those of Milan
        datetime(2025, 10, 26, 0, 30, tzinfo=UTC),
        datetime(2025, 12, 31, 23, 30, tzinfo=UTC),
        datetime(2026, 1, 5, 7, 59, 59, tzinfo=UTC),
    ],
)
def test_hour_and_weekday_are_civil_and_monday_is_0(zone, asked):
    local = asked.astimezone(zone)
    offset = local.utcoffset() // timedelta(minutes=1)
    row = eta_row({}, asked, offset)
    assert row["weekday"] == local.weekday()
    hour = local.hour + local.minute / 60 + local.second / 3600
    assert row["hour"] == pytest.approx(hour, abs=1e-9)


@pytest.mark.parametrize("hours", [-1, 0, 1])
def test_a_promise_until_the_end_of_a_day_is_of_that_day_also_when_clocks_change(hours):
    """The offset is that of the order; the promise may lie on the other side of the change."""
    end = datetime(2025, 3, 18, 23, 59, 59, tzinfo=UTC) + timedelta(hours=min(hours, 0))
    row = eta_row({}, ASOF, 0, end)
    assert row["promise_weekday"] == date(2025, 3, 18).weekday()
    midnight = datetime(2025, 3, 19, tzinfo=UTC) + timedelta(hours=0.99 * max(hours, 0))
    assert eta_row({}, ASOF, 0, midnight)["promise_weekday"] == date(2025, 3, 18).weekday()


def test_civil_time_of_the_world_is_that_of_the_address(world, known):
    _, asked, batch = known
    zone = dict(world.tables["addresses"].select("address_id", "zone").rows())
    rows = asked.with_columns(batch.select("hour", "weekday")).filter(moment="checkout")
    assert len({zone[a] for a in rows["address_id"]}) > 1
    for row in rows.iter_rows(named=True):
        instant = datetime.fromtimestamp(row["asof_h"] * 3600, UTC)
        local = instant.astimezone(ZoneInfo(zone[row["address_id"]]))
        assert row["weekday"] == local.weekday()
        hour = local.hour + local.minute / 60 + (local.second + local.microsecond / 1e6) / 3600
        assert row["hour"] == pytest.approx(hour, abs=1e-5)


# outcomes


def fate(lake, hours):
    rows = collect(eta.outcomes(lake, at(hours)))
    return {
        row["parcel_id"]: (row["end_h"] - number(at(0)), row["ended"], row["seen_h"])
        for row in rows.iter_rows(named=True)
    }


def test_an_open_parcel_is_censored_now_and_a_delivered_one_is_not(tmp_path):
    lake = told(tmp_path / "lake", scan("e1", "picked_up", 5, 5), scan("e2", "delivered", 48, 60))
    seen = number(at(59.9))
    assert fate(lake, 59.9)["p1"] == (pytest.approx(59.9), 0, seen), "not known yet"
    assert fate(lake, 60)["p1"] == (pytest.approx(48), 1, number(at(60)))


@pytest.mark.parametrize("end", ["returned", "lost", "cancelled"])
def test_an_end_without_delivery_is_censored_when_it_became_known(tmp_path, end):
    lake = told(tmp_path / "lake", scan("e1", "picked_up", 5, 5), scan("e2", end, 48, 60))
    assert fate(lake, 50)["p1"][:2] == (pytest.approx(50), 0)
    assert fate(lake, 500)["p1"][:2] == (pytest.approx(60), 0)


def test_a_delivery_after_all_counts(tmp_path):
    lake = told(tmp_path / "lake", scan("e1", "lost", 48, 60), scan("e2", "delivered", 100, 101))
    assert fate(lake, 100)["p1"][:2] == (pytest.approx(60), 0)
    assert fate(lake, 500)["p1"][:2] == (pytest.approx(100), 1)


def test_outcomes_agree_with_the_truth_of_the_world(world, world_lake):
    y = collect(eta.outcomes(world_lake, datetime(2025, 4, 1, tzinfo=UTC)))
    truth = world.truth["parcel_risks"].select("parcel_id", "delivered_at", "outcome")
    both = y.join(truth, on="parcel_id")
    true_h = both["delivered_at"].dt.epoch("us").to_numpy() / 3.6e9
    ended = (both["ended"] == 1).to_numpy()
    assert ended.mean() > 0.8
    off = np.abs(both["end_h"].to_numpy() - true_h)[ended]
    assert np.median(off) < 0.5
    never = both["outcome"].is_in(["returned", "lost"]).to_numpy()
    assert not ended[never].any()
    assert both["parcel_id"].is_unique().all()
