import narwhals as nw
import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from lanecast import artifact
from lanecast.parcel import trajectory
from lanecast.parcel.trajectory.models import Blend, Boosted, FittedBlend, Frequency
from lanecast.parcel.trajectory.models.drivers import of_stop, of_time
from lanecast.parcel.trajectory.models.rows import known, normalised
from lanecast.parcel.trajectory.models.spread import LEVEL, spread
from lanecast.tables.lake import collect
from lanecast.tables.parcel import QUANTILES
from lanecast.tables.schema import check
from lanecast.tables.trajectory import LANE_HISTORY, LEG_PLANS, NEXT_STOPS, SOMEWHERE_NEW

from ..stories import at

MODELS = {"frequency": Frequency(), "boosted": Boosted(leg_rounds=60), "blend": Blend()}
CUT = 220


@pytest.fixture(scope="module")
def learnt(trucks):
    """x of the past and of what is asked next, and y as known between them and at the end."""
    x = collect(trajectory.features(trucks, at(0), at(CUT)).lazy())
    asked = collect(trajectory.features(trucks, at(CUT), at(290)).lazy())
    y, later = (collect(trajectory.outcomes(trucks, at(t))) for t in (CUT, 400))
    return x, y, asked, later


@pytest.fixture(scope="module")
def fitted(learnt):
    x, y, _, _ = learnt
    return {name: model.fit(x, y) for name, model in MODELS.items()}


@pytest.mark.parametrize("name", MODELS)
def test_answers_are_canonical_ordered_and_add_up(learnt, fitted, name):
    asked = learnt[2]
    answers = fitted[name].predict(asked)
    assert check(NEXT_STOPS, nw.from_native(answers)).to_native().equals(answers)
    hours = answers.select(QUANTILES).to_numpy()
    assert (np.diff(hours, axis=1) >= 0).all()
    listed = asked.with_columns(p=fitted[name].chance(asked)).filter(pl.col("listed") > 0)
    total = listed.group_by("parcel_id", "asof_h").agg(pl.col("p").sum())["p"]
    assert total.to_numpy() == pytest.approx(1.0)
    order = answers.drop_nulls("probability").sort("parcel_id", "asof", "rank")
    rises = order["probability"].diff() > 1e-12
    assert not (rises & (order["rank"].diff() > 0)).any()


def test_trees_learn_when_trucks_go_where_and_how_long_it_takes(learnt, fitted):
    _, _, asked, later = learnt
    departed = asked.filter(status="departed")
    rows = pl.concat(fitted[name].predict(departed) for name in MODELS)
    scores = {row["model"]: row for row in trajectory.evaluate(rows, later).to_dicts()}
    plain = Frequency(levels=()).fit(*learnt[:2]).predict(departed)
    lane = trajectory.evaluate(plain, later).row(0, named=True)
    assert lane["n"] > 80
    assert scores["blend"]["next_top1"] > 0.8 > lane["next_top1"] + 0.1
    assert scores["blend"]["log_loss"] < scores["frequency"]["log_loss"] < lane["log_loss"]
    least = 4.0 * 60 * 0.161  # hours on average, times the mean of |exp(0.2 z) - 1|
    assert scores["blend"]["leg_mae_min"] < 1.15 * least
    assert 0.65 < scores["blend"]["coverage_80"] < 0.93


def test_an_answer_is_the_same_alone_and_among_others(learnt, fitted):
    asked = learnt[2]
    one = asked.filter(pl.col("parcel_id") == asked["parcel_id"][-1])
    together = (
        fitted["blend"]
        .predict(asked)
        .join(one.select("parcel_id").unique(), on="parcel_id", how="semi", maintain_order="left")
    )
    assert_frame_equal(fitted["blend"].predict(one), together, rel_tol=1e-12)


def test_the_same_seed_gives_the_same_model_and_it_comes_back_from_its_folder(
    learnt, fitted, tmp_path
):
    x, y, asked, _ = learnt
    answers = fitted["blend"].predict(asked)
    assert_frame_equal(Blend().fit(x, y).predict(asked), answers, check_exact=True)
    tables = (LANE_HISTORY, LEG_PLANS)
    artifact.save(tmp_path / "model", fitted["blend"], {}, metrics={}, tables=tables, about={})
    again, _ = artifact.load(tmp_path / "model", FittedBlend, tables=tables)
    assert_frame_equal(again.predict(asked), answers, check_exact=True)


def test_without_a_past_the_baseline_answers_and_says_so(learnt, fitted):
    x, y, asked, _ = learnt
    young = Blend().fit(x.head(0), y.head(0)).predict(asked)
    assert (young["fallback"] == "frequency").all()
    assert fitted["blend"].predict(asked)["fallback"].null_count() > 0
    alone = Frequency().fit(x.head(0), y.head(0)).predict(asked)
    assert_frame_equal(young.drop("model", "fallback"), alone.drop("model", "fallback"))


def test_what_became_known_after_the_cut_off_teaches_nothing(learnt):
    x, y, asked, later = learnt
    rows = known(pl.concat([x, asked]), y)
    assert rows.questions > 200
    assert (rows.end_h <= rows.seen_h).all()
    before = rows.before(rows.seen_h - 48)
    assert before.end_h.max() <= rows.seen_h - 48
    assert before.x["asof_h"].max() < rows.seen_h - 48
    with pytest.raises(ValueError, match="before any question"):
        known(asked, y.with_columns(seen_h=pl.lit(0.0)))
    assert known(asked, later).questions > 100


