"""How good were the forecasts: errors, quantiles and coverage over series, periods and origins."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lanecast.metrics import series as metrics
from lanecast.planning.forecast import HIGH, LEVEL, LOW, Forecast
from lanecast.planning.panel import Floats, Panel
from lanecast.planning.weighing import Weighing


@dataclass(frozen=True)
class Asked:
    """One origin: what was known, what came of it (N, H; NaN is not scored), who answered what."""

    known: Panel
    outcomes: Floats
    answers: Mapping[str, Forecast]


def evaluate(
    asked: Sequence[Asked], weighing: Weighing | None = None
) -> dict[str, dict[str, float]]:
    """Return the scores of each model over all origins.

    Each pair of a series and an origin counts as a series: in ``mase`` and ``scaled_pinball``
    alike, in ``wape`` by its size. The scale is the mean seasonal difference that was known.
    ``weighted_error`` is the mean absolute error with the weights of ``weighing`` for periods;
    ``bias`` is the sum of forecast minus outcome over the sum of outcomes.
    """
    season = next(iter(asked[0].known.frequency.seasons), 1)
    y = np.concatenate([each.outcomes for each in asked])
    scale = np.concatenate([metrics.naive_scale(each.known.y, season) for each in asked])
    weight = np.concatenate([_weights(each, weighing or Weighing()) for each in asked])
    out = {}
    for name in asked[0].answers:
        q = np.concatenate([each.answers[name].quantiles for each in asked])
        median = np.concatenate([each.answers[name].median for each in asked])
        whole = np.nansum(np.abs(y))
        out[name] = {
            "wape": metrics.wape(y, median),
            "mase": metrics.mase(y, median, scale),
            "scaled_pinball": metrics.scaled_pinball(y, q, LEVEL, scale),
            "coverage_80": metrics.covered(y, q[:, :, LOW], q[:, :, HIGH]),
            "weighted_error": metrics.weighted_error(y, median, weight),
            "bias": float(np.nansum(median - y) / whole) if whole else float("nan"),
        }
    return out


def owa(asked: Sequence[Asked], season: int) -> dict[str, float]:
    """Return the overall weighted average of M4 of each model, the mean over origins."""
    return {
        name: float(
            np.mean(
                [
                    metrics.owa(each.outcomes, each.answers[name].median, each.known.y, season)
                    for each in asked
                ]
            )
        )
        for name in asked[0].answers
    }


def figures(asked: Sequence[Asked], main: str, weighing: Weighing | None = None) -> dict[str, Any]:
    """Return the scores of ``main`` as one flat object, those of the others with their names."""
    out: dict[str, Any] = {}
    for name, scores in evaluate(asked, weighing).items():
        tail = "" if name == main else f"_{name}"
        out |= {f"{score}{tail}": value for score, value in scores.items()}
    scored = [np.isfinite(each.outcomes) for each in asked]
    named = [each.known.ids[seen.any(axis=1)] for each, seen in zip(asked, scored, strict=True)]
    out["n_series"] = len(np.unique(np.concatenate(named)))
    out["n_scored"] = int(sum(seen.sum() for seen in scored))
    out["n_origins"] = len(asked)
    told = np.concatenate([each.answers[main].fallback for each in asked])
    out["by_fallback"] = float((told != "").mean())
    return out


def _weights(each: Asked, weighing: Weighing) -> Floats:
    periods = weighing.periods(each.known)[each.known.length :]
    return np.broadcast_to(periods, each.outcomes.shape)
