"""Members together, weighted by how they did on origins that none had seen: the model to use."""

from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from lanecast.planning.conformal import ENOUGH, Calibration, calibration
from lanecast.planning.forecast import HIGH, LEVEL, LOW, MEDIAN, Forecast, answered
from lanecast.planning.panel import Floats, Panel
from lanecast.planning.paths import Ranks, at_ranks, ranks
from lanecast.planning.weighing import Weighing

from .newcomers import with_newcomers
from .weights import KINDS, Weights, equal, kinds, weights

ORIGINS = 3  # that say as much of what the next one has in common as raw quantiles do
OUTER = 1.2816  # deviations of a normal law from its median to its 90 % quantile
TINY = 1e-9
WIDEST = 3.0  # times by which what members disagree on may widen an answer


class Fitted(Protocol):
    """A member that has learnt."""

    def predict(self, of: Panel) -> Forecast:
        """Return quantiles of the horizon of a panel."""


class Member(Protocol):
    """A model that learns from a panel."""

    def fit(self, past: Panel) -> Any:
        """Return what has learnt."""


@dataclass(frozen=True)
class Ensemble:
    """Quantiles of the members averaged and widened, then put right, once, on rolling origins.

    An average of quantiles is as wide as its members are on average, however far they are apart. By
    the law of total variance their disagreement comes on top, so the average is widened by it [1]_.

    Members learn until the first of ``origins`` validation origins and answer at each; there the
    weights minimise the pinball loss of the average, by kind of series and part of the horizon,
    and there the positions of the levels are read; few origins have had few kinds of weather, so
    positions are believed by half after three and by a quarter after one. Then members learn from
    everything. An answer that a member says to be a fallback is not averaged.

    Parameters
    ----------
    members
        Models by name.
    origins
        Validation origins; they are half a horizon apart.

    References
    ----------
    .. [1] Lichtendahl, Grushka-Cockayne & Winkler (2013). Is it better to average probabilities or
           quantiles? *Management Science* 59(7).
    """

    members: dict[str, Any]
    origins: int = 3
    weighing: Weighing = field(default_factory=Weighing)
    seed: int = 0

    def __post_init__(self) -> None:
        if not self.members or self.origins < 1:
            raise ValueError(f"Expected members and origins >= 1, got {self}.")

    def fit(self, past: Panel) -> "FittedEnsemble":
        """Choose weights and calibrate on the last origins, then learn from everything."""
        at = validation(past, self.origins)
        if not at:
            each = {name: member.fit(past) for name, member in self.members.items()}
            return FittedEnsemble(each, equal(len(each)), None, None)
        early = past.before(at[0])
        answers = [
            [test.predict(past.before(o)) for o in at]
            for test in (member.fit(early) for member in self.members.values())
        ]
        q = [np.concatenate([a.quantiles for a in each]) for each in answers]
        could = np.stack([np.concatenate([a.fallback == "" for a in each]) for each in answers])
        kind = np.concatenate([kinds(past.before(o)) for o in at])
        y = np.concatenate([past.y[:, o : o + past.horizon] for o in at])
        count = self.weighing.periods(past)
        period = np.repeat([count[o : o + past.horizon] for o in at], len(past.ids), axis=0)
        weight = np.tile(self.weighing.series(early), len(at))[:, None] * period
        # put right one by one, so that a member counts for where it stands and not for its width
        apart = [calibration(y, a, LEVEL, None, self.seed).apply(a, None) for a in q]
        shares = weights(y, apart, could, weight, kind, self.seed)
        floor = None if (past.y < 0).any() else 0.0
        mixed = _mixed(q, shares.of(kind, past.horizon, could), kind, floor)
        y[~could.any(axis=0)] = np.nan
        share = len(at) / (len(at) + ORIGINS)
        right = tuple(each.believed(share) for each in _by_kind(y, mixed, kind, self.seed))
        alike = ranks(y, _applied(right, mixed, kind, None), self.seed)
        names = [name for name, mean in zip(self.members, shares.mean, strict=True) if mean > 0]
        used = {name: self.members[name].fit(past) for name in names}
        kept = Weights(shares.last, shares.share[:, :, shares.mean > 0])
        return FittedEnsemble(used, kept, right, alike)


