"""Open questions are believed, chances are put right, and a model comes back from its folder."""

import narwhals as nw
import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from lanecast import artifact
from lanecast.metrics.detection import roc_auc
from lanecast.parcel import events
from lanecast.parcel.events.models import FittedBoosted
from lanecast.parcel.events.models.censoring import believed, counted, settled
from lanecast.parcel.events.models.recalibration import corrected, log_odds, steady, straight
from lanecast.parcel.events.models.rows import Answers, answers
from lanecast.tables.events import RISKS
from lanecast.tables.schema import check

RATE = 0.2


def growing(n=40_000, seed=0, moment="checkout", sooner_h=0.0):
    """Questions of the last 30 days, a fifth of which end badly and slowly; most are not known."""
    random = np.random.default_rng(seed)
    bad = random.random(n) < RATE
    takes = np.where(bad, random.uniform(200, 500, n), random.uniform(10, 240, n))
    takes = np.maximum(takes - sooner_h, 1.0)
    age = random.uniform(0, 720, n)
    x = pl.DataFrame({"moment": [moment] * n, "parcel_id": [str(i) for i in range(n)]})
    hit = np.where(takes <= age, bad, np.nan)
    return Answers(x, hit, np.minimum(takes, age), np.full(n, 240.0), age, 720.0)


def test_leaving_open_questions_out_is_biased_and_counting_them_is_not():
    known = growing()
    naive = np.nanmean(known.hit)
    weight = counted(known, half_life_d=1e9)
    fair = np.average(np.nan_to_num(known.hit), weights=weight)
    assert naive < RATE - 0.04
    assert fair == pytest.approx(RATE, abs=0.012)


def test_what_is_believed_of_open_questions_is_true_on_average():
    known = growing()
    hit, says = believed(known, np.full(len(known.hit), RATE))
    assert (says[known.known] == 1).all()
    assert hit[known.known] == pytest.approx(known.hit[known.known])
    assert np.average(hit, weights=says) == pytest.approx(RATE, abs=0.012)
    late = ~known.known & (known.waited_h > 245)  # a good end would have been known by now
    assert hit[late].min() > 0.999
    young = ~known.known & (known.waited_h < 10)
    assert hit[young] == pytest.approx(RATE, abs=1e-9)


def test_how_long_answers_take_is_learnt_moment_by_moment():
    """Later questions are answered sooner, and say nothing of how long the first ones wait."""
    first, last = growing(), growing(80_000, 1, "in_transit", sooner_h=150.0)
    both = Answers(pl.concat([first.x, last.x]), *(
        np.concatenate([getattr(first, name), getattr(last, name)])
        for name in ("hit", "waited_h", "scale_h", "age_h")
    ), 720.0)  # fmt: skip
    hit, says = believed(both, np.full(len(both.hit), RATE), by_moment=True)
    for moment in ("checkout", "in_transit"):
        rows = (both.x["moment"] == moment).to_numpy()
        assert np.average(hit[rows], weights=says[rows]) == pytest.approx(RATE, abs=0.012)
    pooled, _ = believed(both, np.full(len(both.hit), RATE))
    first_rows = (both.x["moment"] == "checkout").to_numpy()
    assert pooled[first_rows].mean() > RATE + 0.02
    few = both.only(
        ~(both.x["moment"] == "in_transit").to_numpy() | (np.arange(120_000) % 8000 == 0)
    )
    hit, _ = believed(few, np.full(len(few.hit), RATE), by_moment=True)
    assert np.isfinite(hit).all()  # a moment with few answers goes by all


def test_where_bad_news_is_quick_only_old_questions_are_fair():
    random, n = np.random.default_rng(2), 20_000
    bad = random.random(n) < RATE
    takes, age = np.where(bad, random.uniform(5, 50, n), 400.0), random.uniform(0, 720, n)
    hit = np.where(takes <= age, bad, np.nan)
    x = pl.DataFrame({"parcel_id": [str(i) for i in range(n)]})
    known = Answers(x, hit, np.minimum(takes, age), np.full(n, 400.0), age, 720.0)
    fair = settled(known)
    assert np.nanmean(hit) > RATE + 0.05
    assert np.nanmean(hit[fair]) == pytest.approx(RATE, abs=0.015)
    assert settled(growing()).all()  # there bad news is slow


def test_where_no_good_end_is_known_yet_open_questions_are_no_hits():
    known = growing(2000)
    only_hits = known.only((known.hit == 1) | ~known.known)
    hit, _ = believed(only_hits, np.full(len(only_hits.hit), 0.01))
    assert hit[~only_hits.known].max() < 0.02
    with_law, _ = believed(only_hits, np.full(len(only_hits.hit), RATE), known)
    assert with_law[~only_hits.known].max() > 0.9


