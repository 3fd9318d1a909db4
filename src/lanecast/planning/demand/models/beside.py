"""What goes with a step: events around it, and what is known ahead of it."""

from collections.abc import Iterator

import numpy as np

from lanecast.planning.panel import Covariate, Floats

from .history import History, growth
from .recent import windows

FEW_EVENTS = 6
Named = Iterator[tuple[str, Floats]]


def beside(past: History, o: int, t: int, year: int | None) -> Named:
    """Yield covariates of column ``t`` as known at ``o``, and against what they were."""
    end = past.of.length + past.of.horizon - 1
    none = np.zeros(len(past.of.ids))
    coded = past.common_events if len(past.common_events) > FEW_EVENTS else ()
    if coded:
        code = past.event_code(o)
        for d in (-1, 0, 1):
            yield f"event_code_{d}", none + (code[t + d] if t + d <= end else 0.0)
    for name, each in past.of.covariates.items():
        if each.event and name not in coded:
            for d in (-1, 0, 1):
                yield f"{name}_{d}", each.at(o, t + d) if t + d <= end else none
            if year is not None:
                yield f"{name}_last_year", each.at(o, t - year) if t >= year else none
        elif each.ahead and not each.event:
            now = each.at(o, t)
            yield name, now
            yield f"{name}_change", growth(now, _usual(past, each, o))
            if year is not None:
                then = each.at(o, t - year) if t >= year else np.full(len(now), np.nan)
                yield f"{name}_year_change", growth(now, then)


def _usual(past: History, each: Covariate, o: int) -> Floats:
    recent = each.upto(o, o - windows(past)[4])
    count = np.isfinite(recent).sum(axis=1)
    mean = np.nansum(recent, axis=1) / np.maximum(count, 1)
    return np.where(count > 0, mean, np.nan)
