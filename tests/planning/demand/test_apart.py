"""Holidays by name, days that stray, and the shape of an effect, where the truth is made."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from lanecast.planning.demand.factors import Factors
from lanecast.planning.demand.festive import festive
from lanecast.planning.demand.outliers import outliers
from lanecast.planning.demand.shape import by_day, by_size

START, LENGTH, PLACES, ITEMS = date(2024, 1, 1), 300, ("w", "x"), 40
FAIR, FEAST = date(2024, 5, 7), date(2024, 7, 10)
BULK = ("p3", "w", date(2024, 3, 5))


def rows(seed=0, **changed):
    """Days whose expectation is known: 20 pieces of each item, negative binomial."""
    random = np.random.default_rng(seed)
    dates = [START + timedelta(days=k) for k in range(LENGTH)]
    out = pl.DataFrame(
        {
            "product_id": np.repeat([f"p{i}" for i in range(ITEMS)], LENGTH * len(PLACES)),
            "facility_id": np.tile(np.repeat(PLACES, LENGTH), ITEMS),
            "date": dates * (ITEMS * len(PLACES)),
        }
    ).with_columns(expected=pl.lit(20.0), in_stock_share=pl.lit(1.0), holiday=0.0, eve=0.0)
    true = np.full(out.height, 20.0)
    day, place = out["date"].to_numpy(), out["facility_id"].to_numpy()
    for (where, when), factor in changed.get("moved", {}).items():
        true[(day == np.datetime64(when)) & (place == where)] *= factor
    if "since" in changed:
        true[day >= np.datetime64(changed["since"])] *= 1.6
    drawn = random.poisson(true * random.standard_gamma(8, out.height) / 8).astype(float)
    return out.with_columns(demand=pl.Series(drawn))


def test_a_day_of_a_place_and_a_bulk_order_are_told_and_nothing_else():
    of = rows(moved={("w", FAIR): 1.8, ("x", FEAST): 0.5})
    bulk = pl.all_horizontal(
        pl.col(name) == value
        for name, value in zip(("product_id", "facility_id", "date"), BULK, strict=True)
    )
    of = of.with_columns(demand=pl.when(bulk).then(250.0).otherwise("demand"))
    told = outliers(of)
    assert set(told.filter(kind="place").select("facility_id", "date").iter_rows()) == {
        ("w", FAIR), ("x", FEAST),
    }  # fmt: skip
    assert told.filter(kind="series").select("product_id", "facility_id", "date").rows() == [BULK]
    effect = dict(told.filter(kind="place").select("date", "effect").iter_rows())
    assert effect[FAIR] == pytest.approx(np.log(1.8), abs=0.2)
    assert effect[FEAST] == pytest.approx(np.log(0.5), abs=0.2)


def test_a_lasting_change_is_no_day_that_strays_and_noise_has_none():
    assert outliers(rows(seed=1)).is_empty()
    assert outliers(rows(seed=2, since=FAIR)).filter(kind="place").is_empty()


NAMES = pl.DataFrame(
    {
        "facility_id": PLACES * 2, "date": [FEAST, FEAST, FAIR, FAIR],
        "holiday": ["Feast"] * 2 + ["Fair"] * 2, "when": "day",
    }
)  # fmt: skip


def test_holidays_are_told_by_name_with_ranges_that_hold_the_truth():
    """Of ten companies nine or ten should have it within 95 %."""
    inside = false = 0
    for seed in range(10):
        told = festive(rows(seed, moved={("w", FEAST): 0.6, ("x", FEAST): 0.6}), NAMES)
        feast, fair = (told.filter(holiday=name).to_dicts()[0] for name in ("Feast", "Fair"))
        assert feast["found"] and feast["high"] < 0
        assert (feast["dates"], feast["places"]) == (1, 2)
        inside += feast["low"] < np.log(0.6) < feast["high"]
        inside += fair["low"] < 0 < fair["high"]
        false += fair["found"]
    assert inside >= 17 and false <= 1


def test_holidays_without_days_to_compare_them_with_are_left_out():
    of = rows()
    assert festive(of, NAMES.head(0)).is_empty()
    assert festive(of.filter(pl.col("date") > FEAST - timedelta(days=9)).head(20), NAMES).is_empty()


@pytest.fixture(scope="module")
def priced():
    """Demand with an elasticity of -2 up to 20 % off, of which deeper cuts bring no more."""
    random = np.random.default_rng(4)
    of = rows(seed=4)
    spans = of.height // 10
    cut = np.repeat(
        np.where(random.random(spans) < 0.3, random.choice([0.9, 0.8, 0.6], spans), 1), 10
    )
    shown = np.repeat(random.random(spans) < 0.2, 10)
    log = np.log(cut[: of.height])
    mean = 20 * np.exp(-2 * np.maximum(log, np.log(0.8)) + 0.4 * shown[: of.height])
    drawn = random.poisson(mean * random.standard_gamma(8, of.height) / 8).astype(float)
    return of.with_columns(
        demand=pl.Series(drawn), log_price=pl.Series(log), category=pl.lit("c"),
        display=pl.Series(shown[: of.height].astype(float)),
    )  # fmt: skip


HOW = Factors(drivers=("log_price", "display"), threads=1, turns=2, rounds=20)


def test_a_cut_beyond_which_nothing_more_is_sold_is_seen(priced):
    told = by_size(HOW, priced)
    effect = {round(float(np.exp(size)), 1): e for size, e in told.select("size", "effect").rows()}
    assert effect[0.9] == pytest.approx(-2 * np.log(0.9), abs=0.1)
    assert effect[0.8] == pytest.approx(-2 * np.log(0.8), abs=0.1)
    assert effect[0.6] == pytest.approx(-2 * np.log(0.8), abs=0.1)  # one power would say 1.02
    with pytest.raises(ValueError, match="rising numbers from below 0"):
        by_size(HOW, priced, (0.1, 0.2))


def test_a_cut_is_told_with_the_discount_that_announces_it(priced):
    """They come together, so no data can tell them apart; here the discount itself does 0.3."""
    cut = pl.col("log_price") < 0
    told = priced.with_columns(
        demand=pl.when(cut).then(pl.col("demand") * np.exp(0.3)).otherwise("demand"),
        discount=cut.cast(pl.Float64),
    )
    how = replace(HOW, drivers=("log_price", "discount", "display"))
    rows = by_size(how, told).select("size", "effect").rows()
    effect = {round(float(np.exp(size)), 1): e for size, e in rows}
    assert effect[0.9] == pytest.approx(0.3 - 2 * np.log(0.9), abs=0.1)
    assert effect[0.8] == pytest.approx(0.3 - 2 * np.log(0.8), abs=0.1)
    assert effect[0.6] == pytest.approx(0.3 - 2 * np.log(0.8), abs=0.1)


def test_a_display_does_as_much_on_each_day_and_nothing_after_it(priced):
    told = {row["step"]: row for row in by_day(HOW, priced, "display").to_dicts()}
    assert told["day 1"]["effect"] == pytest.approx(0.4, abs=0.12)
    assert told["days 4 to 7"]["effect"] == pytest.approx(0.4, abs=0.1)
    assert told["after"]["low"] < 0.05 and told["after"]["high"] > -0.05
    with pytest.raises(ValueError, match="driver: expected one of log_price, display, got 'rain'"):
        by_day(HOW, priced, "rain")


def test_what_is_expected_does_not_know_the_day_itself(priced):
    last = priced.sort("date")["date"][-40]
    shocked = priced.with_columns(
        demand=pl.when(pl.col("date") == last).then(pl.col("demand") * 5).otherwise("demand")
    )
    one, other = (HOW.expected(each).filter(pl.col("date") == last) for each in (priced, shocked))
    assert other["expected"].sum() == pytest.approx(one["expected"].sum(), rel=0.15)
