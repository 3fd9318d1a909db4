"""Rosters of a place in the simulated company, planned with and without orders under way.

    python experiments/workforce.py --seed 21 --weeks 8

Each week is foreseen from the data until then, rostered, and paid by the work that really came;
both kinds of forecast, the week before, the rule of thumb and perfect foresight in one run.
``--no-rosters`` only scores the forecasts, over all places.
"""

import argparse
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from lanecast.planning import workforce
from lanecast.sources.world import simulate
from lanecast.tables.lake import Lake, collect
from lanecast.tables.parcel import QUANTILES

LIMITS = workforce.Limits(starts=(6.0, 10.0, 14.0), lengths=(4.0, 8.0), per_hour=1)
INBOUND = pl.col("unique_id").str.split("/").list.last().is_in(["receive", "put_away"])


def main() -> None:
    """Run it and print Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seed", type=int, default=21)
    parser.add_argument("--products", type=int, default=80)
    parser.add_argument("--days", type=int, default=200)
    parser.add_argument("--weeks", type=int, default=8)
    parser.add_argument("--site", default="whs_us_ny_01")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--from", dest="since", default="2025-05-13")
    parser.add_argument("--width", type=float, nargs="*", default=[], help="shares of the width")
    parser.add_argument("--leave", nargs="*", default=[], help="ways that are not rostered")
    parser.add_argument("--no-rosters", action="store_true")
    given = parser.parse_args()
    world = simulate(300, given.days, given.seed, products=given.products)
    start = datetime.fromisoformat(given.since).replace(tzinfo=UTC)
    said, paid = [], []
    with TemporaryDirectory() as folder:
        world.write(Lake(Path(folder) / "lake"))
        lake = Lake(Path(folder) / "lake")
        end = start + timedelta(weeks=given.weeks + 2)
        came = collect(workforce.outcomes(lake, end).lazy())
        later = workforce.Productivity().fit(collect(workforce.worked(lake, end).lazy())).rates()
        for week in range(given.weeks):
            at, begun = start + timedelta(weeks=week), time.process_time()
            known = lake.asof(at)
            volumes = collect(workforce.volumes(known, at).lazy())
            ways = {
                "orders": workforce.known_volumes(known, at).predict(at, 7),
                "recent": workforce.Volumes().fit(volumes).predict(at, 7),
                "naive": workforce.Naive().fit(volumes).predict(at, 7),
            }
            ways |= {
                f"{name} {width:g}": narrowed(ways[name], width)
                for name in ("orders", "recent")
                for width in given.width
            }
            said += [rows.with_columns(model=pl.lit(name)) for name, rows in ways.items()]
            if given.no_rosters:
                continue
            mine = pl.col("unique_id").str.starts_with(f"{given.site}/")
            hands = workforce.Productivity().fit(collect(workforce.worked(known, at).lazy()))
            paid.append(
                workforce.replay(
                    {name: rows.filter(mine) for name, rows in ways.items()
                     if name not in given.leave}, came.filter(mine),
                    hands.rates(), later, collect(workforce.team(known, at).lazy()),
                    collect(workforce.cutoffs(known, at).lazy()), workforce.Costs(), LIMITS,
                    rounds=given.rounds,
                )
            )  # fmt: skip
            each = dict(paid[-1].select("plan", "cost").iter_rows())
            told = ", ".join(f"{name} {cost:,.0f}" for name, cost in each.items())
            print(f"{at:%Y-%m-%d}: {told} ({time.process_time() - begun:.0f} s)", flush=True)
    pl.Config.set_tbl_formatting("ASCII_MARKDOWN").set_tbl_hide_dataframe_shape(True)
    pl.Config.set_tbl_rows(40).set_tbl_cols(20).set_tbl_hide_column_data_types(True)
    pl.Config.set_float_precision(3).set_tbl_width_chars(200)
    rows = pl.concat(said)
    for what, part in {"receiving and putting away": rows.filter(INBOUND), "all": rows}.items():
        print(f"\n{what}, all places\n{workforce.evaluate(part, came)}")
    print(f"\na week of receiving, each place\n{weekly(rows.filter(INBOUND), came)}")
    if paid:
        money = workforce.paid(paid)
        names = ("plan", "cost", "regret", "over", "under", "served", "bound")
        print(f"\n{given.site}, {given.weeks} weeks\n{money.select(names)}")
        mean = money.select("plan", *(pl.col(name) / given.weeks for name in names[1:5]))
        print(f"mean of a week\n{mean}")


def weekly(rows: pl.DataFrame, came: pl.DataFrame) -> pl.DataFrame:
    """Return how far the pieces of whole weeks were off, over those that came."""
    hours = rows.with_columns(hour_h=pl.col("ds").dt.epoch("s") / 3600)
    both = hours.join(came, on=["unique_id", "hour_h"], how="left")
    week = both.group_by("model", "unique_id", "asof").agg(pl.col("mean", "y").sum())
    off = pl.col("mean") - pl.col("y")
    return (
        week.group_by("model")
        .agg(wape=off.abs().sum() / pl.col("y").sum(), rmse=(off**2).mean().sqrt(), n=pl.len())
        .sort("model")
    )


def narrowed(rows: pl.DataFrame, width: float) -> pl.DataFrame:
    """Return forecasts whose quantiles lie nearer to the mean."""
    mean = pl.col("mean")
    return rows.with_columns(
        (mean + width * (pl.col(name) - mean)).alias(name) for name in QUANTILES
    )


if __name__ == "__main__":
    main()
