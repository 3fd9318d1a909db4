import numpy as np
from scipy.stats import norm

from lanecast.planning.demand.models.ensemble import _mixed
from lanecast.planning.demand.models.weights import Weights, chosen, equal, weights
from lanecast.planning.forecast import LEVEL, MEDIAN

Z = norm.ppf(LEVEL)


def answers(rows=400, horizon=6, seed=0):
    """Outcomes, a right answer and one that is off by three."""
    y = np.random.default_rng(seed).normal(0, 1, (rows, horizon))
    right = np.broadcast_to(Z, (rows, horizon, len(LEVEL))).copy()
    return y, right, right + 3


def all_could(members, rows):
    return np.ones((members, rows), dtype=bool)


def test_weights_find_the_better_member():
    y, right, wrong = answers()
    assert chosen(y, [wrong, right], np.ones_like(y), 0)[1] > 0.95
    opposite = chosen(y, [right + 1, right - 1], np.ones_like(y), 0)
    np.testing.assert_allclose(opposite, 0.5, atol=0.05)


def test_each_kind_and_each_part_of_the_horizon_finds_its_own():
    y, right, wrong = answers(1600)
    kind = np.repeat([0, 1], 800)
    a, b = wrong.copy(), right.copy()
    a[:800], b[:800] = right[:800], wrong[:800]  # of kind 0 the first is right, of 1 the other
    found = weights(y, [a, b], all_could(2, 1600), np.ones_like(y), kind, 0)
    assert (found.share[0, :, 0] > 0.75).all()
    assert (found.share[1, :, 1] > 0.75).all()
    a, b = wrong.copy(), right.copy()
    a[:, :2], b[:, :2] = right[:, :2], wrong[:, :2]  # of the near steps the first is right
    found = weights(y, [a, b], all_could(2, 1600), np.ones_like(y), kind, 0)
    np.testing.assert_array_equal(found.last, [2, 6])
    assert (found.share[:, 0, 0] > 0.75).all()
    assert (found.share[:, 1, 1] > 0.75).all()


def test_a_kind_with_few_rows_is_drawn_towards_all():
    y, right, wrong = answers(1000)
    a, b = right.copy(), wrong.copy()
    a[:5], b[:5] = wrong[:5], right[:5]
    kind = (np.arange(1000) < 5).astype(int)
    found = weights(y, [a, b], all_could(2, 1000), np.ones_like(y), kind, 0)
    assert found.share[1, 0, 0] > 0.9


def test_who_could_not_answer_there_has_an_equal_share():
    y, right, wrong = answers()
    could = all_could(3, 400)
    could[2] = False
    found = weights(y, [right, wrong, wrong], could, np.ones_like(y), np.zeros(400, int), 0)
    np.testing.assert_allclose(found.share[0, :, 2], 1 / 3)
    assert (found.share[0, :, 0] > 0.6).all()


def test_shares_add_up_among_those_who_could_answer():
    share = Weights(np.array([2, 5]), np.random.default_rng(0).dirichlet([1, 1, 1], (2, 2)))
    could = np.array([[True, True, False], [False, True, False], [True, True, False]])
    out = share.of(np.array([0, 1, 0]), 7, could)
    assert out.shape == (3, 3, 7)
    np.testing.assert_allclose(out.sum(axis=0), 1)
    assert (out[1, 0] == 0).all()
    np.testing.assert_allclose(out[:, 2], 1 / 3)  # nobody could: all alike
    np.testing.assert_allclose(out[:, 1, 3], share.share[1, 1])


def test_equal_shares_are_equal():
    out = equal(4).of(np.array([0, 1]), 3, np.ones((4, 2), dtype=bool))
    np.testing.assert_allclose(out, 0.25)


def test_members_that_disagree_make_a_wider_answer_by_the_law_of_total_variance():
    z, spread, apart = norm.ppf(LEVEL), 2.0, 3.0
    each = [np.tile(centre + spread * z, (4, 5, 1)) for centre in (-apart, apart)]
    share, often = np.full((2, 4, 5), 0.5), np.zeros(4, dtype=np.int64)
    wide = _mixed(each, share, often, None)
    np.testing.assert_allclose(wide[0, 0], np.hypot(spread, apart) * z, rtol=1e-3)
    agree = _mixed([each[0]] * 2, share, often, None)
    np.testing.assert_allclose(agree, each[0])  # who agree stay as they are
    np.testing.assert_allclose(_mixed(each, share, often + 1, None)[0, 0], spread * z, atol=1e-12)
    share[0], share[1] = 1.0, 0.0  # who does not count does not disagree
    np.testing.assert_allclose(_mixed(each, share, often, None), each[0])


def test_what_has_no_width_stays_without_it_and_nothing_falls_below_the_floor():
    counts = np.zeros((2, 3, 1, len(LEVEL)))
    counts[0, :, :, -1], counts[1, :, :, MEDIAN:] = 1.0, 1e-6
    share, often = np.full((2, 3, 1), 0.5), np.zeros(3, dtype=np.int64)
    out = _mixed(list(counts), share, often, 0.0)
    assert out.min() == 0 and out.max() <= 2.0
