"""Base stock in a tree of stocks, one supplying many: Poisson demand, one order per unit.

Each stock k keeps a position of S_k; what it cannot send at once waits, first come, first served.
With a lead time of L_k the units that it has ordered and not received are the Poisson demand of L_k
plus its share of what waits above. A unit that waits above belongs to k with the chance of k's
part of the demand, so the share is binomial: this is exact [1]_.

References
----------
.. [1] Graves (1985). A multi-echelon inventory model for a repairable item with one-for-one
   replenishment. Management Science 31(10).
.. [2] Sherbrooke (1968). METRIC: a multi-echelon technique for recoverable item control. Operations
   Research 16(1).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln

from .base_stock import poisson_chances
from .given import Array, above_zero, not_negative

Whole = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Stocks:
    """A tree: ``parent`` of each stock (-1: supplied from outside), and what it needs.

    ``lead`` [time]; ``holding`` [currency/unit/time]; ``rate`` [units/time] and ``short``
    [currency/unit/time] of demand from outside, 0 where there is none; shape (n,).
    """

    parent: Sequence[int]
    lead: Sequence[float]
    holding: Sequence[float]
    rate: Sequence[float]
    short: Sequence[float]

    def __post_init__(self) -> None:
        n = len(self.parent)
        for name in ("lead", "holding", "rate", "short"):
            if len(getattr(self, name)) != n:
                raise ValueError(f"{name}: expected {n} numbers, got {len(getattr(self, name))}.")
        not_negative(lead=self.lead, holding=self.holding, rate=self.rate, short=self.short)
        self.order()
        flow = self.flow()
        if not (flow > 0).all():
            raise ValueError(f"rate: nothing is asked for at or below stock {int(flow.argmin())}.")

    def order(self) -> list[int]:
        """Return the stocks from the top down.

        Raises
        ------
        ValueError
            When they are not a tree: no top, several, a parent that is none, or a cycle.
        """
        parent = list(self.parent)
        tops = [k for k, up in enumerate(parent) if up == -1]
        if len(tops) != 1 or not all(-1 <= up < len(parent) for up in parent):
            raise ValueError(
                f"parent: expected one stock with -1, and other stocks for the rest; got {parent}."
            )
        found, at = tops, 0
        while at < len(found):
            found.extend(j for j, up in enumerate(parent) if up == found[at])
            at += 1
        if len(found) != len(parent):
            lost = sorted(set(range(len(parent))) - set(found))
            raise ValueError(f"parent: stocks {lost} go round in a circle; expected a tree.")
        return found

    def flow(self) -> Array:
        """Return the units that pass through each stock per time, shape (n,)."""
        total = np.array(self.rate, np.float64)
        for k in reversed(self.order()):
            if self.parent[k] >= 0:
                total[self.parent[k]] += total[k]
        return total


@dataclass(frozen=True)
class Levels:
    """Base stock S, mean stock and mean waiting units of each, shape (n,), and cost per time."""

    level: Whole
    stock: Array
    waiting: Array
    cost: float


def evaluate(stocks: Stocks, level: Sequence[int]) -> Levels:
    """Return what these base stocks cost, exactly.

    Holding counts stock on hand; short counts units that wait for customers outside.
    """
    not_negative(level=level)
    return _walk(stocks, np.asarray(level, np.int64), fixed=range(len(level)))


def optimize(stocks: Stocks) -> Levels:
    """Return base stocks of least cost, by going through all of each stock in turn.

    The lowest stocks are the exact newsvendor for whatever is above them; those above are tried one
    by one around the best, from two starts, until none that is one unit off costs less.
    """
    flow, order = stocks.flow(), stocks.order()
    inner = [k for k in order if k in set(stocks.parent)]
    best: Levels | None = None
    for start in (0.0, 1.0):
        level = np.zeros(len(order), np.int64)
        for k in inner:
            level[k] = round(start * flow[k] * (stocks.lead[k] + 1))
        now = _walk(stocks, level, inner)
        step = max(1, int(level.max() // 8))
        while step:
            tries = [
                _walk(stocks, other, inner)
                for k in inner
                for sign in (-step, step)
                if (other := _moved(level, k, sign))[k] >= 0
            ]
            better = min(tries, key=lambda each: each.cost, default=now)
            if better.cost < now.cost - 1e-12:
                now, level = better, better.level
            else:
                step //= 2
        if best is None or now.cost < best.cost:
            best = now
    assert best is not None
    return best


def _walk(stocks: Stocks, level: Whole, fixed: Collection[int]) -> Levels:
    """Go from the top down; stocks that are not ``fixed`` get the newsvendor level."""
    flow, s, n = stocks.flow(), level.copy(), len(level)
    waits: list[Array] = [np.ones(1)] * n  # chances of 0, 1, 2 ... waiting units
    stock, waiting, cost = np.zeros(n), np.zeros(n), 0.0
    for k in stocks.order():
        out = _outstanding(stocks, k, waits, flow)
        if k not in fixed:
            above_zero(holding=stocks.holding[k], short=stocks.short[k])
            ratio = stocks.short[k] / (stocks.short[k] + stocks.holding[k])
            s[k] = int((np.cumsum(out) >= ratio - 1e-12).argmax())
        waits[k] = np.append([out[: s[k] + 1].sum()], out[s[k] + 1 :])
        units = np.arange(len(out))
        stock[k] = out @ np.maximum(s[k] - units, 0)
        waiting[k] = out @ np.maximum(units - s[k], 0)
        own = stocks.rate[k] / flow[k]
        cost += stocks.holding[k] * stock[k] + stocks.short[k] * own * waiting[k]
    return Levels(s, stock, waiting, float(cost))


def _outstanding(stocks: Stocks, k: int, waits: list[Array], flow: Array) -> Array:
    """Return the chances of 0, 1, 2 ... units ordered by stock k and not received."""
    up = stocks.parent[k]
    own = _poisson(float(flow[k] * stocks.lead[k]))
    if up < 0:
        return own
    found = np.convolve(_thinned(waits[up], float(flow[k] / flow[up])), own)
    keep = int(np.searchsorted(np.cumsum(found), 1 - 1e-11)) + 1
    return np.asarray(found[:keep] / found[:keep].sum())


def _thinned(chance: Array, share: float) -> Array:
    """Return the chances of 0, 1, 2 ... of the units, each of which counts with ``share``."""
    if share == 1 or len(chance) == 1:
        return chance
    return np.asarray(chance @ _binomial(32 * (len(chance) // 32 + 1), share)[: len(chance)])


@lru_cache(maxsize=256)
def _binomial(count: int, share: float) -> Array:
    """Return the chances that 0, 1, 2 ... of 0, 1, 2 ... units count, shape (count, count)."""
    among, counted = np.arange(count)[:, None], np.arange(count)[None, :]
    rest = np.maximum(among - counted, 0)
    ways = gammaln(among + 1) - gammaln(counted + 1) - gammaln(rest + 1)
    log = ways + counted * np.log(share) + rest * np.log1p(-share)
    return np.asarray(np.where(counted <= among, np.exp(log), 0.0))


@lru_cache(maxsize=256)
def _poisson(mean: float) -> Array:
    return poisson_chances(mean) if mean > 0 else np.ones(1)


def _moved(level: Whole, k: int, by: int) -> Whole:
    other = level.copy()
    other[k] += by
    return other
