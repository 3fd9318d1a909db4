from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from lanecast import artifact
from lanecast.metrics import series as metrics
from lanecast.nn.training import Training
from lanecast.planning.conformal import calibration, placed, positions
from lanecast.planning.demand import Asked, Ensemble, Pooled, Recursive, SeasonalNaive, Statistical
from lanecast.planning.demand import evaluate as scored
from lanecast.planning.demand.models.deep import Deep
from lanecast.planning.demand.models.ensemble import FittedEnsemble, validation
from lanecast.planning.demand.models.pooled import heads_at
from lanecast.planning.forecast import LEVEL, MEDIAN
from lanecast.planning.panel import Panel, outcomes
from lanecast.tables.frequency import WEEK, Frequency

QUICK = Pooled(rounds=60, leaves=15, rate=0.15, smallest=20, features=0.8, threads=1)
NET = Deep(most=1500, width=32, training=Training(epochs=3, batch=64, rate=5e-3))
MODELS = {
    "naive": SeasonalNaive(),
    "statistical": Statistical(),
    "mlforecast": Recursive(),
    "pooled": QUICK,
    "season": Pooled(rounds=10, leaves=7, centre="season", threads=1),
    "last": Pooled(rounds=10, leaves=7, centre="last", threads=1),
    "net": NET,
    "ensemble": Ensemble({"pooled": QUICK, "net": NET, "naive": SeasonalNaive()}),
}


@pytest.fixture(scope="module")
def answers(shop_panel):
    return {name: model.fit(shop_panel).predict(shop_panel) for name, model in MODELS.items()}


@pytest.mark.parametrize("name", MODELS)
def test_quantiles_are_whole_and_do_not_cross(answers, name):
    q = answers[name].quantiles
    assert q.shape == (12, 7, len(LEVEL))
    assert np.isfinite(q).all()
    assert (np.diff(q, axis=2) >= 0).all()
    assert (q >= 0).all()  # nothing was ever below 0
    assert (answers[name].fallback == "").all()


def test_what_knows_the_price_beats_what_repeats_the_week(answers, shop_panel, shop_lake):
    asked = Asked(shop_panel, outcomes(shop_lake, shop_panel), answers)
    scores = scored([asked])
    assert scores["ensemble"]["wape"] < 0.75 * scores["naive"]["wape"]
    assert scores["ensemble"]["scaled_pinball"] < scores["mlforecast"]["scaled_pinball"]


def test_the_same_seed_gives_the_same_answer_and_order_does_not_matter(shop_panel, answers):
    again = QUICK.fit(shop_panel).predict(shop_panel)
    np.testing.assert_array_equal(again.quantiles, answers["pooled"].quantiles)


def test_a_series_alone_is_answered_as_among_others(shop_panel):
    """But for what a model learns from others: the fitted one is the same."""
    fitted = SeasonalNaive().fit(shop_panel)
    whole, alone = fitted.predict(shop_panel), fitted.predict(shop_panel.of(np.array([3])))
    np.testing.assert_array_equal(whole.quantiles[[3]], alone.quantiles)


def test_what_was_never_seen_is_answered_and_said(shop_panel):
    import dataclasses

    y = shop_panel.y.copy()
    y[0] = np.nan
    y[1, :-1] = np.nan
    strange = dataclasses.replace(shop_panel, y=y)
    for name in ("naive", "statistical", "mlforecast", "pooled", "net", "ensemble"):
        answer = MODELS[name].fit(strange).predict(strange)
        assert np.isfinite(answer.quantiles).all(), name
        assert answer.fallback[0] == ("siblings" if name == "ensemble" else "nothing_known")
    assert MODELS["statistical"].fit(strange).predict(strange).fallback[1] == "seasonal_naive"


@pytest.mark.parametrize("value", [0.0, 7.0])
def test_series_that_never_change_are_foretold_as_they_are(shop_panel, value):
    import dataclasses

    flat = dataclasses.replace(shop_panel, y=np.full_like(shop_panel.y, value))
    for name in ("naive", "statistical", "pooled", "net", "ensemble"):
        answer = MODELS[name].fit(flat).predict(flat)
        assert set(answer.fallback) <= {"", "seasonal_naive"}
        np.testing.assert_allclose(answer.median, value, atol=0.05, err_msg=name)


def test_an_ensemble_comes_back_from_its_folder(shop_panel, answers, tmp_path):
    fitted = MODELS["ensemble"].fit(shop_panel)
    artifact.save(tmp_path / "model", fitted, {})
    back, _ = artifact.load(tmp_path / "model", FittedEnsemble)
    np.testing.assert_allclose(back.predict(shop_panel).quantiles, answers["ensemble"].quantiles)


def test_validation_origins_leave_half_of_the_history_and_know_their_horizon(shop_panel):
    at = validation(shop_panel, 4)
    assert at == [104, 107, 110, 113]
    assert validation(shop_panel.before(13), 3) == [6]
    assert validation(shop_panel.before(7), 3) == []


