"""Hands and volumes learnt together, and how both did on weeks that came later."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

import polars as pl

from lanecast.tables.lake import Lake, collect

from .evaluate import evaluate, speed
from .features import outcomes, volumes, worked
from .known import known_volumes
from .models import FittedNaive, FittedProductivity, FittedVolumes, Naive, Productivity

WEEK_D = 7
WEEK = timedelta(days=WEEK_D)
HELD_OUT = timedelta(days=28)  # the last weeks, by which what was learnt before is judged


class Hands(Protocol):
    """What says how fast people are."""

    def predict(self, x: pl.DataFrame) -> pl.DataFrame:
        """Return ``units_per_h`` of rows of ``worked``, with a range."""


@dataclass(frozen=True)
class FittedWorkforce:
    """How fast people are, and how much work comes up."""

    hands: FittedProductivity
    volumes: FittedVolumes


@dataclass(frozen=True)
class PlaceMeans:
    """The baseline of hands: a practised worker of usual skill, by place and process."""

    hands: FittedProductivity

    def predict(self, x: pl.DataFrame) -> pl.DataFrame:
        """Return the rate of the place for everybody."""
        rates = self.hands.rates().rename({"units_per_h": "rate"})
        said = self.hands.predict(x).join(rates, on=["facility_id", "process"], how="left")
        return said.with_columns(units_per_h="rate").drop("rate")


def learnt(known: Lake, now: datetime) -> FittedWorkforce:
    """Learn from what was recorded by ``now``."""
    return FittedWorkforce(
        Productivity().fit(collect(worked(known, now).lazy())),
        known_volumes(known, now),
    )


def later(
    lake: Lake, hands: Sequence[Hands], since: datetime, until: datetime
) -> tuple[int, list[float]]:
    """Return how many hours of labour [since, until) has, and the WAPE of their pieces of each."""
    low, high = (each.timestamp() / 3600 for each in (since, until))
    inside = pl.col("started_h").is_between(low, high, closed="left")
    done = collect(worked(lake, until).lazy()).filter(inside)
    if done.is_empty():
        return 0, [float("nan")] * len(hands)
    return done.height, [float(speed(each.predict(done), ())["wape"][0]) for each in hands]


def held_out(known: Lake, now: datetime) -> dict[str, Any] | None:
    """Return how what was learnt four weeks ago did since, beside the baselines.

    Gates of promotion read it: ``loss`` is the WAPE of pieces per hour of work, ``volumes`` the
    pinball loss [pieces] of the hours of each week, forecast at its start. None where the history
    is too short.
    """
    since = now - HELD_OUT
    try:
        early = learnt(known.asof(since), since)
        n, (ours, theirs) = later(known, [early.hands, PlaceMeans(early.hands)], since, now)
        said = [pl.concat(_weeks(known, each, since, now)) for each in (known_volumes, _naive)]
    except ValueError:  # too little was known by then
        return None
    if not n:
        return None
    came = collect(outcomes(known, now).lazy())
    loss, plain = (float(evaluate(each, came)["pinball"][0]) for each in said)
    return {
        "from": since.isoformat(),
        "to": now.isoformat(),
        "n": n,
        "loss": {"model": ours, "baseline": theirs},
        "volumes": {"model": loss, "baseline": plain},
    }


def _naive(known: Lake, now: datetime) -> FittedNaive:
    return Naive().fit(collect(volumes(known, now).lazy()))


def _weeks(
    known: Lake, fitted: Callable[[Lake, datetime], Any], since: datetime, until: datetime
) -> list[pl.DataFrame]:
    """Return the forecasts of each week, made of what was known when it began."""
    said, at = [], since
    while at + WEEK <= until:
        said.append(fitted(known.asof(at), at).predict(at, WEEK_D))
        at += WEEK
    return said
