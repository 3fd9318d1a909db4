"""What a cut of the price does by its size, beside the truth of the simulated company.

    python experiments/price_steps.py 102 103 104

A step holds cuts with the discount that announces them, so the truth is the law of demand over what
it would be at the usual price and without that discount, summed over the days of the step.
"""

import argparse
import tempfile
from pathlib import Path

import polars as pl

from lanecast.planning.demand.factors import Factors
from lanecast.planning.demand.latent import Latent
from lanecast.planning.demand.sales import days
from lanecast.planning.demand.shape import NAME, SIZES, USUAL_D, by_size
from lanecast.sources.world import simulate
from lanecast.tables.lake import Lake


def judged(seed: int) -> pl.DataFrame:
    """Return the steps of a company, what is told of each, and what is true."""
    made = simulate(parcels=400, days=500, seed=seed, products=40)
    with tempfile.TemporaryDirectory() as folder:
        made.write(Lake(Path(folder) / "lake"))
        rows = Latent().estimate(days(Lake(Path(folder) / "lake")))
    told = by_size(Factors(), rows)
    usual = pl.col("log_price").rolling_median(USUAL_D, min_samples=1, center=True).over(NAME)
    cut, promoted = pl.col("log_price") - usual, pl.col("discount") + pl.col("display") > 0
    rows = rows.sort(*NAME, "date").with_columns(cut=cut, promoted=promoted.cast(pl.Float64))
    law = made.truth["latent_demand"].select(*NAME, "date", law="mean")
    rows = rows.join(law, on=[*NAME, "date"]).join(made.truth["demand_effects"], on="product_id")
    lift = pl.col("elasticity") * pl.col("cut") + pl.col("promotion") * pl.col("promoted")
    rows = rows.with_columns(plain=pl.col("law") * (-lift).exp())
    true = rows.group_by(step_of("cut")).agg(
        true=(pl.col("law").sum() / pl.col("plain").sum()).log()
    )
    out = told.with_columns(step_of("size")).join(true, on="bin", how="left", maintain_order="left")
    return out.select(
        pl.lit(seed).alias("seed"), "step", "size", "effect", "low", "high", "true",
        inside=pl.col("true").is_between("low", "high"), off=pl.col("effect") - pl.col("true"),
    )  # fmt: skip


def step_of(column: str) -> pl.Expr:
    """Return between which sizes a cut lies."""
    return pl.col(column).cut(list(SIZES), left_closed=True).cast(pl.String).alias("bin")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("seeds", nargs="+", type=int)
    rows = pl.concat(judged(seed) for seed in parser.parse_args().seeds)
    of_step = pl.len(), pl.col("inside").sum(), pl.col("off").mean(), pl.col("true").mean()
    with pl.Config(tbl_cols=12, tbl_rows=80, tbl_width_chars=160):
        print(rows)
        print(rows.group_by("step", maintain_order=True).agg(of_step))
