import numpy as np

from lanecast.planning.demand.models.windows import Windows, words
from lanecast.planning.panel import panel
from tests.planning.conftest import DAY, START

ORIGIN = START + 100 * DAY
SOME = np.array([0, 3, 7])


def test_what_a_training_window_sees_is_what_was_known_at_its_origin(shop_lake):
    """Windows of an earlier origin are those of a panel made then."""
    later, then = panel(shop_lake, ORIGIN, 7), panel(shop_lake, ORIGIN - 20 * DAY, 7)
    a, b = (Windows(each, 40, words(each)).at(80, SOME) for each in (later, then))
    for name in ("past", "reference", "ahead", "code", "centre", "scale"):
        np.testing.assert_allclose(getattr(a, name), getattr(b, name), rtol=1e-5, err_msg=name)


def test_the_unit_of_a_series_does_not_matter(shop_panel):
    import dataclasses

    more = dataclasses.replace(shop_panel, y=shop_panel.y * 1000)
    a, b = (Windows(each, 40, words(each)).at(100, SOME) for each in (shop_panel, more))
    np.testing.assert_allclose(a.past, b.past, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(a.reference, b.reference, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(b.scale, 1000 * a.scale)


def test_an_attribute_that_was_not_learnt_is_unknown(shop_panel):
    import dataclasses

    strange = {"kind": np.where(shop_panel.attributes["kind"] == "food", "food", "garden")}
    other = dataclasses.replace(shop_panel, attributes=strange)
    learnt = words(shop_panel)
    assert learnt == {"kind": ("food", "toys")}
    codes = Windows(other, 40, learnt).codes[:, 0]
    np.testing.assert_array_equal(codes, np.where(strange["kind"] == "food", 1, 0))


def test_a_short_past_is_padded_and_said_to_be_unknown(shop_panel):
    seen = Windows(shop_panel, 40, {}).at(10, SOME)
    assert (seen.past[:, :30] == 0).all()
    assert (seen.past[:, 40:70] == 0).all()
    assert (seen.past[:, 70:80] == 1).all()
