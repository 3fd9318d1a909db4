"""Who comes first: do the riskiest rows hold what happened?

Rows that share a score share their places: a threshold that falls among them takes each with the
same chance, so that no figure depends on the order in which rows came.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .inputs import Array, alike, flags

Measure = Callable[[Array, npt.NDArray[np.bool_]], float]


@dataclass(frozen=True)
class Interval:
    """A figure and its bootstrap interval at ``level``."""

    estimate: float
    low: float
    high: float
    level: float


def _ranked(
    score: npt.ArrayLike, happened: npt.ArrayLike
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return rows and hits of each distinct score, from the highest down, cumulated."""
    (score,) = alike(score=score)
    hit = flags("happened", happened, score.size)
    _, group, rows = np.unique(-score, return_inverse=True, return_counts=True)
    return np.cumsum(rows), np.cumsum(np.bincount(group, hit, rows.size)).astype(np.int64)


def roc_auc(score: npt.ArrayLike, happened: npt.ArrayLike) -> float:
    """Return the chance that a row that happened has a higher score than one that did not.

    A tie counts half (Mann & Whitney, 1947); NaN where all rows agree.

    Raises
    ------
    ValueError
        When shapes differ, a score is not finite, or ``happened`` are not booleans.
    """
    rows, hits = _ranked(score, happened)
    misses = rows - hits
    if not hits[-1] or not misses[-1]:
        return float("nan")
    gained = np.diff(misses, prepend=0)
    before = np.concatenate(([0], hits[:-1]))
    area = (gained * (before + np.diff(hits, prepend=0) / 2)).sum()
    return float(area / (hits[-1] * misses[-1]))


def average_precision(score: npt.ArrayLike, happened: npt.ArrayLike) -> float:
    """Return the area under precision and recall: precision, averaged over the gains in recall.

    A score without use has the share that happened; NaN where nothing did.

    Raises
    ------
    ValueError
        As ``roc_auc``.

    References
    ----------
    .. [1] Davis & Goadrich (2006). The relationship between Precision-Recall and ROC curves.
           *ICML* 23.
    """
    rows, hits = _ranked(score, happened)
    if not hits[-1]:
        return float("nan")
    return float((np.diff(hits, prepend=0) * hits / rows).sum() / hits[-1])


def recall_at(score: npt.ArrayLike, happened: npt.ArrayLike, budget: float) -> float:
    """Return the share of what happened that lies among the ``budget`` of riskiest rows.

    Parameters
    ----------
    budget
        Share of the rows that can be looked at, in (0, 1].

    Raises
    ------
    ValueError
        As ``roc_auc``, and when the budget is out of range.
    """
    if not 0 < budget <= 1:
        raise ValueError(f"budget: expected a share in (0, 1], got {budget}.")
    rows, hits = _ranked(score, happened)
    if not hits[-1]:
        return float("nan")
    taken = np.interp(budget * rows[-1], np.concatenate(([0], rows)), np.concatenate(([0], hits)))
    return float(taken / hits[-1])


def lift_at(score: npt.ArrayLike, happened: npt.ArrayLike, budget: float) -> float:
    """Return how many times more often it happens among the riskiest rows than among all.

    It is ``recall_at / budget``: 1 for scores without use, at most ``1 / budget``.

    Raises
    ------
    ValueError
        As ``recall_at``.
    """
    return recall_at(score, happened, budget) / budget


def bootstrap(
    measure: Measure,
    score: npt.ArrayLike,
    happened: npt.ArrayLike,
    block: npt.ArrayLike | None = None,
    *,
    draws: int = 400,
    level: float = 0.95,
    seed: int = 0,
) -> Interval:
    """Return ``measure(score, happened)`` with a percentile interval over resampled blocks.

    Parameters
    ----------
    block
        Identifier of the block of each row, shape (n,): rows of a parcel, or of a day, share their
        luck and are drawn together. None: each row is one.
    draws
        Resamples; those without any hit say nothing and are left out.

    Raises
    ------
    ValueError
        As ``roc_auc``, and when a setting is out of range.
    """
    (score,) = alike(score=score)
    hit = flags("happened", happened, score.size)
    if not 0 < level < 1 or draws < 1:
        raise ValueError(f"Expected level in (0, 1) and draws >= 1, got {level=}, {draws=}.")
    ids = np.arange(score.size) if block is None else np.asarray(block)
    if ids.shape != score.shape:
        raise ValueError(f"block: expected {score.size} identifiers, got shape {ids.shape}.")
    _, where, size = np.unique(ids, return_inverse=True, return_counts=True)
    order = np.argsort(where, kind="stable")
    start = np.cumsum(size) - size
    random, found = np.random.default_rng(seed), []
    for _ in range(draws):
        drawn = random.integers(0, size.size, size.size)
        many = size[drawn]
        step = np.arange(many.sum()) - np.repeat(np.cumsum(many) - many, many)
        rows = order[np.repeat(start[drawn], many) + step]
        found.append(measure(score[rows], hit[rows]))
    values = np.array(found)
    values = values[np.isfinite(values)]
    estimate = measure(score, hit)
    if not values.size:
        return Interval(estimate, float("nan"), float("nan"), level)
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(estimate), float(low), float(high), level)
