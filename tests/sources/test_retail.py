import math
from datetime import date, timedelta

import narwhals as nw
import numpy as np
import polars as pl
import pytest

from lanecast.sources.world import TABLES, World, simulate
from lanecast.sources.world.labour import _done
from lanecast.tables import planning
from lanecast.tables.lake import Lake
from lanecast.tables.schema import check

DAYS, AHEAD = 150, 42
SERIES = ["product_id", "facility_id"]


def company(seed: int = 4, replica: int = 0, products: int = 60) -> World:
    return simulate(
        parcels=500,
        days=DAYS,
        seed=seed,
        replica=replica,
        products=products,
        start=date(2025, 9, 1),
    )


@pytest.fixture(scope="module")
def shop() -> World:
    return company()


def test_planning_changes_nothing_else(shop):
    plain = simulate(parcels=500, days=DAYS, seed=4, start=date(2025, 9, 1))
    assert set(plain.tables) == {table.name for table in TABLES}
    for name, table in plain.tables.items():
        kept = shop.tables[name]
        assert kept.head(table.height).equals(table), name
        assert kept.height == table.height or name == "products"


def test_the_same_seed_gives_the_same_bytes_and_another_other_ones(shop):
    again, other = company(), company(seed=5)
    for table in planning.RECORDS:
        assert shop.tables[table.name].equals(again.tables[table.name])
        assert not shop.tables[table.name].equals(other.tables[table.name])


def test_every_table_keeps_its_rules_and_its_references(shop):
    for table in planning.RECORDS:
        check(table, nw.from_native(shop.tables[table.name]))
        for column, target in table.references.items():
            name, key = target.split(".")
            given = shop.tables[table.name].get_column(column).unique()
            assert given.is_in(shop.tables[name].get_column(key).implode()).all()


def test_sales_are_the_lesser_of_latent_demand_and_stock(shop):
    rows = (
        shop.tables["sales"]
        .join(shop.tables["stock"], on=[*SERIES, "date"])
        .join(shop.truth["latent_demand"].rename({"units": "latent"}), on=[*SERIES, "date"])
        .with_columns(
            had=pl.col("opened_units") + pl.col("received_units") - pl.col("wasted_units")
        )
    )
    assert rows.height == shop.tables["sales"].height
    assert rows.select((pl.col("units") == pl.min_horizontal("latent", "had")).all()).item()
    assert rows.select((pl.col("lost_units") == pl.col("latent") - pl.col("units")).all()).item()
    out = rows.filter(pl.col("lost_units") > 0)
    assert out.height and (out["in_stock_share"] < 1).all()
    left = rows.filter(pl.col("on_hand_units") > 0)
    assert (left["in_stock_share"] == 1).all()


def test_the_balance_of_stock_closes_every_day_and_opens_the_next(shop):
    rows = (
        shop.tables["stock"].join(shop.tables["sales"], on=[*SERIES, "date"]).sort(*SERIES, "date")
    )
    closing = (
        pl.col("opened_units") + pl.col("received_units") - pl.col("units") - pl.col("wasted_units")
    )
    assert rows.select((closing == pl.col("on_hand_units")).all()).item()
    before = pl.col("on_hand_units").shift().over(SERIES)
    assert rows.select(((before == pl.col("opened_units")) | before.is_null()).all()).item()


def test_what_was_ordered_and_came_is_what_stock_received(shop):
    orders = shop.tables["replenishments"].filter(pl.col("received_at").is_not_null())
    assert (orders["received_at"] == orders["recorded_at"]).all()
    day = orders.with_columns(date=pl.col("received_at").dt.date())  # 6:00 is the same day in UTC
    came = day.group_by(*SERIES, "date").agg(came=pl.col("units").sum())
    rows = shop.tables["stock"].join(came, on=[*SERIES, "date"], how="left")
    assert came.height > 1000
    assert (rows["received_units"] == rows["came"].fill_null(0)).all()


def test_nothing_that_perishes_is_sold_after_its_shelf_life(shop):
    life = shop.tables["assortment"].filter(pl.col("shelf_life_d").is_not_null())
    rows = shop.tables["stock"].join(
        life.select("product_id", "shelf_life_d").unique(), on="product_id"
    )
    assert rows["wasted_units"].sum() > 0
    for _, series in rows.sort("date").group_by(SERIES):
        shelf = int(series["shelf_life_d"][0])
        came = series["received_units"].to_numpy().copy()
        came[0] += series["opened_units"][0]
        hand = series["on_hand_units"].to_numpy()
        recent = np.convolve(came, np.ones(shelf))[: len(came)]
        assert (hand <= recent).all()
        shelves: list[int] = []  # the age of each piece, oldest first
        left = series.join(shop.tables["sales"], on=[*SERIES, "date"]).sort("date")
        for day in left.iter_rows(named=True):
            start = day["opened_units"] if day["date"] == left["date"][0] else 0
            shelves = [age + 1 for age in shelves] + [0] * (start + day["received_units"])
            assert day["wasted_units"] == sum(age >= shelf for age in shelves)
            shelves = [age for age in shelves if age < shelf][day["units"] :]
    others = shop.tables["stock"].join(life, on="product_id", how="anti")
    assert others["wasted_units"].sum() == 0


