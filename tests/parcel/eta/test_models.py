"""What every model must hold, and what censoring does to those that look away."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import narwhals as nw
import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from lanecast import artifact
from lanecast.nn.training import Training
from lanecast.parcel import eta
from lanecast.parcel.eta import Blend, Boosted, Deep, LaneQuantiles, Pinball, Plain
from lanecast.parcel.eta.models import FittedBlend
from lanecast.parcel.eta.models.rows import LONGEST_H, SHORTEST_H, durations
from lanecast.parcel.questions import ASKED, questions
from lanecast.parcel.vocabulary import learn
from lanecast.tables.lake import collect
from lanecast.tables.parcel import LEVELS, MOMENTS, PREDICTIONS, QUANTILES
from lanecast.tables.schema import check

from ..stories import number

BOOSTED = Boosted(rounds=60, learning_rate=0.1, leaves=8)
DEEP = Deep(Training(epochs=6, batch=128, rate=4e-3), bins=20, width=32)
LANES = LaneQuantiles()
BLEND = Blend(BOOSTED, DEEP, window_d=10)
MODELS = {"lane": LANES, "plain": Plain(), "boosted": BOOSTED, "deep": DEEP, "blend": BLEND}
CENSORED = [name for name in MODELS if name != "plain"]  # Plain looks away, as its users do
START, SPAN_D, MEAN_H = 480_000.0, 40.0, 240.0


def asked(n=2500, seed=0, mean_h=MEAN_H):
    """Questions over 40 days whose answers are exponential; twice as long to region B."""
    rng = np.random.default_rng(seed)
    goal = rng.choice(["A", "B"], n)
    need = rng.exponential(mean_h, n) * np.where(goal == "B", 2.0, 1.0)
    texts = {
        "status": "created", "facility_id": "", "origin_region": "A", "goal_area": "900",
        "category": rng.choice(["toys", "books"], n), "payment": "card", "carrier_id": "c1",
        "service": "standard", "merchant_id": rng.choice(["m1", "m2", "m3"], n),
    }  # fmt: skip
    x = pl.DataFrame(
        {
            "parcel_id": [f"p{seed}-{i}" for i in range(n)],
            "asof_h": np.sort(rng.uniform(START, START + 24 * SPAN_D, n)),
            "moment": rng.choice(MOMENTS, n), "goal_region": goal, **texts,
            "weight_g": rng.gamma(2, 400, n), "distance_km": 100.0, "to_promise_h": 300.0,
            "handling_merchant_n": 9.0, "usual_h": rng.uniform(150, 250, n),
        }
    )  # fmt: skip
    return x, need


def answers(x, need, seen_h=START + 24 * SPAN_D):
    """What is known at ``seen_h``."""
    end = x["asof_h"].to_numpy() + need
    frame = {"end_h": np.minimum(end, seen_h), "ended": (end <= seen_h).astype(np.int8)}
    return x.select("parcel_id", **{k: pl.Series(v) for k, v in frame.items()}, seen_h=seen_h)


@pytest.fixture(scope="module")
def data():
    x, need = asked()
    return x, answers(x, need)


@pytest.fixture(scope="module")
def fitted(data):
    return {name: model.fit(*data) for name, model in MODELS.items()}


@pytest.fixture(scope="module")
def later():
    x, _ = asked(300, seed=1)
    return x.with_columns(pl.col("asof_h") + 24 * SPAN_D)


def matrix(predictions):
    return predictions.select(QUANTILES).to_numpy()


@pytest.mark.parametrize("name", MODELS)
def test_predictions_are_canonical_and_never_cross(fitted, later, name):
    rows = fitted[name].predict(later)
    check(PREDICTIONS, nw.from_native(rows))
    quantiles = matrix(rows)
    assert (np.diff(quantiles, axis=1) >= 0).all()
    assert (quantiles > 0).all()
    assert_frame_equal(rows.select("parcel_id", "moment"), later.select("parcel_id", "moment"))
    asof = later["asof_h"].to_numpy()
    assert np.abs(rows["asof"].dt.epoch("us").to_numpy() / 3.6e9 - asof).max() < 1e-8
    eta_h = rows["eta_at"].dt.epoch("us").to_numpy() / 3.6e9 - asof
    assert np.abs(eta_h - rows["asof_to_delivered_h"].to_numpy()).max() < 1e-6
    assert rows["version"].unique().to_list() == [f"{START + 24 * SPAN_D:.0f}"]


@pytest.mark.parametrize("name", MODELS)
def test_the_same_seed_gives_the_same_bytes(data, fitted, later, name):
    again = MODELS[name].fit(*data).predict(later)
    assert matrix(again).tobytes() == matrix(fitted[name].predict(later)).tobytes()


def test_another_seed_gives_other_trees_and_another_net(data, fitted, later):
    net = replace(DEEP, training=replace(DEEP.training, seed=5)).fit(*data)
    trees = replace(BOOSTED, seed=5).fit(*data)
    for name, other in (("deep", net), ("boosted", trees)):
        assert not np.array_equal(matrix(other.predict(later)), matrix(fitted[name].predict(later)))


@pytest.mark.parametrize("name", MODELS)
def test_a_row_is_answered_the_same_alone_and_among_others(fitted, later, name):
    together = fitted[name].predict(later.head(9))
    for i, row in enumerate(later.head(9).iter_slices(1)):
        alone = fitted[name].predict(row)
        np.testing.assert_allclose(matrix(alone)[0], matrix(together)[i], rtol=1e-5)


@pytest.mark.parametrize("name", MODELS)
def test_what_was_never_seen_has_an_answer(fitted, later, name):
    new = later.head(20).with_columns(
        merchant_id=pl.lit("new"), goal_region=pl.lit("Z"), origin_region=pl.lit("Z"),
        status=pl.lit("customs"), facility_id=pl.lit("new"), category=pl.lit("new"),
        weight_g=pl.lit(None, pl.Float64), distance_km=pl.lit(None, pl.Float64),
    )  # fmt: skip
    rows = fitted[name].predict(new)
    check(PREDICTIONS, nw.from_native(rows))
    middle = rows["q500"].to_numpy()
    assert ((middle > 20) & (middle < 1500)).all()


@pytest.mark.parametrize("name", MODELS)
def test_a_longer_way_takes_longer(fitted, later, name):
    rows = fitted[name].predict(later).with_columns(later["goal_region"])
    near, far = (rows.filter(goal_region=goal)["q500"].mean() for goal in ("A", "B"))
    assert far > 1.4 * near


@pytest.mark.parametrize("name", CENSORED)
def test_open_parcels_count_and_dropping_them_is_far_off(name):
    """Asked over 40 days, answered in 14 days on average: a third is open."""
    x, _ = asked(3000, seed=3)
    x = x.with_columns(goal_region=pl.lit("A"), usual_h=pl.lit(300.0))
    need = np.random.default_rng(3).exponential(336.0, x.height)
    y = answers(x, need)
    assert 0.3 < (y["ended"] == 0).mean() < 0.4
    truth = 336 * np.log(2)
    model = MODELS[name]
    ask = x.tail(400)

    def median(y):
        return np.median(model.fit(x, y).predict(ask)["q500"].to_numpy())

    assert median(y) == pytest.approx(truth, rel=0.15)
    assert median(y.filter(pl.col("ended") == 1)) < 0.75 * truth


@pytest.mark.parametrize("name", CENSORED)
def test_quantiles_of_a_known_law_are_near(fitted, later, name):
    near = later.filter(goal_region="A")
    q = matrix(fitted[name].predict(near))
    for column, level in ((3, 0.1), (7, 0.5), (11, 0.9)):
        truth = -MEAN_H * np.log(1 - level)
        assert np.median(q[:, column]) == pytest.approx(truth, rel=0.45), level


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: LaneQuantiles(days=0), "days > 0 and worth > 0"),
        (lambda: LaneQuantiles(worth=-1), "days > 0 and worth > 0"),
        (lambda: Boosted(rounds=0), "rounds >= 1"),
        (lambda: Boosted(half_life_d=0), "half_life_d > 0"),
        (lambda: Boosted(spread=-0.1), "spread > 0"),
        (lambda: Deep(bins=3), "bins >= 4"),
        (lambda: Deep(width=0), "width >= 1"),
        (lambda: Deep(half_life_d=0), "half_life_d > 0"),
        (lambda: Training(epochs=0), "epochs >= 1"),
        (lambda: Training(batch=0), "batch >= 1"),
        (lambda: Blend(share=1.1), r"share in \[0, 1\]"),
        (lambda: Blend(window_d=0), "window_d > 0"),
        (lambda: Blend(worth=0), "worth > 0"),
    ],
)
def test_nonsense_is_refused_in_words(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("name", MODELS)
def test_nothing_to_learn_from_is_said(data, name):
    x, y = data
    with pytest.raises(ValueError, match="no outcome for any row of x"):
        MODELS[name].fit(x, y.with_columns(seen_h=pl.lit(START - 1)))


# the lane


def test_a_thin_lane_stays_near_its_moment_and_a_rich_one_leaves_it():
    x, _ = asked(2000, seed=5)
    x = x.with_columns(moment=pl.lit("checkout"), goal_region=pl.lit("A"))
    for n, low, high in ((3, 1.0, 3.0), (800, 9.0, 10.1)):
        lane = pl.int_range(pl.len()) < n
        goal = pl.when(lane).then(pl.lit("T")).otherwise("goal_region")
        rows = x.with_columns(goal_region=goal, asof_h=pl.lit(START))
        need = np.where(np.arange(x.height) < n, 1000.0, 100.0) + np.linspace(0, 1, x.height)
        known = LANES.fit(rows, answers(rows, need, START + 2000))
        thin = rows.filter(lane).head(1)
        assert low < known.predict(thin)["q200"].item() / 100 < high, n


def test_quantiles_of_one_lane_are_those_of_the_sample():
    x, _ = asked(400, seed=6)
    x = x.with_columns(moment=pl.lit("checkout"), goal_region=pl.lit("A"), asof_h=pl.lit(START))
    need = np.random.default_rng(6).gamma(5, 20, 400)
    q = matrix(LANES.fit(x, answers(x, need, START + 2000)).predict(x.head(1)))[0]
    np.testing.assert_allclose(q, np.quantile(need, LEVELS, method="inverted_cdf"), rtol=1e-9)


# rows


def test_durations_as_they_were_are_those_that_the_lake_knew_then(world_lake):
    """Up to the delay of recording, going back in memory is going back in the lake."""
    since = datetime(2025, 2, 20, tzinfo=UTC)
    then, now = since + timedelta(days=5), since + timedelta(days=12)
    x = collect(eta.features(world_lake, since, since + timedelta(days=7)).lazy())
    x = x.with_columns(usual_h=pl.col("usual_h").fill_null(1.0))
    back = durations(x, collect(eta.outcomes(world_lake, now))).before(number(then))
    true = durations(x, collect(eta.outcomes(world_lake, then)))
    assert_frame_equal(back.x, true.x)
    assert back.seen_h == true.seen_h == number(then)
    np.testing.assert_allclose(back.age_h, true.age_h)
    same = back.ended == true.ended
    assert same.mean() > 0.98
    assert (back.ended >= true.ended).all(), "only what was recorded late may be known too early"
    np.testing.assert_allclose(
        np.maximum(back.hours, SHORTEST_H)[same], true.hours[same], atol=1e-6
    )
    assert 0 < true.ended.mean() < 1


def test_durations_are_capped_and_never_below_the_shortest():
    x, _ = asked(3)
    need = np.array([-5.0, 100.0, LONGEST_H + 1])
    known = durations(x, answers(x, need, START + 24 * 365))
    assert known.hours.tolist() == [SHORTEST_H, pytest.approx(100.0), LONGEST_H]
    assert known.ended.tolist() == [1, 1, 0]


def test_rows_asked_after_the_cut_off_or_without_a_usual_time_are_not_learnt_from():
    x, need = asked(10)
    y = answers(x, need)
    x = x.with_columns(usual_h=pl.when(pl.int_range(10) != 2).then("usual_h"))
    late = x.with_columns(asof_h=pl.when(pl.int_range(10) == 5).then(9e5).otherwise("asof_h"))
    known = durations(late, y)
    assert set(x["parcel_id"]) - set(known.x["parcel_id"]) == {"p0-2", "p0-5"}


def test_old_open_parcels_weigh_little_where_many_are_never_delivered():
    x, need = asked(2000, seed=8, mean_h=100.0)
    x = x.with_columns(moment=pl.lit("checkout"), goal_region=pl.lit("A"))
    lost = np.arange(2000) % 10 == 0
    need = np.where(lost, 1e6, need / 2)
    known = durations(x, answers(x, need, START + 24 * 150))
    weight = known.weight(1e9)
    assert weight.mean() == pytest.approx(1)
    assert weight[lost].max() < 0.05 * weight[~lost].min()
    fresh = durations(x, answers(x, need, START + 24 * 41)).weight(1e9)
    np.testing.assert_allclose(fresh, 1.0)
    aged = durations(x, answers(x, need, START + 24 * 41))
    halves = aged.weight(20.0)
    expected = 0.5 ** (aged.age_h / 24 / 20)
    np.testing.assert_allclose(halves, expected / expected.mean())


def test_a_vocabulary_forgets_rare_values_and_answers_new_ones_with_0():
    x = pl.DataFrame({"a": ["x"] * 7 + ["y"] * 9 + ["rare", None]})
    words = learn(x, ["a"])
    assert words.values == {"a": ("y", "x")}
    assert words.sizes == [3]
    codes = words.encode(pl.DataFrame({"a": ["x", "y", "rare", "never", None]}))
    assert codes[:, 0].tolist() == [2, 1, 0, 0, 0]


# the blend


def test_a_fitted_blend_and_its_context_come_back_from_a_folder(
    fitted, later, world_lake, tmp_path
):  # fmt: skip
    asof = datetime(2025, 3, 1, tzinfo=UTC)
    context = eta.context(world_lake, asof)
    model = fitted["blend"].with_coverage(
        pl.DataFrame({"slice": ["checkout/short"], "n": [100], "coverage_80": [0.81]})
    )
    artifact.save(tmp_path / "model", model, context)
    loaded, small = artifact.load(tmp_path / "model", FittedBlend)
    assert loaded.predict(later).equals(model.predict(later))
    assert matrix(loaded.predict(later)).tobytes() == matrix(model.predict(later)).tobytes()
    until = asof + timedelta(hours=6)
    rows = nw.from_native(collect(questions(world_lake, asof, until)))
    ours = eta.assemble(rows, small).to_native().sort(ASKED)
    x = collect(eta.features(world_lake, asof, until).lazy()).sort(ASKED)
    assert_frame_equal(ours, x, rel_tol=1e-12, abs_tol=1e-12)


def test_a_blend_says_which_slice_and_what_coverage_was_measured_there(fitted, later):
    slices = fitted["blend"].predict(later)["slice"].unique().to_list()
    assert set(slices) <= {f"{m}/{part}" for m in MOMENTS for part in ("short", "middle", "long")}
    scores = pl.DataFrame({"slice": slices, "n": [9] * len(slices), "coverage_80": 0.79})
    rows = fitted["blend"].with_coverage(scores).predict(later)
    assert rows["coverage_80"].to_list() == [0.79] * later.height
    assert rows["fallback"].null_count() == later.height


def test_a_blend_without_a_usual_time_falls_back_to_the_lane_and_says_so(fitted, later):
    mixed = later.with_columns(usual_h=pl.when(pl.int_range(pl.len()) % 2 == 0).then("usual_h"))
    rows = fitted["blend"].predict(mixed)
    check(PREDICTIONS, nw.from_native(rows))
    odd = pl.int_range(pl.len()) % 2 == 1
    assert rows.filter(odd)["fallback"].unique().to_list() == ["baseline"]
    lanes = fitted["blend"].lanes.predict(mixed)
    assert_frame_equal(rows.filter(odd).select(QUANTILES), lanes.filter(odd).select(QUANTILES))
    whole = fitted["blend"].predict(later)
    assert_frame_equal(rows.filter(~odd).select(QUANTILES), whole.filter(~odd).select(QUANTILES))


def test_a_blend_is_corrected_by_a_slow_down_that_has_just_begun(later):
    """From eight days before the end on, what is left to do takes three times as long."""
    x, need = asked(3000, seed=12, mean_h=100.0)
    slow_h = START + 24 * (SPAN_D - 8)
    before = np.maximum(slow_h - x["asof_h"].to_numpy(), 0.0)
    slow = np.where(need <= before, need, before + 3 * (need - before))
    steady, slowed = (BLEND.fit(x, answers(x, each)) for each in (need, slow))
    moved = [np.median(m.hours(later)[:, 7] / m.raw(later)[:, 7]) for m in (steady, slowed)]
    assert moved[0] == pytest.approx(1, abs=0.15)
    assert moved[1] > moved[0] + 0.2


def test_drivers_multiply_to_the_median_of_the_trees(fitted, later):
    rows = fitted["boosted"].drivers(later.head(5))
    product = rows.group_by("row").agg(pl.col("factor").product()).sort("row")["factor"].to_numpy()
    np.testing.assert_allclose(product, fitted["boosted"].median(later.head(5)), rtol=1e-6)


def test_settled_questions_count_only_where_history_is_long_enough():
    x, need = asked(4000, seed=6)
    quick = x.with_columns(usual_h=pl.lit(20.0)), need / 12  # settled after four days
    slow = x, need  # after forty
    shares = [BOOSTED.fit(each, answers(each, hours)).share for each, hours in (quick, slow)]
    assert shares == [BOOSTED.settled, 0.0]


def test_what_ended_otherwise_is_known_not_to_be_late():
    """Returned parcels say nothing about how long deliveries take."""
    x, need = asked(3000, seed=7)
    y = answers(x, need)
    back = np.arange(x.height) % 4 == 0
    returned = y.with_columns(
        ended=pl.when(pl.Series(back)).then(0).otherwise("ended"),
        end_h=pl.when(pl.Series(back)).then(x["asof_h"] + 1.0).otherwise("end_h"),
    )
    known = durations(x, returned)
    assert not known.alive()[back].any() and known.alive()[~back].all()
    ask = x.tail(300)
    with_them, without = (
        BOOSTED.fit(x, each).predict(ask)["q500"].median() for each in (returned, y.filter(~back))
    )
    assert with_them == pytest.approx(without, rel=0.05)


def test_the_peer_for_promises_answers_at_checkout_from_the_median_up():
    x, need = asked(4000, seed=8)
    rows = Pinball(days=60).fit(x, answers(x, need)).predict(x.tail(600))
    check(PREDICTIONS, nw.from_native(rows))
    assert rows["moment"].unique().to_list() == ["checkout"]
    quantiles = matrix(rows)
    assert 1.5 < np.median(quantiles[:, 11] / quantiles[:, 7]) < 6  # 3.3 for an exponential law


def test_a_peer_without_days_is_refused():
    with pytest.raises(ValueError, match="days > 0, got 0"):
        Pinball(days=0)
