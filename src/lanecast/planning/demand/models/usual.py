"""The ensemble for a panel whose kind is not known before: which members, and how large."""

from dataclasses import replace
from typing import Any

import numpy as np

from lanecast.nn.training import Training
from lanecast.planning.panel import Panel
from lanecast.planning.weighing import Weighing

from .counts import Counts
from .deep import Deep
from .ensemble import Ensemble
from .pool import Statistical, asks_cycles
from .pooled import Pooled
from .seasonal import SeasonalNaive, last_known
from .weights import kinds
from .yearly import QUARTER, LastYear, enough

BACK = {"hours": 336, "days": 500}  # origins that are learnt from, in periods before the last
MOST_ALONE = {"hours": 100, "days": 300}  # series that are fitted one by one: 0.05 s each or more
OTHERS_ALONE, LONG_ALONE = 5000, 100  # of weeks and longer: 0.02 s for 100 periods, fewer less
ORIGINS = 8
FEW = 0.2  # part of the series for which nobody fits a model of their own at all origins
MOST_WINDOWS = {"hours": 60_000}  # their nets differ by 5 % from seed to seed on half of it
MOST_PERIODS = {"days": 400, "weeks": 260}  # of a series that is fitted alone


def usual(of: Panel, weighing: Weighing | None = None, seed: int = 0) -> Ensemble:
    """Return the ensemble for a panel.

    Trees measure from the last value where series wander more than they repeat, of days from zero;
    where years repeat, from last year's value without its noise, which is a member too.
    Counts of rare items have trees of their own. Where there are ``too_many`` series to fit each
    one alone, statistical models answer the intermittent ones only.
    """
    weighing = weighing or Weighing()
    name = of.frequency.name
    back = BACK.get(name)
    trees = Pooled(back=back, weighing=weighing, seed=seed)
    yearly = False
    if name == "days":  # last year's day is too much noise to start from
        trees = replace(trees, centre="zero", most=120_000)
    elif wanders(of):
        trees = replace(trees, centre="last", rounds=200, leaves=31, smallest=30)
    elif yearly := name in QUARTER and of.length >= enough(of):
        trees = replace(trees, centre="grown")
    members: dict[str, Any] = {"naive": SeasonalNaive(), "pooled": trees}
    if yearly:
        members["year"] = LastYear()
    windows = MOST_WINDOWS.get(name, 30_000)
    members["net"] = Deep(windows, back, weighing=weighing, training=learnt(name, seed))
    rare = bool((kinds(of) == 1).any()) and not (of.y < 0).any()
    if rare:
        members["counts"] = Counts(back=back, weighing=weighing, seed=seed)
    most = MOST_PERIODS.get(name, 750)
    if not too_many(of):
        cycles = float(asks_cycles(of, most).mean())
        if cycles > FEW:
            members["cycles"] = Statistical(most, "cycles")
        if 1 - cycles > FEW:
            members["short"] = Statistical(most, "short")
    elif rare:
        members["alone"] = Statistical(most, "counts")
    return Ensemble(members, weighing=weighing, seed=seed)


def learnt(frequency: str, seed: int) -> Training:
    """Return how long the net learns: days have many steps and much noise."""
    epochs = 4 if frequency == "days" else 6
    return Training(epochs=epochs, batch=256, rate=2e-3, decay=1e-2, seed=seed)


def too_many(of: Panel) -> bool:
    """Return whether there are too many series to fit each one alone, but for counts."""
    smooth = int((kinds(of) == 0).sum())
    name = of.frequency.name
    if name in MOST_ALONE:
        return smooth > MOST_ALONE[name]
    return smooth * min(of.length, LONG_ALONE) > OTHERS_ALONE * LONG_ALONE


def wanders(of: Panel) -> bool:
    """Return whether for most series the last value told more than a season before did.

    It is asked at some origins of the last season, so that every time of the year has its say.
    """
    season = max(of.frequency.seasons, default=0)
    last = of.length - of.horizon
    first = max(season, last - season)
    if season == 0 or first > last:
        return True
    stays, repeats = np.zeros(len(of.ids)), np.zeros(len(of.ids))
    for origin in np.unique(np.linspace(first, last, ORIGINS).astype(int)):
        at = origin + np.arange(of.horizon)
        before = of.y[:, at - -(-(np.arange(of.horizon) + 1) // season) * season]
        both = np.isfinite(of.y[:, at] - before)
        recent = last_known(of.y[:, :origin])[:, None]
        stays += np.nansum(np.where(both, np.abs(of.y[:, at] - recent), 0), axis=1)
        repeats += np.nansum(np.where(both, np.abs(of.y[:, at] - before), 0), axis=1)
    told = (stays > 0) | (repeats > 0)
    return bool(not told.any() or (stays[told] < repeats[told]).mean() > 0.5)
