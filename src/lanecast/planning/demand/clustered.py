"""Effects on the log of demand, with errors that know that all days of a week share their luck."""

import numpy as np
import numpy.typing as npt
from scipy.stats import t

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def solved(apart: Floats, y: Floats, usual: Floats, week: Ints) -> tuple[Floats, Floats, Floats]:
    """Return theta, standard errors clustered by week, and p values, from Poisson scores.

    Few weeks and many parameters make such errors too small, so they are widened by the degrees of
    freedom, and the law is Student's.
    """
    d = np.column_stack([np.ones(len(y)), apart])
    theta = np.zeros(d.shape[1])
    for _ in range(25):
        mean = usual * np.exp(np.clip(d @ theta, -4, 4))
        step = np.linalg.solve((d * mean[:, None]).T @ d + _ridge(d), d.T @ (y - mean))
        theta += np.clip(step, -1, 1)
        if np.abs(step).max() < 1e-8:
            break
    mean = usual * np.exp(np.clip(d @ theta, -4, 4))
    inverse = np.linalg.inv((d * mean[:, None]).T @ d + _ridge(d))
    score = d * (y - mean)[:, None]
    count = int(week.max()) + 1
    by_week = np.zeros((count, d.shape[1]))
    np.add.at(by_week, week, score)
    free = max(count - d.shape[1], 1)
    inside = by_week.T @ by_week * count / free
    spread = np.sqrt(np.diag(inverse @ inside @ inverse))[1:]
    p = 2 * t.sf(np.abs(theta[1:]) / np.maximum(spread, 1e-12), free)
    return theta[1:], np.asarray(spread), np.asarray(p)


def _ridge(d: Floats) -> Floats:
    return np.asarray(1e-6 * len(d) * np.eye(d.shape[1]))


def adjusted(p: Floats) -> Floats:
    """Return p values adjusted for the false discovery rate under any dependence, shape (n,)."""
    n = len(p)
    order = np.argsort(p)
    harmonic = (1 / np.arange(1, n + 1)).sum()
    raised = p[order] * n * harmonic / np.arange(1, n + 1)
    down = np.minimum.accumulate(raised[::-1])[::-1]
    out = np.empty(n)
    out[order] = np.minimum(down, 1.0)
    return out