def test_prices_promotions_launches_and_ends_are_known_before_they_apply(shop):
    start = pl.lit(date(2025, 9, 1)) + pl.duration(days=21)
    prices = shop.tables["prices"].filter(pl.col("date") > start)
    notice = (pl.col("date") - pl.col("recorded_at").dt.date()).dt.total_days()
    first = prices.sort("recorded_at").unique(["date", *SERIES], keep="first")
    assert first.select((notice == AHEAD).mean()).item() > 0.7
    assert prices.select(notice.min()).item() >= 5
    promotions = shop.tables["promotions"].filter(pl.col("start_date") > start)
    told = (pl.col("start_date") - pl.col("recorded_at").dt.date()).dt.total_days()
    assert promotions.select(told.min()).item() >= 5
    assert promotions.select((pl.col("end_date") >= pl.col("start_date")).all()).item()
    for column in ("launch_date", "end_date"):
        rows = shop.tables["assortment"].filter(pl.col(column) > start)
        rows = rows.sort("recorded_at").unique(
            "product_id", keep="last" if "end" in column else "first"
        )
        ahead = (pl.col(column) - pl.col("recorded_at").dt.date()).dt.total_days()
        assert rows.select(ahead.min()).item() >= 20
    last = shop.tables["prices"]["date"].max()
    assert last >= date(2025, 9, 1) + timedelta(days=DAYS + AHEAD - 2)


def test_a_promoted_price_is_the_regular_one_less_the_discount(shop):
    newest = shop.tables["prices"].sort("recorded_at").unique([*SERIES, "date"], keep="last")
    own = shop.tables["promotions"].filter(pl.col("kind") != "campaign")
    days = own.with_columns(date=pl.date_ranges("start_date", "end_date")).explode("date")
    both = days.join(newest, on=[*SERIES, "date"])
    exact = (pl.col("regular_minor") * (1 - pl.col("discount")) - pl.col("price_minor")).abs()
    assert both.height > 1000 and both.select((exact <= 1).all()).item()
    rest = newest.join(days, on=[*SERIES, "date"], how="anti")
    assert (rest["price_minor"] == rest["regular_minor"]).all()


def test_the_mean_is_the_product_of_its_factors(shop):
    rows = shop.truth["latent_demand"]
    parts = ["level", "week", "year", "price", "promotion", "holiday", "weather", "visits"]
    product = math.prod([pl.col(name) for name in parts], start=pl.lit(1.0))
    assert rows.select(((product / pl.col("mean")) - 1).abs().max()).item() < 1e-9


def test_latent_demand_follows_its_law(shop):
    laws = shop.truth["demand_laws"].select(*SERIES, "dispersion", "active")
    rows = shop.truth["latent_demand"].join(laws, on=SERIES)
    inner = pl.col("mean") / pl.col("active")
    square = inner + inner**2 * (1 + 1 / pl.col("dispersion"))
    variance = pl.col("active") * square - pl.col("mean") ** 2
    score = (pl.col("units") - pl.col("mean")) / variance.sqrt()
    found = rows.select(mean=score.mean(), square=(score**2).mean(), n=pl.len()).row(0)
    assert abs(found[0]) < 4 / found[2] ** 0.5
    assert found[1] == pytest.approx(1, abs=0.05)


def test_prices_act_by_the_true_elasticity(shop):
    true = shop.truth["demand_effects"]
    assert true["elasticity"].is_between(-4, -0.2).all()
    newest = shop.tables["prices"].sort("recorded_at").unique([*SERIES, "date"], keep="last")
    newest = newest.filter(pl.col("date") <= shop.tables["sales"]["date"].max())  # no more news
    rows = shop.truth["latent_demand"].join(newest, on=[*SERIES, "date"])
    rows = rows.join(true, on="product_id")
    rows = rows.sort(*SERIES, "date")
    first = pl.col("regular_minor").first().over(SERIES)
    expected = (pl.col("price_minor") / first) ** pl.col("elasticity")
    assert rows.select((expected / pl.col("price") - 1).abs().max()).item() < 1e-9


def test_another_replica_redraws_luck_and_keeps_the_law(shop):
    other = company(replica=1)
    a, b = shop.truth["latent_demand"], other.truth["latent_demand"]
    assert a["mean"].equals(b["mean"]) and not a["units"].equals(b["units"])
    assert shop.tables["prices"].equals(other.tables["prices"])


