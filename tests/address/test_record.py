from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from lanecast.address.gazetteer.arrays import Gazetteer
from lanecast.address.gazetteer.stored import gazetteer
from lanecast.address.verify import verify
from lanecast.address.verify.checks import history
from lanecast.address.verify.models.deliverable import (
    RATES,
    SIGNS,
    Deliverable,
    FittedDeliverable,
    signs,
)
from lanecast.address.verify.record import PRIOR, before, learnt, place_of, standing
from lanecast.sources.world import World
from lanecast.tables.lake import Lake

DELIVERY = st.tuples(
    st.sampled_from(["A", "B", ""]), st.integers(0, 9), st.integers(0, 9), st.booleans()
)


def rows_of(deliveries: list[tuple[str, int, int, bool]]) -> pl.DataFrame:
    columns = {"place": pl.String, "asof_h": pl.Int64, "known_h": pl.Int64, "not_found": pl.Int64}
    rows = [(place, at, at + 1 + later, int(lost)) for place, at, later, lost in deliveries]
    signed = [["missing_unit"] if at % 3 else [] for _, at, *_ in rows]
    frame = pl.DataFrame(rows, columns, orient="row")
    return frame.with_columns(pl.Series("signs", signed, pl.List(pl.String)))


@given(st.lists(DELIVERY, max_size=25))
def test_a_place_has_the_record_that_was_known_before(
    deliveries: list[tuple[str, int, int, bool]],
) -> None:
    rows = rows_of(deliveries)
    naive = np.zeros((rows.height, len(RATES)))
    for i, row in enumerate(rows.iter_rows(named=True)):
        past = [r for r in rows.iter_rows(named=True) if r["known_h"] < row["asof_h"]]
        past = [r for r in past if r["place"]]
        own = [r for r in past if r["place"] == row["place"]]
        for j, hit in enumerate((lambda r: bool(r["signs"]), lambda r: r["not_found"] == 1)):
            rate = (sum(map(hit, past)) + 0.5) / (len(past) + 1)
            naive[i, j] = np.log((sum(map(hit, own)) + PRIOR) / (len(own) * rate + PRIOR))
    assert before(rows) == pytest.approx(naive)


def test_the_record_before_a_delivery_knows_nothing_of_later(world: World, tmp_path: Path) -> None:
    world.write(Lake(tmp_path))
    lake = Lake(tmp_path)
    end = world.tables["scans"]["recorded_at"].max()
    rows = history(lake, end, gazetteer(lake))
    cut = rows["known_h"].median()
    past = rows.filter(pl.col("known_h") <= cut)
    whole = rows.with_columns(pl.DataFrame(before(rows), list(RATES), orient="row"))
    known = past.with_columns(pl.DataFrame(before(past), list(RATES), orient="row"))
    assert_frame_equal(whole.filter(pl.col("known_h") <= cut), known)
    assert (known["slips"] != 0).sum() > 20 and (known["lost"] != 0).sum() > 20


def test_what_stands_of_a_place_is_drawn_to_all_until_much_is_known() -> None:
    """Ten lost of a hundred everywhere; of D nothing is known, of A one delivery, of B many."""
    deliveries = [("A", 0, 0, True), *[("B", 0, 0, i % 5 == 0) for i in range(500)]]
    deliveries += [("C", 0, 0, False)] * 500
    found = dict(standing(rows_of(deliveries)).select("place", "lost").iter_rows())
    assert found["A"] == pytest.approx(np.log(3 / 2.1), abs=0.01)
    assert found["B"] == pytest.approx(np.log(102 / 52.4), abs=0.01)
    assert found["C"] < -3 and "D" not in found


def test_it_learns_that_places_differ_and_an_unknown_one_is_like_all() -> None:
    rng = np.random.default_rng(0)
    risk = {"A": 0.01, "B": 0.12, "C": 0.04}
    places = rng.choice(list(risk), 20_000)
    lost = rng.random(len(places)) < np.vectorize(risk.get)(places)
    when = range(len(places))
    rows = rows_of([(p, t, 0, bool(y)) for p, t, y in zip(places, when, lost, strict=True)])
    fitted = learnt(rows.with_columns(signs=pl.lit([], pl.List(pl.String))))
    chance = fitted.predict(np.zeros((4, len(SIGNS))), ["A", "B", "C", "nowhere"])
    assert chance[:3] == pytest.approx(list(risk.values()), rel=0.25)
    assert chance[3] == fitted.predict(np.zeros((1, len(SIGNS))))[0]


@pytest.mark.parametrize(
    ("text", "country", "place"),
    [
        ("107 Harvard St, Alexandria, VA 22314-1234", "US", "US 22314"),
        ("80331 München", "DE", "DE 80331"),
        ("Marienplatz 1, München", "DE", "DE munchen"),
        ("?", None, ""),
    ],
)
def test_a_place_is_a_code_or_else_a_town(
    known: Gazetteer, text: str, country: str | None, place: str
) -> None:
    reply = verify(text, known, country)
    assert place_of(reply.country, reply.components) == place


def test_of_a_whole_british_code_the_beginning_is_the_place() -> None:
    assert place_of("GB", {"postcode": {"normalized": "SW1A 1AA"}}) == "GB sw1a"


def test_the_place_counts_for_one_reply_as_for_many(known: Gazetteer) -> None:
    reply = verify("107 Harvard St, Alexandria, VA 22314", known, "US")
    places = pl.DataFrame({"place": ["US 22314"], "slips": [0.5], "lost": [1.0]})
    x = np.zeros((2, len(SIGNS)))
    fitted = Deliverable().fit(x, [0, 1], np.array([[0.0, 0.0], [1.0, 1.0]]), places)
    asked = place_of(reply.country, reply.components)
    chance = fitted.predict(signs([reply]), [asked])[0]
    assert fitted.found(reply, asked) == pytest.approx(1 - chance)
    assert chance > fitted.predict(signs([reply]))[0]


def test_what_is_put_right_leaves_the_place_as_it_is() -> None:
    places = pl.DataFrame({"place": ["A", "B"], "slips": [-1.0, 1.0], "lost": [0.0, 0.5]})
    weights = np.arange(len(SIGNS)) / 10
    fitted = FittedDeliverable(-4.0, weights, SIGNS, np.array([0.9, 0.4]), places)
    x = np.random.default_rng(0).integers(0, 2, (50, len(SIGNS))).astype(float)
    where = ["A", "B"] * 25
    clean = x.copy()
    clean[:, [sign.endswith("road") for sign in SIGNS]] = 0
    left = fitted.without(x, fitted.predict(x, where), "road")
    assert left == pytest.approx(fitted.predict(clean, where))


def test_rates_of_another_shape_are_refused() -> None:
    with pytest.raises(ValueError, match=r"rates: expected \(2, 2\), got"):
        Deliverable().fit(np.zeros((2, len(SIGNS))), [0, 1], np.zeros((2, 3)))
