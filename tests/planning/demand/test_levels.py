import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lanecast.planning.demand.levels import Level, agreeing, level, nodes
from lanecast.planning.forecast import HIGH, LEVEL, LOW, Forecast


def drawn(seed: int, count: int) -> Forecast:
    """Return forecasts of ``count`` series over three periods."""
    random = np.random.default_rng(seed)
    draws = random.gamma(2, random.gamma(2, 5, (count, 3, 1)), (count, 3, 200))
    return Forecast(np.quantile(draws, LEVEL, axis=2).transpose(1, 2, 0), np.full(count, ""))


BY = Level(np.array(["a", "b"]), np.array([0, 1, 1, 0, 1]))


@given(st.integers(0, 10_000))
def test_means_add_up_quantiles_stay_in_order_and_nothing_is_below_zero(seed):
    above, below = agreeing(drawn(seed, 2), drawn(seed + 1, 5), BY)
    np.testing.assert_allclose(above.mean, BY.sums(below.mean), rtol=1e-6)
    for each in (above, below):
        assert (np.diff(each.quantiles, axis=2) >= 0).all() and (each.quantiles >= 0).all()


def test_it_is_mint_with_independent_errors():
    """Against the matrix: S (S' W^-1 S)^-1 S' W^-1 of the means."""
    above, below = drawn(1, 2), drawn(2, 5)
    member = (BY.node[None, :] == np.arange(2)[:, None]).astype(float)
    sums = np.vstack([member, np.eye(5)])
    both = np.concatenate([above.mean, below.mean])
    wide = np.concatenate(
        [f.quantiles[:, :, HIGH] - f.quantiles[:, :, LOW] for f in (above, below)]
    )
    mine = np.concatenate([each.mean for each in agreeing(above, below, BY)])
    for period in range(3):
        w = np.diag(1 / (wide[:, period] / 2) ** 2)
        bottom = np.linalg.solve(sums.T @ w @ sums, sums.T @ w @ both[:, period])
        np.testing.assert_allclose(mine[:, period], sums @ bottom, rtol=1e-6)


def test_what_adds_up_already_stays():
    below = drawn(3, 5)
    above = drawn(4, 2)
    same = above.quantiles * (BY.sums(below.mean) / above.mean)[:, :, None]
    one, other = agreeing(Forecast(same, above.fallback), below, BY)
    np.testing.assert_allclose(one.quantiles, same)
    np.testing.assert_allclose(other.quantiles, below.quantiles)


def test_nodes_of_a_level_are_sums_of_its_series(shop_panel):
    by = level(shop_panel, "kind")
    assert by.ids.tolist() == ["food", "toys"]
    np.testing.assert_allclose(nodes(shop_panel, by).y, by.sums(shop_panel.y))
    whole = nodes(shop_panel, level(shop_panel, "total"))
    np.testing.assert_allclose(whole.y[0], shop_panel.y.sum(axis=0))
    assert whole.covariates["price"].ahead


def test_a_level_that_is_not_there_is_refused(shop_panel):
    with pytest.raises(ValueError, match="level: expected one of total, kind; got 'region'"):
        level(shop_panel, "region")
