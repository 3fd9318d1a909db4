"""Forecasts that add up: every level of a hierarchy from the same series.

The sum of the items of a shop and the shop itself are forecast apart, and then made to agree by
MinT [1]_ (through hierarchicalforecast), or the items are simply added up. Both are linear, so they
are done path by path: each future adds up, and so do its means.

References
----------
.. [1] Wickramasuriya, Athanasopoulos & Hyndman (2019). Optimal forecast reconciliation for
       hierarchical and grouped time series through trace minimization. *JASA* 114.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from lanecast.planning.forecast import LEVEL, Forecast, answered
from lanecast.planning.panel import Covariate, Floats, Panel

TOTAL = "total"
SEPARATOR = "/"


@dataclass(frozen=True)
class Tree:
    """Which series add up to which.

    Attributes
    ----------
    ids
        Names of all nodes, the total first and the series last, shape (M,).
    sums
        1 where a series is part of a node, shape (M, N).
    level
        Depth of each node, 0 for the total, shape (M,).
    """

    ids: npt.NDArray[np.str_]
    sums: Floats
    level: npt.NDArray[np.int64]

    @property
    def bottom(self) -> int:
        """Return N, the number of series."""
        return int(self.sums.shape[1])


def tree(of: Panel, levels: Sequence[str]) -> Tree:
    """Return the tree of a panel by its attributes ``levels``, from the top.

    A node is named by its values, joined by ``/``; a level may thus be crossed, not only nested.

    Raises
    ------
    ValueError
        When an attribute is not there, or not known of a series.
    """
    for name in levels:
        if name not in of.attributes:
            known = ", ".join(of.attributes) or "none"
            raise ValueError(f"levels: no attribute {name!r}; the series have {known}.")
        if (lost := of.attributes[name] == "").any():
            raise ValueError(f"levels: {name} of {of.ids[lost][0]!r} is not known.")
    n = len(of.ids)
    names, sums, depth = [TOTAL], [np.ones((1, n))], [0]
    path = np.full(n, "", dtype="<U1")
    for i, name in enumerate(levels):
        path = np.array(
            [f"{a}{SEPARATOR}{b}" for a, b in zip(path, of.attributes[name], strict=True)]
        )
        nodes, number = np.unique(path, return_inverse=True)
        names += [str(node).lstrip(SEPARATOR) for node in nodes]
        sums.append((number[None, :] == np.arange(len(nodes))[:, None]).astype(float))
        depth += [i + 1] * len(nodes)
    names += [str(each) for each in of.ids]
    sums.append(np.eye(n))
    depth += [len(levels) + 1] * n
    return Tree(np.array(names), np.vstack(sums), np.array(depth))


def aggregated(of: Panel, by: Tree) -> Panel:
    """Return the panel of all nodes: sums of the series, means of what goes with them.

    A node is known where one of its series is; a gap of another counts as 0 there.
    """
    seen = np.isfinite(of.y).astype(float)
    y = by.sums @ np.nan_to_num(of.y)
    y[(by.sums @ seen) == 0] = np.nan
    size = by.sums / by.sums.sum(axis=1, keepdims=True)
    covariates = {name: _mean(each, size) for name, each in of.covariates.items()}
    level = np.array([f"level {depth}" for depth in by.level])
    return Panel(
        by.ids, y, of.frequency, of.first, of.horizon, covariates, {"level": level}, of.asof
    )


def _mean(of: Covariate, size: Floats) -> Covariate:
    """Return the mean of a covariate over the series of each node; known when all of it is."""
    if of.values.shape[0] == 1 and (of.row == 0).all():
        return Covariate(of.values, of.recorded, np.zeros(len(size), np.int32), of.event, of.ahead)
    values = of.values[of.row]
    values[of.row < 0] = np.nan
    known = np.isfinite(values).astype(float)
    weight = (size > 0) @ known
    mean = ((size > 0) @ np.nan_to_num(values)) / np.maximum(weight, 1)
    recorded = np.where(np.isfinite(values), of.recorded[of.row], np.iinfo(np.int32).min)
    latest = np.stack([recorded[row > 0].max(axis=0) for row in size])
    empty = weight == 0
    return Covariate(
        np.where(empty, np.nan, mean),
        np.where(empty, np.iinfo(np.int32).max, latest).astype(np.int32),
        np.arange(len(size), dtype=np.int32),
        of.event,
        of.ahead,
    )


def reconciled(
    paths: Floats,
    by: Tree,
    method: Literal["bottom_up", "mint"] = "mint",
    errors: Floats | None = None,
) -> Floats:
    """Return paths that add up, shape (M, count, H), from paths of every node.

    Parameters
    ----------
    errors
        Errors of the nodes' forecasts on past origins, shape (M, R), of which MinT takes the
        shrunken covariance; without them each node counts by the number of its series.
    """
    m, count, horizon = paths.shape
    flat = paths.reshape(m, count * horizon)
    if method == "bottom_up":
        return np.asarray((by.sums @ flat[-by.bottom :]).reshape(paths.shape))
    from hierarchicalforecast.methods import MinTrace

    how = MinTrace(method="wls_struct" if errors is None else "mint_shrink")
    past = {} if errors is None else {"y_insample": errors, "y_hat_insample": np.zeros_like(errors)}
    answer = how.fit_predict(S=by.sums, y_hat=flat, **past)
    return np.asarray(answer["mean"], dtype=float).reshape(m, count, horizon)


def forecast_of(paths: Floats, floor: float | None = 0.0) -> Forecast:
    """Return the quantiles of paths (N, count, H)."""
    quantiles = np.quantile(paths, LEVEL, axis=1).transpose(1, 2, 0)
    return answered(quantiles if floor is None else np.maximum(quantiles, floor))
