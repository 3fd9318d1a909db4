"""What verifying addresses is worth in the simulated company, whose true chances are known.

    python experiments/address_world.py --parcels 20000 --seed 1

At half of the parcels by the moment they became known: learns from what was recorded by then of
deliveries how often a courier does not find an address of which this and that was said; decides for
the parcels that became known later. The money is counted with the true hazards: what asks for a
part multiplies the hazard of not being found by 0.25, as the world does.
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
from lanecast.address.verify.models.deliverable import PARTS, Deliverable, marked
from lanecast.metrics.detection import roc_auc
from lanecast.sources.world import simulate
from lanecast.sources.world.risks import INTERVENTIONS, NOT_FOUND
from lanecast.tables.lake import Lake


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
    traits = world.truth["address_traits"].select("address_id", "faulty")
    ahead = parcels.filter(pl.col("asof_h") > cut).join(traits, on="address_id").sort("parcel_id")
    model = Deliverable().fit(marked(past["signs"].to_list()), past["not_found"].to_numpy())
    of = marked(ahead["signs"].to_list())
    chance = model.predict(of)
    happened = ahead["not_found"].to_numpy()
    print(
        f"{typed.height} addresses, {past.height} deliveries known by {moment:%Y-%m-%d}, of which "
        f"{past['not_found'].sum()} not found; {ahead.height} judged"
    )
    scores = evaluate(chance, happened).row(0, named=True)
    print(", ".join(f"{name} {value:.4f}" for name, value in scores.items()))
    true = 1 - np.exp(-0.012 * ahead["faulty"].to_numpy())
    print(f"ROC-AUC of the true trait {roc_auc(true, happened):.3f}")
    goes = 1 - INTERVENTIONS["address_verification"][NOT_FOUND]
    costs = Costs(heeded=goes, looked=goes)
    without = {part: model.without(of, part) for part in PARTS}
    plan = decide(ahead["parcel_id"].to_list(), chance, model.repaired(of), without, costs)
    hazard = 0.012 * ahead["faulty"].to_numpy()
    strict = np.where(ahead["next_action"] == "accept", ACCEPT, "ask")
    every = {
        "accept all": np.full(ahead.height, ACCEPT),
        "confirm all": np.full(ahead.height, "confirm"),
        "strict: ask unless accepted": strict,
        "by expected cost": plan.table["action"].to_numpy(),
        "by true chance": _best(hazard, costs),
    }
    print(plan.table["action"].value_counts(sort=True))
    base = _money(every["accept all"], hazard, costs)
    for name, actions in every.items():
        money = _money(actions, hazard, costs)
        gain = 1000 * (base - money)
        low, high = _interval(gain)
        print(f"{name:30} saved per 1,000 orders {gain.mean():8.1f}  ({low:.1f} to {high:.1f})")


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
