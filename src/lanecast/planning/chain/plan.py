"""From sales to a forecast, to orders, to work, to a roster, and one ledger of money for all."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import polars as pl

from lanecast.optimize.plan import Plan
from lanecast.planning import inventory, workforce
from lanecast.planning.inventory.outstanding import limits, of_site, reach_d
from lanecast.planning.inventory.rollout import rollout
from lanecast.tables.lake import Lake, collect
from lanecast.tables.planning import ROSTER_PLANS

from .foreseen import Learnt, foreseen
from .ledger import ledger
from .sites import STAFFED, STOCKED, checked, currency_of, missing
from .working import working

QUICK = workforce.Limits(starts=(6.0, 10.0, 14.0), lengths=(4.0, 8.0), per_hour=1)
FULL = workforce.Limits(per_hour=1)


@dataclass(frozen=True)
class How:
    """How a plan is made.

    ``budget`` is what the orders of now may cost; ``rounds`` are those of the search for a roster;
    with ``quick`` it chooses among six kinds of shifts instead of twelve.
    """

    stock: inventory.Costs = field(default_factory=inventory.Costs)
    staff: workforce.Costs = field(default_factory=workforce.Costs)
    policy: inventory.Rolling = field(default_factory=inventory.Rolling)
    budget: float = float("inf")
    rounds: int = 30
    quick: bool = False
    seed: int = 0


@dataclass(frozen=True)
class Chain:
    """A plan of one site for ``days`` from ``first`` on; what is None was left out, see ``notes``.

    ``forecast`` are rows of ``demand_forecasts`` of the items, ``orders`` a plan of
    ``replenishment_plans``, ``traded`` what follows from it (see ``inventory.rollout``), ``work``
    hourly rows of ``demand_forecasts``, ``roster`` a roster, ``ledger`` the money (see ``ledger``).
    """

    site: str
    first: date
    days: int
    currency: str
    forecast: pl.DataFrame | None
    orders: Plan[pl.DataFrame] | None
    traded: pl.DataFrame | None
    work: pl.DataFrame | None
    roster: workforce.Rostered | None
    ledger: pl.DataFrame
    notes: tuple[str, ...]


def chain(
    lake: Lake,
    asof: datetime,
    site: str,
    days: int,
    learnt: Learnt | None = None,
    how: How | None = None,
    say: Callable[[str, float], None] = lambda what, done: None,
) -> Chain:
    """Plan a site: forecast its demand, order, derive the work, roster, and add up the money.

    Parameters
    ----------
    learnt
        A model of demand; None fits one now, on all series of the lake.
    say
        Told what is being done, and how much is behind.

    Raises
    ------
    ValueError
        When the site is not known, neither stock nor staff of it are, their money is not one
        currency, or the model does not reach over the days.
    """
    how, known, notes = how or How(), lake.asof(asof), list[str]()
    checked(known, site)
    currency, first = currency_of(known, site), asof.date() + timedelta(days=1)
    forecast = orders = traded = work = roster = None
    if lost := missing(known, STOCKED, site):
        notes.append(f"stock is left out: {lost}.")
    else:
        say("demand", 0.05)
        bounds = of_site(limits(known, asof, how.budget), site)
        seen = foreseen(known, asof, site, days, max(days, reach_d(bounds)), learnt, how.seed)
        forecast, notes = seen.rows, [*notes, *seen.notes]
        say("orders", 0.5)
        orders = inventory.decide(seen.paths, how.stock, bounds, how.policy)
        traded = rollout(seen.paths, how.stock, bounds, how.policy, orders.table, days, how.seed)
    if lost := missing(known, STAFFED, site):
        notes.append(f"staff is left out: {lost}.")
    else:
        say("work", 0.6)
        work, rates, more = working(known, asof, site, first, days, forecast, traded)
        notes += more
        say("roster", 0.7)
        team, cutoffs = (
            collect(of(known, asof).lazy()) for of in (workforce.team, workforce.cutoffs)
        )
        before = None
        if known.has(ROSTER_PLANS):
            before = collect(workforce.rosters(known, asof, site).lazy())
        roster = workforce.rostered(
            work, rates, team, cutoffs, how.staff, QUICK if how.quick else FULL,
            before, rounds=how.rounds, seed=how.seed,
        )  # fmt: skip
    if orders is None and roster is None:
        raise ValueError(f"site: nothing can be planned for {site!r}: {' '.join(notes)}")
    money = ledger(traded, None if roster is None else roster.weekly, first)
    return Chain(
        site, first, days, currency, forecast, orders, traded, work, roster, money, tuple(notes)
    )
