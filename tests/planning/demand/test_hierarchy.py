import numpy as np
import pytest

from lanecast.planning.demand.hierarchy import aggregated, forecast_of, reconciled, tree
from lanecast.planning.demand.models.design import Design


@pytest.fixture
def shops(shop_panel):
    return tree(shop_panel, ["kind"])


def test_nodes_are_sums_of_their_series(shop_panel, shops):
    nodes = aggregated(shop_panel, shops)
    assert nodes.ids[:3].tolist() == ["total", "food", "toys"]
    np.testing.assert_allclose(nodes.y[0], shop_panel.y.sum(axis=0))
    np.testing.assert_allclose(nodes.y[1] + nodes.y[2], nodes.y[0])
    np.testing.assert_array_equal(nodes.y[3:], shop_panel.y)
    price = nodes.covariates["price"]
    ours = shop_panel.covariates["price"].at(120, 123)
    assert price.at(120, 123)[0] == pytest.approx(ours.mean())
    assert Design(nodes).x(120, np.array([1]))[0].shape[0] == 15


@pytest.mark.parametrize("method", ["bottom_up", "mint"])
@pytest.mark.parametrize("with_errors", [False, True])
def test_every_path_adds_up(shops, method, with_errors):
    random = np.random.default_rng(0)
    paths = random.gamma(5, 1, (15, 6, 7)) * shops.sums.sum(axis=1)[:, None, None]
    errors = random.normal(0, 1, (15, 40)) if with_errors else None
    out = reconciled(paths, shops, method, errors)
    bottom = out[-12:]
    np.testing.assert_allclose(out, np.tensordot(shops.sums, bottom, 1), rtol=1e-6, atol=1e-6)


def test_what_adds_up_already_stays(shops):
    bottom = np.random.default_rng(0).gamma(5, 1, (12, 3, 7))
    paths = np.tensordot(shops.sums, bottom, 1)
    np.testing.assert_allclose(reconciled(paths, shops, "mint"), paths, rtol=1e-6)


def test_reconciling_helps_where_the_top_knows_more(shops):
    """Items are forecast with noise and the total is known: the sum of the items gets better."""
    random = np.random.default_rng(0)
    truth = np.tensordot(shops.sums, random.gamma(9, 1, (12, 1, 7)), 1)
    noise = random.normal(0, 2, truth.shape)
    noise[0] *= 0.05
    errors = random.normal(0, 2, (15, 200))
    errors[0] *= 0.05
    out = reconciled(truth + noise, shops, "mint", errors)
    assert np.abs(out - truth)[-12:].mean() < np.abs(noise)[-12:].mean()
    assert np.abs(out - truth)[0].mean() < 0.3


def test_quantiles_of_paths_are_in_order_and_not_below_the_floor():
    q = forecast_of(np.random.default_rng(0).normal(0, 1, (3, 500, 4))).quantiles
    assert (np.diff(q, axis=2) >= 0).all() and (q >= 0).all()


def test_a_level_that_is_not_there_is_refused(shop_panel):
    with pytest.raises(ValueError, match="no attribute 'region'; the series have kind"):
        tree(shop_panel, ["region"])
