"""What verifying addresses is worth in the simulated company, whose true chances are known.

    python experiments/address_world.py --parcels 20000 --seed 1

At half of the parcels by the moment they became known: learns from what was recorded by then of
deliveries how often a courier does not find an address of which this and that was said; decides for
the parcels that became known later, by what is said of the text alone and by what is on record of
its place too. The money is counted with the true hazards of each parcel: what asks for a part
multiplies the hazard of not being found by 0.25, as the world does. *By the law* is the bound of
what text and place can tell: who knows the mean of each place, and how the world makes slips.
"""

import argparse
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl

from lanecast.address.gazetteer.stored import gazetteer
from lanecast.address.verify.checks import history
from lanecast.address.verify.decide import ACCEPT, PICKUP, Costs, decide
from lanecast.address.verify.evaluate import evaluate
from lanecast.address.verify.models.deliverable import (
    PARTS,
    Deliverable,
    FittedDeliverable,
    marked,
)
from lanecast.address.verify.record import learnt
from lanecast.metrics.detection import roc_auc
from lanecast.sources.world import World, simulate
from lanecast.sources.world.risks import INTERVENTIONS, NOT_FOUND
from lanecast.sources.world.streets import KINDS, MOST, RATE
from lanecast.tables.lake import Lake

HAZARD = "hazard_carrier_address_not_found"
ALONE = "by expected cost, text alone"


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parcels", type=int, default=20_000)
    parser.add_argument("--days", type=int, default=120)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    world = simulate(parcels=asked.parcels, days=asked.days, seed=asked.seed, streets=True)
    with tempfile.TemporaryDirectory() as folder:
        lake = Lake(Path(folder))
        world.write(lake)
        lake = Lake(lake.path)
        end = world.tables["scans"]["recorded_at"].max()
        known = gazetteer(lake)
        typed = world.tables["typed_addresses"]
        parcels = history(lake, end, known)
        cut = float(parcels["asof_h"].median())
        moment = datetime.fromtimestamp(cut * 3600, UTC)
        past = history(lake, moment, gazetteer(lake.asof(moment)))
    truth = world.truth["parcel_risks"].select("parcel_id", hazard=HAZARD)
    ahead = parcels.filter(pl.col("asof_h") > cut).join(truth, on="parcel_id").sort("parcel_id")
    hazard, happened = ahead["hazard"].to_numpy(), ahead["not_found"].to_numpy()
    print(
        f"{typed.height} addresses, {past.height} deliveries known by {moment:%Y-%m-%d}, of which "
        f"{past['not_found'].sum()} not found; {ahead.height} judged"
    )
    print(f"ROC-AUC of the true hazard {roc_auc(hazard, happened):.3f}")
    goes = 1 - INTERVENTIONS["address_verification"][NOT_FOUND]
    costs = Costs(heeded=goes, looked=goes)
    x, y = marked(past["signs"].to_list()), past["not_found"].to_numpy()
    every = {
        "accept all": np.full(ahead.height, ACCEPT),
        "confirm all": np.full(ahead.height, "confirm"),
        "strict: ask unless accepted": np.where(ahead["next_action"] == "accept", ACCEPT, "ask"),
        ALONE: _decided(Deliverable().fit(x, y), ahead, costs),
        "by expected cost": _decided(learnt(past), ahead, costs),
        "by the law": _best(_by_law(world, ahead["address_id"]), costs),
        "by true chance": _best(hazard, costs),
    }
    money = {name: 1000 * _money(actions, hazard, costs) for name, actions in every.items()}
    gains = {name: money["accept all"] - each for name, each in money.items()}
    gains["what the place adds"] = money[ALONE] - money["by expected cost"]
    for name, gain in gains.items():
        low, high = _interval(gain)
        print(f"{name:30} saved per 1,000 orders {gain.mean():8.1f}  ({low:.1f} to {high:.1f})")


def _decided(model: FittedDeliverable, ahead: pl.DataFrame, costs: Costs) -> np.ndarray:
    """Return the actions of the cheapest plan; say how good its chances are."""
    x = marked(ahead["signs"].to_list())
    chance = model.predict(x, ahead["place"].to_list())
    scores = evaluate(chance, ahead["not_found"].to_numpy()).row(0, named=True)
    print(", ".join(f"{name} {value:.4f}" for name, value in scores.items()))
    print(f"effects of a place {model.effects.round(2).tolist()}")
    without = {part: model.without(x, chance, part) for part in PARTS}
    ids = ahead["parcel_id"].to_list()
    plan = decide(ids, chance, model.repaired(x, chance), without, costs)
    print(plan.table["action"].value_counts(sort=True).rows())
    return plan.table["action"].to_numpy()


def _by_law(world: World, addresses: pl.Series) -> np.ndarray:
    """Return the expected hazard given the true mean of the place and what went wrong in the text.

    The trait of an address is lognormal around that of its place; slips are Poisson in it.
    """
    every = world.truth["address_traits"].join(world.truth["address_truth"], on="address_id")
    trait = every.select("address_id", "wrong", "unit", log=pl.col("faulty").log())
    trait = trait.with_columns(place=every["postal_code"])
    trait = trait.with_columns(mean=pl.col("log").mean().over("place"))
    rows = addresses.to_frame().join(trait, on="address_id", maintain_order="left")
    steps = np.linspace(-3, 3, 121) * float((trait["log"] - trait["mean"]).std())
    f = np.exp(rows["mean"].to_numpy()[:, None] + steps)
    weight = np.broadcast_to(-0.5 * np.linspace(-3, 3, 121) ** 2, f.shape).copy()
    for kind, rate in zip(KINDS, RATE, strict=True):
        chance = -np.expm1(-rate * np.minimum(f, MOST))
        went = rows["wrong"].str.split(",").list.contains(kind).to_numpy()[:, None]
        could = (rows["unit"].to_numpy() > 0)[:, None] | (kind != "no_unit")
        weight += np.where(could, np.log(np.where(went, chance, 1 - chance)), 0.0)
    posterior = np.exp(weight - weight.max(axis=1, keepdims=True))
    return np.asarray(0.012 * (posterior * f).sum(axis=1) / posterior.sum(axis=1))


def _money(actions: np.ndarray, hazard: np.ndarray, costs: Costs) -> np.ndarray:
    """Return the true expected cost of each order under an action."""
    left = np.select(
        [actions == ACCEPT, actions == PICKUP], [hazard, 0.0], (1 - costs.heeded) * hazard
    )
    lost = {"confirm": costs.confirm, "ask": costs.ask, PICKUP: costs.pickup}
    share = np.array([lost.get(action, 0.0) for action in actions])
    return costs.failed * -np.expm1(-left) + costs.order * share


def _best(hazard: np.ndarray, costs: Costs) -> np.ndarray:
    names = (ACCEPT, "confirm", PICKUP)
    cost = np.stack([_money(np.full(len(hazard), name), hazard, costs) for name in names])
    return np.array(names)[cost.argmin(axis=0)]


def _interval(gain: np.ndarray) -> tuple[float, float]:
    rng = np.random.default_rng(0)
    means = [rng.choice(gain, len(gain)).mean() for _ in range(400)]
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)


if __name__ == "__main__":
    main()
