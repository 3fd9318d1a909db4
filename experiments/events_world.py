"""Risks and interventions on simulated companies, where true chances and effects are known.

    python experiments/events_world.py --parcels 25000 --days 180 --seeds 3 4 5

Learns once per company until day 75, asks about the next 20 days, and waits until everything asked
is answered. Prints (1) calibration and ranking by event and moment, beside what true chances would
show on the same rows, (2) the average precision of a failed first attempt, hours ahead, beside
oracles, (3) what interventions save per 1,000 parcels by their true effects, and (4) whether theft
and abuse are told apart.
"""

import argparse
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl

from lanecast.metrics.calibration import ece
from lanecast.metrics.detection import average_precision, roc_auc
from lanecast.optimize.knapsack import choose
from lanecast.parcel import events
from lanecast.parcel.events.decide import EFFECT, HARM, PRICE
from lanecast.sources.world import World, simulate
from lanecast.tables.lake import Lake, collect

DOOR = ("failed_first", "not_received")  # events whose true change under an action is known
FIRST, CUT, LAST = 10, 75, 95  # days: the first question, the last learnt from, the last asked
WEEKS_PLACES = {"call_ahead": 0.05, "slot_change": 0.05, "require_code": 0.10, "pickup_point": 0.02}
TRAITS = {  # of an address that no scan shows, and the hazard that each multiplies
    "absent": "hazard_consignee_not_home",
    "faulty": "hazard_carrier_address_not_found",
    "closed": "hazard_consignee_access_restricted",
}


def main() -> None:
    """Run it and print Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--parcels", type=int, default=25_000)
    parser.add_argument("--days", type=int, default=180)
    parser.add_argument("--seeds", type=int, nargs="+", default=[3, 4, 5])
    given = parser.parse_args()
    said, became, risks, worth, reasons = [], [], [], [], []
    for seed in given.seeds:
        world = simulate(given.parcels, given.days, seed)
        chances, ends = _replay(world, given.days)
        mark = (f"{seed}-" + pl.col("parcel_id")).alias("parcel_id")
        said.append(chances.with_columns(mark))
        became.append(ends.with_columns(mark))
        risks.append(_oracles(world).with_columns(mark))
        worth.append(_worth(chances.filter(model="boosted"), world))
        reasons.append(_reasons(chances.filter(model="boosted"), world))
    all_said, all_became, all_risks = pl.concat(said), pl.concat(became), pl.concat(risks)
    pl.Config.set_tbl_formatting("ASCII_MARKDOWN").set_tbl_hide_dataframe_shape(True)
    pl.Config.set_tbl_rows(100).set_tbl_cols(20).set_tbl_hide_column_data_types(True)
    pl.Config.set_float_precision(4)
    scores = events.evaluate(all_said, all_became)
    print(scores.drop("recall_1", "recall_5", "brier", "lift_2"))
    for seed, one in zip(given.seeds, said, strict=True):
        alone = events.evaluate(one.filter(model="boosted"), all_became)
        print(f"\nSeed {seed}")
        print(alone.select("event", "moment", "n", "hits", "ece", "ece_debiased", "ece_luck_hi"))
    print(_truth_itself(all_said, all_risks))
    print(_lead(all_said, all_risks))
    print(_saved(worth))
    print(pl.concat(reasons).group_by("chance").agg(pl.exclude("chance").mean()).sort("chance"))


def _replay(world: World, days: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return what three models said of the parcels asked about, and what came of them."""
    start = datetime(2025, 1, 1, tzinfo=UTC)
    first, cut, last = (start + timedelta(days=day) for day in (FIRST, CUT, LAST))
    with TemporaryDirectory() as folder:
        lake = Lake(Path(folder) / "lake")
        world.write(lake)
        lake = Lake(lake.path)
        x = collect(events.features(lake, first, last).lazy())
        y = collect(events.outcomes(lake.asof(cut), cut))
        became = collect(events.outcomes(lake, start + timedelta(days=days + 1)))
    asked = pl.col("asof_h") >= cut.timestamp() / 3600
    past, later = x.filter(~asked), x.filter(asked)
    models = {"boosted": events.Boosted(), "plain": events.Plain(), "base": events.BaseRates()}
    said = pl.concat(
        model.fit(past, y).predict(later).with_columns(model=pl.lit(name))
        for name, model in models.items()
    )
    return said, became


