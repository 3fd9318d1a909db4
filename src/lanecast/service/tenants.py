"""One company's data within a service: its lake, and what the service keeps beside it."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from lanecast.tables.lake import Lake

from .clock import Now, last_recorded
from .ingestion import Ingestion
from .settings import Settings


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
        """Return the lake at its newest commit."""
        return Lake(self.path)

    def now(self) -> datetime:
        """Return the moment that a question without ``asof`` is asked at."""
        return self.clock(last_recorded(self.lake()))
