"""Chances put right on later data: a straight line on the scale of log odds.

The line is found by an earlier model. What it lacks, the model that answers has partly learnt, and
what was different in those weeks need not stay so. It is therefore believed only as far as it
stands out of the scatter between stretches of those weeks, and it draws chances together but never
apart: too sure is what trees are, too timid is what a model with less history was.
"""

import numpy as np

from .rows import Array, Mask

WORTH = 20.0  # hits that no change is worth
STEPS, FINEST = 25, 1e-4  # of Newton's method, and the least part of a step
BLOCKS = 8  # stretches of time whose scatter tells what is lasting


def log_odds(chance: Array) -> Array:
    """Return log(p / (1 - p)), finite."""
    inside = np.clip(chance, 1e-6, 1 - 1e-6)
    return np.asarray(np.log(inside / (1 - inside)))


def corrected(chance: Array, line: Array) -> Array:
    """Return chances moved along ``line``, its shift and slope."""
    return np.asarray(1 / (1 + np.exp(-(line[0] + line[1] * log_odds(chance)))))


def straight(chance: Array, hit: Array, weight: Array, worth: float = WORTH) -> Array:
    """Return shift and slope that fit ``hit`` best, shape (2,), drawn to (0, 1) by ``worth`` hits.

    Parameters
    ----------
    hit
        What happened, or how likely it is believed to have happened, in [0, 1], shape (n,).

    References
    ----------
    .. [1] Platt (1999). Probabilistic outputs for support vector machines.
    """
    none, z = np.array([0.0, 1.0]), log_odds(chance)
    centre = np.average(z, weights=weight) if len(z) else 0.0
    design = np.column_stack([np.ones(len(z)), z - centre])
    start = np.array([centre, 1.0])  # of no change, with the level at the centre

    def loss(line: Array) -> float:
        at = design @ line
        apart = line - start
        return float(weight @ (np.logaddexp(0.0, at) - hit * at) + worth / 2 * apart @ apart)

    line = start
    for _ in range(STEPS):
        p = 1 / (1 + np.exp(-design @ line))
        slope = design.T @ (weight * (p - hit)) + worth * (line - start)
        bend = (design * (weight * p * (1 - p))[:, None]).T @ design + worth * np.eye(2)
        step, part = np.linalg.solve(bend, slope), 1.0
        while part > FINEST and loss(line - part * step) > loss(line):
            part /= 2  # Newton alone can run away where chances are small and alike
        line = line - part * step
    return none if not len(z) else np.array([line[0] - line[1] * centre, line[1]])


def steady(chance: Array, hit: Array, weight: Array, asked_h: Array) -> Array:
    """Return the lasting part of the ``straight`` line, shape (2,).

    With the line's level (the shift at the mean) and its slope as deviations ``d`` from none, and
    the variance ``s2`` of each when one stretch of time at a time is left out (jackknife), the part
    ``max(0, 1 - s2 / d^2)`` is kept; a slope is at most 1.

    Parameters
    ----------
    asked_h
        Hours at which the questions were asked, shape (n,).

    References
    ----------
    .. [1] James & Stein (1961), positive part; Efron & Stein (1981). The jackknife estimate of
           variance. *Annals of Statistics* 9.
    """
    centre = np.average(log_odds(chance), weights=weight)

    def change(rows: Mask) -> Array:
        line = straight(chance[rows], hit[rows], weight[rows])
        return np.array([line[0] + (line[1] - 1) * centre, line[1] - 1])

    edges = np.quantile(asked_h, np.linspace(0, 1, BLOCKS + 1)[1:-1])
    block = np.searchsorted(edges, asked_h, side="right")
    found = change(np.ones(len(chance), bool))
    without = np.array([change(block != each) for each in np.unique(block)])
    scatter = ((without - without.mean(axis=0)) ** 2).sum(axis=0) * (1 - 1 / len(without))
    level, bend = found * np.maximum(0.0, 1 - scatter / np.maximum(found**2, 1e-12))
    bend = min(bend, 0.0)
    return np.array([level - bend * centre, 1 + bend])
