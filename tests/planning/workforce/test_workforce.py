from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import narwhals as nw
import numpy as np
import polars as pl
import pytest

from lanecast import artifact
from lanecast.optimize.roster import ConflictError
from lanecast.planning import workforce
from lanecast.planning.workforce.models.days import civil, local_days
from lanecast.planning.workforce.roster_rows import local_shifts, midnight, work_of
from lanecast.sources.world import World, simulate
from lanecast.tables.lake import Lake, collect
from lanecast.tables.parcel import QUANTILES
from lanecast.tables.planning import DEMAND_FORECASTS, LABOUR, ROSTER_PLANS, WORKLOAD
from lanecast.tables.schema import check

SMALL = workforce.Limits(starts=(6, 10, 14), lengths=(4, 8), per_hour=1, temps=1)
CUT = datetime(2025, 6, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def company() -> World:
    return simulate(parcels=300, days=180, seed=21, products=80)


@pytest.fixture(scope="module")
def lake(company, tmp_path_factory) -> Lake:
    lake = Lake(tmp_path_factory.mktemp("work") / "lake")
    company.write(lake)
    return Lake(lake.path)


def frame(rows) -> pl.DataFrame:
    return collect(rows.lazy())


@pytest.fixture(scope="module")
def hands(lake) -> workforce.FittedProductivity:
    return workforce.Productivity().fit(frame(workforce.worked(lake, CUT)))


@pytest.fixture(scope="module")
def said(lake) -> pl.DataFrame:
    return workforce.Volumes().fit(frame(workforce.volumes(lake, CUT))).predict(CUT, 7)


@pytest.fixture(scope="module")
def inputs(lake, hands, said):
    site = "whs_us_ny_01"
    return (
        said.filter(
            pl.col("unique_id").is_in([f"{site}/{name}" for name in ("pick", "pack", "sort")])
            & (pl.col("ds") < pl.col("ds").min() + timedelta(days=3))
        ),
        hands.rates(),
        frame(workforce.team(lake, CUT)),
        frame(workforce.cutoffs(lake, CUT)),
    )


@pytest.fixture(scope="module")
def plan(inputs):
    return workforce.decide(*inputs, workforce.Costs(), SMALL, rounds=10)


def test_deleting_the_future_changes_nothing_known_before(company, lake, tmp_path):
    short = {
        name: table.filter(pl.col("recorded_at") <= CUT) for name, table in company.tables.items()
    }
    past = Lake(tmp_path / "lake")
    World(short, {}).write(past)
    past = Lake(past.path)
    verbs = (
        workforce.worked, workforce.volumes, workforce.outcomes, workforce.team,
        workforce.receipts,
    )  # fmt: skip
    for verb in verbs:
        a, b = frame(verb(lake, CUT)), frame(verb(past, CUT))
        assert a.height and a.sort(a.columns).equals(b.sort(b.columns))
    said = [workforce.known_volumes(each, CUT).predict(CUT, 7) for each in (lake, past)]
    assert said[0].equals(said[1])


def test_receipts_are_those_of_a_loop(company, lake):
    rows = frame(workforce.receipts(lake, CUT))
    known = company.tables["replenishments"].filter(pl.col("recorded_at") <= CUT)
    found = {row["replenishment_id"]: row for row in rows.iter_rows(named=True)}
    assert len(found) == known["replenishment_id"].n_unique() == rows.height
    open_ = 0
    for name, versions in known.sort("recorded_at").tail(600).group_by("replenishment_id"):
        row, all_ = found[name[0]], known.filter(pl.col("replenishment_id") == name[0])
        told = all_.filter(pl.col("received_at").is_not_null())["recorded_at"].min()
        assert row["known_h"] * 3600 == all_["recorded_at"].min().timestamp()
        assert (row["told_h"] is None) == (told is None) == (row["received_h"] is None)
        assert told is None or row["told_h"] * 3600 == told.timestamp()
        assert row["units"] == versions["units"][0]
        open_ += told is None
    assert open_ > 0


def test_orders_under_way_say_more_of_a_week_of_receiving_than_recent_volumes(lake):
    """A day hangs on a few large orders; a week of all of them is foreseen better by a quarter."""
    came = frame(workforce.outcomes(lake, CUT + timedelta(days=8)))
    inbound = pl.col("unique_id").str.ends_with("receive")
    other = ~inbound & ~pl.col("unique_id").str.ends_with("put_away")
    off, loss = np.zeros(2), np.zeros(2)
    for back in range(5):
        at = CUT - timedelta(days=7 * back)
        plain = workforce.Volumes().fit(frame(workforce.volumes(lake, at))).predict(at, 7)
        known = workforce.known_volumes(lake, at).predict(at, 7)
        assert known.filter(other).equals(plain.filter(other))
        for k, rows in enumerate((plain, known)):
            hours = rows.filter(inbound).with_columns(hour_h=pl.col("ds").dt.epoch("s") / 3600)
            both = hours.join(came, on=["unique_id", "hour_h"], how="left")
            week = both.group_by("unique_id").agg(pl.col("mean").sum(), pl.col("y").sum())
            off[k] += week.select((pl.col("mean") - pl.col("y")).abs().sum()).item()
            loss[k] += workforce.evaluate(rows.filter(inbound), came)["pinball"].item()
    assert off[1] < 0.8 * off[0] and loss[1] < loss[0]


def test_hours_before_are_counted_as_a_naive_loop_does_it(lake):
    rows = frame(workforce.worked(lake, CUT)).sort("started_h", "worker_id")
    seen: dict[tuple[str, str], int] = {}
    for row in rows.head(3000).iter_rows(named=True):
        key = row["worker_id"], row["process"]
        assert row["hours_before"] == seen.get(key, 0)
        seen[key] = seen.get(key, 0) + 1


def test_true_productivity_is_recovered_on_weeks_that_were_not_seen(company, lake, hands):
    rows = frame(workforce.worked(lake, CUT + timedelta(days=28)))
    later = hands.predict(rows.filter(pl.col("started_h") >= CUT.timestamp() / 3600))
    true = company.truth["labour_rates"].select(
        "worker_id",
        "process",
        true="units_per_h",
        started_h=pl.col("started_at").dt.epoch("s") / 3600,
    )
    both = later.join(true, on=["worker_id", "process", "started_h"])
    known = both.filter(pl.col("fallback").is_null())
    error = (known["units_per_h"] / known["true"]).log()
    plain = hands.rates().rename({"units_per_h": "rate"})
    mean = known.join(plain, on=["facility_id", "process"])
    assert known.height > 2000
    assert error.abs().mean() < 0.025
    assert abs(error.mean()) < 0.01
    assert (mean["rate"] / mean["true"]).log().abs().mean() > 4 * error.abs().mean()
    inside = (pl.col("units") / pl.col("hours")).is_between("q100", "q900")
    long = known.filter((pl.col("hours") > 0.9) & (pl.col("units") > 20))
    assert 0.75 < long.select(inside.mean()).item() < 0.85


def test_learning_and_mix_are_those_of_the_company(company, hands):
    true = company.truth["process_rates"].group_by("process").agg(pl.col("mix", "learn").first())
    both = hands.curves.join(true, on="process", suffix="_true").filter(
        pl.col("process").is_in(["pick", "pack"])
    )
    assert ((both["mix"] - both["mix_true"]).abs() < 0.1).all()
    assert ((both["learn"] - both["learn_true"]).abs() <= 0.101).all()
    assert hands.noise == pytest.approx(0.12, abs=0.01)


def test_a_worker_that_is_not_known_has_a_wider_range_and_a_label(lake, hands):
    row = frame(workforce.worked(lake, CUT)).filter(pl.col("process") == "pick").head(1)
    known = hands.predict(row).row(0, named=True)
    stranger = hands.predict(row.with_columns(worker_id=pl.lit("nobody"))).row(0, named=True)
    assert stranger["fallback"] == "worker" and known["fallback"] is None
    assert stranger["q900"] / stranger["q100"] > known["q900"] / known["q100"]
    place = hands.predict(row.with_columns(facility_id=pl.lit("nowhere"))).row(0, named=True)
    assert place["fallback"] == "place" and place["units_per_h"] > 0


def test_forecasts_are_rows_of_the_table_whose_quantiles_do_not_cross(said):
    check(DEMAND_FORECASTS, nw.from_native(said))
    wide = said.select(QUANTILES).to_numpy()
    assert (np.diff(wide, axis=1) >= -1e-9).all() and (wide >= 0).all()


def test_forecasts_beat_the_week_before_and_cover_what_they_say(lake):
    scores = []
    for back in range(3):
        at = CUT - timedelta(days=7 * back)
        past = frame(workforce.volumes(lake, at))
        both = [m.fit(past).predict(at, 7) for m in (workforce.Volumes(), workforce.Naive())]
        known = frame(workforce.outcomes(lake, CUT + timedelta(days=8)))
        scores.append(workforce.evaluate(pl.concat(both), known))
    mean = pl.concat(scores).group_by("model").agg(pl.col("pinball", "wape", "coverage_80").mean())
    ours, naive = (
        mean.row(by_predicate=pl.col("model") == m, named=True) for m in ("volumes", "naive")
    )
    assert ours["pinball"] < 0.9 * naive["pinball"] and ours["wape"] < naive["wape"]
    assert 0.7 < ours["coverage_80"] < 0.97


def test_local_days_have_23_and_25_hours():
    zone = "America/New_York"
    start = midnight((date(2025, 3, 1) - date(1970, 1, 1)).days, zone)
    hours = [start.timestamp() / 3600 + h for h in range(24 * 30)]
    x = pl.DataFrame({"facility_id": "a", "process": "pick", "zone": zone, "hour_h": hours,
                      "units": 1.0})  # fmt: skip
    days = local_days(x)
    total = days.units.sum(axis=2)[0]
    number = (date(2025, 3, 9) - date(1970, 1, 1)).days - days.first
    assert total[number] == 23 and (np.delete(total, number) == 24).all()
    assert days.units[0, number, 2] == 0  # the hour that was skipped
    back = civil(x).filter(pl.col("day") == days.first + number)
    assert back["hour"].to_list() == [h for h in range(24) if h != 2]


def test_shifts_begin_at_civil_times_when_the_clock_is_set():
    first = (date(2025, 3, 8) - date(1970, 1, 1)).days
    shifts, origin = local_shifts(first, first + 3, "America/New_York", [1, 8], [4, 8], 2)
    assert origin == datetime(2025, 3, 8, 5, tzinfo=UTC)
    assert shifts.begin[:, 2].tolist() == [16, 62, 110]  # 8:00; the ninth has 23 hours
    assert (shifts.end - shifts.begin)[1].tolist() == [6, 14, 8, 16]  # 1:00 to 5:00 is three hours


def test_the_plan_is_rows_of_the_table_within_contracts(inputs, plan, company):
    check(ROSTER_PLANS, nw.from_native(plan.table))
    own = plan.table.filter(~pl.col("worker_id").str.starts_with("ros_"))
    team = inputs[2].select("worker_id", "skills", "max_h_week", "end_day", "hired_day")
    both = own.join(team, on="worker_id")
    assert both.height == own.height > 5
    assert both.select(
        pl.col("skills").str.split(",").list.contains(pl.col("process")).all()
    ).item()
    weekly = both.group_by("worker_id").agg(pl.col("paid_h").sum(), pl.col("max_h_week").first())
    assert (weekly["paid_h"] <= weekly["max_h_week"] + 1e-9).all()
    order = own.sort("worker_id", "started_at")
    gap = order.select(
        ((pl.col("started_at").shift(-1) - pl.col("ended_at")).dt.total_minutes() / 60).over(
            "worker_id"
        )
    ).to_series()
    assert gap.drop_nulls().min() >= 11
    assert plan.bound <= plan.objective and plan.gap < 0.15


def test_pieces_become_hours_by_the_rate(inputs):
    volumes, rates, _, cutoffs = inputs
    first = int(volumes["ds"].dt.convert_time_zone("America/New_York").dt.date().min().toordinal()
                - date(1970, 1, 1).toordinal())  # fmt: skip
    site = cutoffs.filter(facility_id="whs_us_ny_01")
    zone = "America/New_York"
    origin = midnight(first, zone)
    names = ["pick", "pack", "sort"]
    come, waits = work_of(volumes, rates, site, ["mean"], names, origin, first, first + 3, zone, 2)
    rate = dict(
        rates.filter(facility_id="whs_us_ny_01").select("process", "units_per_h").iter_rows()
    )
    hours = sum(
        row["mean"] / rate[row["unique_id"].split("/")[1]] for row in volumes.iter_rows(named=True)
    )
    assert come.sum() / 2 == pytest.approx(hours)
    assert (waits >= 0).all() and (waits.max(axis=2) > 0).all()


def test_pieces_must_be_ready_before_a_departure_of_that_weekday(inputs):
    volumes, rates, _, _ = inputs
    zone, first = "America/New_York", (date(2025, 6, 1) - date(1970, 1, 1)).days  # a Sunday
    lane = pl.DataFrame({"weekdays": ["1000000"], "departures_per_day": [1], "cutoff_s": [3600.0],
                         "first_s": [17 * 3600.0], "headway_s": [0.0]})  # fmt: skip
    at = midnight(first, zone)
    rows = volumes.with_columns(ds=pl.lit(at).cast(pl.Datetime("us", "UTC")), mean=pl.lit(10.0))
    rows = rows.unique("unique_id")
    names = ["pick", "pack", "sort"]
    come, waits = work_of(rows, rates, lane, ["mean"], names, at, first, first + 3, zone, 1)
    due = np.flatnonzero(waits[0, 0] < come[0, 0].sum() / 2)
    assert due[0] == 0 + 24 + 15 and come[0, 0].sum() > 0  # Monday, done at 16:00


def test_slower_hands_need_more_money_and_cheaper_lateness_less(inputs):
    volumes, rates, team, cutoffs = inputs
    costs, slow = workforce.Costs(), rates.with_columns(pl.col("units_per_h") / 4)
    usual, slower, cheap = (
        workforce.decide(volumes, at, team, cutoffs, paid, SMALL, rounds=0).bound
        for at, paid in ((rates, costs), (slow, costs), (slow, replace(costs, late=1.0)))
    )
    assert slower > usual + 1 and slower > cheap + 1


def test_the_roster_of_yesterday_is_kept_where_changes_cost(inputs, plan):
    kept = workforce.decide(
        *inputs, replace(workforce.Costs(), change=500.0), SMALL,
        before=plan.table, rounds=2,
    )  # fmt: skip
    assert kept.parts["changed_days"] <= 2


def test_a_roster_that_cannot_be_names_a_smallest_set_of_rules(inputs):
    """Two people without temps cannot do the work, whatever hours they have."""
    volumes, rates, team, cutoffs = inputs
    few = team.filter(facility_id="whs_us_ny_01").sort("worker_id").head(2)
    late = replace(SMALL, temps=0, in_time=True)
    with pytest.raises(ConflictError, match="these cannot hold together: cover") as caught:
        workforce.decide(volumes, rates, few, cutoffs, workforce.Costs(), late)
    assert set(caught.value.rules) == {"cover", "temps"}


def test_a_fitted_model_comes_back_from_its_folder(hands, tmp_path: Path):
    artifact.save(tmp_path / "m", hands, {}, metrics={}, tables=(LABOUR, WORKLOAD), about={})
    back = artifact.load(tmp_path / "m", workforce.FittedProductivity)[0]
    assert back.places.equals(hands.places) and back.noise == hands.noise


@pytest.mark.parametrize(
    ("call", "word"),
    [
        (lambda v, r, t, c: workforce.Costs(late=-1.0), "late"),
        (lambda v, r, t, c: workforce.Costs(overtime=0.5), "overtime"),
        (lambda v, r, t, c: workforce.Limits(lengths=(14.0,)), "lengths"),
        (lambda v, r, t, c: workforce.Limits(starts=(25.0,)), "starts"),
        (lambda v, r, t, c: workforce.Limits(temps=-1), "temps"),
        (lambda v, r, t, c: workforce.Volumes(half_life=0.0), "half_life"),
        (lambda v, r, t, c: workforce.Productivity(passes=0), "passes"),
        (
            lambda v, r, t, c: workforce.decide(
                v, r.filter(pl.col("process") != "pick"), t, c, workforce.Costs(),
                workforce.Limits(),
            ),
            "units_per_h of pick",
        ),
        (
            lambda v, r, t, c: workforce.decide(
                v, r, t.head(0), c, workforce.Costs(), workforce.Limits()
            ),
            "nobody works",
        ),
        (
            lambda v, r, t, c: workforce.decide(
                v, r, t.with_columns(max_h_week=3.0, min_h_week=0.0), c, workforce.Costs(),
                workforce.Limits(),
            ),
            "no contract allows more than 3 h",
        ),
        (
            lambda v, r, t, c: workforce.decide(
                v, r, t.with_columns(wage=-1.0), c, workforce.Costs(), workforce.Limits()
            ),
            "wage",
        ),
        (
            lambda v, r, t, c: workforce.Volumes().fit(
                pl.DataFrame({"facility_id": ["a"], "process": ["pick"], "zone": ["UTC"],
                              "hour_h": [1.0], "units": [-2.0]})
            ),
            "units",
        ),
    ],
)  # fmt: skip
def test_nonsense_is_refused_in_words(inputs, call, word):
    with pytest.raises(ValueError, match=word):
        call(*inputs)
