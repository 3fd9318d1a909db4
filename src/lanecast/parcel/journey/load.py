"""How busy a place is: what arrived in a day, and how long it stayed, against two weeks."""

import polars as pl

from .slices import near

SPANS_H = (24.0, 336.0)
SUMS = ("arrived", "left", "stayed_h")


def load(scans: pl.DataFrame) -> pl.DataFrame:
    """Return running sums per place and hour: ``arrived``, ``left`` and ``stayed_h``.

    An hour holds what had become known by its beginning. ``stayed_h`` adds up, over what left, the
    time since the parcel's arrival became known.

    Parameters
    ----------
    scans
        ``parcel_id``, ``facility_id``, ``status``, ``recorded_h``.

    Returns
    -------
    DataFrame
        Sorted by ``facility_id`` and ``hour``.
    """
    here = scans.filter(pl.col("facility_id").fill_null("") != "")
    came = here.filter(status="arrived").select("parcel_id", "facility_id", came_h="recorded_h")
    went = here.filter(pl.col("status").is_in(["departed", "out_for_delivery"]))
    first = went.group_by("parcel_id", "facility_id").agg(pl.col("recorded_h").min())
    stays = first.join(
        came.unique(["parcel_id", "facility_id"], keep="first", maintain_order=True),
        on=["parcel_id", "facility_id"],
    ).with_columns(
        stayed_h=(pl.col("recorded_h") - pl.col("came_h")).clip(0.0, 240.0),
        known_h=pl.max_horizontal("recorded_h", "came_h"),  # an arrival may be told late
    )
    zero = pl.lit(0.0)
    events = pl.concat(
        [
            came.select("facility_id", at="came_h", arrived=1.0, left=zero, stayed_h=zero),
            stays.select("facility_id", at="known_h", arrived=zero, left=1.0, stayed_h="stayed_h"),
        ]
    )
    hourly = (
        events.with_columns(hour=pl.col("at").ceil())
        .group_by("facility_id", "hour")
        .agg(pl.col(SUMS).sum())
        .sort("facility_id", "hour")
    )
    sums = pl.col(SUMS).cum_sum().over("facility_id")
    return hourly.with_columns(sums)


def busy(rows: pl.DataFrame, table: pl.DataFrame, place: str, prefix: str) -> pl.DataFrame:
    """Add how busy ``place`` was when each row was asked, against the two weeks before.

    Adds ``{prefix}_arrivals`` and ``{prefix}_stay``, logs of ratios: 0 is as always.

    Parameters
    ----------
    rows
        Sorted by ``asof_h``.
    table
        Of ``load``.
    """
    sums = near(table, "facility_id", rows[place]).rename({"facility_id": place})
    found = rows.select(place, "asof_h")
    for span in (0.0, *SPANS_H):
        then = rows.select(place, hour=(pl.col("asof_h") - span).floor()).join_asof(
            sums, on="hour", by=place, strategy="backward", check_sortedness=False
        )
        renamed = [pl.col(name).alias(f"{name}_{span:.0f}") for name in SUMS]
        found = found.hstack(then.select(renamed))

    def since(name: str, span: float) -> pl.Expr:
        now, then = pl.col(f"{name}_0").fill_null(0.0), pl.col(f"{name}_{span:.0f}").fill_null(0.0)
        return now - then

    day, fortnight = SPANS_H
    usual = since("arrived", fortnight) * (day / fortnight)
    stay, usual_stay = (
        (since("stayed_h", span) + 1.0) / (since("left", span) + 1.0) for span in SPANS_H
    )
    added = found.select(
        ((since("arrived", day) + 3.0) / (usual + 3.0)).log().alias(f"{prefix}_arrivals"),
        (stay / usual_stay).log().alias(f"{prefix}_stay"),
    )
    return rows.hstack(added)
