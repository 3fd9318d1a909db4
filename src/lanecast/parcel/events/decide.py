"""Which parcels to act on, and how: expected savings under capacities and a budget."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from lanecast.optimize.knapsack import NONE, choose
from lanecast.optimize.plan import Plan
from lanecast.tables.events import ACTIONS, EVENTS

PLAN = {  # the columns of ``interventions``
    "parcel_id": pl.String(),
    "plan_id": pl.String(),
    "action": pl.String(),
    "asof": pl.Datetime("us", "UTC"),
    "saving": pl.Float64(),
    "price": pl.Float64(),
}
HARM = {"late": 5.0, "failed_first": 8.0, "returned": 15.0, "lost": 60.0, "not_received": 60.0}
PRICE = {
    "call_ahead": 0.5,
    "slot_change": 0.3,
    "require_code": 0.1,
    "require_signature": 0.15,
    "pickup_point": 1.0,
    "address_verification": 0.4,
    "open_trace": 3.0,
}
EFFECT: Mapping[str, Mapping[str, float]] = {  # what is left of a chance; assumed, to be measured
    "call_ahead": {"failed_first": 0.55, "returned": 0.8, "not_received": 0.9},
    "slot_change": {"failed_first": 0.5, "returned": 0.8, "not_received": 0.8},
    "require_code": {"failed_first": 1.2, "not_received": 0.2},
    "require_signature": {"failed_first": 1.15, "not_received": 0.5},
    "pickup_point": {"failed_first": 0.15, "not_received": 0.2},
    "address_verification": {"failed_first": 0.85, "returned": 0.9, "not_received": 0.9},
    "open_trace": {"lost": 0.7},
}
TO_TRACE = (
    "waiting"  # the moment at which a trace can be opened, and nothing at the door be changed
)


@dataclass(frozen=True)
class Costs:
    """What an event costs, what an action costs [currency], and what is left of each chance.

    ``effect`` maps an action to the factor on each event's chance; 1 where it is not named. The
    factors given here are assumptions: measure them by acting on a random part of the parcels.
    """

    harm: Mapping[str, float] = field(default_factory=lambda: dict(HARM))
    price: Mapping[str, float] = field(default_factory=lambda: dict(PRICE))
    effect: Mapping[str, Mapping[str, float]] = field(default_factory=lambda: dict(EFFECT))

    def __post_init__(self) -> None:
        for name, given, valid in (
            ("harm", self.harm, EVENTS),
            ("price", self.price, ACTIONS),
            *((f"effect of {action}", of, EVENTS) for action, of in self.effect.items()),
        ):
            wrong = [k for k, v in given.items() if k not in valid or not 0 <= v < np.inf]
            if wrong:
                raise ValueError(
                    f"{name}: expected finite numbers >= 0 for any of {', '.join(valid)}; got "
                    f"{wrong[0]!r}: {given[wrong[0]]}."
                )
        if lost := set(self.effect) - set(self.price):
            raise ValueError(f"price: expected one for {', '.join(sorted(lost))} too.")


@dataclass(frozen=True)
class Limits:
    """How often each action may be taken (not named: as often as wanted), and what may be spent."""

    capacity: Mapping[str, float] = field(default_factory=dict)
    budget: float = float("inf")

    def __post_init__(self) -> None:
        wrong = [k for k, v in self.capacity.items() if k not in ACTIONS or not v >= 0]
        if wrong:
            raise ValueError(
                f"capacity: expected numbers >= 0 for any of {', '.join(ACTIONS)}; got "
                f"{wrong[0]!r}: {self.capacity[wrong[0]]}."
            )
        if not self.budget >= 0:
            raise ValueError(f"budget: expected a number >= 0, got {self.budget}.")


def decide(predictions: pl.DataFrame, costs: Costs, limits: Limits) -> Plan[pl.DataFrame]:
    """Choose at most one action per parcel, by its last prediction, that saves most in all.

    Returns
    -------
    Plan
        ``table`` has rows of ``interventions``. ``objective`` is the expected cost against doing
        nothing, so a saving is negative; ``parts`` are prices and what each event costs less;
        ``prices`` what one more place of each action, or unit of budget, would save. ``skipped``
        names the parcels left alone: no chance known, nothing that pays, or no place left.
    """
    last = pl.col("asof") == pl.col("asof").max().over("parcel_id")
    rows = predictions.filter(last)
    wide = (
        rows.pivot("event", index=["parcel_id", "asof", "moment"], values="chance",
                   aggregate_function="max")
        .unique("parcel_id", keep="last", maintain_order=True)
        .sort("parcel_id")
    )  # fmt: skip
    events = [event for event in EVENTS if event in wide.columns]
    chance = wide.select(events).to_numpy() if events else np.zeros((wide.height, 0))
    known = np.isfinite(chance).any(axis=1)
    skipped = wide.filter(~pl.Series(known)).select(
        "parcel_id", "asof", reason=pl.lit("no chance known")
    )
    todo, chance = wide.filter(pl.Series(known)), np.nan_to_num(chance[known])
    actions = [action for action in ACTIONS if action in costs.effect]
    if todo.is_empty() or not actions:
        return Plan(pl.DataFrame(schema=PLAN), 0.0, {}, 0.0, "empty", skipped)
    harm = np.array([costs.harm.get(event, 0.0) for event in events])
    left = np.array([[costs.effect[a].get(event, 1.0) for event in events] for a in actions])
    less = chance[:, None, :] * (1 - left)[None] * harm  # (n, actions, events)
    price = np.array([costs.price[action] for action in actions])
    saving = less.sum(axis=2) - price
    trace = np.array([action == "open_trace" for action in actions])
    waiting = (todo["moment"] == TO_TRACE).to_numpy()
    saving[waiting[:, None] != trace[None, :]] = -np.inf
    places = np.array([limits.capacity.get(action, np.inf) for action in actions])
    found = choose(saving, price, places, limits.budget)
    acted = found.option != NONE
    which = found.option[acted]
    table = todo.filter(pl.Series(acted)).select(
        "parcel_id",
        plan_id=pl.lit(f"act_{_digest(todo, chance, costs, limits)}"),
        action=pl.Series([actions[i] for i in which], dtype=pl.String),
        asof="asof",
        saving=pl.Series(saving[acted, which], dtype=pl.Float64),
        price=pl.Series(price[which], dtype=pl.Float64),
    )
    pays = saving[~acted].max(axis=1) > 0
    reason = pl.when(pl.Series(pays)).then(pl.lit("no place or budget left"))
    rest = todo.filter(~pl.Series(acted)).select(
        "parcel_id", "asof", reason=reason.otherwise(pl.lit("nothing pays"))
    )
    saved = less[acted, which].sum(axis=0)
    parts = {event: -float(of) for event, of in zip(events, saved, strict=True)}
    parts["price"] = float(price[which].sum())
    limited = {action: found.capacity_price[i] for i, action in enumerate(actions)}
    prices = {name: float(of) for name, of in limited.items() if np.isfinite(
        limits.capacity.get(name, np.inf))} | ({"budget": found.budget_price} if np.isfinite(
        limits.budget) else {})  # fmt: skip
    status = "optimal" if found.bound - found.value <= 1e-6 * max(1.0, found.bound) else "feasible"
    skipped = pl.concat([skipped, rest])
    return Plan(table, -found.value, parts, -found.bound, status, skipped, prices)


def _digest(rows: pl.DataFrame, chance: np.ndarray, costs: Costs, limits: Limits) -> str:
    name = hashlib.sha256(f"{costs}{limits}".encode())
    for column in ("parcel_id", "asof"):
        name.update("\0".join(rows[column].cast(pl.String)).encode())
    name.update(chance.tobytes())
    return name.hexdigest()[:16]
