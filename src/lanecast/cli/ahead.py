"""A parcel on its way for the report: which one, where it may go, and what may go wrong."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import narwhals as nw
import polars as pl

from lanecast.parcel import events, trajectory
from lanecast.parcel.trajectory.walk import walk
from lanecast.report import Ahead
from lanecast.tables.lake import Lake, collect
from lanecast.tables.network import FACILITIES
from lanecast.tables.trajectory import NO_FURTHER, SOMEWHERE_NEW

LEARN_WAYS, LEARN_RISKS = timedelta(days=10), timedelta(days=45)
MOMENT = "in_transit"
RISKS = {
    "late": "Late against its promise",
    "failed_first": "First delivery attempt fails",
    "returned": "Sent back",
    "lost": "Lost on the way",
}
ASKED = {  # the moments that are learnt; at others base rates answer
    "late": ("checkout", MOMENT),
    "failed_first": (MOMENT,),
    "returned": (MOMENT,),
    "lost": (MOMENT, "waiting"),
    "not_received": ("delivered",),
}
FEW, MANY = 64, 512  # draws, to choose a parcel and to show it
SEEN, FAR = 2, 3  # stops so far, and to come, of a parcel that is worth a map
ENDS = {NO_FURTHER: "Delivery, or another end", SOMEWHERE_NEW: "Somewhere new"}


@dataclass(frozen=True)
class Learnt:
    """Two models with their contexts: where parcels go, and what goes wrong with them."""

    walks: Any
    lanes: Mapping[str, Any]
    risks: Any
    usual: Mapping[str, Any]


def learn(lake: Lake, now: datetime, seed: int) -> Learnt:
    """Return the models, smaller than ``lanecast fit`` makes them, of what was known at ``now``."""
    known = lake.asof(now)
    x = collect(trajectory.features(known, now - LEARN_WAYS, now).lazy())
    y = collect(trajectory.outcomes(known, now))
    walks = trajectory.Blend(trajectory.Boosted(seed=seed)).fit(x, y)
    x = collect(events.features(known, now - LEARN_RISKS, now).lazy())
    model = events.Boosted(rounds=100, most=20_000, moments=ASKED, seed=seed)
    risks = model.fit(x, collect(events.outcomes(known, now)))
    return Learnt(walks, trajectory.context(lake, now), risks, events.context(lake, now))


def ahead(lake: Lake, now: datetime, learnt: Learnt, seed: int) -> Ahead | None:
    """Return the way ahead of a parcel that is on its way at ``now``; None where none is far out.

    ``learnt`` knows what was recorded by ``now``, and only ``came_h`` is looked up later.
    """
    fitted, context = learnt.walks, learnt.lanes
    clocks = collect(trajectory.clocks(lake, now))
    rows = collect(trajectory.under_way(lake.asof(now), now))
    now_h = now.timestamp() / 3600
    drawn = trajectory.ways(fitted, rows, context, clocks, now_h, FEW, seed=seed)
    told = _risks(lake, now, learnt).join(rows.select("parcel_id"), on="parcel_id", how="semi")
    chosen = _chosen(rows, drawn, told)
    if chosen is None:
        return None
    own = rows.filter(parcel_id=chosen)
    drawn = trajectory.ways(fitted, own, context, clocks, now_h, MANY, seed=seed)
    spots = collect(lake.asof(now).read(FACILITIES).select("facility_id", "name", "lat", "lon"))
    spots = spots.rename({"facility_id": "stop"}).join(
        clocks.rename({"here": "stop"}), on="stop", how="left"
    )
    stays = collect(walk(lake)).filter(parcel_id=chosen)
    mine = told.filter(parcel_id=chosen)
    usual = told.group_by("event").agg(usual=pl.col("chance").mean())
    risks = mine.join(usual, on="event").filter(pl.col("event").is_in(list(RISKS)))
    order = pl.Enum(list(RISKS))
    return Ahead(
        chosen,
        now_h,
        mine["promised_h"][0],
        MANY,
        _been(stays, spots, now_h),
        _to_come(trajectory.arrivals(drawn).filter(visit=1), spots, stays, own, now_h),
        _moves(drawn, own["here"][0]),
        risks.sort(pl.col("event").cast(order)).select(
            pl.col("event").replace_strict(RISKS), "chance", "usual"
        ),
    )


def _risks(lake: Lake, now: datetime, learnt: Learnt) -> pl.DataFrame:
    """Return the last word on each parcel: ``event``, ``chance``, and what was promised."""
    known, since = lake.asof(now), now - LEARN_RISKS
    rows = events.asked(known, since, now).collect("polars").filter(nw.col("moment") == MOMENT)
    last = nw.col("asof_h") == nw.col("asof_h").max().over("parcel_id")
    rows = rows.filter(last)
    asked = events.assemble(rows, learnt.usual).to_native()
    told = learnt.risks.predict(asked).unique(["parcel_id", "event"], keep="last")
    promised = rows.select("parcel_id", "promised_h").to_native().unique("parcel_id")
    chances: pl.DataFrame = told.select("parcel_id", "event", "chance")
    return chances.join(promised, on="parcel_id")


def _chosen(rows: pl.DataFrame, drawn: pl.DataFrame, told: pl.DataFrame) -> str | None:
    """Return the parcel that is most in doubt, of those seen twice with three stops to come.

    Doubt is the variance of what happens: of being late, and twice that of each stop being passed.
    """
    late, chance = told.filter(event="late").select("parcel_id", late="chance"), pl.col("chance")
    stops = (
        trajectory.arrivals(drawn).group_by("parcel_id").agg(branch=(chance * (1 - chance)).sum())
    )
    best = trajectory.likeliest(drawn, 1).filter(pl.col("stops").list.len() > FAR)
    both = rows.filter(pl.col("stops") >= SEEN, pl.col("here").is_not_null()).select("parcel_id")
    both = both.join(best, on="parcel_id").join(late, on="parcel_id").join(stops, on="parcel_id")
    doubt = 2 * pl.col("branch") + pl.col("late") * (1 - pl.col("late"))
    ordered = both.sort(doubt, "parcel_id", descending=[True, False])
    return None if ordered.is_empty() else str(ordered["parcel_id"][0])


def _been(stays: pl.DataFrame, spots: pl.DataFrame, now_h: float) -> pl.DataFrame:
    """Return the stops that were known at ``now_h``, first to last."""
    known = stays.filter(pl.col("asof_h") < now_h).drop_nulls("here").sort("asof_h")
    begun = known.unique("stops", keep="first", maintain_order=True)
    named = begun.select(stop="here", at_h="entered_h").join(
        spots, on="stop", how="left", maintain_order="left"
    )
    return named.with_columns(pl.col("name").fill_null(pl.col("stop")))


def _to_come(
    arrivals: pl.DataFrame,
    spots: pl.DataFrame,
    stays: pl.DataFrame,
    own: pl.DataFrame,
    now_h: float,
) -> pl.DataFrame:
    """Return the stops to come, and when the parcel really came there."""
    later = stays.sort("asof_h").filter(pl.col("entered_h") >= now_h - 24).drop_nulls("here")
    later = later.filter(pl.col("stops") > own["stops"][0])
    came = later.unique("here", keep="first", maintain_order=True).select(
        stop="here", came_h="entered_h"
    )
    ended = stays.filter(next_stop=NO_FURTHER).sort("asof_h").tail(1)
    came = pl.concat([came, ended.select(stop="next_stop", came_h="next_h")])
    named = arrivals.drop("parcel_id", "visit", "step").join(spots, on="stop", how="left")
    goal = spots.filter(stop=own["goal_facility_id"][0] or own["here"][0])["offset_min"]
    here = goal[0] if goal.len() else own["offset_min"][0]
    return named.join(came, on="stop", how="left").with_columns(
        pl.coalesce("name", pl.col("stop").replace(ENDS)).alias("name"),
        pl.col("offset_min").fill_null(here),
    )


def _moves(drawn: pl.DataFrame, here: str) -> pl.DataFrame:
    """Return how likely each lane is on the way."""
    before = pl.col("stop").shift(1).over("draw", order_by="step").fill_null(here)
    steps = drawn.with_columns(pl.lit(1 / drawn["draw"].n_unique()).alias("share"), before=before)
    return (
        steps.unique(["draw", "before", "stop"])
        .group_by(pl.col("before").alias("from"), pl.col("stop").alias("to"))
        .agg(chance=pl.col("share").sum())
    )
