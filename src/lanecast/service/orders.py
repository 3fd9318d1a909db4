"""What a job may be asked to do: typed messages, and the words of our command line they stand for.

No word is taken from a client as it is: a message holds numbers, dates and names that match a
pattern, and each becomes ``--option=value``, so that none can be read as another option.
"""

from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from .messages import Instant, Strict

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.:-]{0,127}$")]
Seed = Annotated[int, Field(ge=0, le=2**31 - 1)]
Span = Annotated[str, Field(pattern=r"^[1-9][0-9]{0,3}[hdw]$", examples=["7d"])]
Replayed = Literal["eta", "events", "trajectory", "demand", "address"]
Fitted = Literal["eta", "events", "trajectory", "demand", "workforce", "address", "suggest"]
WHOLE = ("demand", "workforce", "address", "suggest")  # learn from all of their history
UNDRAWN = ("address", "suggest")  # nothing is drawn there
MODEL, RESULT = "model", "result.json"


class Fit(Strict):
    """Learn a model from what was recorded, and register it."""

    kind: Literal["fit"]
    problem: Fitted
    asof: Instant | None = Field(None, description="Use only what was recorded by then.")
    days: int | None = Field(None, ge=1, le=3660, description="Days of history of parcels.")
    seed: Seed = 0

    @model_validator(mode="after")
    def _days(self) -> "Fit":
        if self.days is not None and self.problem in WHOLE:
            raise ValueError(f"days: {self.problem} learns from all of its history; leave it out")
        return self

    def words(self, lake: Path, folder: Path) -> list[str]:
        """Return the words of the command line."""
        return [
            *("fit", self.problem, f"--lake={lake}", f"--model={folder / MODEL}"),
            *_given(
                asof=self.asof,
                days=self.days,
                seed=None if self.problem in UNDRAWN else self.seed,
            ),
        ]


class Backtest(Strict):
    """Replay a period: refit, predict what was asked next, and score it."""

    kind: Literal["backtest"]
    problem: Replayed
    since: date = Field(description="First day.")
    until: date = Field(description="Day after the last.")
    every: Span = "7d"
    seed: Seed = 0

    @model_validator(mode="after")
    def _period(self) -> "Backtest":
        if self.since >= self.until:
            raise ValueError("since: expected a day before until")
        return self

    def words(self, lake: Path, folder: Path) -> list[str]:
        """Return the words of the command line."""
        period = {"from": self.since, "to": self.until, "every": self.every}
        words = ["backtest", self.problem, "--source=lake", f"--data={lake}"]
        seed = None if self.problem in UNDRAWN else self.seed
        return [*words, *_given(**period, seed=seed)]


class Solve(Strict):
    """Decide on what was predicted, and store the plan."""

    kind: Literal["solve"]
    problem: Literal["eta", "events", "demand", "inventory", "workforce"]
    asof: Instant | None = None
    budget: float | None = Field(None, ge=0, le=1e12, description="events and inventory.")
    site: Name | None = Field(None, description="workforce: the place whose roster it is.")

    @model_validator(mode="after")
    def _where(self) -> "Solve":
        if self.budget is not None and self.problem not in ("events", "inventory"):
            raise ValueError("budget: only events and inventory take one; leave it out")
        if self.site is not None and self.problem != "workforce":
            raise ValueError("site: only workforce takes one; leave it out")
        return self

    def words(self, lake: Path, folder: Path) -> list[str]:
        """Return the words of the command line."""
        words = ["decide", self.problem, f"--lake={lake}"]
        return [*words, *_given(asof=self.asof, budget=self.budget, site=self.site)]


class Plan(Strict):
    """Plan a site: forecast, orders, work, roster, and one ledger of money."""

    kind: Literal["plan"]
    site: Name
    days: int = Field(14, ge=1, le=28)
    quick: bool = True
    seed: Seed = 0

    def words(self, lake: Path, folder: Path) -> list[str]:
        """Return the words of the command line."""
        words = ["plan", f"--lake={lake}", *(["--quick"] if self.quick else [])]
        return [*words, *_given(site=self.site, horizon=f"{self.days}d", seed=self.seed)]


Order = Annotated[Fit | Backtest | Solve | Plan, Field(discriminator="kind")]


def _given(**options: Any) -> list[str]:
    told = {
        name: value.isoformat() if isinstance(value, date | datetime) else value
        for name, value in options.items()
        if value is not None
    }
    return [f"--{name}={value}" for name, value in told.items()]
