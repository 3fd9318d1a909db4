"""Demand: public series beside peers, and the simulated company beside its truth.

    python experiments/demand.py public walmart DIR --horizon 8 --series 500 2012-04-27
    python experiments/demand.py public m4 DIR --horizon 48 --members 2017-12-30
    python experiments/demand.py world 2 3 4      # a row per company, and the sums over all

``--members`` puts the members of the ensemble in the place of the peers. ``--series`` takes so many
of the series, evenly, so that a run takes minutes; without it, all. The command line does the same
for all of them: ``lanecast backtest demand``.
"""

import argparse
import tempfile
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl

from lanecast.cli.demand import MAIN, entries, series
from lanecast.cli.forecasts import WEIGHING
from lanecast.planning import demand
from lanecast.planning.demand.factors import Factors
from lanecast.planning.demand.latent import Latent
from lanecast.planning.demand.sales import days
from lanecast.planning.demand.shifts import shifts
from lanecast.planning.weighing import Weighing
from lanecast.sources import m4
from lanecast.sources.world import simulate
from lanecast.tables.lake import Lake

KEY = ["product_id", "facility_id", "date"]
SEEN_AS = {"price": "log_price", "promotion": "discount"}
OF_GOODS = {"log_price": "elasticity", "discount": "promotion", "display": "displayed"}
OF_DAYS = {"holiday": "holiday", "eve": "eve", "weather_severity": "storm"}


def public(
    source: str, data: Path, horizon: int, origins: list[str], most: int | None, members: bool
) -> None:
    """Print the scores of each model at each origin, and over all."""
    asked, weighing = [], WEIGHING.get(source, Weighing())
    with series(source, data, horizon, None) as lake:
        for origin in origins:
            known = demand.context(
                lake, datetime.fromisoformat(origin).replace(tzinfo=UTC), horizon
            )
            came = demand.outcomes(lake, known)
            if most is not None and most < len(known.ids):
                rows = np.linspace(0, len(known.ids) - 1, most).astype(int)
                known, came = known.of(rows), came[rows]
            answers = {}
            every = entries(source, known, 0)
            for name, model in ({MAIN: every[MAIN]} if members else every).items():
                started = time.process_time()
                fitted = model.fit(known)
                answers[name] = fitted.predict(known)
                print(f"{origin} {name}: {time.process_time() - started:.0f} s of processor time")
                if name == MAIN:
                    print({part: round(share, 2) for part, share in fitted.weights.items()})
                if members:
                    answers |= {part: m.predict(known) for part, m in fitted.members.items()}
            asked.append(demand.Asked(known, came, answers))
            show(asked[-1:], weighing)
    if len(asked) > 1:
        show(asked, weighing)
    if source == "m4":
        season = asked[0].known.frequency.seasons[0] if horizon == m4.HORIZONS["hourly"] else 1
        print("OWA", {name: round(value, 4) for name, value in demand.owa(asked, season).items()})


def show(asked: list[demand.Asked], weighing: Weighing) -> None:
    """Print a row per model."""
    scores = demand.evaluate(asked, weighing)
    with pl.Config(tbl_cols=9, float_precision=4):
        print(pl.DataFrame([{"model": name} | each for name, each in scores.items()]))


def worlds(seeds: list[int]) -> None:
    """Print a row per company, then intervals of effects and lasting changes over all of them."""
    of_company, told, changed = zip(*map(world, seeds), strict=True)
    with pl.Config(tbl_cols=12, tbl_rows=40, float_precision=4):
        print(pl.DataFrame(of_company))
        of_driver = pl.concat(told).group_by("driver", maintain_order=True)
        print(of_driver.agg(pl.len(), pl.col("inside", "error").mean()))
        print(pl.concat(changed).drop("seed").sum())


def world(seed: int) -> tuple[dict[str, object], pl.DataFrame, pl.DataFrame]:
    """Return how latent demand, effects by category and changes of a company compare with truth."""
    made = simulate(parcels=400, days=500, seed=seed, products=40)
    with tempfile.TemporaryDirectory() as folder:
        lake = Lake(Path(folder) / "lake")
        made.write(lake)
        rows = days(Lake(lake.path))
    known = Latent().estimate(rows)
    truth = made.truth["latent_demand"].select(*KEY, wanted="units", true="mean")
    out = known.filter(pl.col("in_stock_share") < 1).join(truth, on=KEY)
    drivers = made.truth["demand_drivers"]
    signals = tuple(name for name in drivers["driver"] if name in known.columns)
    signals = tuple(name for name in signals if name not in Factors().drivers)
    found = set(Factors().find(known, signals).filter("found")["driver"])
    real = {SEEN_AS.get(name, name) for name in drivers.filter("is_real")["driver"]}
    wanted, expected = out["wanted"].sum(), by_the_law(out, made.truth).sum()
    told = by_category(known, made.truth)
    power = told.filter(driver="log_price").select("category", "effect")
    changed = changes(known, made.truth, dict(power.iter_rows()))
    of_company = {
        "seed": seed,
        "days_out": out.height,
        "sold": out["units"].sum() / wanted - 1,
        "latent": out["demand"].sum() / wanted - 1,
        "luck": expected / wanted - 1,
        "beside_the_law": out["demand"].sum() / expected - 1,
        "found": len(found & real),
        "real": len(real),
        "placebos": ", ".join(sorted(found - real)),
    }
    return of_company, told.with_columns(seed=pl.lit(seed)), changed.with_columns(seed=pl.lit(seed))


