"""From scans to stays in facilities, and to rides between them."""

import polars as pl

INSIDE = (
    *("picked_up", "arrived", "departed", "customs", "on_hold", "delayed"),
    *("out_for_delivery", "ready_for_pickup"),
)
BACKWARDS = ("returning", "returned", "lost", "cancelled")


def usable(scans: pl.DataFrame) -> pl.DataFrame:
    """Return each event once, without those that were recorded before they happened.

    An event that was sent twice counts in the version that became known first. What happened after
    a parcel turned back is left out: it tells how returns go.
    """
    same = ["parcel_id", "status", "facility_id", "event_at"]
    rows = (
        scans.filter(pl.col("event_at") <= pl.col("recorded_at"))
        .sort("parcel_id", "event_at", "recorded_at", "event_id")
        .unique(same, keep="first", maintain_order=True)
    )
    turned = pl.when(pl.col("status").is_in(BACKWARDS)).then("event_at").min().over("parcel_id")
    return rows.filter(turned.is_null() | (pl.col("event_at") < turned))


def stays(events: pl.DataFrame) -> pl.DataFrame:
    """Return each stay of a parcel in a facility, in order.

    Parameters
    ----------
    events
        What ``usable`` returns.

    Returns
    -------
    DataFrame
        ``parcel_id``, ``number`` from 0, ``facility_id``, ``first_at``, ``arrived_at`` and
        ``departed_at`` (null where that scan is missing), the scans ``first_event``,
        ``arrived_event``, ``departed_event`` and when each became known (``*_known``), the carrier
        that took it away, and ``utc_offset_min``.
    """
    here = pl.col("facility_id")
    changed = (here != here.shift().over("parcel_id")).fill_null(True)
    rows = events.filter(here.is_not_null(), pl.col("status").is_in(INSIDE)).with_columns(
        number=changed.cast(pl.Int32).cum_sum().over("parcel_id") - 1
    )
    came, went = pl.col("status") == "arrived", pl.col("status") == "departed"

    def of(which: pl.Expr, name: str, last: bool = False) -> pl.Expr:
        found = pl.col(name).filter(which)
        return found.last() if last else found.first()

    return rows.group_by("parcel_id", "number", "facility_id", maintain_order=True).agg(
        first_at=pl.col("event_at").first(),
        first_event=pl.col("event_id").first(),
        first_known=pl.col("recorded_at").first(),
        arrived_at=of(came, "event_at"),
        arrived_event=of(came, "event_id"),
        arrived_known=of(came, "recorded_at"),
        arrived_by=of(came, "carrier_id"),
        departed_at=of(went, "event_at", last=True),
        departed_event=of(went, "event_id", last=True),
        departed_known=of(went, "recorded_at", last=True),
        departed_by=of(went, "carrier_id", last=True),
        utc_offset_min=pl.col("utc_offset_min").last().fill_null(0),
    )


def rides(found: pl.DataFrame) -> pl.DataFrame:
    """Return each ride: two stays of a parcel in a row, in two facilities.

    The result has ``from_facility_id``, ``to_facility_id``, ``carrier_id`` (empty where nobody
    said), ``came_at`` at the first, ``departed_at``, ``arrived_at`` [null where not scanned],
    ``seen_at``, the best guess at the departure, and the scans that prove it. A ride that would
    arrive before it departs is left out: one of the two clocks was wrong.
    """
    following = {
        "to_facility_id": "facility_id",
        "to_number": "number",
        "reached_at": "first_at",
        "reached_event": "first_event",
        "reached_known": "first_known",
        "goal_at": "arrived_at",
        "goal_event": "arrived_event",
        "goal_known": "arrived_known",
        "goal_by": "arrived_by",
    }
    rows = found.with_columns(
        **{name: pl.col(of).shift(-1).over("parcel_id") for name, of in following.items()}
    ).filter(pl.col("to_facility_id").is_not_null())
    return rows.select(
        "parcel_id",
        "number",
        from_facility_id="facility_id",
        to_facility_id="to_facility_id",
        carrier_id=pl.coalesce("departed_by", "goal_by", pl.lit("")),
        came_at="arrived_at",
        departed_at="departed_at",
        arrived_at="goal_at",
        seen_at=pl.coalesce("departed_at", "goal_at", "reached_at"),
        utc_offset_min="utc_offset_min",
        tail_event=pl.coalesce("goal_event", "reached_event"),
        tail_known=pl.coalesce("goal_known", "reached_known"),
        head_event=pl.coalesce("departed_event", "first_event"),
        head_known=pl.coalesce("departed_known", "first_known"),
    ).filter((pl.col("arrived_at") > pl.col("departed_at")).fill_null(True))