def test_a_stop_that_was_no_candidate_is_somewhere_new(learnt):
    x, y, _, _ = learnt
    elsewhere = y.with_columns(
        stop=pl.when(pl.col("ended") == 1).then(pl.lit("moon")).otherwise("stop")
    )
    rows = known(x.filter(status="departed"), elsewhere)
    hit = rows.x.filter(pl.Series(rows.hit > 0))
    assert hit["next_stop"].unique().to_list() == [SOMEWHERE_NEW]
    assert np.isnan(rows.took_h).all()


def test_shares_shrink_towards_the_coarser_level_and_never_leave_the_range(learnt):
    x = learnt[0].filter(pl.col("listed") > 0)
    empty = y_of_nothing(learnt[1])
    plain = Frequency(levels=()).fit(x, empty).chance(x)
    heavy = Frequency(levels=("status",), worth=1e9, back=1.0, other_service=1.0)
    assert heavy.fit(x, empty).chance(x) == pytest.approx(plain, abs=1e-6)
    light = Frequency(levels=("status",), worth=1e-9, history=0.0).fit(x, empty).chance(x)
    seen = (x["sum_n_status"] > 0).to_numpy()
    share = (x["n_status"] / x["sum_n_status"]).to_numpy()
    assert light[seen] == pytest.approx(share[seen], abs=1e-6)


def y_of_nothing(y):
    return y.head(0)


def test_softmax_adds_up_by_group_and_survives_large_scores():
    score, group = np.array([1e4, 1e4, -1e4, 0.0]), np.array([0, 0, 0, 1])
    assert normalised(score, group) == pytest.approx([0.5, 0.5, 0.0, 1.0])


def test_a_known_spread_is_recovered_and_the_median_stays():
    rng = np.random.default_rng(0)
    size = rng.uniform(0.1, 1.0, 40_000)
    found = spread(size * rng.normal(0.3, 1.0, size.size), size)
    hours = found.hours(np.zeros(1), np.ones(1))[0]
    assert hours[LEVEL == 0.5] == pytest.approx(1.0, abs=0.01)
    assert np.log(hours[LEVEL == 0.9]) == pytest.approx(1.2816, abs=0.03)
    unseen = spread(np.zeros(0), np.zeros(0)).hours(np.zeros(1), np.ones(1))[0]
    assert 1.5 < unseen[LEVEL == 0.9] < 2.5


@pytest.mark.parametrize(
    ("model", "bad"),
    [
        (Frequency, {"worth": 0}),
        (Frequency, {"levels": ("moon",)}),
        (Boosted, {"rounds": 0}),
        (Boosted, {"rate": 2.0}),
        (Blend, {"held_out": 1.0}),
    ],
)
def test_settings_that_make_no_sense_are_refused(model, bad):
    with pytest.raises(ValueError, match=f"Expected.*{next(iter(bad))}"):
        model(**bad)


def test_drivers_add_up_to_what_the_blend_says(learnt, fitted):
    """Of the stop: the difference of the scores; of the time: the median."""
    asked, blend = learnt[2].filter(status="departed"), fitted["blend"]
    checked = 0
    for _, x in asked.group_by("parcel_id", "asof_h", maintain_order=True):
        rows = x.filter(pl.col("listed") > 0)
        stop = rows["next_stop"][int(np.argmax(blend.chance(rows)))]
        mine = (rows["next_stop"] == stop).to_numpy()
        told = of_stop(blend, x, stop)
        score = np.log(blend.boosted.chance(rows))
        weight = np.where(mine, 0.0, np.maximum(blend.chance(rows), 1e-12))
        expected = score[mine][0] - weight @ score / weight.sum()
        assert told["log_odds"].sum() == pytest.approx(expected, abs=1e-6)
        assert told["log_odds"].abs().is_sorted(descending=True)
        one = rows.filter(pl.Series(mine))
        time = of_time(blend, one)
        assert time["feature"][0] == "usual_h" and time["feature"].is_unique().all()
        assert time["factor"].product() == pytest.approx(np.exp(blend.log_hours(one)[0]))
        checked += 1
        if checked == 15:
            break
    assert checked == 15
    with pytest.raises(ValueError, match="one of several candidates"):
        of_stop(blend, x, "the moon")


def test_without_trees_the_share_of_the_lanes_alone_speaks(learnt):
    x, y, asked, _ = learnt
    few = Blend().fit(x.head(30), y)
    one = asked.filter(status="departed").group_by("parcel_id", "asof_h").first()
    name = one["parcel_id"][0]
    rows = asked.filter(parcel_id=name, status="departed")
    told = of_stop(few, rows, "b")
    assert told["feature"].to_list() == ["share_of_lanes"]
    assert float(told["value"][0]) == pytest.approx(
        few.chance(rows)[(rows["next_stop"] == "b").arg_max()], rel=0.01
    )
    time = of_time(few, rows.filter(next_stop="b").head(1))
    assert time["feature"].to_list() == ["usual_h"]
    assert time["factor"][0] == pytest.approx(rows.filter(next_stop="b")["usual_h"][0])
