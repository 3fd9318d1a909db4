"""The parcels of a company in memory: what was asked of each last, and what was answered.

A request about a parcel that is open now is looked up here. Whoever stores scans calls ``touch``,
and the parcels that were touched are asked about anew within a second or two.
"""

import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import narwhals as nw
import polars as pl
import structlog

from lanecast.optimize.plan import Plan
from lanecast.parcel import events
from lanecast.parcel.journeys import milestones
from lanecast.parcel.questions import questions
from lanecast.tables.lake import Lake
from lanecast.tables.parcel import PARCELS, SCANS

from .clock import last_recorded

MEMORY = timedelta(days=60)  # parcels that nothing was asked about for longer are not held
LOOK_S = 2.0  # between two looks at which models are live
PAUSE_S = 0.2  # scans that come within it are one refresh
Predict = Callable[[pl.DataFrame], pl.DataFrame]


@dataclass(frozen=True)
class View:
    """The parcels at one moment; frames are in the order of ``at``, a row per parcel.

    ``last`` is when the last scan of all was recorded, ``number`` counts the views of a desk.
    ``asked`` has the last question of each and its end, ``eta`` the answer to it as a row of
    ``predictions``; ``risks`` has rows of ``risks`` and ``plan`` what to do about which.
    """

    asof: datetime
    last: datetime | None
    asked: pl.DataFrame
    eta: pl.DataFrame
    risks: pl.DataFrame
    plan: Plan[pl.DataFrame]
    at: dict[str, int]
    number: int = 0


@dataclass
class Desk:
    """Keeps a ``View`` of a lake up to date in a thread of its own.

    Parameters
    ----------
    lake
        Gives the lake at its newest commit.
    now
        Gives the moment to ask at, from when the last scan was recorded.
    eta, risks
        Answer questions of their problem by the models that are live, or what stands in for them.
    who
        Says which those are: once it says something else, everything is asked anew.
    """

    lake: Callable[[], Lake]
    now: Callable[[datetime | None], datetime]
    eta: Predict
    risks: Predict
    who: Callable[[], Any] = tuple
    view: View | None = None
    _touched: set[str] = field(default_factory=set)
    _all: bool = True
    _by: Any = None
    _told: str = ""
    _wake: threading.Event = field(default_factory=threading.Event)
    _stop: bool = False
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin, with everything."""
        self._wake.set()
        self._thread = threading.Thread(target=self._run, name="desk", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stop = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join(30)

    def touch(self, parcels: Collection[str] | None) -> None:
        """Ask anew about ``parcels``, or about all (None), such as when another model is live."""
        if parcels is None:
            self._all = True
        else:
            self._touched |= set(parcels)
        self._wake.set()

    def refresh(self, parcels: Collection[str] | None) -> View:
        """Return a view in which ``parcels``, or all, are asked about anew, and show it."""
        lake = self.lake()
        last = last_recorded(lake)
        now = self.now(last)
        old = self.view if parcels is not None else None
        number = self.view.number + 1 if self.view is not None else 0
        asked, answers, risks = self._asked(lake if old is None else lake.of(parcels or ()), now)
        if old is not None:
            gone = pl.Series(sorted(parcels or ()), dtype=pl.String)
            other = ~old.asked["parcel_id"].is_in(gone.implode())
            asked = pl.concat([old.asked.filter(other), asked], how="vertical_relaxed")
            answers = pl.concat([old.eta.filter(other), answers], how="vertical_relaxed")
            kept = old.risks.filter(~pl.col("parcel_id").is_in(gone.implode()))
            risks = pl.concat([kept, risks], how="vertical_relaxed")
        open_now = asked.filter(pl.col("ended_h").is_null()).select("parcel_id")
        plan = events.decide(
            risks.join(open_now, on="parcel_id", how="semi"), events.Costs(), events.Limits()
        )
        at = {parcel: i for i, parcel in enumerate(asked["parcel_id"])}
        self.view = View(now, last, asked, answers, risks, plan, at, number)
        return self.view

    def _asked(self, lake: Lake, now: datetime) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
        """Return the last questions about the parcels of ``lake``, and the answers."""
        known = lake.asof(now)
        asked = last_asked(known, now)
        answers = self.eta(asked.drop("ended_h", "end"))
        more = events.asked(known, now - MEMORY, now).collect("polars").to_native()
        newest = more.sort("asof_h").unique("parcel_id", keep="last", maintain_order=True)
        return asked, answers, self.risks(newest.sort("parcel_id"))

    def _run(self) -> None:
        while not self._stop:
            self._wake.wait(LOOK_S)
            self._wake.clear()
            if self._stop:
                return
            time.sleep(PAUSE_S)
            try:
                by = self.who()
                everything = self._all or self.view is None or by != self._by
                touched, self._all, self._by = self._touched, False, by
                self._touched = set()
                if everything or touched:
                    self.refresh(None if everything else touched)
            except Exception as error:  # the old view stays, with its age
                if (told := f"{type(error).__name__}: {error}") != self._told:
                    structlog.get_logger().error("desk", error=told)
                self._told = told
                self._all = True
                time.sleep(LOOK_S)


def last_asked(known: Lake, now: datetime) -> pl.DataFrame:
    """Return the last question about each parcel, and how and when it ended.

    Returns
    -------
    DataFrame
        As ``questions``, by ``parcel_id``; ``end`` is ``delivered`` or ``closed`` at ``ended_h``
        [h since 1970 UTC], null where the parcel is open.
    """
    if not known.has(PARCELS):
        raise ValueError("the lake holds no parcels; fill it with lanecast ingest.")
    rows = questions(known, now - MEMORY, now).collect("polars").to_native()
    last: pl.DataFrame = rows.sort("asof_h", "moment").unique(
        "parcel_id", keep="last", maintain_order=True
    )
    nothing = pl.lit(None, pl.Float64)
    if not known.has(SCANS):
        return last.with_columns(ended_h=nothing, end=pl.lit(None, pl.String)).sort("parcel_id")
    ends: Any = milestones(known).select("parcel_id", "delivered_h", "closed_h")
    ends = nw.to_native(ends.collect("polars"))
    delivered, closed = (pl.col(name).is_not_null() for name in ("delivered_h", "closed_h"))
    end = pl.when(delivered).then(pl.lit("delivered")).when(closed).then(pl.lit("closed"))
    ended = last.join(ends, on="parcel_id", how="left").with_columns(
        end=end, ended_h=pl.coalesce("delivered_h", "closed_h")
    )
    return ended.drop("delivered_h", "closed_h").sort("parcel_id")


def predicting(fitted: Any, context: Any, problem: Any, version: str) -> Predict:
    """Return a function from questions to the answers of a model, its version named."""

    def predict(asked: pl.DataFrame) -> pl.DataFrame:
        x = problem.assemble(nw.from_native(asked), context).to_native()
        answers = fitted.predict(x)
        return answers.with_columns(version=pl.lit(version))  # type: ignore[no-any-return]

    return predict
