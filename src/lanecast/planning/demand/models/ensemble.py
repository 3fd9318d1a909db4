"""Members together, weighted by how they did on origins that none had seen: the model to use."""

from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from lanecast.planning.conformal import Calibration, calibration
from lanecast.planning.forecast import LEVEL, Forecast, answered
from lanecast.planning.panel import Floats, Panel
from lanecast.planning.paths import Ranks, at_ranks, ranks
from lanecast.planning.weighing import Weighing

SOME = 60_000  # outcomes on which weights are chosen
ROUNDS, RATE = 400, 0.5


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
    """Quantiles of the members averaged, then put right, once, on rolling origins.

    Members learn until the first of ``origins`` validation origins and answer at each; there the
    weights minimise the pinball loss of the average, and there the positions of the levels are
    read. Then members learn from everything.

    Parameters
    ----------
    members
        Models by name.
    origins
        Validation origins; they are half a horizon apart.
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
            equal = {name: 1 / len(each) for name in each}
            return FittedEnsemble(each, equal, None, None)
        early = past.before(at[0])
        tests = {name: member.fit(early) for name, member in self.members.items()}
        answers = {
            name: np.concatenate([test.predict(past.before(o)).quantiles for o in at])
            for name, test in tests.items()
        }
        y = np.concatenate([past.y[:, o : o + past.horizon] for o in at])
        count = self.weighing.periods(past)
        period = np.repeat([count[o : o + past.horizon] for o in at], len(past.ids), axis=0)
        weight = np.tile(self.weighing.series(early), len(at))[:, None] * period
        shares = chosen(y, list(answers.values()), weight, self.seed)
        weights = dict(zip(answers, shares.tolist(), strict=True))
        mixed = sum(weights[name] * answer for name, answer in answers.items())
        right = calibration(y, np.asarray(mixed), LEVEL, None, self.seed)
        alike = ranks(y, right.apply(np.asarray(mixed), None), self.seed)
        used = {name: m.fit(past) for name, m in self.members.items() if weights[name] > 0}
        return FittedEnsemble(used, weights, right, alike)


@dataclass(frozen=True)
class FittedEnsemble:
    """The members, their weights, the calibration, and how the steps of a path go together.

    The last two are None where no origin could be held out.
    """

    members: dict[str, Any]
    weights: dict[str, float]
    calibration: Calibration | None
    ranks: Ranks | None

    def predict(self, of: Panel) -> Forecast:
        """Return calibrated quantiles of the horizon."""
        answers = {name: member.predict(of) for name, member in self.members.items()}
        mixed = sum(self.weights[name] * a.quantiles for name, a in answers.items())
        quantiles = np.asarray(mixed)
        fallback = _said([a.fallback for a in answers.values()])
        floor = None if (of.y < 0).any() else 0.0
        if self.calibration is not None:
            known = fallback == ""
            quantiles[known] = self.calibration.apply(quantiles[known], floor)
        return answered(quantiles, fallback)

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
        share = share * np.exp(-RATE * gradient / np.sqrt(1 + step / 20))
        share = share / share.sum()
        mean += share * (step >= ROUNDS // 2)
    mean = np.where(mean / mean.sum() < 0.02, 0.0, mean)
    return np.asarray(mean / mean.sum())


def _said(each: list[Any]) -> Any:
    """Return what answered for a series if no member could."""
    none = np.all([fallback != "" for fallback in each], axis=0)
    return np.where(none, each[0], "")
