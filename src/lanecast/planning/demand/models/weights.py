"""How much each member of an ensemble counts: by kind of series and part of the horizon.

Shares minimise the pinball loss of the average on origins that no member had seen. Those of a cell
(a kind and a part) start from those of all and are drawn towards them as far as the cell has few
outcomes. A member that could not answer there has an equal share: what it is worth is not known.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lanecast.planning.forecast import LEVEL
from lanecast.planning.panel import Floats, Panel

from .whole import intermittent

SOME = 20_000  # outcomes on which shares are chosen
ROUNDS, RATE = 250, 0.5
LEAST = 0.02  # a share below this is none
BELIEVED = 300.0  # rows of a cell that count as much as those of all
JUDGED = 0.3  # of the rows that a member must have answered
KINDS = 2
Rows = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Weights:
    """Shares of M members.

    Attributes
    ----------
    last
        Last step of each part of the horizon, shape (B,), increasing.
    share
        Share of each member by kind of series and part, shape (KINDS, B, M).
    """

    last: npt.NDArray[np.int64]
    share: Floats

    @property
    def mean(self) -> Floats:
        """Return the mean share of each member, shape (M,)."""
        return np.asarray(self.share.mean(axis=(0, 1)))

    def of(self, kind: npt.NDArray[np.int64], horizon: int, could: Rows) -> Floats:
        """Return the share of each member, shape (M, N, H); 0 where it ``could`` (M, N) not.

        Where none could, all count alike.
        """
        part = np.minimum(np.searchsorted(self.last, np.arange(1, horizon + 1)), len(self.last) - 1)
        share = np.moveaxis(self.share[kind][:, part], 2, 0) * could[:, :, None]
        total = share.sum(axis=0)
        alone = np.where(could.any(axis=0), could, True)[:, :, None]
        share = np.where(total > 0, share, alone)
        return np.asarray(share / share.sum(axis=0))


def kinds(of: Panel) -> npt.NDArray[np.int64]:
    """Return 1 for series that often sell nothing, else 0, shape (N,)."""
    season = next(iter(of.frequency.seasons), 1)
    return intermittent(of.y, max(4 * season, 28)).astype(np.int64)


def equal(members: int) -> Weights:
    """Return equal shares."""
    return Weights(np.array([1]), np.full((KINDS, 1, members), 1 / members))


def weights(
    y: Floats,
    answers: list[Floats],
    could: Rows,
    weight: Floats,
    kind: npt.NDArray[np.int64],
    seed: int,
) -> Weights:
    """Return the shares of members from outcomes (R, H) and their quantiles (R, H, L) each.

    Parameters
    ----------
    could
        Whether a member had an answer of its own for a row, shape (M, R).
    weight
        How much an outcome counts, shape (R, H).
    kind
        Kind of the series of each row, shape (R,).
    """
    horizon, members = y.shape[1], len(answers)
    ends = sorted({-(-horizon // 3), horizon}) if horizon >= 6 else [horizon]
    share = np.empty((KINDS, len(ends), members))
    whole = _known(y, answers, could, weight, np.ones(len(y), bool), slice(None), None, seed)
    for k in range(KINDS):
        rows = kind == k
        first = 0
        for b, last in enumerate(ends):
            share[k, b] = _known(y, answers, could, weight, rows, slice(first, last), whole, seed)
            first = last
    return Weights(np.array(ends), share)


def _known(
    y: Floats,
    answers: list[Floats],
    could: Rows,
    weight: Floats,
    rows: Rows,
    part: slice,
    whole: Floats | None,
    seed: int,
) -> Floats:
    """Return the shares in a cell; without rows, those of ``whole``."""
    members = len(answers)
    if not rows.any():
        return np.full(members, 1 / members) if whole is None else whole
    judged = could[:, rows].mean(axis=1) >= JUDGED
    if not judged.any():
        return np.full(members, 1 / members)
    all_could = rows & could[judged].all(axis=0)
    own = chosen(
        y[all_could, part],
        [a[all_could, part] for a, ok in zip(answers, judged, strict=True) if ok],
        weight[all_could, part],
        seed,
    )
    out = np.full(members, 1 / members)
    out[judged] = own * judged.mean()
    if whole is None:
        return out
    believed = all_could.sum() / (all_could.sum() + BELIEVED)
    return np.asarray(believed * out + (1 - believed) * whole)


def chosen(y: Floats, answers: list[Floats], weight: Floats, seed: int) -> Floats:
    """Return shares that add up to 1 and minimise the pinball loss of the average, shape (M,).

    Exponentiated gradient descent; shares below 0.02 become 0.
    """
    count = len(answers)
    if count == 1:
        return np.ones(1)
    seen = np.flatnonzero(np.isfinite(y).ravel() & (np.isfinite(weight) & (weight > 0)).ravel())
    if not len(seen):
        return np.full(count, 1 / count)
    pick = np.random.default_rng(seed).permutation(seen)[:SOME]
    target, w = y.ravel()[pick], weight.ravel()[pick]
    w = w / w.sum()
    q = np.stack([a.reshape(-1, len(LEVEL))[pick] for a in answers])
    scale = np.sum(w * np.abs(target - q[:, :, len(LEVEL) // 2]).min(axis=0)) + 1e-12
    share, mean = np.full(count, 1 / count), np.zeros(count)
    for step in range(ROUNDS):
        miss = target[:, None] - np.tensordot(share, q, 1)
        slope = np.where(miss > 0, -LEVEL, 1 - LEVEL) * w[:, None]
        gradient = np.einsum("mnl,nl->m", q - q.mean(axis=0), slope) / len(LEVEL) / scale
        share = share * np.exp(np.clip(-RATE * gradient / np.sqrt(1 + step / 20), -1, 1))
        share = share / share.sum()
        mean += share * (step >= ROUNDS // 2)
    mean = np.where(mean / mean.sum() < LEAST, 0.0, mean)
    return np.asarray(mean / mean.sum())