def _oracles(world: World) -> pl.DataFrame:
    """Return true chances, and those of who knows the law and the moment, but no single door.

    ``p_of_kind`` puts the mean trait of all addresses in the place of the address's own.
    """
    traits = world.truth["address_traits"].select("address_id", *TRAITS)
    homes = world.tables["parcels"].select("parcel_id", "address_id").unique("parcel_id")
    rows = world.truth["parcel_risks"].join(homes, on="parcel_id").join(traits, on="address_id")
    own = {name: pl.col(name) * pl.col(trait).mean() / pl.col(trait)
           for trait, name in TRAITS.items()}  # fmt: skip
    hazards = [name for name in rows.columns if name.startswith("hazard_")]
    total = pl.sum_horizontal(own.get(name, pl.col(name)) for name in hazards)
    return rows.drop_nulls("first_attempt_at").select(
        "parcel_id", "failed_first", "p_failed_first", "p_failed_planned",
        p_of_kind=1 - (-total).exp(), at="first_attempt_at",
    )  # fmt: skip


def _truth_itself(said: pl.DataFrame, risks: pl.DataFrame) -> pl.DataFrame:
    """Return the calibration error of the true chances, on the parcels asked about at checkout."""
    asked = said.filter(model="boosted", event="failed_first", moment="checkout")
    rows = asked.join(risks, on="parcel_id")
    hit = rows["failed_first"].to_numpy()
    return pl.DataFrame(
        {"chance": name, "n": rows.height, "ece": ece(rows[name].to_numpy(), hit)}
        for name in ("chance", "p_failed_first", "p_failed_planned", "p_of_kind")
    )


def _lead(said: pl.DataFrame, risks: pl.DataFrame) -> pl.DataFrame:
    """Return average precision of a failed first attempt by hours ahead, beside the oracles'."""
    names = ("p_failed_first", "p_failed_planned", "p_of_kind")
    rows = []
    for hours in (0, 12, 24, 48):
        at = risks.select("parcel_id", "at")
        words = events.ahead(said.filter(event="failed_first"), at, hours)
        for (model,), part in words.join(risks, on="parcel_id").group_by("model"):
            hit = part["failed_first"].to_numpy()
            score = {name: average_precision(part[name].to_numpy(), hit)
                     for name in ("chance", *names)}  # fmt: skip
            head = {"model": model, "hours": hours, "n": part.height, "share": hit.mean()}
            rows.append(head | score | {"of_oracle": score["chance"] / score["p_failed_first"]})
    return pl.DataFrame(rows).sort("model", "hours")


def _worth(said: pl.DataFrame, world: World) -> pl.DataFrame:
    """Return per parcel what each policy truly saves, under the same places."""
    shipped = said.filter(pl.col("moment") == "shipped", pl.col("event").is_in(DOOR))
    effects = world.truth["intervention_effects"].join(
        world.truth["parcel_risks"].filter(outcome="delivered").select("parcel_id"), on="parcel_id"
    )
    shipped = shipped.join(effects.select("parcel_id"), on="parcel_id", how="semi")
    names = shipped["parcel_id"].unique().sort()
    places = {name: float(round(share * len(names))) for name, share in WEEKS_PLACES.items()}
    actions = list(places)
    known = effects.join(names.to_frame(), on="parcel_id").sort("parcel_id").fill_null(0.0)
    gain = np.column_stack(
        [
            -HARM["failed_first"] * known[f"failed_first_{name}"].to_numpy()
            - HARM["not_received"] * known[f"claim_{name}"].to_numpy()
            - PRICE[name]
            for name in actions
        ]
    )
    costs = events.Costs(HARM, PRICE, {name: EFFECT[name] for name in actions})
    plan = events.decide(shipped, costs, events.Limits(places))
    row = dict(zip(names, range(len(names)), strict=True))
    ours, expected = np.zeros(len(names)), np.zeros(len(names))
    for parcel, action, saving in plan.table.select("parcel_id", "action", "saving").iter_rows():
        ours[row[parcel]] = gain[row[parcel], actions.index(action)]
        expected[row[parcel]] = saving
    free = np.zeros(len(actions))
    best = choose(gain, free, np.array(list(places.values())), np.inf).option
    perfect = np.where(best >= 0, gain[np.arange(len(names)), np.maximum(best, 0)], 0.0)
    return pl.DataFrame(
        {
            "rules of thumb": _by_rule(names, world, gain, actions, places),
            "ours": ours,
            "said by ours": expected,
            "perfect knowledge": perfect,
        }
    )


