"""Base stocks of a network of stocks that supply each other: a row, or a tree."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from lanecast.optimize import distribution_tree
from lanecast.optimize.plan import Plan
from lanecast.optimize.serial import Demand, serial

KEYS = {"name", "from", "lead", "holding", "rate", "sd", "short"}


def echelons(stocks: Sequence[Mapping[str, Any]]) -> Plan[pl.DataFrame]:
    """Return the base stock of each place of a network.

    Parameters
    ----------
    stocks
        Each with ``name``; ``from`` (who supplies it; null: from outside); ``lead`` [time];
        ``holding`` of a unit [currency/time]; and where customers buy ``rate`` [units/time],
        ``short`` (of a unit that waits [currency/time]) and perhaps ``sd`` of the demand of a time
        (normal; without it demand is Poisson).

    Returns
    -------
    Plan
        ``table`` with ``name``, ``source``, ``base_stock`` (own position: stock and orders less
        what is owed), ``echelon`` (all below it included). ``status`` says how: ``serial``, the
        optimum of Clark & Scarf for places in a row, or ``tree``, exact costs, levels searched.
        ``bound`` is the cost of the row, and minus infinity for a tree.

    Raises
    ------
    ValueError
        When a place lacks something, two have one name, or they are no tree.
    """
    places = [_checked(each, k) for k, each in enumerate(stocks)]
    names = [str(place["name"]) for place in places]
    if not places or len(set(names)) < len(names):
        twice = sorted({name for name in names if names.count(name) > 1})
        raise ValueError(f"name: expected stocks with different names, got {twice or 'none'}.")
    lost = sorted({str(p["from"]) for p in places if p["from"] is not None} - set(names))
    if lost:
        raise ValueError(f"from: no stock is named {', '.join(lost)}; expected one of {names}.")
    parent = [-1 if p["from"] is None else names.index(str(p["from"])) for p in places]
    inner = [up for up in parent if up >= 0]
    last = [k for k in range(len(places)) if k not in inner]
    sold = [k for k, place in enumerate(places) if place["rate"] > 0]
    tree = distribution_tree.Stocks(
        parent, *([float(place[key]) for place in places] for key in ("lead", "holding", "rate",
                                                                      "short"))
    )  # fmt: skip
    if len(last) == 1 and sold == last:
        return _row(places, names, parent, tree.order())
    if any(place["sd"] is not None for place in places):
        raise ValueError("sd: demand of a network that is no row is Poisson; leave sd out.")
    found = distribution_tree.optimize(tree)
    total = found.level.astype(float)
    for k in reversed(tree.order()):
        if parent[k] >= 0:
            total[parent[k]] += total[k]
    return _plan(names, parent, found.level.astype(float), total, found.cost, -np.inf, "tree")


def _row(
    places: list[dict[str, Any]], names: list[str], parent: list[int], order: list[int]
) -> Plan[pl.DataFrame]:
    up = order[::-1]  # from the customer up
    holding = np.array([float(places[k]["holding"]) for k in up])
    echelon = holding - np.append(holding[1:], 0.0)
    if (echelon <= 0).any():
        k = up[int((echelon <= 0).argmax())]
        raise ValueError(
            f"holding: expected more at {names[k]!r} than where it is supplied from, got "
            f"{places[k]['holding']}."
        )
    lead, buyer = [float(places[k]["lead"]) for k in up], places[up[0]]
    sd = None if buyer["sd"] is None else float(buyer["sd"])
    found = serial(
        [float(h) for h in echelon], lead, float(buyer["short"]), Demand(float(buyer["rate"]), sd)
    )
    local, whole = np.zeros(len(up)), np.zeros(len(up))
    local[up], whole[up] = found.local, found.echelon
    return _plan(names, parent, local, whole, found.cost, found.cost, "serial")


def _plan(
    names: list[str], parent: list[int], local: Any, whole: Any, cost: float, bound: float,
    status: str,
) -> Plan[pl.DataFrame]:  # fmt: skip
    source = [names[up] if up >= 0 else None for up in parent]
    table = pl.DataFrame(
        {"name": names, "source": source, "base_stock": local, "echelon": whole},
        schema_overrides={"source": pl.String},
    )
    return Plan(table, cost, {"per_time": cost}, bound, status, table.head(0))


def _checked(stock: Mapping[str, Any], number: int) -> dict[str, Any]:
    name = stock.get("name", f"number {number + 1}")
    if unknown := sorted(set(stock) - KEYS):
        raise ValueError(f"{unknown[0]}: of {name}: expected only {', '.join(sorted(KEYS))}.")
    for key in ("name", "lead", "holding"):
        if stock.get(key) is None:
            raise ValueError(f"{key}: is missing for {name}.")
    found = {"from": None, "rate": 0.0, "short": 0.0, "sd": None} | dict(stock)
    for key in ("lead", "holding", "rate", "short", "sd"):
        value = found[key]
        number_ = isinstance(value, int | float) and not isinstance(value, bool)
        if not (value is None and key == "sd") and not (number_ and 0 <= value < np.inf):
            raise ValueError(f"{key}: expected a number of at least 0 for {name}, got {value!r}.")
    if found["rate"] > 0 and not found["short"] > 0:
        raise ValueError(f"short: expected a cost above 0 for {name}, where customers buy.")
    return found
