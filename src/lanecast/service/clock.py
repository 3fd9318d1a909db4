"""What "now" means to a service: the wall's clock, or the last moment that a lake knows."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import narwhals as nw

from lanecast.tables.lake import Lake, collect
from lanecast.tables.parcel import SCANS

from .settings import Clock

STALE = timedelta(days=1)


def wall() -> datetime:
    """Return the present."""
    return datetime.now(UTC)


def last_recorded(lake: Lake) -> datetime | None:
    """Return when the last scan became known; None in a lake without scans."""
    if not lake.has(SCANS):
        return None
    last: datetime | None = collect(lake.read(SCANS).select(nw.col("recorded_at").max())).item()
    return last


@dataclass(frozen=True)
class Now:
    """The moment that a question is asked at when it names none."""

    kind: Clock
    wall: Callable[[], datetime] = wall

    def __call__(self, last: datetime | None) -> datetime:
        """Return now, given when the last scan was recorded."""
        present = self.wall()
        if last is None or self.kind == "wall":
            return present
        if self.kind == "data" or present - last > STALE:
            return last + timedelta(microseconds=1)
        return present
