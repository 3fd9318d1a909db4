"""One company's data within a service: its lake, and what the service keeps beside it."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import structlog

from lanecast.tables.lake import Lake

from .clock import Now, last_recorded
from .ingestion import Ingestion
from .problems import Refused
from .settings import Settings

SOON = {"Retry-After": "5"}


@dataclass(frozen=True)
class Tenant:
    """What belongs to one company; nothing of it is ever reached through another."""

    name: str
    path: Path  # of its lake
    home: Path  # journal and models
    clock: Now
    events: Ingestion

    @classmethod
    def open(cls, name: str, lake: Path, settings: Settings) -> "Tenant":
        """Return a tenant, its folders made."""
        home = settings.home / "tenants" / name
        home.mkdir(parents=True, exist_ok=True)
        events = Ingestion(name, lake, home / "journal")
        return cls(name, lake, home, Now(settings.clock), events)

    def lake(self) -> Lake:
        """Return the lake at its newest commit.

        Raises
        ------
        Refused
            When its folder is gone or its log is damaged: 503, since both can be put right.
        """
        lake = Lake(self.path)
        hint = "The log says which file it is; restore it from a copy."
        try:
            lake.pinned  # noqa: B018  # read once, and kept
        except ValueError as error:
            structlog.get_logger().error("lake", tenant=self.name, error=str(error))
            detail = "The log of the lake cannot be read."
            raise Refused(503, "lake", detail, hint=hint, headers=SOON) from error
        if not self.path.is_dir():
            structlog.get_logger().error("lake", tenant=self.name, error=f"{self.path} is gone")
            raise Refused(503, "lake", "The lake is gone.", hint=hint, headers=SOON)
        return lake

    def now(self) -> datetime:
        """Return the moment that a question without ``asof`` is asked at."""
        return self.clock(last_recorded(self.lake()))
