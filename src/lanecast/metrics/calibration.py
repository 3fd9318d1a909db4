"""Does what was said with 80 % happen 8 times in 10?"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from .inputs import Array, alike, finite, flags, weights
from .quantile import fitting
from .survival import Steps, kaplan_meier


@dataclass(frozen=True)
class Reliability:
    """Mean prediction, share that happened and weight of rows per bin, each shape (bins,).

    A bin without rows has NaN in the first two.
    """

    predicted: Array
    observed: Array
    weight: Array


def reliability(
    p: npt.ArrayLike, happened: npt.ArrayLike, bins: int = 10, weight: npt.ArrayLike | None = None
) -> Reliability:
    """Return what was predicted against what happened, in bins of equal width.

    Parameters
    ----------
    p
        Probabilities in [0, 1], shape (n,).
    happened
        Booleans, shape (n,).
    bins
        Number of bins.
    weight
        Weights >= 0, shape (n,), for example ``survival.ipcw``.

    Raises
    ------
    ValueError
        When shapes differ, or ``p`` is outside [0, 1].
    """
    (p,) = alike(p=p)
    _positive("bins", bins)
    if (p < 0).any() or (p > 1).any():
        raise ValueError(f"p: expected probabilities in [0, 1], got {p.min():g} to {p.max():g}.")
    happened, weight = flags("happened", happened, p.size), weights(weight, p.size)
    which = np.minimum((p * bins).astype(np.int64), bins - 1)
    total = np.bincount(which, weight, bins)
    filled = np.where(total > 0, total, np.nan)
    return Reliability(
        np.bincount(which, weight * p, bins) / filled,
        np.bincount(which, weight * happened, bins) / filled,
        np.asarray(total, np.float64),
    )


def ece(
    p: npt.ArrayLike, happened: npt.ArrayLike, bins: int = 10, weight: npt.ArrayLike | None = None
) -> float:
    """Return the expected calibration error: mean distance of the bins from the diagonal.

    Raises
    ------
    ValueError
        As ``reliability``.

    References
    ----------
    .. [1] Naeini, Cooper & Hauskrecht (2015). Obtaining Well Calibrated Probabilities Using
           Bayesian Binning. *AAAI*.
    """
    curve = reliability(p, happened, bins, weight)
    gap = np.nan_to_num(np.abs(curve.predicted - curve.observed))
    return float(np.average(gap, weights=curve.weight))


def ece_debiased(p: npt.ArrayLike, happened: npt.ArrayLike, bins: int = 10) -> float:
    """Return ``ece`` less what chance alone adds to it, at least 0.

    The observed share of a bin of n rows scatters with variance ``o (1 - o) / n``, so that the
    distance of a bin is too large on average, even where all is true. Its mean under a normal law
    around the distance found is taken as the size of that error.

    Raises
    ------
    ValueError
        As ``reliability``.

    References
    ----------
    .. [1] Kumar, Liang & Ma (2019). Verified Uncertainty Calibration. *NeurIPS* 32.
    """
    curve = reliability(p, happened, bins)
    full = curve.weight > 0
    gap = np.abs(curve.predicted - curve.observed)[full]
    share, rows = curve.observed[full], curve.weight[full]
    spread = np.sqrt(share * (1 - share) / rows)
    unit = gap / np.maximum(spread, 1e-12)
    folded = spread * np.sqrt(2 / np.pi) * np.exp(-(unit**2) / 2) + gap * (1 - 2 * ndtr(-unit))
    return max(0.0, float(np.average(2 * gap - folded, weights=rows)))


def ece_by_luck(
    p: npt.ArrayLike,
    block: npt.ArrayLike | None = None,
    bins: int = 10,
    draws: int = 200,
    seed: int = 0,
) -> tuple[float, float, float]:
    """Return the mean and the 95 % range of ``ece`` were all of ``p`` true.

    What was found has to be held against it: no model can be expected below it on so few rows.

    Parameters
    ----------
    block
        Rows of one block (the questions of one parcel) share one draw, shape (n,). None: each row
        has its own. Days on which much goes wrong at once are not drawn: the true range is wider.

    Raises
    ------
    ValueError
        As ``reliability``, and when ``draws`` is below 1.
    """
    (p,) = alike(p=p)
    _positive("draws", draws)
    curve = reliability(p, np.zeros(p.size, np.bool_), bins)
    _, where = np.unique(np.arange(p.size) if block is None else block, return_inverse=True)
    which = np.minimum((p * bins).astype(np.int64), bins - 1)
    random, found = np.random.default_rng(seed), np.zeros(draws)
    said = np.nan_to_num(curve.predicted) * curve.weight
    for draw in range(draws):
        hits = np.bincount(which, random.random(where.max() + 1)[where] < p, bins)
        found[draw] = np.abs(said - hits).sum() / p.size
    low, high = np.quantile(found, [0.025, 0.975])
    return float(found.mean()), float(low), float(high)


def pit(y: npt.ArrayLike, q: npt.ArrayLike, level: npt.ArrayLike) -> Array:
    """Return where each outcome fell in its own distribution, in (0, 1), shape (n,).

    It is uniform for a calibrated forecast. Linear between levels; an outcome beyond the
    outermost quantiles gets the middle of that tail, so that shares are exact at the levels.

    Raises
    ------
    ValueError
        As ``quantile.pinball``, and when quantiles cross.

    References
    ----------
    .. [1] Dawid (1984). Present Position and Potential Developments: The Prequential Approach.
           *JRSS A* 147(2).
    """
    y, q, level = fitting(y, q, level)
    if (np.diff(q, axis=1) < 0).any():
        raise ValueError("q: expected quantiles that do not cross; sort them first.")
    low = np.concatenate((np.full((y.size, 1), -np.inf), q), axis=1)
    reached = (q <= y[:, None]).sum(axis=1)
    row, inner = np.arange(y.size), np.clip(reached, 1, level.size - 1) if level.size > 1 else 0
    tail = np.where(reached == 0, level[0] / 2, (1 + level[-1]) / 2)
    tail = np.where(y == q[:, -1], level[-1], tail)
    if level.size == 1:
        return np.asarray(tail)
    left, right = low[row, inner], q[row, inner]
    part = (y - left) / np.where(right > left, right - left, 1)
    between = level[inner - 1] + part * (level[inner] - level[inner - 1])
    return np.asarray(np.where((reached == 0) | (reached == level.size), tail, between))


def distribution(u: npt.ArrayLike, event: npt.ArrayLike | None = None) -> Steps:
    """Return the share of ``u`` that lies above each value, censored ones counted rightly.

    A parcel that is still under way at ``y`` says that its place in the distribution lies above
    ``pit(y)``: a censored value, so its share is that of Kaplan and Meier. Calibrated is a
    straight line from 1 to 0.

    Raises
    ------
    ValueError
        When ``u`` is outside [0, 1], or ``event`` are not as many booleans.
    """
    u = finite("u", u)
    if (u < 0).any() or (u > 1).any():
        raise ValueError(f"u: expected numbers in [0, 1], got {u.min():g} to {u.max():g}.")
    return kaplan_meier(u, np.ones(u.size, dtype=np.bool_) if event is None else event)


def pit_histogram(u: npt.ArrayLike, bins: int = 10, event: npt.ArrayLike | None = None) -> Array:
    """Return the share of ``u`` in each of ``bins`` equal bins, shape (bins,); flat is calibrated.

    With censored rows the shares add up to less than 1 when the last of all is censored.

    Raises
    ------
    ValueError
        As ``distribution``.
    """
    _positive("bins", bins)
    above = distribution(u, event).at(np.linspace(0, 1, bins + 1)[1:])
    return np.asarray(-np.diff(above, prepend=1.0))


def ks(u: npt.ArrayLike, event: npt.ArrayLike | None = None) -> float:
    """Return the largest distance of ``u`` from uniform, in [0, 1] (Kolmogorov-Smirnov).

    Raises
    ------
    ValueError
        As ``distribution``.
    """
    return max(_excess(u, event))


def kuiper(u: npt.ArrayLike, event: npt.ArrayLike | None = None) -> float:
    """Return the largest excess plus the largest lack against uniform (Kuiper).

    It sees a wrong spread as well as a wrong centre.

    Raises
    ------
    ValueError
        As ``distribution``.

    References
    ----------
    .. [1] Kuiper (1960). Tests concerning random points on a circle. *Indag. Math.* 63.
    """
    over, under = _excess(u, event)
    return over + under


def _excess(u: npt.ArrayLike, event: npt.ArrayLike | None) -> tuple[float, float]:
    """Return how far the distribution of ``u`` rises above and falls below the diagonal."""
    above = distribution(u, event)
    after, before = 1 - above.value, 1 - above.before(above.time)
    over = np.max(after - above.time, initial=0.0)
    under = np.max(above.time - before, initial=0.0)
    return float(over), float(under)


def _positive(name: str, count: int) -> None:
    if count < 1:
        raise ValueError(f"{name}: expected a whole number >= 1, got {count}.")