@dataclass(frozen=True)
class FittedEnsemble:
    """The members, their weights, the calibration of each kind, and how steps go together.

    The last two are None where no origin could be held out.
    """

    members: dict[str, Any]
    shares: Weights
    calibration: tuple[Calibration, ...] | None
    ranks: Ranks | None

    @property
    def weights(self) -> dict[str, float]:
        """Return the mean weight of each member."""
        return dict(zip(self.members, self.shares.mean.tolist(), strict=True))

    def predict(self, of: Panel) -> Forecast:
        """Return calibrated quantiles of the horizon; a series without a past has its siblings'."""
        answers = [member.predict(of) for member in self.members.values()]
        could = np.stack([a.fallback == "" for a in answers])
        share = self.shares.of(kinds(of), of.horizon, could)
        floor = None if (of.y < 0).any() else 0.0
        quantiles = _mixed([a.quantiles for a in answers], share, kinds(of), floor)
        fallback = np.where(could.any(axis=0), "", answers[0].fallback).astype("<U32")
        if self.calibration is not None:
            known = fallback == ""
            kind = kinds(of)[known]
            quantiles[known] = _applied(self.calibration, quantiles[known], kind, floor)
        return with_newcomers(answered(quantiles, fallback), of)

    def paths(self, forecast: Forecast, count: int, seed: int = 0) -> Floats:
        """Return ``count`` futures of each series, shape (N, count, H).

        Without held-out origins steps are drawn apart from each other.
        """
        if self.ranks is not None:
            return self.ranks.draw(forecast.quantiles, count, seed)
        n, horizon, _ = forecast.quantiles.shape
        rank = np.random.default_rng(seed).uniform(1e-4, 1 - 1e-4, (n, count, horizon))
        return at_ranks(rank, forecast.quantiles)


def validation(past: Panel, count: int) -> list[int]:
    """Return up to ``count`` origins whose horizon is known, half a horizon apart; none if short.

    Half of the history at least stays before the first.
    """
    last, stride = past.length - past.horizon, max(past.horizon // 2, 1)
    at = [last - stride * back for back in reversed(range(count))]
    return [origin for origin in at if origin >= max(past.length // 2, 2)]


def _by_kind(
    y: Floats, q: Floats, kind: npt.NDArray[np.int64], seed: int
) -> tuple[Calibration, ...]:
    """Return the calibration of each kind of series; of one with few outcomes, that of all.

    A zero lies below what an average of counts makes of it, so that rare items look as if they were
    foretold too high; that is not for the others.
    """
    each = []
    for k in range(KINDS):
        rows = kind == k
        enough = np.isfinite(y[rows]).sum() >= ENOUGH
        part = rows if enough else np.ones(len(y), dtype=bool)
        each.append(calibration(y[part], q[part], LEVEL, None, seed))
    return tuple(each)


def _applied(
    each: tuple[Calibration, ...], q: Floats, kind: npt.NDArray[np.int64], floor: float | None
) -> Floats:
    out = np.empty_like(q)
    for k, right in enumerate(each):
        rows = kind == k
        if rows.any():
            out[rows] = right.apply(q[rows], floor)
    return out


def _mixed(
    answers: list[Floats],
    share: npt.NDArray[np.float64],
    kind: npt.NDArray[np.int64],
    floor: float | None,
) -> Floats:
    """Return the mean of answers (N, H, L), with shares (M, N, H), as wide as they disagree.

    Series that often sell nothing stay as they are on average: a zero of theirs stands on several
    levels at once, and a calibration needs these to stay together.
    """
    out, square = np.zeros_like(answers[0]), np.zeros(share.shape[1:])
    for each, weight in zip(answers, share, strict=True):
        out += weight[:, :, None] * each
        square += weight * each[:, :, MEDIAN] ** 2
    middle = out[:, :, MEDIAN, None]
    apart = np.maximum(square - middle[:, :, 0] ** 2, 0.0) * (kind == 0)[:, None]
    half = np.maximum((out[:, :, HIGH] - out[:, :, LOW]) / 2, TINY)
    wider = np.minimum(np.sqrt(1 + OUTER**2 * apart / half**2), WIDEST)
    out = middle + wider[:, :, None] * (out - middle)
    return np.asarray(out if floor is None else np.maximum(out, floor))
