"""Holidays by name and single days that stray, beside the truth of the simulated company.

    python experiments/days_apart.py 102 103 104

Holidays have a true effect there. Days that stray have none, so some are made: ten days of a place
on which 0.5 to 1.8 times as much is sold, and twenty bulk orders of seven times the usual and more.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
import polars as pl

from lanecast.planning.demand.factors import Factors
from lanecast.planning.demand.festive import festive, named
from lanecast.planning.demand.latent import Latent
from lanecast.planning.demand.outliers import outliers
from lanecast.planning.demand.sales import days
from lanecast.sources.world import World, simulate
from lanecast.tables.lake import Lake

KEY = ["product_id", "facility_id", "date"]
AT = KEY[1:]
FESTIVE = ("holiday", "eve")


def holidays(rows: pl.DataFrame, names: pl.DataFrame, made: World) -> pl.DataFrame:
    """Return what is told of each holiday beside what is true of what was sold on its days."""
    told = festive(Factors().expected(rows, FESTIVE), names)
    law = made.truth["latent_demand"].select(*KEY, "mean", factor="holiday")
    law = law.join(rows.select(KEY), on=KEY).join(names, on=AT)
    plain = pl.col("mean") / pl.col("factor")
    true = law.group_by("holiday", "when").agg(true=(pl.col("mean").sum() / plain.sum()).log())
    return told.join(true, on=["holiday", "when"])


def spoilt(rows: pl.DataFrame, names: pl.DataFrame, seed: int) -> tuple[pl.DataFrame, ...]:
    """Return rows with days that stray, those of places, and those of series."""
    random = np.random.default_rng(seed)
    usual = rows.select(AT).unique().join(names, on=AT, how="anti").sort(AT)
    first, last = rows["date"].min(), rows["date"].max()
    inside = pl.col("date").is_between(
        pl.lit(first).dt.offset_by("30d"), pl.lit(last).dt.offset_by("-30d")
    )
    usual = usual.filter(inside)
    pick = random.choice(usual.height, 10, replace=False)
    places = usual[pick].with_columns(factor=pl.Series(random.choice([0.5, 0.6, 1.5, 1.8], 10)))
    rows = rows.join(places, on=AT, how="left", maintain_order="left")
    factor = rows["factor"].fill_null(1.0).to_numpy()
    units, mean = (rows[name].to_numpy().astype(float) for name in ("demand", "mean"))
    more = random.poisson(mean * np.maximum(factor - 1, 0))
    less = random.binomial(np.floor(units).astype(int), np.minimum(factor, 1))
    units = np.where(factor < 1, less, units + more)
    plain = (factor == 1) & (mean >= 1) & (rows["in_stock_share"].to_numpy() >= 1)
    plain &= (rows["holiday"].to_numpy() == 0) & (rows["eve"].to_numpy() == 0)
    bulk = random.choice(np.flatnonzero(plain), 20, replace=False)
    units[bulk] += np.ceil(6 * (mean[bulk] + 1))
    return rows.with_columns(demand=pl.Series(units)), places, rows[bulk].select(KEY)


def judged(seed: int) -> dict[str, object]:
    """Return how well a company's holidays and days that stray are told."""
    made = simulate(parcels=400, days=500, seed=seed, products=40)
    with tempfile.TemporaryDirectory() as folder:
        made.write(Lake(Path(folder) / "lake"))
        lake = Lake(Path(folder) / "lake")
        rows, names = Latent().estimate(days(lake)), named(lake)
    feasts = holidays(rows, names, made)
    odd, places, series = spoilt(rows, names, seed)
    told = outliers(Factors().expected(odd, FESTIVE))
    of_place, of_series = (told.filter(kind=kind) for kind in ("place", "series"))
    hit = of_place.join(places, on=AT)
    return {
        "seed": seed,
        "holidays": feasts.height,
        "inside": feasts.select(pl.col("true").is_between("low", "high").mean()).item(),
        "off": feasts.select((pl.col("true") - pl.col("effect")).abs().mean()).item(),
        "places_told": of_place.height,
        "places_right": hit.height,
        "sign": int((hit["effect"].sign() == hit["factor"].log().sign()).sum()),
        "series_told": of_series.height,
        "series_right": of_series.join(series, on=KEY).height,
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("seeds", nargs="+", type=int)
    with pl.Config(tbl_cols=12, tbl_width_chars=160):
        print(pl.DataFrame([judged(seed) for seed in parser.parse_args().seeds]))
