"""At checkout: accept, confirm, ask for a part, or send to a pickup point, by expected cost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf

import numpy as np
import numpy.typing as npt
import polars as pl

from lanecast.optimize.plan import Plan

Array = npt.NDArray[np.float64]
ACCEPT, CONFIRM, PICKUP = "accept", "confirm", "pickup_point"


@dataclass(frozen=True)
class Costs:
    """What each way costs, in one currency; conversions are shares of buyers that leave.

    Parameters
    ----------
    failed
        A delivery that does not find its address: another attempt, a call, a buyer who waits.
    order
        Margin of an order that is not placed.
    confirm, ask, pickup
        Part of the buyers who leave when they are shown a correction, asked for a part, or offered
        a pickup point instead.
    heeded
        Part of the risk of what is wrong that goes when the buyer is asked about it.
    looked
        Part of the risk of everything else that goes, for who is asked looks at the whole.
    """

    failed: float = 8.0
    order: float = 12.0
    confirm: float = 0.01
    ask: float = 0.02
    pickup: float = 0.08
    heeded: float = 0.8
    looked: float = 0.2

    def __post_init__(self) -> None:
        for name in ("failed", "order"):
            if not 0 <= getattr(self, name) < inf:
                raise ValueError(
                    f"{name}: expected at least 0 and finite, got {getattr(self, name)}."
                )
        for name in ("confirm", "ask", "pickup", "heeded", "looked"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(
                    f"{name}: expected a share from 0 to 1, got {getattr(self, name)}."
                )


def decide(
    ids: Sequence[str],
    chance: Array,
    repaired: Array,
    without: Mapping[str, Array],
    costs: Costs | None = None,
) -> Plan[pl.DataFrame]:
    """Return the cheapest way for each address.

    Parameters
    ----------
    ids
        Names of the addresses, (n,).
    chance
        That a courier does not find it as it is, (n,).
    repaired
        The same if the proposed correction is right, (n,); equal where there is none.
    without
        By part of an address, the same if nothing were wrong with that part, (n,) each.

    costs
        What each way costs; typical values by default.

    Returns
    -------
    Plan
        ``table``: id, action, part (to ask for), chance, cost, saving against accepting. The bound
        is the objective: each row is decided by itself.
    """
    costs = costs or Costs()
    n = len(ids)
    for name, values in {"chance": chance, "repaired": repaired, **without}.items():
        if values.shape != (n,) or not ((values >= 0) & (values <= 1)).all():
            raise ValueError(f"{name}: expected {n} chances from 0 to 1.")
    asks = {part: _left(chance, low, costs) for part, low in without.items()}
    fixed = _left(chance, repaired, costs)
    ways = {ACCEPT: costs.failed * chance}
    ways[CONFIRM] = costs.order * costs.confirm + costs.failed * fixed
    ways |= {part: costs.order * costs.ask + costs.failed * low for part, low in asks.items()}
    ways[PICKUP] = np.full(n, costs.order * costs.pickup)
    names, table = list(ways), np.stack(list(ways.values()), axis=1)
    best = table.argmin(axis=1)
    picked = [names[i] for i in best]
    cost = table[np.arange(n), best]
    out = pl.DataFrame(
        {
            "id": list(ids),
            "action": [a if a in (ACCEPT, CONFIRM, PICKUP) else "ask" for a in picked],
            "part": [None if a in (ACCEPT, CONFIRM, PICKUP) else a for a in picked],
            "chance": chance,
            "cost": cost,
            "saving": table[:, 0] - cost,
        },
        schema_overrides={"part": pl.String},
    )
    lost = _leaving(out["action"].to_numpy(), costs)
    parts = {"failed_deliveries": float((cost - lost).sum()), "lost_orders": float(lost.sum())}
    return Plan(out, float(cost.sum()), parts, float(cost.sum()), "optimal", out.clear())


def strict(
    ids: Sequence[str],
    chance: Array,
    without: Mapping[str, Array],
    accepted: npt.NDArray[np.bool_],
    costs: Costs,
) -> pl.DataFrame:
    """Return the plan that asks whoever is not ``accepted`` for the part that matters most.

    The columns of ``decide``; this is what one does who trusts no chance.
    """
    left = np.min([_left(chance, low, costs) for low in without.values()], axis=0)
    cost = np.where(accepted, costs.failed * chance, costs.order * costs.ask + costs.failed * left)
    action = np.where(accepted, ACCEPT, "ask")
    return pl.DataFrame({"id": list(ids), "action": action, "chance": chance, "cost": cost})


def came_of(plan: pl.DataFrame, not_found: Array, costs: Costs) -> Array:
    """Return what each decision cost by what came of the delivery, (n,).

    A delivery that failed although one would have asked counts for the share of its chance that
    asking was reckoned to leave: what would have come of it nobody knows.

    Parameters
    ----------
    plan
        ``action, chance, cost``, as by ``decide``.
    not_found
        1 where the courier did not find the address as it was, else 0, (n,).
    """
    lost = _leaving(plan["action"].to_numpy(), costs)
    chance = np.maximum(plan["chance"].to_numpy(), 1e-12)
    return np.asarray(lost + not_found * (plan["cost"].to_numpy() - lost) / chance)


def _leaving(actions: npt.NDArray[np.object_], costs: Costs) -> Array:
    """Return what buyers cost who leave because of each action."""
    shares = {CONFIRM: costs.confirm, "ask": costs.ask, PICKUP: costs.pickup}
    money = [costs.order * share for share in shares.values()]
    return np.select([actions == action for action in shares], money, 0.0)


def _left(chance: Array, better: Array, costs: Costs) -> Array:
    """Return the risk that stays when a buyer is asked about what is worse than ``better``."""
    low = np.minimum(better, chance)
    return np.asarray(chance - costs.heeded * (chance - low) - costs.looked * low)
