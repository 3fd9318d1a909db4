"""Replay the past: at each cut-off, fit on what was known and predict what was asked next."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import polars as pl

from lanecast.tables.lake import Frame, Lake, collect


class Problem(Protocol):
    """A package such as ``lanecast.parcel.eta``."""

    def features(self, lake: Lake, since: datetime, until: datetime) -> Frame:
        """Return x of the questions asked in [since, until)."""

    def outcomes(self, lake: Lake, asof: datetime) -> Any:
        """Return y as known at ``asof``."""

    def evaluate(
        self, predictions: pl.DataFrame, outcomes: pl.DataFrame, by: Sequence[str], zone: str
    ) -> pl.DataFrame:
        """Return tidy scores."""


class Fitted(Protocol):
    """What a model becomes when it has seen data."""

    def predict(self, x: pl.DataFrame) -> pl.DataFrame:
        """Return rows of a canonical prediction table."""


class Model(Protocol):
    """Hyper-parameters, and how to learn from x and y."""

    def fit(self, x: pl.DataFrame, y: pl.DataFrame) -> Fitted:
        """Learn from x and y."""


@dataclass(frozen=True)
class Entry:
    """A model in a replay; fitted at every cut-off, or ``once`` at the first."""

    model: Model
    once: bool = False


@dataclass(frozen=True)
class Replay:
    """What was predicted when, what came of it, and how long it took.

    ``predictions`` has rows of the prediction table, ``model`` being the name of the entry;
    ``fit_s`` is the mean time of a fit [s] and ``rows_per_s`` the speed of predicting, by entry.
    """

    predictions: pl.DataFrame
    outcomes: pl.DataFrame
    fit_s: dict[str, float]
    rows_per_s: dict[str, float]
    features_s: float


def cutoffs(since: datetime, until: datetime, every: timedelta) -> list[datetime]:
    """Return the moments of refitting in [since, until)."""
    if every <= timedelta(0):
        raise ValueError(f"every: expected a time above zero, got {every}.")
    if until <= since:
        raise ValueError(f"until: expected a moment after {since}, got {until}.")
    count = -(-(until - since) // every)
    return [since + step * every for step in range(count)]


def replay(
    problem: Problem,
    entries: Mapping[str, Entry],
    lake: Lake,
    since: datetime,
    until: datetime,
    every: timedelta,
    learn_from: datetime,
    progress: Callable[[str, float], None] | None = None,
) -> Replay:
    """Predict all questions asked in [since, until), refitting every ``every``.

    No embargo has to be chosen: at a cut-off, x and y come from the lake as it was then, where an
    outcome that had not been recorded yet is open. Only the scoring sees the lake of today.

    Parameters
    ----------
    learn_from
        Questions asked earlier are not learnt from.
    progress
        Called with what is being done and the fraction done.
    """
    say = progress or (lambda what, done: None)
    say("features of the past", 0.0)
    started = time.perf_counter()
    past = _frame(problem.features(lake.asof(since), learn_from, since))
    features_s = time.perf_counter() - started
    predicted, fits, speeds = [], dict.fromkeys(entries, 0.0), dict.fromkeys(entries, 0.0)
    counts, fitted, rows = dict.fromkeys(entries, 0), dict[str, Fitted](), 0
    moments = cutoffs(since, until, every)
    for step, cutoff in enumerate(moments):
        end = min(cutoff + every, until)
        say(f"{cutoff:%Y-%m-%d}", step / len(moments))
        started = time.perf_counter()
        asked = _frame(problem.features(lake.asof(end), cutoff, end))
        features_s += time.perf_counter() - started
        known = _frame(problem.outcomes(lake.asof(cutoff), cutoff))
        rows += asked.height
        for name, entry in entries.items():
            started = time.perf_counter()
            if name not in fitted or not entry.once:
                fitted[name] = entry.model.fit(past, known)
                counts[name] += 1
            fits[name] += time.perf_counter() - started
            started = time.perf_counter()
            predicted.append(fitted[name].predict(asked).with_columns(model=pl.lit(name)))
            speeds[name] += time.perf_counter() - started
        past = pl.concat([past, asked])
    say("scores", 1.0)
    today = lake.until or datetime.now(UTC)
    return Replay(
        pl.concat(predicted, how="diagonal"),
        _frame(problem.outcomes(lake, today)),
        {name: seconds / counts[name] for name, seconds in fits.items()},
        {name: rows / max(seconds, 1e-9) for name, seconds in speeds.items()},
        features_s,
    )


def flat(
    replayed: Replay,
    problem: Problem,
    main: str,
    baseline: str,
    moment: str = "checkout",
    zone: str = "UTC",
) -> dict[str, Any]:
    """Return the figures of ``main`` as one flat object, and a list of the same by month.

    Months are those of asking, in the IANA ``zone``.
    """

    def figures(scores: pl.DataFrame) -> dict[str, Any]:
        own = scores.row(by_predicate=pl.col("model") == main, named=True)
        other = scores.row(by_predicate=pl.col("model") == baseline, named=True)
        names = ("mae_days", "coverage_80", "coverage_95", "bias_days", "crps_days", "n", "n_open")
        out = {name: own[name] for name in names} | {"mae_baseline_days": other["mae_days"]}
        return out | {
            f"mae_{name}_days": mae for name, mae in scores.select("model", "mae_days").iter_rows()
        }

    asked = replayed.predictions.filter(moment=moment)
    whole = problem.evaluate(asked, replayed.outcomes, ["model"], zone)
    months = problem.evaluate(asked, replayed.outcomes, ["month", "model"], zone)
    return {
        **figures(whole),
        "fit_s": replayed.fit_s[main],
        "predict_rows_per_s": replayed.rows_per_s[main],
        "features_s": replayed.features_s,
        "months": [
            {"month": month, **figures(part)}
            for (month,), part in months.group_by("month", maintain_order=True)
        ],
    }


def _frame(rows: Any) -> pl.DataFrame:
    return collect(rows.lazy())