def by_category(known: pl.DataFrame, truth: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Return effects by category, what is true (weighted by demand), and whether it is inside."""
    found = Factors().find(known, ("weather_severity",), by="category")
    sold = known.group_by("product_id").agg(pl.col("demand").sum())
    displayed = pl.col("promotion") + pl.col("display")  # what is displayed is promoted too
    goods = truth["demand_effects"].with_columns(displayed=displayed)
    of_goods = goods.join(sold, on="product_id").group_by("category")
    mean = (pl.col(*OF_GOODS.values()) * pl.col("demand")).sum() / pl.col("demand").sum()
    true = of_goods.agg(mean).join(truth["category_effects"], on="category")
    true = true.select(
        "category", **{name: pl.col(of) for name, of in (OF_GOODS | OF_DAYS).items()}
    )
    long = true.unpivot(index="category", variable_name="driver", value_name="true")
    at_once = found.filter(pl.col("driver").is_in(OF_DAYS) | pl.col("driver").is_in(OF_GOODS))
    at_once = at_once.filter(lag_d=0).join(long, on=["category", "driver"])
    inside = pl.col("true").is_between(pl.col("low"), pl.col("high"))
    return at_once.select(
        "category", "driver", "effect", "true", inside=inside,
        error=(pl.col("effect") - pl.col("true")).abs(),
    )  # fmt: skip


def changes(
    known: pl.DataFrame, truth: Mapping[str, pl.DataFrame], power: Mapping[str, float]
) -> pl.DataFrame:
    """Return the series that changed for good, or were told to, and what came of each.

    One that changed counts where six weeks of it lie on both sides; within three weeks is right.
    """
    series = ["product_id", "facility_id"]
    first, last = known["date"].min(), known["date"].max()
    ends = known.group_by(series).agg(begun=pl.col("date").min(), ended=pl.col("date").max())
    laws = truth["demand_laws"].filter(pl.col("log_shift") != 0).select(*series, "shift_date")
    told = shifts(known, power).filter("found").select(*series, "since")
    both = ends.join(laws, on=series, how="left").join(told, on=series, how="left")
    far = pl.duration(weeks=6)
    inside = pl.col("shift_date").is_between(pl.col("begun") + far, pl.col("ended") - far)
    near = (pl.col("since") - pl.col("shift_date")).abs() <= pl.duration(weeks=3)
    moved = (pl.col("begun") > first) | (pl.col("ended") < last)
    return both.select(
        changed=inside.fill_null(False),
        told=pl.col("since").is_not_null(),
        right=near.fill_null(False),
        launched_or_ended=pl.col("since").is_not_null() & ~near.fill_null(False) & moved,
    )


def by_the_law(out: pl.DataFrame, truth: Mapping[str, pl.DataFrame]) -> pl.Series:
    """Return what one expects of days out who knows the law of each series: the rest is luck."""
    laws = truth["demand_laws"].select("product_id", "facility_id", "dispersion", "active")
    rows = out.join(laws, on=["product_id", "facility_id"], maintain_order="left")
    sold, share, k = pl.col("units"), pl.col("in_stock_share"), pl.col("dispersion")
    mean = pl.col("true") / pl.col("active")
    rest = (1 - share) * mean * (k + sold) / (k + share * mean)
    nothing = (sold == 0) & (share == 0)
    return rows.select(pl.when(nothing).then("true").otherwise(sold + rest)).to_series()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    kinds = parser.add_subparsers(dest="kind", required=True)
    of = kinds.add_parser("public")
    of.add_argument("source", choices=("walmart", "m5", "vn1", "m4", "series"))
    of.add_argument("data", type=Path)
    of.add_argument("origins", nargs="+")
    of.add_argument("--horizon", type=int, required=True)
    of.add_argument("--series", type=int)
    of.add_argument("--members", action="store_true")
    kinds.add_parser("world").add_argument("seeds", nargs="+", type=int)
    given = parser.parse_args()
    if given.kind == "public":
        what = (given.source, given.data, given.horizon, given.origins)
        public(*what, given.series, given.members)
    else:
        worlds(given.seeds)