def test_what_was_known_earlier_is_what_the_lake_knew(world_lake, past, y):
    from .conftest import CUT, START

    middle = START + (CUT - START) / 2
    middle_h = middle.timestamp() / 3600
    then = events.outcomes(world_lake.asof(middle), middle).collect().to_native()
    for event in ("late", "failed_first", "lost"):
        now = answers(past, y, event).before(middle_h)
        true = answers(past.filter(pl.col("asof_h") < middle_h), then, event)
        # an answer that y knew before the question was asked is in neither
        assert now.x["parcel_id"].to_list() == true.x["parcel_id"].to_list()
        np.testing.assert_allclose(now.hit, true.hit)
        np.testing.assert_allclose(now.waited_h, true.waited_h, atol=1e-6)


def test_a_known_distortion_is_found():
    random = np.random.default_rng(1)
    true = random.beta(2, 8, 60_000)
    hit = (random.random(60_000) < true).astype(float)
    wrong = corrected(true, np.array([-0.7, 1.4]))
    line = straight(wrong, hit, np.ones(60_000))
    assert corrected(wrong, line).mean() == pytest.approx(hit.mean(), abs=0.002)
    assert line == pytest.approx([0.5, 1 / 1.4], abs=0.06)

    def moved(worth):
        line = straight(wrong[:300], hit[:300], np.ones(300), worth)
        return abs(corrected(wrong[:300], line) - wrong[:300]).mean()

    assert moved(1e-6) > moved(20.0) > moved(1e3)  # a few rows change little
    assert moved(1e6) < 1e-2


def test_a_line_is_found_where_chances_are_small_and_alike():
    """Newton's method alone runs away here, and said 86 % of what happens to 2 %."""
    random = np.random.default_rng(5)
    chance = np.exp(random.normal(-4.6, 0.4, 8000))
    hit = np.where(random.random(8000) < 0.16, random.random(8000) * 0.25, 0.0)
    line = straight(chance, hit, np.ones(8000))
    assert corrected(chance, line).mean() == pytest.approx(hit.mean(), rel=0.1)


def weeks(levels, slope=1.0, each=1500, seed=6):
    """Chances, hits and hours: the log odds of what happens, by stretch of time."""
    random = np.random.default_rng(seed)
    z = random.normal(-2, 1, len(levels) * each)
    shift = np.repeat(levels, each)
    hit = random.random(len(z)) < 1 / (1 + np.exp(-(slope * (z + 2) - 2 + shift)))
    return 1 / (1 + np.exp(-z)), hit.astype(float), np.ones(len(z)), np.arange(len(z)) * 1.0


def test_a_lasting_fault_is_put_right_and_a_bad_week_is_not():
    lasting = weeks([0.5] * 8)
    line = steady(*lasting)
    assert corrected(lasting[0], line).mean() == pytest.approx(lasting[1].mean(), abs=0.005)
    passing = weeks([0, 0, 0, 1.2, 0, 0, 0, -0.6])
    assert abs(corrected(passing[0], steady(*passing)) - passing[0]).mean() < 0.01
    assert abs(corrected(passing[0], straight(*passing[:3])) - passing[0]).mean() > 0.015


@pytest.mark.parametrize(("slope", "kept"), [(0.5, (0.4, 0.6)), (1.5, (1.0, 1.0))])
def test_chances_are_drawn_together_but_never_apart(slope, kept):
    low, high = kept
    assert low <= steady(*weeks([0.0] * 8, slope))[1] <= high


def test_answers_are_canonical_rows(fitted, x):
    said = fitted.predict(x)
    check(RISKS, nw.from_native(said))
    assert set(said["event"]) >= {"late", "failed_first"}
    assert set(said.filter(event="not_received")["moment"]) <= set(x["moment"])
    assert said.filter(event="late")["fallback"].null_count() == said.filter(event="late").height


def test_trees_beat_base_rates_on_later_parcels(fitted, world_lake, past, x, y):
    from .conftest import CUT

    later = x.filter(pl.col("asof_h") >= CUT.timestamp() / 3600)
    became = events.outcomes(world_lake, CUT.replace(year=2026)).collect().to_native()
    both = pl.concat(
        [fitted.predict(later), events.BaseRates().fit(past, y).predict(later)]
    ).filter(event="late")
    scores = events.evaluate(both, became, ["model"])
    auc = dict(scores.select("model", "roc_auc").iter_rows())
    assert auc["boosted"] > auc["base_rates"] + 0.03


def test_the_same_seed_gives_the_same_answers_alone_as_among_others(fitted, past, y, x):
    again = events.Boosted(rounds=25, events=("late", "failed_first")).fit(past, y)
    assert_frame_equal(fitted.predict(x), again.predict(x))
    few = x.filter(moment="checkout").head(3)
    alone = pl.concat([fitted.predict(few[i : i + 1]) for i in range(3)])
    order = ["parcel_id", "event"]
    assert_frame_equal(fitted.predict(few).sort(order), alone.sort(order))


def test_a_model_comes_back_from_its_folder(fitted, x, tmp_path):
    artifact.save(tmp_path / "model", fitted, {})
    back, _ = artifact.load(tmp_path / "model", FittedBoosted)
    assert_frame_equal(back.predict(x), fitted.predict(x))


