"""A logistic law for the log of durations, with open rows in its likelihood."""

from collections.abc import Callable

import lightgbm as lgb
import numpy as np

from .rows import Array, Durations

Objective = Callable[[Array, lgb.Dataset], tuple[Array, Array]]


def width(target: Array, known: Durations) -> Array:
    """Return the scale of a logistic law with the quartiles of the row's moment, shape (n,)."""
    moments = known.x["moment"].to_numpy()
    scale = np.ones(len(target))
    for moment in np.unique(moments):
        mine = moments == moment
        ended = target[mine & (known.ended > 0)]
        if len(ended) > 1:
            low, high = np.quantile(ended, [0.25, 0.75])
            scale[mine] = max((high - low) / (2 * np.log(3)), 0.05)
    return scale


def censored_logistic(target: Array, ended: Array, weight: Array, spread: Array) -> Objective:
    """Return gradient and curvature of minus the log likelihood in f, for LightGBM.

    A row that ended contributes the density of ``target``, an open one the chance to last longer.
    """

    def objective(score: Array, _: lgb.Dataset) -> tuple[Array, Array]:
        s = 1 / (1 + np.exp(-np.clip((target - score) / spread, -30, 30)))
        gradient = np.where(ended > 0, 1 - 2 * s, -s)
        curve = np.where(ended > 0, 2 * s * (1 - s), s * (1 - s))
        return weight * gradient / spread, weight * np.maximum(curve, 0.02) / spread**2

    return objective
