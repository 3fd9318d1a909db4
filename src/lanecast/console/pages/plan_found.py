"""The newest plan of a site, and how its rows and what people changed of them are told."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Any

import polars as pl

from lanecast.service import planning
from lanecast.service.planning import PLANNED

from ..people import DASH, DAYS, words


@dataclass(frozen=True)
class Found:
    """The newest plan of a site; orders and shifts have their ``override`` beside them.

    ``series`` says what each forecast is called, the first periods of ``chosen`` are ``ahead``.
    ``causes`` has rows of money by ``part``, ``side``, ``cause`` and ``week``; None where the plan
    was not made as a job of this service.
    """

    sites: list[str]
    site: str
    asof: datetime
    zone: tzinfo
    orders: list[dict[str, Any]]
    shifts: list[dict[str, Any]]
    gaps: pl.DataFrame | None
    series: Mapping[str, str]
    chosen: str
    ahead: pl.DataFrame
    past: list[float | None]
    history: list[dict[str, Any]]
    currency: str | None
    causes: list[dict[str, Any]] | None

    def row(self, key: str) -> dict[str, Any] | None:
        """Return the order or shift of a name, with its ``kind``."""
        rows = [("order", each) for each in self.orders] + [("shift", s) for s in self.shifts]
        return next(({**row, "kind": kind} for kind, row in rows if named(kind, row) == key), None)


def named(kind: Any, row: dict[str, Any]) -> str:
    """Return the name of a row, for its drawer and its overrides."""
    return planning.key_of(kind, {name: row[name] for name in PLANNED[kind].row})


def changed(row: dict[str, Any]) -> dict[str, Any]:
    """Return what was changed of a row."""
    return dict((row["override"] or {}).get("value") or {})


def reworded(value: dict[str, Any] | None) -> str:
    """Return an override in words."""
    if value is None:
        return "back to the plan"
    if value.get("cancelled"):
        return "cancelled"
    told = value | ({"process": words(value["process"]).lower()} if "process" in value else {})
    return ", ".join(f"{words(name)} {each}" for name, each in told.items())


def instant(told: Any) -> datetime:
    """Return the moment of an override."""
    return told if isinstance(told, datetime) else datetime.fromisoformat(told)


def day(of: date) -> str:
    """Return a day of a plan: "Thu 17"."""
    return f"{DAYS[of.weekday()]} {of.day}"


def day_or_none(of: date | None) -> str:
    """Return a day with its month, that may not be known."""
    return DASH if of is None else f"{day(of)} {of:%b}"
