"""What came next: the next event and place, the next attempt, and the end, as known by a moment.

Times run to the moment at which something became known, the end's excepted: a delivery counts when
it happened. What had not become known is open, and how long it has been open counts.
"""

from datetime import datetime

import polars as pl

from lanecast.tables.lake import Lake, collect
from lanecast.tables.parcel import SCANS

SILENT = ("created", "unknown")  # they tell nothing of where a parcel is
ENDS = ("delivered", "returned", "lost", "cancelled")
TRIED = ("delivered", "delivery_failed")


def answers(lake: Lake, asof: datetime, steps: pl.DataFrame) -> pl.DataFrame:
    """Return what was known at ``asof`` of what followed each step.

    Parameters
    ----------
    steps
        ``parcel_id``, ``asof_h`` and ``facility_id`` of each step.

    Returns
    -------
    DataFrame
        ``parcel_id``, ``asof_h``, and for each of ``event``, ``place``, ``attempt`` and ``end``
        what it was, ``*``, and the time until then or, where it is null, until it was last known
        not to have come, ``*_after_h`` [h]. Of scans of one instant the first by ``event_id`` is
        next. ``place`` is the next other facility, "" where the parcel ended without one; a scan
        of another place that is told late is no way back to it. The steps are those before
        ``asof``, in their order.
    """
    now_h = asof.timestamp() / 3600
    scans = collect(lake.asof(asof).read(SCANS)).sort("parcel_id", "recorded_h", "event_id")
    asked = steps.select("parcel_id", "asof_h", "facility_id").filter(pl.col("asof_h") < now_h)
    telling = scans.filter(~pl.col("status").is_in(SILENT))
    at = pl.col("recorded_h")
    events = telling.select("parcel_id", at.alias("then_h"), what="status")
    tries = telling.filter(pl.col("status").is_in(TRIED))
    ended = telling.filter(pl.col("status").is_in(ENDS)).unique(
        "parcel_id", keep="first", maintain_order=True
    )
    ends = ended.select(
        "parcel_id",
        then_h=pl.when(pl.col("status") == "delivered").then("event_h").otherwise("recorded_h"),
        what="status",
    )
    closed = ended.select("parcel_id", closed_h="recorded_h")
    rows = asked.join(closed, on="parcel_id", how="left", maintain_order="left")
    rows = rows.with_columns(last_h=pl.min_horizontal(pl.lit(now_h), "closed_h"))
    rows = _following(rows, events, "event")
    rows = _following(rows, tries.select("parcel_id", at.alias("then_h"), what="status"), "attempt")
    rows = rows.join(ends, on="parcel_id", how="left", maintain_order="left")
    rows = rows.with_columns(
        end="what", end_after_h=(pl.col("then_h").fill_null(now_h) - pl.col("asof_h")).clip(0.0)
    ).drop("what", "then_h")
    rows = _next_place(rows, legs(scans))
    names = [f"{name}{after}" for name in ("event", "place", "attempt", "end")
             for after in ("", "_after_h")]  # fmt: skip
    return rows.select("parcel_id", "asof_h", *names)


def legs(scans: pl.DataFrame) -> pl.DataFrame:
    """Return each stay of a parcel at a place, in order, with the place that followed.

    Parameters
    ----------
    scans
        Sorted by parcel and the order in which they became known.

    Returns
    -------
    DataFrame
        ``parcel_id``, ``from_h`` when its first scan became known, ``here``, and ``place`` and
        ``place_h``, null for the last; "" is where a parcel is before its first.
    """
    placed = scans.filter(pl.col("facility_id").fill_null("") != "").select(
        "parcel_id", from_h="recorded_h", here="facility_id"
    )
    before = placed.select("parcel_id").unique(maintain_order=True)
    start = before.with_columns(from_h=pl.lit(0.0), here=pl.lit(""))
    stays = pl.concat([start, placed]).sort("parcel_id", "from_h", maintain_order=True)
    moved = pl.col("here") != pl.col("here").shift(1).over("parcel_id")
    stays = stays.filter(moved.fill_null(True))
    return stays.with_columns(
        place=pl.col("here").shift(-1).over("parcel_id"),
        place_h=pl.col("from_h").shift(-1).over("parcel_id"),
    )


def _following(rows: pl.DataFrame, events: pl.DataFrame, name: str) -> pl.DataFrame:
    """Add the first of ``events`` after each step, and the time until it or until last known."""
    found = (
        rows.with_row_index("row")
        .sort("asof_h")
        .join_asof(
            events.sort("then_h", maintain_order=True),
            left_on="asof_h",
            right_on="then_h",
            by="parcel_id",
            strategy="forward",
            allow_exact_matches=False,
            check_sortedness=False,
        )
    )
    until = pl.coalesce("then_h", "last_h")
    found = found.with_columns(
        **{name: pl.col("what"), f"{name}_after_h": (until - pl.col("asof_h")).clip(0.0)}
    )
    return rows.hstack(found.sort("row").select(name, f"{name}_after_h"))


def _next_place(rows: pl.DataFrame, stays: pl.DataFrame) -> pl.DataFrame:
    """Add the place after the stay in which each step lies, or after that if it is there now."""
    beyond = {
        f"{name}_2": pl.col(name).shift(-1).over("parcel_id") for name in ("place", "place_h")
    }
    found = (
        rows.with_row_index("row")
        .sort("asof_h")
        .join_asof(
            stays.with_columns(**beyond).sort("from_h", maintain_order=True),
            left_on="asof_h",
            right_on="from_h",
            by="parcel_id",
            strategy="backward",
            check_sortedness=False,
        )
    )
    is_back = pl.col("place") == pl.col("facility_id")
    found = found.with_columns(
        pl.when(is_back).then(f"{name}_2").otherwise(name).alias(name)
        for name in ("place", "place_h")
    )
    came = pl.col("place_h") <= pl.col("last_h")  # what is told after the end takes nothing back
    none = pl.when(pl.col("closed_h").is_not_null()).then(pl.lit(""))
    later = pl.when(came).then("place_h").otherwise("last_h") - pl.col("asof_h")
    found = found.with_columns(
        place=pl.when(came).then("place").otherwise(none), place_after_h=later.clip(0.0)
    )
    return rows.hstack(found.sort("row").select("place", "place_after_h"))
