"""What became of each parcel: the facts known at checkout, and its milestones with both clocks."""

from datetime import UTC, datetime
from typing import Any

import narwhals as nw

from lanecast.tables.lake import Lake
from lanecast.tables.parcel import SCANS

from .questions import questions

OUTSIDE = ("created", "unknown", "delivered", "returned", "lost", "cancelled")
CLOSED = ("returned", "lost", "cancelled")


def journeys(lake: Lake) -> nw.LazyFrame[Any]:
    """Return one row per parcel: its checkout question, and what was recorded of it since.

    The facts are those known at checkout, so a later correction does not change the past. Each
    milestone is the scan that became known first, so a later one does not change it either, with
    its event clock ``*_h`` and the clock at which it became known ``*_known_h``:

    ``shipped`` the first scan that shows the parcel on its way, ``delivered`` the delivery, and
    ``closed`` the end without one (returned, lost, cancelled). A milestone not recorded is null.
    """
    until = lake.until or datetime(2200, 1, 1, tzinfo=UTC)
    rows = questions(lake, datetime(1970, 1, 2, tzinfo=UTC), until, scans=False)
    rows = rows.drop("moment", "status", "facility_id", "event_h", "attempts", "scans")
    return rows.join(milestones(lake), on="parcel_id", how="left")


def milestones(lake: Lake) -> nw.LazyFrame[Any]:
    """Return the milestones of each parcel that was scanned, with both clocks; see ``journeys``.

    Raises
    ------
    FileNotFoundError
        When there are no scans.
    """
    status = nw.col("status")
    which = {
        "shipped": ~status.is_in(list(OUTSIDE)),
        "delivered": status == "delivered",
        "closed": status.is_in(list(CLOSED)),
    }
    scans = lake.read(SCANS).select("parcel_id", "status", "event_h", "recorded_h")
    marked = scans.select(
        "parcel_id",
        **{f"{name}_h": nw.when(is_it).then(nw.col("event_h")) for name, is_it in which.items()},
        **{
            f"{name}_known_h": nw.when(is_it).then(nw.col("recorded_h"))
            for name, is_it in which.items()
        },
    )

    def of_first(name: str) -> nw.Expr:
        known = nw.col(f"{name}_known_h")
        return nw.when(known == known.min().over("parcel_id")).then(nw.col(f"{name}_h"))

    marked = marked.with_columns(**{f"{name}_h": of_first(name) for name in which})
    clocks = [f"{name}{clock}" for name in which for clock in ("_h", "_known_h")]
    return marked.group_by("parcel_id").agg(nw.col(*clocks).min())
