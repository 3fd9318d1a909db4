"""What is known ahead: planted effects are found again, and nothing is known before it is told."""

import numpy as np
import pytest

from lanecast.planning.inventory.ahead import Ahead
from lanecast.planning.inventory.models import Lifted, Recent
from lanecast.planning.inventory.models.recent import drawn

COUNT, DAYS = 80, 150
BETA = np.array([-1.6, 0.3])


def market(seed=0, spread=0.1, wide=0.0):
    random = np.random.default_rng(seed)
    on = np.zeros((COUNT, DAYS + 28))
    for i in range(COUNT):
        for start in random.integers(0, DAYS + 20, 3):
            on[i, start : start + 10] = 1
    x = np.stack([on * np.log(random.uniform(0.6, 0.9, (COUNT, 1))), on], axis=2)
    own = BETA + random.normal(0, 1, (COUNT // 4, 2)) * [wide, wide / 3]
    group = np.repeat(np.arange(COUNT // 4), 4)
    level = np.exp(random.normal(1.5, 0.7, (COUNT, 1)))
    mean = level * np.exp(np.einsum("ntf,nf->nt", x, own[group]))
    asked = drawn(mean, np.full(COUNT, spread), 1, seed + 1)[:, 0]
    return x, group, own, level[:, 0], mean, asked


def test_effects_and_level_are_found_again():
    x, group, _, level, _, asked = market()
    met = np.ones((COUNT, DAYS), bool)
    fitted = Lifted(Recent(half_life_d=60)).fit(asked[:, :DAYS], met, x[:, :DAYS], group)
    lift = np.exp(x @ BETA)
    ours = np.exp(np.einsum("ntf,nf->nt", x, fitted.beta))
    on = x[:, :, 1] > 0
    assert np.abs(np.log(ours[on] / lift[on])).mean() < 0.12
    assert (fitted.base.level / level).mean() == pytest.approx(1, abs=0.05)


def test_groups_differ_from_the_common_effect_where_they_do():
    x, group, own, _, _, asked = market(seed=3, wide=0.5)
    met = np.ones((COUNT, DAYS), bool)
    fitted = Lifted(near=0.5).fit(asked[:, :DAYS], met, x[:, :DAYS], group)
    one = Lifted(near=1e-4).fit(asked[:, :DAYS], met, x[:, :DAYS], group)
    errors = [np.abs(each.beta - own[group]).mean() for each in (fitted, one)]
    assert errors[0] < errors[1]


def test_a_promotion_to_come_is_forecast():
    x, group, _, _, mean, asked = market()
    met = np.ones((COUNT, DAYS), bool)
    ours = Lifted().fit(asked[:, :DAYS], met, x[:, :DAYS], group).mean(x[:, DAYS:])
    plain = Recent().fit(asked[:, :DAYS], met).mean(28)
    truth = mean[:, DAYS:]
    assert np.abs(ours - truth).sum() < 0.6 * np.abs(plain - truth).sum()


def test_without_effects_nothing_is_lifted():
    x, group, _, _, _, asked = market()
    met = np.ones((COUNT, DAYS), bool)
    fitted = Lifted().fit(asked[:, :DAYS], met, np.zeros_like(x[:, :DAYS]), group)
    plain = Recent().fit(asked[:, :DAYS], met)
    np.testing.assert_allclose(fitted.mean(np.zeros((COUNT, 7, 2))), plain.mean(7))


def test_nothing_is_known_before_it_is_told():
    told = np.full((2, 1, 5), 10.0)
    told[1] = 13.2
    ratio = np.stack([np.zeros((1, 5)), np.full((1, 5), -0.3)])
    flag = np.ones((3, 1, 5))
    known = Ahead(14, ratio, told, flag, np.full((3, 1, 5), 13.9), np.zeros((1, 5)),
                  np.zeros((1, 5)))  # fmt: skip
    assert known.at(9, 14, 19)[0, :, 0].tolist() == [0.0] * 5
    assert known.at(12, 14, 19)[0, :, 0].tolist() == [0.0] * 5
    assert known.at(13, 14, 19)[0, :, 0].tolist() == [-0.3] * 5
    assert known.at(12, 14, 19)[0, :, 1:4].sum() == 0
    assert known.at(13, 14, 19)[0, :, 1:4].sum() == 15
    assert known.at(13, 17, 22)[0, :, 1].tolist() == [1, 1, 0, 0, 0]


def test_hyper_parameters_that_make_no_sense_are_refused():
    with pytest.raises(ValueError, match="near, rounds: expected above 0 and at least 1, got 0, 3"):
        Lifted(near=0)
