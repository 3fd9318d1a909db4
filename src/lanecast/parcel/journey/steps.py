"""The steps of a parcel: each moment at which something became known, as it was known then."""

from datetime import UTC, datetime
from typing import Any

import narwhals as nw

from lanecast.parcel.questions import questions
from lanecast.tables.lake import Lake
from lanecast.tables.network import FACILITIES

EPOCH = datetime(1970, 1, 2, tzinfo=UTC)


def steps(lake: Lake, since: datetime, until: datetime) -> nw.LazyFrame[Any]:
    """Return all steps of the parcels that had one in [since, until).

    Returns
    -------
    LazyFrame
        Rows of ``questions``, from the checkout on; ``is_asked``, whether the step lies in [since,
        until), the others being the past that it is read with; ``reached_from``, the place where
        it was seen last, or before the first the seller's, and its ``lat`` and ``lon``.
    """
    rows = questions(lake, EPOCH, until)
    first = since.timestamp() / 3600
    newest = rows.group_by("parcel_id").agg(newest_h=nw.col("asof_h").max())
    rows = rows.join(newest.filter(nw.col("newest_h") >= first), on="parcel_id", how="inner")
    seller = nw.concat_str(nw.lit("from "), nw.col("origin_facility_id").fill_null(""))
    place = nw.col("facility_id")
    rows = rows.drop("newest_h").with_columns(
        is_asked=nw.col("asof_h") >= first,
        here=nw.when(place != "")
        .then(place)
        .fill_null(strategy="forward")
        .over("parcel_id", order_by=("asof_h", "scans")),
    )
    rows = rows.with_columns(reached_from=nw.coalesce(nw.col("here"), seller))
    known = lake.asof(until)
    if not known.has(FACILITIES):
        nothing = nw.lit(None).cast(nw.Float64())
        return rows.drop("here").with_columns(lat=nothing, lon=nothing)
    spots = known.read(FACILITIES).select("lat", "lon", here="facility_id")
    return rows.join(spots, on="here", how="left").drop("here")
