"""The problems whose models a service keeps: what a model is, how it is asked, what it must beat.

Everything is imported when it is asked for: torch and trees take seconds.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import narwhals as nw
import polars as pl

from lanecast.tables import (
    address,
    commerce,
    events,
    graph,
    network,
    parcel,
    planning,
    series,
    trajectory,
)
from lanecast.tables.lake import Lake, collect
from lanecast.tables.schema import Table

PROBLEMS = ("eta", "events", "trajectory", "demand", "workforce", "address", "suggest")
TABLES: Mapping[str, Table] = {
    each.name: each
    for module in (
        *(address, commerce, events, graph, network, parcel, planning, series, trajectory),
    )
    for each in vars(module).values()
    if isinstance(each, Table)
}
RECENT = timedelta(days=60)  # that a baseline counts

Context = Mapping[str, Any]
Baseline = Callable[[pl.DataFrame, pl.DataFrame], Any]  # x, y -> fitted
Later = Callable[
    [Lake, datetime, Sequence[Any], Mapping[str, Any], datetime, datetime], tuple[int, list[float]]
]


@dataclass(frozen=True)
class Kind:
    """A problem: its verbs, its baseline, and by which loss models are compared.

    Parcels are asked about one by one, by ``asked``, ``verbs`` and ``loss``; ``later`` is of the
    other problems, whose models forecast everything at once.

    Parameters
    ----------
    fitted
        Class of its models.
    asked
        (lake, since, until) -> rows that questions of [since, until) are assembled from.
    verbs
        The package with ``context``, ``assemble`` and ``outcomes``.
    ready
        Turns a context into one for single requests.
    baseline
        What a model must beat, fitted on x and y.
    loss
        (predictions, outcomes) -> answers that could be scored, and their mean loss.
    later
        (lake, now, models, what the first says of itself, since, until) -> answers that could be
        scored, and the mean loss of each model.
    unit
        Name of that loss.
    ripe
        Age at which nearly everything that was asked is known.
    period
        Longest span of later questions; None is all there are.
    """

    fitted: type
    asked: Callable[..., Any] | None = None
    verbs: Any = None
    ready: Callable[[Any], Context] = dict
    baseline: Baseline | None = None
    loss: Callable[[pl.DataFrame, pl.DataFrame], tuple[int, float]] | None = None
    later: Later | None = None
    unit: str = ""
    ripe: timedelta = timedelta(days=14)
    period: timedelta | None = timedelta(days=28)

    def questions(
        self, lake: Lake, since: datetime, until: datetime, context: Context
    ) -> pl.DataFrame:
        """Return x of the questions of [since, until), assembled from ``context``."""
        assert self.asked is not None
        rows = self.asked(lake.asof(until), since, until).collect("polars")
        x: pl.DataFrame = self.verbs.assemble(rows, context).to_native()
        keys = [each for each in ("asof_h", "parcel_id", "listed", "next_stop") if each in x]
        return x.sort(keys)

    def outcomes(self, lake: Lake, asof: datetime) -> pl.DataFrame:
        """Return y as it was known at ``asof``."""
        return collect(self.verbs.outcomes(lake.asof(asof), asof).lazy())


@cache
def kind(problem: str) -> Kind:
    """Return what a problem's models are.

    Raises
    ------
    ValueError
        When no models of it are kept.
    """
    if problem not in PROBLEMS:
        raise ValueError(f"problem: {problem!r}; expected one of {', '.join(PROBLEMS)}.")
    made: Kind = globals()[f"_{problem}"]()
    return made


def baseline(problem: str, lake: Lake, asof: datetime) -> tuple[Any, dict[str, Any]]:
    """Return the baseline of a problem, fitted on what the lake knew at ``asof``, and its context.

    Raises
    ------
    ValueError
        When the problem has none, or too little was known.
    """
    of = kind(problem)
    if of.baseline is None:
        raise ValueError(f"problem: {problem} has no baseline.")
    known = lake.asof(asof)
    context = {
        name: nw.from_native(collect(frame.lazy()))
        for name, frame in of.verbs.context(known, asof).items()
    }
    x = of.questions(known, asof - RECENT, asof, context)
    return of.baseline(x, of.outcomes(known, asof)), context


def _eta() -> Kind:
    from lanecast.parcel import eta
    from lanecast.parcel.eta.models import FittedBlend
    from lanecast.parcel.questions import questions

    def loss(said: pl.DataFrame, became: pl.DataFrame) -> tuple[int, float]:
        return _of(eta.evaluate(said, became, ["model"]), "crps_days")

    fit = eta.LaneQuantiles().fit
    return Kind(FittedBlend, questions, eta, eta.ready, fit, loss, unit="CRPS [days]")


def _events() -> Kind:
    from lanecast.parcel import events as risks
    from lanecast.parcel.events.models import FittedBoosted

    def loss(said: pl.DataFrame, became: pl.DataFrame) -> tuple[int, float]:
        known = said.with_columns(pl.col("chance").fill_nan(None))  # of what nothing is known
        return _of(risks.evaluate(known, became, ["model"]), "brier")

    fit = risks.BaseRates().fit
    return Kind(FittedBoosted, risks.asked, risks, dict, fit, loss, unit="Brier score")


def _trajectory() -> Kind:
    from lanecast.parcel import trajectory as walks
    from lanecast.parcel.trajectory.models import FittedBlend

    def loss(said: pl.DataFrame, became: pl.DataFrame) -> tuple[int, float]:
        return _of(walks.evaluate(said, became, ["model"]), "log_loss")

    fit = walks.Frequency().fit
    return Kind(FittedBlend, walks.asked, walks, dict, fit, loss, unit="log loss")


def _demand() -> Kind:
    from lanecast.planning import demand
    from lanecast.planning.demand.models import FittedEnsemble

    def later(
        lake: Lake,
        now: datetime,
        fitted: Sequence[Any],
        about: Mapping[str, Any],
        since: datetime,
        until: datetime,
    ) -> tuple[int, list[float]]:
        return demand.later(lake.asof(now), fitted, int(about["horizon"]), since, until)

    return Kind(
        FittedEnsemble, later=later, unit="scaled pinball loss", ripe=timedelta(), period=None
    )


def _workforce() -> Kind:
    from lanecast.planning import workforce

    def later(
        lake: Lake,
        now: datetime,
        fitted: Sequence[Any],
        about: Mapping[str, Any],
        since: datetime,
        until: datetime,
    ) -> tuple[int, list[float]]:
        return workforce.later(lake.asof(now), [each.hands for each in fitted], since, until)

    unit = "WAPE of pieces per hour"
    return Kind(workforce.FittedWorkforce, later=later, unit=unit, ripe=timedelta())


def _address() -> Kind:
    from lanecast.address.verify.later import later as tried
    from lanecast.address.verify.models.deliverable import FittedDeliverable

    def later(
        lake: Lake,
        now: datetime,
        fitted: Sequence[Any],
        about: Mapping[str, Any],
        since: datetime,
        until: datetime,
    ) -> tuple[int, list[float]]:
        return tried(lake, now, fitted, since, until)

    return Kind(FittedDeliverable, later=later, unit="Brier score")


def _suggest() -> Kind:
    from lanecast.address.suggest.learnt import later as typed
    from lanecast.address.suggest.models import FittedPopularity

    def later(
        lake: Lake,
        now: datetime,
        fitted: Sequence[Any],
        about: Mapping[str, Any],
        since: datetime,
        until: datetime,
    ) -> tuple[int, list[float]]:
        return typed(lake, now, fitted, since, until)

    unit = "1 - mean reciprocal rank"
    return Kind(FittedPopularity, later=later, unit=unit, ripe=timedelta())


def _of(scores: pl.DataFrame, name: str) -> tuple[int, float]:
    """Return how many answers were scored, and their mean loss; NaN where none was."""
    if not scores.height or name not in scores.columns or scores[name][0] is None:
        return 0, float("nan")
    return int(scores["n"][0]), float(scores[name][0])
