import dataclasses

import numpy as np
import pytest

from lanecast.planning.demand import SeasonalNaive
from lanecast.planning.demand.models.newcomers import FROM_SIBLINGS, WITH_SIBLINGS, with_newcomers
from lanecast.planning.forecast import LEVEL, MEDIAN


@pytest.fixture
def launched(shop_panel):
    """Item 0 has no past, item 1 two days of it; food is 0, 2, 4 ... and sells ten times toys."""
    food = shop_panel.attributes["kind"] == "food"
    y = np.where(food[:, None], 100.0, 10.0) + 0 * shop_panel.y
    y[0], y[1, :-2] = np.nan, np.nan
    y[1, -2:] = 40.0
    return dataclasses.replace(shop_panel, y=y)


def answer(of):
    return SeasonalNaive().fit(of).predict(of)


def test_what_has_no_past_is_answered_by_its_siblings_and_said(launched):
    plain = answer(launched)
    out = with_newcomers(plain, launched)
    np.testing.assert_allclose(out.quantiles[0], 100.0)
    assert out.fallback[0] == FROM_SIBLINGS
    np.testing.assert_array_equal(out.quantiles[2:], plain.quantiles[2:])
    assert (out.fallback[2:] == "").all()


def test_its_own_sales_count_more_with_every_period(launched):
    out = with_newcomers(answer(launched), launched)
    np.testing.assert_allclose(out.median[1], 0.8 * 40 + 0.2 * 10)
    assert out.fallback[1] == WITH_SIBLINGS


def test_it_could_be_as_any_of_its_siblings(launched):
    y = launched.y.copy()
    y[2:12:2] = np.array([10.0, 20, 30, 40, 50])[:, None]
    out = with_newcomers(answer(of := dataclasses.replace(launched, y=y)), of)
    assert out.quantiles[0, 0, 0] == 10
    assert out.quantiles[0, 0, -1] == 50
    assert out.quantiles[0, 0, MEDIAN] == pytest.approx(30)
    inside = out.quantiles[0, 0, (LEVEL > 0.2) & (LEVEL < 0.8)]
    assert ((inside > 10) & (inside < 50)).all()


def test_without_siblings_or_attributes_it_keeps_its_answer(launched):
    alone = {"kind": np.array(["new", *launched.attributes["kind"][1:]])}
    for attributes in (alone, {}):
        of = dataclasses.replace(launched, attributes=attributes)
        out = with_newcomers(answer(of), of)
        assert out.fallback[0] == "nothing_known"
        np.testing.assert_array_equal(out.quantiles[0], 0)


def test_an_attribute_that_few_share_is_left_out(launched):
    own = np.array([f"brand{i}" for i in range(12)])
    of = dataclasses.replace(launched, attributes={"brand": own, **launched.attributes})
    np.testing.assert_allclose(with_newcomers(answer(of), of).quantiles[0], 100.0)
