"""Chances put right on later data: a straight line on the scale of log odds."""

import numpy as np

from .rows import Array

WORTH = 20.0  # hits that no change is worth


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
    line, z = np.array([0.0, 1.0]), log_odds(chance)
    design = np.column_stack([np.ones(len(z)), z])
    centre = np.average(z, weights=weight) if len(z) else 0.0
    prior = worth * np.array([[1.0, centre], [centre, centre**2 + 1.0]])
    for _ in range(25):
        p = 1 / (1 + np.exp(-design @ line))
        slope = design.T @ (weight * (p - hit)) + prior @ (line - [0.0, 1.0])
        bend = (design * (weight * p * (1 - p))[:, None]).T @ design + prior
        step = np.linalg.solve(bend, slope)
        line = line - np.clip(step, -1.0, 1.0)
    return np.asarray(line)
