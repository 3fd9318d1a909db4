"""Quantiles put right on origins that a model had not seen, once, when it is fitted.

A forecast is a piecewise linear scale through its own quantiles: quantile ``j`` has position ``j``,
and beyond the ends the scale goes on as the outer halves do. Where outcomes stood on the scales of
past origins says which positions the levels should have. So calibrated quantiles keep the shape
and the width that a model gave a series, never cross, and cover what they say on those origins.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .panel import Floats

ENOUGH = 200  # outcomes to say how a group of steps is off
FLAT = 1e-9
FARTHEST = 2  # lengths of its scale beyond which a miss tells nothing of other series


def positions(y: Floats, q: Floats, random: np.random.Generator) -> Floats:
    """Return where each outcome stands on the scale of its quantiles, shape (n,).

    Among equal quantiles (of counts) any position is as good as another, so one is drawn: ranks
    stay uniform (Smith, 1985, randomised probability integral transform).

    Parameters
    ----------
    y, q
        Outcomes, shape (n,), and quantiles that do not decrease, shape (n, K).
    """
    count = q.shape[1]
    low, high = _ends(q)
    slack = FLAT * np.maximum(np.abs(y), 1.0)
    under = (q < (y - slack)[:, None]).sum(axis=1)
    upto = (q <= (y + slack)[:, None]).sum(axis=1)
    draw = random.random(len(y))
    tied = under + draw * (upto - 1 - under)
    left = np.take_along_axis(q, np.clip(under - 1, 0, count - 1)[:, None], 1)[:, 0]
    right = np.take_along_axis(q, np.clip(under, 0, count - 1)[:, None], 1)[:, 0]
    gap = np.maximum(right - left, FLAT)
    inside = under - 1 + (y - left) / gap
    below, above = (y - q[:, 0]) / low, count - 1 + (y - q[:, -1]) / high
    out = np.where(under == 0, below, np.where(under == count, above, inside))
    return np.asarray(np.where(upto > under, tied, out))


def placed(position: Floats, q: Floats) -> Floats:
    """Return what stands at ``position`` (shape (n, L)) of the scales ``q`` (shape (n, K))."""
    count = q.shape[1]
    low, high = (end[:, None] for end in _ends(q))
    at = np.clip(position, 0, count - 1)
    left = np.minimum(at.astype(int), count - 2)
    a, b = (np.take_along_axis(q, left + d, 1) for d in (0, 1))
    inside = a + (at - left) * (b - a)
    return np.asarray(
        inside + np.minimum(position, 0) * low + np.maximum(position - count + 1, 0) * high
    )


def _ends(q: Floats) -> tuple[Floats, Floats]:
    """Return the unit of the scale below and above its quantiles: half a side's mean segment."""
    middle = q.shape[1] // 2
    size = np.maximum(q[:, -1] - q[:, 0], FLAT)
    low = np.maximum(q[:, middle] - q[:, 0], 0.05 * size) / middle
    high = np.maximum(q[:, -1] - q[:, middle], 0.05 * size) / (q.shape[1] - 1 - middle)
    return low, high


@dataclass(frozen=True)
class Calibration:
    """Positions of the levels, by group of steps.

    Attributes
    ----------
    last
        Last step of each group, shape (G,), increasing.
    position
        Position of each level, shape (G, L).
    """

    last: npt.NDArray[np.int64]
    position: Floats

    def apply(self, quantiles: Floats, floor: float | None) -> Floats:
        """Return calibrated quantiles, shape (N, H, L), of raw ones, shape (N, H, K).

        ``floor`` is the least value that can be.
        """
        n, horizon, count = quantiles.shape
        group = np.minimum(
            np.searchsorted(self.last, np.arange(1, horizon + 1)), len(self.last) - 1
        )
        position = np.tile(self.position[group], (n, 1))
        out = placed(position, quantiles.reshape(n * horizon, count)).reshape(n, horizon, -1)
        return out if floor is None else np.maximum(out, floor)

    def believed(self, share: float) -> "Calibration":
        """Return positions drawn to those of raw quantiles of the same levels, 1 being not at all.

        What all outcomes of an origin have in common, such as a strong month, stands in their
        positions and does not come again.
        """
        raw = np.arange(self.position.shape[1])
        return Calibration(self.last, share * self.position + (1 - share) * raw)


def calibration(
    y: Floats, q: Floats, levels: Floats, weight: Floats | None = None, seed: int = 0
) -> Calibration:
    """Return where the levels should stand, from outcomes (R, H) and their quantiles (R, H, L).

    Rows are series at validation origins; NaN outcomes are left out. Steps are grouped by
    doublings, as far as a group has outcomes enough; without any outcome, levels stay where they
    are.
    """
    random = np.random.default_rng(seed)
    horizon = y.shape[1]
    ends = sorted({min(2**k - 1, horizon) for k in range(2, 12) if 2 ** (k - 1) <= horizon})
    ends[-1] = horizon
    kept, position, first = [], [], 0
    whole = _levels(y, q, levels, weight, random)
    for last in ends:
        part = slice(first, last)
        if np.isfinite(y[:, part]).sum() >= ENOUGH or last == horizon:
            enough = np.isfinite(y[:, part]).sum() >= ENOUGH
            w = None if weight is None else weight[:, part]
            own = _levels(y[:, part], q[:, part], levels, w, random) if enough else whole
            kept.append(last)
            position.append(own)
            first = last
    return Calibration(np.array(kept), np.stack(position))


def _levels(
    y: Floats, q: Floats, levels: Floats, weight: Floats | None, random: np.random.Generator
) -> Floats:
    seen = np.isfinite(y)
    if not seen.any():
        return np.arange(len(levels), dtype=float)
    count = q.shape[2]
    z = np.clip(positions(y[seen], q[seen], random), -FARTHEST * count, (FARTHEST + 1) * count)
    w = np.ones(len(z)) if weight is None else weight[seen]
    order = np.argsort(z, kind="stable")
    share = (np.cumsum(w[order]) - w[order] / 2) / w.sum()
    return np.asarray(np.interp(levels, share, z[order]))
