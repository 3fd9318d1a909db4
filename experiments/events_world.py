"""Risks and interventions on the simulated company, where true chances and effects are known.

    python experiments/events_world.py --parcels 20000 --days 120

Learns once, asks the last weeks, and prints (1) calibration and ranking by event and moment, (2)
the average precision of a failed first attempt, hours ahead, beside the oracle that knows the true
chance, and (3) what interventions save per 1,000 parcels, by their true effects.
"""

import argparse
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl

from lanecast.metrics.detection import average_precision
from lanecast.optimize.knapsack import choose
from lanecast.parcel import events
from lanecast.parcel.events.decide import EFFECT, HARM, PRICE
from lanecast.sources.world import World, simulate
from lanecast.tables.lake import Lake, collect

DOOR = ("failed_first", "not_received")  # events whose true change under an action is known
LEARN, ASK, REST = 0.68, 0.18, 10  # shares of the days, and days before the first question
WEEKS_PLACES = {"call_ahead": 0.05, "slot_change": 0.05, "require_code": 0.10, "pickup_point": 0.02}


def main() -> None:
    """Run it and print Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--parcels", type=int, default=20_000)
    parser.add_argument("--days", type=int, default=120)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    world = simulate(given.parcels, given.days, given.seed)
    start = datetime(2025, 1, 1, tzinfo=UTC)
    first, cut, last = (
        start + timedelta(days=round(share * given.days))
        for share in (REST / given.days, LEARN, LEARN + ASK)
    )
    with TemporaryDirectory() as folder:
        lake = Lake(Path(folder) / "lake")
        world.write(lake)
        lake = Lake(lake.path)
        x = collect(events.features(lake, first, last).lazy())
        y = collect(events.outcomes(lake.asof(cut), cut))
        became = collect(events.outcomes(lake, start + timedelta(days=given.days + 1)))
    asked = pl.col("asof_h") >= cut.timestamp() / 3600
    past, later = x.filter(~asked), x.filter(asked)
    models = {"boosted": events.Boosted(), "plain": events.Plain(), "base": events.BaseRates()}
    said = pl.concat(
        model.fit(past, y).predict(later).with_columns(model=pl.lit(name))
        for name, model in models.items()
    )
    pl.Config.set_tbl_formatting("ASCII_MARKDOWN").set_tbl_hide_dataframe_shape(True)
    pl.Config.set_tbl_rows(100).set_tbl_cols(20).set_tbl_hide_column_data_types(True)
    pl.Config.set_float_precision(3)
    print(events.evaluate(said, became).drop("n_open", "recall_1", "brier"))
    print(_lead(said, world.truth["parcel_risks"]))
    print(_worth(said.filter(model="boosted"), world))


def _lead(said: pl.DataFrame, risks: pl.DataFrame) -> pl.DataFrame:
    """Return average precision of a failed first attempt by hours ahead, beside the oracle's."""
    tried = risks.drop_nulls("first_attempt_at").select(
        "parcel_id", "failed_first", "p_failed_first", "p_failed_planned", at="first_attempt_at"
    )
    rows = []
    for hours in (0, 12, 24, 48):
        at = tried.select("parcel_id", "at")
        words = events.ahead(said.filter(event="failed_first"), at, hours)
        for (model,), part in words.join(tried, on="parcel_id").group_by("model"):
            hit = part["failed_first"].to_numpy()
            score = {name: average_precision(part[name].to_numpy(), hit)
                     for name in ("chance", "p_failed_first", "p_failed_planned")}  # fmt: skip
            rows.append(
                {"model": model, "hours": hours, "n": part.height, "share": hit.mean(),
                 "pr_auc": score["chance"], "oracle": score["p_failed_first"],
                 "oracle_of_plan": score["p_failed_planned"],
                 "of_oracle": score["chance"] / score["p_failed_first"]}
            )  # fmt: skip
    return pl.DataFrame(rows).sort("model", "hours")


def _worth(said: pl.DataFrame, world: World) -> pl.DataFrame:
    """Return the true saving per 1,000 parcels of four policies under the same places."""
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
    done = plan.table.select("parcel_id", "action").iter_rows()
    ours = sum(gain[row[parcel], actions.index(action)] for parcel, action in done)
    rule = _by_rule(names, world, gain, actions, places)
    best = choose(gain, np.zeros(len(actions)), list(places.values())).value
    each = 1000 / len(names)
    return pl.DataFrame(
        {
            "policy": ["nothing", "rules of thumb", "ours", "perfect knowledge"],
            "saved_per_1000": [0.0, rule * each, ours * each, best * each],
            "actions": [0, int(sum(places.values())), plan.table.height, int(sum(places.values()))],
            "said_per_1000": [0.0, None, -plan.objective * each, None],
        }
    )


def _by_rule(
    names: pl.Series, world: World, gain: np.ndarray, actions: list[str], places: dict[str, float]
) -> float:
    """Return what rules of thumb save: codes for the dearest, calls to flats, slots for firms."""
    kinds = world.tables["addresses"].select("address_id", "kind")
    goods = world.tables["parcels"].join(kinds, on="address_id")
    about = names.to_frame().join(goods, on="parcel_id", maintain_order="left")
    kind, free = about["kind"].to_numpy(), np.ones(len(names), bool)
    order, total = np.argsort(-about["value_minor"].to_numpy(), kind="stable"), 0.0
    whom = {"call_ahead": "apartment", "slot_change": "business"}
    for name in ("require_code", "call_ahead", "slot_change", "pickup_point"):
        fit = free[order] & ((kind[order] == whom[name]) if name in whom else True)
        taken = order[fit][: int(places[name])]
        free[taken] = False
        total += gain[taken, actions.index(name)].sum()
    return total


if __name__ == "__main__":
    main()