def _saved(worth: list[pl.DataFrame]) -> pl.DataFrame:
    """Return the saving per 1,000 parcels with its 95 % interval, parcels resampled in pairs."""
    rows = pl.concat(worth).with_columns(more=pl.col("ours") - pl.col("rules of thumb"))
    values, random = rows.to_numpy() * 1000, np.random.default_rng(0)
    drawn = np.array(
        [values[random.integers(0, len(values), len(values))].mean(axis=0) for _ in range(1000)]
    )
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
    seeds = [each.mean().row(0) for each in worth]
    by_seed = [" ".join(f"{1000 * seed[i]:.0f}" for seed in seeds) for i in range(len(seeds[0]))]
    return pl.DataFrame(
        {"policy": rows.columns, "saved_per_1000": values.mean(axis=0), "lo": low, "hi": high,
         "by_seed": [*by_seed, ""]}
    )  # fmt: skip


def _by_rule(
    names: pl.Series,
    world: World,
    gain: np.ndarray,
    actions: list[str],
    places: Mapping[str, float],
) -> np.ndarray:
    """Return what rules of thumb save: codes for the dearest, calls to flats, slots for firms."""
    kinds = world.tables["addresses"].select("address_id", "kind")
    goods = world.tables["parcels"].join(kinds, on="address_id")
    about = names.to_frame().join(goods, on="parcel_id", maintain_order="left")
    kind, free = about["kind"].to_numpy(), np.ones(len(names), bool)
    order = np.argsort(-about["value_minor"].to_numpy(), kind="stable")
    saved, whom = np.zeros(len(names)), {"call_ahead": "apartment", "slot_change": "business"}
    for name in ("require_code", "call_ahead", "slot_change", "pickup_point"):
        fit = free[order] & ((kind[order] == whom[name]) if name in whom else True)
        taken = order[fit][: int(places[name])]
        free[taken] = False
        saved[taken] = gain[taken, actions.index(name)]
    return saved


def _reasons(said: pl.DataFrame, world: World) -> pl.DataFrame:
    """Return how well each part of the chance of a dispute ranks theft, wrong doors and abuse."""
    asked = said.filter(event="not_received", moment="delivered")
    homes = world.tables["parcels"].select("parcel_id", "address_id", "order_id")
    buyers = world.tables["orders"].select("order_id", "buyer_id")
    rows = (
        asked.join(homes.unique("parcel_id"), on="parcel_id")
        .join(buyers.unique("order_id"), on="order_id")
        .join(world.truth["address_traits"].select("address_id", "theft"), on="address_id")
        .join(world.truth["buyer_traits"], on="buyer_id")
    )
    place, whole = rows["chance"] - rows["claimant"].fill_null(0.0), rows["chance"]
    abuser = (rows["abuse"] > rows["abuse"].quantile(0.99)).to_numpy()
    thieves = (rows["theft"] > rows["theft"].quantile(0.9)).to_numpy()
    parts = {"without the buyer": place, "the buyer's part": rows["claimant"].fill_null(0.0),
             "whole": whole}  # fmt: skip
    return pl.DataFrame(
        {"chance": name, "auc_theft_areas": roc_auc(of.to_numpy(), thieves),
         "auc_abusers": roc_auc(of.to_numpy(), abuser)}
        for name, of in parts.items()
    )  # fmt: skip


if __name__ == "__main__":
    main()