def test_drivers_add_up_to_the_log_odds(fitted, x):
    few = x.filter(moment="checkout").head(5)
    told = fitted.drivers(few, "late")
    assert told.group_by("row").agg(pl.len())["len"].n_unique() == 1
    raw = fitted.trees["late"].trees.predict(fitted.trees["late"].inputs(few), raw_score=True)
    total = told.group_by("row").agg(pl.col("log_odds").sum()).sort("row")["log_odds"].to_numpy()
    assert np.ptp(raw - total) < 1e-6  # all start from one value
    with pytest.raises(ValueError, match="event"):
        fitted.drivers(few, "returned")


def of_doors(n, hit, event="not_received", moment="delivered", **columns):
    """Return x and y of ``n`` questions that differ in ``columns`` only."""
    random = np.random.default_rng(1)
    x = pl.DataFrame(
        {
            "parcel_id": [str(i) for i in range(n)],
            "moment": [moment] * n,
            "asof_h": np.linspace(0, 1000, n),
            "value_minor": random.random(n),
            "to_promise_h": np.full(n, 50.0),
            "attempts": np.zeros(n),
            "handling_merchant_n": np.full(n, 9.0),
            "distance_km": np.ones(n),
            "buyer_claims": np.zeros(n),
            "buyer_parcels": np.full(n, 5.0),
            "origin_region": ["a"] * n,
            "goal_region": ["b"] * n,
            "carrier_id": ["c"] * n,
            **columns,
        }
    )
    y = pl.DataFrame(
        {
            "parcel_id": x["parcel_id"],
            "event": [event] * n,
            "happened": hit.astype(float),
            "known_h": x["asof_h"] + 1,
            "seen_h": np.full(n, 2000.0),
        }
    )
    return x, y


def test_claims_of_the_buyer_stand_apart():
    """Two doors of one courier: only the buyer who claims often has a claimant's part."""
    random = np.random.default_rng(0)
    n = 3000
    often = random.random(n) < 0.1
    hit = random.random(n) < np.where(often, 0.3, 0.01)
    x, y = of_doors(n, hit, buyer_claims=often * 3.0)
    fitted = events.Boosted(rounds=20).fit(x, y)
    said = fitted.predict(x)
    part = said["claimant"].to_numpy()
    assert part[often].mean() > 0.1
    assert part[~often].max() < 0
    assert roc_auc(said["chance"] - said["claimant"], hit) < 0.75
    assert roc_auc(said["chance"].to_numpy(), hit) > roc_auc(said["chance"] - said["claimant"], hit)
    told = fitted.drivers(x.head(1), "not_received")
    assert {"buyer_claims", "buyer_parcels"} <= set(told["feature"])


def test_claims_of_the_buyer_say_nothing_of_other_events():
    random = np.random.default_rng(0)
    often = random.random(2000) < 0.1
    hit = random.random(2000) < np.where(often, 0.3, 0.05)
    x, y = of_doors(2000, hit, "late", "checkout", buyer_claims=often * 3.0)
    said = events.Boosted(rounds=20).fit(x, y).predict(x)
    assert said["claimant"].null_count() == said.height
    assert roc_auc(said["chance"].to_numpy(), often) < 0.6


def test_trees_of_what_is_lost_begin_with_the_share_that_is_missing():
    random = np.random.default_rng(2)
    share = random.beta(1, 40, 4000)
    hit = random.random(4000) < share
    x, y = of_doors(4000, hit, "lost", "shipped", missing_usual=share)
    fitted = events.Boosted(rounds=1).fit(x, y)
    chance = fitted.predict(x)["chance"].to_numpy()
    assert np.corrcoef(log_odds(chance), log_odds(share))[0, 1] > 0.95
    assert chance.mean() == pytest.approx(hit.mean(), abs=0.004)
    told = fitted.drivers(x.head(6), "lost").group_by("row").agg(pl.col("log_odds").sum())
    total = told.sort("row")["log_odds"].to_numpy()
    assert np.ptp(fitted.trees["lost"].raw(x.head(6)) - total) < 1e-6


def test_the_peer_takes_the_longest_overdue_first():
    x, y = of_doors(4, np.zeros(4), "lost", "waiting",
                    to_promise_h=[30.0, -200.0, None, -3.0])  # fmt: skip
    said = events.Overdue().fit(x, y).predict(x)
    check(RISKS, nw.from_native(said))
    assert said.sort("chance", descending=True)["parcel_id"].to_list() == ["1", "3", "0", "2"]
    assert events.Overdue().fit(x, y).predict(x.clear()).is_empty()


@pytest.mark.parametrize("wrong", [{"rounds": 0}, {"leaves": 1}, {"most": 0}, {"events": ("x",)}])
def test_nonsense_is_refused(wrong):
    with pytest.raises(ValueError, match="Expected"):
        events.Boosted(**wrong)


def test_without_outcomes_nothing_can_be_learnt(past, y):
    assert events.Boosted().fit(past, y.clear()).predict(past).is_empty()
