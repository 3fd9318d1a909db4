"""Latent demand and drivers of a simulated company, of which both are known."""

import numpy as np
import polars as pl
import pytest

from lanecast.planning.demand.clustered import adjusted
from lanecast.planning.demand.factors import Factors
from lanecast.planning.demand.latent import Latent
from lanecast.planning.demand.sales import days
from lanecast.planning.demand.shifts import shifts
from lanecast.sources.world import simulate
from lanecast.tables.lake import Lake

KEY = ["product_id", "facility_id", "date"]
PLACEBOS = ("fuel_price", "social_mentions", "rival_visits", "exchange_rate")
SIGNALS = ("visits", "weather_severity", *PLACEBOS)
SEEN_AS = {"price": "log_price", "promotion": "discount"}


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """A company that sells 30 products in its warehouses for 14 months, and its truth."""
    world = simulate(parcels=300, days=420, seed=6, products=30)
    lake = Lake(tmp_path_factory.mktemp("world") / "lake")
    world.write(lake)
    return Lake(lake.path), world.truth


@pytest.fixture(scope="module")
def estimated(shop):
    return Latent(threads=1).estimate(days(shop[0]))


@pytest.fixture(scope="module")
def judged(estimated):
    return Factors(threads=1).find(estimated, SIGNALS)


def test_latent_demand_is_right_on_the_whole_where_stock_ran_out(shop, estimated):
    truth = shop[1]["latent_demand"].select(*KEY, wanted="units")
    out = estimated.filter(pl.col("in_stock_share") < 1).join(truth, on=KEY)
    wanted = out["wanted"].sum()
    assert out.height > 1000
    assert out["units"].sum() < 0.6 * wanted  # what was sold says little
    assert abs(out["demand"].sum() / wanted - 1) < 0.015
    plain = out["units"].sum() / wanted / out["in_stock_share"].mean()
    assert abs(out["demand"].sum() / wanted - 1) < abs(plain - 1)


def test_empty_days_without_a_promotion_are_not_taken_for_strong_ones(shop, estimated):
    """Stock runs out while goods are promoted, so plain empty days stand beside strong ones."""
    truth = shop[1]["latent_demand"].select(*KEY, true="mean")
    plain = pl.sum_horizontal("discount", "display", "campaign") == 0
    out = estimated.filter(plain, in_stock_share=0.0).join(truth, on=KEY)
    assert out.height > 500
    assert out["mean"].sum() / out["true"].sum() == pytest.approx(1, abs=0.05)


def test_what_was_sold_in_full_is_what_was_wanted(estimated):
    whole = estimated.filter(in_stock_share=1.0)
    assert (whole["demand"] == whole["units"]).all()
    assert (estimated["demand"] >= estimated["units"]).all()


def test_the_rest_of_a_day_is_what_a_gamma_poisson_law_expects():
    """Against drawing days that sell out: the strong ones sell out early."""
    random = np.random.default_rng(0)
    k, mu, stock = 4.0, 12.0, 6
    rate = mu * random.gamma(k, 1 / k, 400_000)
    wanted = random.poisson(rate)
    out = wanted >= stock
    share = random.beta(stock, wanted[out] - stock + 1)  # when the last piece went
    rest = (1 - share) * mu * (k + stock) / (k + share * mu)
    assert (stock + rest).mean() == pytest.approx(wanted[out].mean(), rel=0.01)


def test_all_drivers_are_found_and_no_placebo(shop, judged):
    found = judged.filter("found")
    truth = shop[1]["demand_drivers"]
    real = {SEEN_AS.get(name, name) for name in truth.filter("is_real")["driver"]}
    placebos = set(truth.filter(~pl.col("is_real"))["driver"])
    names = set(found["driver"])
    assert len(names & real) >= 0.8 * len(real)
    assert not names & placebos


def test_effects_have_the_sign_the_delay_and_the_size_of_the_truth(shop, judged):
    effect = {(n, lag): e for n, lag, e in judged.select("driver", "lag_d", "effect").iter_rows()}
    truth = dict(shop[1]["demand_drivers"].select("driver", "effect").iter_rows())
    assert effect["log_price", 0] == pytest.approx(truth["price"], rel=0.35)
    assert effect["visits", 2] == pytest.approx(truth["visits"], rel=0.3)
    assert max(abs(effect["visits", lag]) for lag in (0, 1, 3, 4, 5)) < 0.1
    assert effect["holiday", 0] < 0 < effect["discount", 0]


@pytest.fixture(scope="module")
def elastic(estimated):
    return Factors(threads=1, turns=2).find(estimated, by="category").filter(driver="log_price")


def test_elasticities_of_categories_are_told_with_intervals(shop, estimated, elastic):
    told = elastic
    sold = estimated.group_by("product_id").agg(pl.col("demand").sum())
    true = shop[1]["demand_effects"].join(sold, on="product_id")
    weighted = (pl.col("elasticity") * pl.col("demand")).sum() / pl.col("demand").sum()
    both = told.join(true.group_by("category").agg(true=weighted), on="category")
    assert both.height == told.height > 4
    assert (both["effect"] - both["true"]).abs().median() < 0.4
    assert (both["effect"] < 0).all()
    inside = both.filter(pl.col("true").is_between(pl.col("low"), pl.col("high")))
    assert inside.height >= 0.5 * both.height


def test_lasting_changes_are_those_that_were_made(shop, estimated, elastic):
    power = dict(elastic.select("category", "effect").iter_rows())
    found = shifts(estimated, power).filter("found")
    true = shop[1]["demand_laws"].drop_nulls("log_shift").filter(pl.col("log_shift") != 0)
    both = found.join(true, on=["product_id", "facility_id"], how="left")
    right = both.drop_nulls("shift_date")
    assert right.height == found.height >= 2
    apart = (right["since"] - right["shift_date"]).dt.total_days().abs()
    assert apart.median() <= 14
    assert (right["effect"].sign() == right["log_shift"].sign()).all()
    assert shifts(estimated.head(30)).is_empty()


def test_adjusted_p_values_keep_their_order_and_none_falls():
    p = np.array([0.01, 0.5, 0.001, 0.04])
    q = adjusted(p)
    assert (q >= p).all() and (np.argsort(q) == np.argsort(p)).all()
    assert adjusted(np.array([0.03]))[0] == pytest.approx(0.03)


def test_noise_alone_has_no_drivers():
    random = np.random.default_rng(0)
    dates = pl.date_range(pl.date(2024, 1, 1), pl.date(2024, 10, 1), eager=True)
    rows = pl.concat(
        pl.DataFrame({"date": dates}).with_columns(
            product_id=pl.lit(f"p{i}"),
            facility_id=pl.lit("w"),
            category=pl.lit("c"),
            demand=pl.Series(random.poisson(8.0, len(dates)).astype(float)),
            discount=pl.Series((random.random(len(dates)) < 0.2).astype(float)),
            walk=pl.Series(np.cumsum(np.random.default_rng(1).normal(0, 1, len(dates)))),
        )
        for i in range(15)
    )
    assert not Factors(drivers=("discount",), threads=1).find(rows, ("walk",))["found"].any()


def test_rows_that_cannot_be_are_refused(estimated):
    with pytest.raises(ValueError, match="in_stock_share in"):
        Latent().estimate(estimated.with_columns(in_stock_share=1.5))
    with pytest.raises(ValueError, match="no column rain"):
        Factors().find(estimated, ("rain",))
    first = estimated["date"].unique().sort()[:5]
    with pytest.raises(ValueError, match="60 days at least, got 5"):
        Factors().find(estimated.filter(pl.col("date").is_in(first.implode())))