def test_marginals_are_those_of_a_shop_that_runs_out_now_and_then(shop):
    sales, latent = shop.tables["sales"], shop.truth["latent_demand"]
    assert 0.01 < (sales["in_stock_share"] < 1).mean() < 0.12
    assert 0.02 < latent["lost_units"].sum() / latent["units"].sum() < 0.15
    assert 0.15 < (sales["units"] == 0).mean() < 0.5
    drivers = shop.truth["demand_drivers"]
    assert drivers.filter(~pl.col("is_real"))["effect"].to_list() == [0.0] * 4
    assert set(drivers.filter(pl.col("driver").str.contains("fuel|rival"))["is_real"]) == {False}


def test_hands_make_what_their_productivity_allows_and_no_more_than_there_is(shop):
    labour = shop.tables["labour"].join(
        shop.truth["labour_rates"], on=["worker_id", "process", "started_at"]
    )
    assert labour.height == shop.tables["labour"].height
    hours = (pl.col("ended_at") - pl.col("started_at")).dt.total_milliseconds() / 3.6e6
    busy = labour.with_columns(hours=hours).filter(pl.col("units_per_h") * pl.col("hours") > 30)
    ratio = busy["units"] / (busy["units_per_h"] * busy["hours"])
    assert ratio.mean() == pytest.approx(1, abs=0.01)
    assert ratio.std() == pytest.approx(0.12, abs=0.01)
    done = shop.tables["labour"].select(
        "facility_id", "process", at="started_at", units=-pl.col("units")
    )
    came = shop.tables["workload"].select(
        "facility_id", "process", at="hour_at", units=pl.col("units")
    )
    both = (
        pl.concat([came, done]).group_by("facility_id", "process", "at").agg(pl.col("units").sum())
    )
    waits = both.sort("at").with_columns(
        left=pl.col("units").cum_sum().over("facility_id", "process")
    )
    assert waits["left"].min() >= -1  # a piece is whole


def test_nobody_works_without_the_skill_outside_the_contract_or_more_than_a_shift(shop):
    rows = shop.tables["labour"].join(shop.tables["workers"], on="worker_id")
    has = pl.col("skills").str.split(",").list.contains(pl.col("process"))
    assert rows.select(has.all()).item()
    day = pl.col("started_at").dt.date()
    assert rows.select((day >= pl.col("hired_date")).all()).item()
    assert rows.select(
        ((day <= pl.col("end_date") + pl.duration(days=1)) | pl.col("end_date").is_null()).all()
    ).item()
    local = pl.col("started_at").dt.offset_by("-6h").dt.date()  # 0 to 8 hours behind UTC
    assert rows.group_by("worker_id", local).len()["len"].max() <= 7


def test_beginners_learn_by_the_true_curve(shop):
    rates = shop.truth["labour_rates"].join(shop.truth["worker_traits"], on="worker_id")
    skill = pl.col("units_per_h") / pl.col("skill")
    usual = rates.group_by("process").agg(old=skill.filter(pl.col("practised_h") > 0).mean())
    new = rates.filter(pl.col("practised_h") == 0).join(usual, on="process")
    ratio = new.with_columns(ratio=skill / pl.col("old"))
    early = ratio.filter(pl.col("hours_before") < 10)["ratio"]
    late = ratio.filter(pl.col("hours_before") > 150)["ratio"]
    assert early.len() > 50 and early.mean() < 0.8 < 0.85 < late.mean()


def test_work_that_waits_follows_the_naive_loop():
    rng = np.random.default_rng(0)
    come, can = rng.poisson(4.0, (2, 3, 50)), rng.gamma(4.0, 1.0, (2, 3, 50))
    done, waits = np.zeros(come.shape), np.zeros((2, 3))
    for hour in range(50):
        done[:, :, hour] = np.minimum(waits + come[:, :, hour], can[:, :, hour])
        waits = waits + come[:, :, hour] - done[:, :, hour]
    np.testing.assert_allclose(_done(come, can), done, atol=1e-9)


def test_a_lake_takes_the_tables_and_gives_each_price_as_it_was_known(shop, tmp_path):
    lake = Lake(tmp_path / "lake")
    rows = shop.write(lake)
    assert rows["sales"] == shop.tables["sales"].height
    lake = Lake(lake.path)
    moment = shop.tables["prices"]["recorded_at"].sort()[shop.tables["prices"].height // 2]
    known = lake.asof(moment).read(planning.PRICES).collect("polars").to_native()
    expected = (
        shop.tables["prices"]
        .filter(pl.col("recorded_at") <= moment)
        .sort("recorded_at")
        .unique([*SERIES, "date"], keep="last")
    )
    assert known.height == expected.height


@pytest.mark.parametrize(
    ("given", "word"),
    [({"products": 5}, "products"), ({"products": -1}, "products"), ({"days": 30}, "days")],
)
def test_nonsense_is_refused_in_words(given, word):
    with pytest.raises(ValueError, match=word):
        simulate(**{"parcels": 500, "days": 90, "products": 20} | given)
