"""Replenishment in the simulated company, where the true law of demand is known.

    python experiments/inventory.py --products 50 --days 300 --trade 84 --seed 1

Opens a shop on the stock of a day, lets policies trade until the end on latent demand, and prints
what each costs: ours on our forecast, ours on the true law, closed forms, and perfect foresight.
Each policy sees its own sales only. With ``--doubt`` ours trades with none, half and all of the
drift of levels too, and both ways to choose among them before the shop opens are told.
"""

import argparse
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl
from inventory_doubt import SHARES, by_replay, by_sums
from inventory_told import told_law

from lanecast.planning.inventory import (
    Costs,
    Lifted,
    OrderUpTo,
    Recent,
    Rolling,
    compared,
    foresight,
    lifted,
    recent,
    trade,
    true,
)
from lanecast.planning.inventory.ahead import ahead
from lanecast.planning.inventory.replay import HISTORY
from lanecast.planning.inventory.shelves import matrix, shop
from lanecast.sources.world import simulate
from lanecast.tables.lake import Lake

START = datetime(2025, 1, 1, tzinfo=UTC)


def main() -> None:
    """Run it and print Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--products", type=int, default=60)
    parser.add_argument("--days", type=int, default=330)
    parser.add_argument("--trade", type=int, default=84)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--draws", type=int, default=200)
    parser.add_argument("--order", type=float, default=2.0)
    parser.add_argument("--settle", type=int, default=28, help="first days whose cost is left out")
    parser.add_argument("--only", help="policies whose name holds one of these: a;b")
    parser.add_argument("--doubt", action="store_true", help="try shares of the drift too")
    given = parser.parse_args()
    world = simulate(500, given.days, given.seed, products=given.products)
    until = START + timedelta(days=given.days)
    since = until - timedelta(days=given.trade)
    name = pl.concat_str("product_id", "facility_id", separator="/")
    day = (pl.col("date") - pl.date(1970, 1, 1)).dt.total_days().cast(pl.Int64)
    latent = world.truth["latent_demand"].with_columns(unique_id=name, day=day)
    laws = world.truth["demand_laws"].with_columns(unique_id=name)
    with TemporaryDirectory() as folder:
        lake = Lake(Path(folder) / "lake")
        world.write(lake)
        names, known = shop(
            Lake(lake.path), since, until, Costs(order=given.order),
            latent.select("unique_id", "day", "units"),
        )  # fmt: skip
        day_0 = int(since.timestamp() // 86400)
        told = ahead(lake, until, names, day_0 - HISTORY, day_0 + given.trade + 42)
        chosen = {}
        if given.doubt:
            before = Lake(lake.path).asof(since)
            for way, choose in {"sums": by_sums, "replay": by_replay}.items():
                begun = time.process_time()
                costs = choose(before, since, Costs(order=given.order), given.draws)
                chosen[way] = min(costs, key=costs.__getitem__)
                each = ", ".join(f"{share:g}: {cost:,.0f}" for share, cost in costs.items())
                took = time.process_time() - begun
                print(
                    f"by {way} before opening: {each} ({took:.0f} s of processor time)", flush=True
                )
    mean = matrix(latent, names, "mean", day_0, day_0 + given.trade + 42)
    law = pl.DataFrame({"unique_id": names}).join(laws, on="unique_id", maintain_order="left")
    spread, active = 1 / law["dispersion"].to_numpy(), law["active"].to_numpy()
    truth = true(mean, spread, given.draws, active)
    fair = told_law(latent, laws, names, told, day_0, given.trade + 42, given.draws)
    product = np.array([name.split("/")[0] for name in names])
    group = np.unique(product, return_inverse=True)[1]
    plain = recent(known, Recent(), given.draws)

    def ours(share: float) -> dict[str, object]:
        model = Lifted(doubt=share)
        forecast = lifted(known, model, told, day_0, group, given.draws)
        return {"policy": Rolling(), "forecast": forecast}

    least = foresight(
        known.demand, known.price, known.fixed, stock=known.stock, coming=known.coming, first=1
    )
    ledgers = {}
    for policy, tried in {
        "rolling, true law": {"policy": Rolling(), "forecast": truth},
        "rolling, told law": {"policy": Rolling(), "forecast": fair},
        "rolling, our forecast": ours(1.0),
        **(
            {f"rolling, {share:g} of the drift": ours(share) for share in SHARES if share < 1}
            if given.doubt
            else {}
        ),
        "rolling, without what is known ahead": {"policy": Rolling(), "forecast": plain},
        "order up to, our forecast": ours(1.0) | {"policy": OrderUpTo()},
        "order up to, naive forecast": {"rule": "naive"},
        "order up to, moving mean": {"rule": "moving"},
        "(s, S), moving mean": {"rule": "min_max"},
    }.items():
        wanted = not given.only or any(part in policy for part in given.only.split(";"))
        if not wanted and policy != "rolling, true law":
            continue
        begun = time.process_time()
        ledgers[policy] = trade(known, counted_from=given.settle, **tried)
        print(f"{policy}: {time.process_time() - begun:.1f} s of processor time", flush=True)
    if "rolling, our forecast" in ledgers:
        of = {share: ledgers[f"rolling, {share:g} of the drift"] for share in SHARES if share < 1
              and given.doubt} | {1.0: ledgers["rolling, our forecast"]}  # fmt: skip
        ledgers |= {f"rolling, drift chosen by {way}": of[share] for way, share in chosen.items()}
    table = compared(ledgers, least)
    best = table.row(0, named=True)["cost"]
    table = table.with_columns(over_true=pl.col("cost") / best - 1)
    pl.Config.set_tbl_formatting("ASCII_MARKDOWN").set_tbl_hide_dataframe_shape(True)
    pl.Config.set_tbl_rows(20).set_tbl_cols(20).set_tbl_hide_column_data_types(True)
    pl.Config.set_float_precision(3).set_tbl_width_chars(200)
    print(f"\n{len(names)} items, {given.trade} days, foresight {least.sum():.0f}\n")
    print(table)
    random = np.random.default_rng(0)
    pick = random.integers(0, len(names), (2000, len(names)))
    for mine in [name for name in ledgers if "our forecast" in name or "drift" in name]:
        for other in ("rolling, true law", "rolling, told law", "order up to, naive forecast"):
            if other not in ledgers or mine.startswith("order"):
                continue
            a, b = (ledgers[each].total[pick].sum(axis=1) for each in (mine, other))
            low, high = np.quantile(a / b - 1, [0.025, 0.975])
            print(f"{mine} over {other}: {low:+.3f} to {high:+.3f} (95 %, items drawn)")


if __name__ == "__main__":
    main()