@given(st.integers(0, 50), st.booleans())
def test_positions_and_places_are_each_others_inverse(seed, counts):
    random = np.random.default_rng(seed)
    q = np.sort(random.normal(0, 1, (20, 5)), axis=1) * 10
    y = random.normal(0, 20, 20)
    if counts:
        y, q = np.round(y), np.round(q)
    z = positions(y, q, random)
    np.testing.assert_allclose(placed(z[:, None], q)[:, 0], y, atol=1e-4)


def test_a_known_distortion_is_put_right():
    """Intervals half as wide as they should be, and off by one, cover what they say afterwards."""
    random = np.random.default_rng(0)
    width = random.gamma(3, 1, (4000, 6, 1))
    y = random.normal(0, 1, (4000, 6)) * width[..., 0] + width[..., 0]
    q = np.broadcast_to(norm.ppf(LEVEL) / 2, (4000, 6, len(LEVEL))) * width
    right = calibration(y[:2000], q[:2000], LEVEL)
    out = right.apply(q[2000:], None)
    below = (y[2000:, :, None] <= out).mean(axis=(0, 1))
    np.testing.assert_allclose(below, LEVEL, atol=0.015)
    assert (np.diff(out, axis=2) >= 0).all()


def test_without_an_outcome_levels_stay_where_they_are():
    random = np.random.default_rng(0)
    q = np.sort(random.normal(0, 1, (20, 6, len(LEVEL))), axis=2)
    right = calibration(np.full((20, 6), np.nan), q, LEVEL)
    np.testing.assert_allclose(right.apply(q, None), q, atol=1e-12)
    y = random.normal(0, 1, (400, 6))
    y[:, 3:] = np.nan  # the later steps have none, so they are put right as all are
    parts = calibration(y, np.tile(q, (20, 1, 1)), LEVEL)
    assert np.isfinite(parts.position).all() and (np.diff(parts.position, axis=1) >= 0).all()


def test_counts_are_put_right_too():
    """Many quantiles of a rare item are 0; half of the zeros must still lie below the median."""
    random = np.random.default_rng(0)
    y = random.poisson(0.4, (5000, 3)).astype(float)
    q = np.broadcast_to(np.maximum(norm.ppf(LEVEL), 0), (5000, 3, len(LEVEL)))
    out = calibration(y[:2500], q[:2500], LEVEL).apply(q[2500:], 0.0)
    low, high = out[:, :, 3], out[:, :, -4]
    assert metrics.covered(y[2500:], low, high) > 0.85
    assert out[0, 0, MEDIAN] == 0


def test_a_series_without_width_does_not_widen_the_others():
    random = np.random.default_rng(0)
    y = random.normal(0, 1, (1000, 4))
    q = np.broadcast_to(norm.ppf(LEVEL), (1000, 4, len(LEVEL))).copy()
    q[:100] = 0.0  # sure of itself, and wrong
    out = calibration(y, q, LEVEL).apply(q[100:], None)
    assert np.abs(out).max() < 20


def test_what_is_believed_by_half_lies_half_way():
    random = np.random.default_rng(0)
    y = random.normal(1, 2, (1000, 6))
    q = np.broadcast_to(norm.ppf(LEVEL), (1000, 6, len(LEVEL)))
    right = calibration(y, q, LEVEL)
    raw, half, whole = (right.believed(share).position for share in (0.0, 0.5, 1.0))
    np.testing.assert_allclose(right.believed(0.0).apply(q, None), q, atol=1e-9)
    np.testing.assert_array_equal(whole, right.position)
    np.testing.assert_allclose(half, (raw + whole) / 2)


def test_one_strong_origin_is_not_taken_for_what_always_comes():
    """All series sell half as much again in the one horizon that an ensemble can look at."""
    random = np.random.default_rng(0)
    y = random.poisson(20.0, (300, 9)).astype(float)
    y[:, 5:] *= 1.5
    ids = np.array([f"s{i:03d}" for i in range(300)])
    asof = datetime(2024, 1, 1, tzinfo=UTC)
    known = Panel(ids, y, Frequency(WEEK), 1000, 4, {}, {}, asof)
    assert validation(known, 3) == [5]
    answer = Ensemble({"naive": SeasonalNaive(season=1)}).fit(known).predict(known)
    assert 1.0 < answer.median.mean() / y[:, -1].mean() < 1.2


def test_levels_between_heads_are_those_of_a_normal_law():
    heads = (0.1, 0.5, 0.9)
    q = norm.ppf(heads)[None]
    np.testing.assert_allclose(placed(heads_at(heads)[None], q)[0], norm.ppf(LEVEL), atol=0.12)


def test_so_few_rows_that_trees_draw_none_are_answered_by_the_baseline(shop_panel):
    short = shop_panel.of(np.array([0]))
    short = Panel(
        **{
            **vars(short),
            "y": np.where(np.arange(short.y.shape[1]) < short.length - 2, np.nan, short.y),
        }
    )
    told = Pooled(rounds=5).fit(short).predict(short)
    assert np.isfinite(told.quantiles).all() and told.fallback[0] == "seasonal_naive"


def test_settings_that_make_no_sense_are_refused():
    with pytest.raises(ValueError, match="heads: expected an odd number"):
        Pooled(heads=(0.1, 0.9))
    with pytest.raises(ValueError, match="members"):
        Ensemble({})
