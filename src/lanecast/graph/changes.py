"""Lanes whose behaviour changed from one day to the next, with few false alarms among all.

Riding times drift with the seasons, so that a test for any difference finds one on nearly every
lane. What is asked instead is whether the daily mean log riding time of a lane made a *step* of
more than ``RELEVANT`` beside what drifts (``metrics.steps``), with a noise as wide as
differences of successive days. Before that, outliers are drawn in and what all lanes that leave a
region show on the same day, which is weather, is taken away. Where a lane varies more than the
model says, se grows by as much. The smallest p-value of a lane is multiplied by its number of cuts
(Bonferroni), and lanes are told by Benjamini and Hochberg's rule (1995), which bounds the share of
false ones among those that are told.
"""

import numpy as np
import polars as pl

from lanecast.metrics.steps import surest_step
from lanecast.tables.graph import BIN_LOG

from .build import Graph

LEAST = 6  # ride-days that a side of a cut must have
MOST = 400  # ride-days of a lane that are looked at, the newest
RELEVANT = 0.05  # steps of the log that nobody needs to know
DRIFT, TURNS = 0.04, 30.0  # standard deviation of the log by season, and days in which it turns
TELL = 0.10  # share of false ones among the lanes that are told
OUTLYING = 3.0  # robust standard deviations within which daily values are drawn in
NEIGHBOURS = 4  # lanes that must leave a region on a day to tell its weather
SEASON = 61  # ride-days whose median is a lane's usual time; in fewer, weather may be usual


def changes(
    graph: Graph, tell: float = TELL, days: int | None = None, relevant: float = RELEVANT
) -> pl.DataFrame:
    """Return every lane that can be judged, those that changed most surely first.

    Parameters
    ----------
    tell
        Largest share of false alarms among lanes with ``is_changed`` [1].
    days
        Look at this many days before the graph's moment only.
    relevant
        Steps up to this [ln] are no change.

    Returns
    -------
    DataFrame
        ``edge_id``, ``lane_id``, ``head_id``, ``tail_id``, ``days`` with rides, ``changed_on`` the
        first day after the change, ``ratio`` of riding times after to before, its 90 % interval
        ``ratio_low``, ``ratio_high``, ``p_value`` for no step above ``relevant``, ``q_value`` (the
        smallest ``tell`` at which the lane is told) and ``is_changed``.
    """
    daily = daily_logs(graph, days).sort("edge_id", "date").group_by("edge_id").tail(MOST)
    daily = daily.filter(pl.len().over("edge_id") >= 2 * LEAST).sort("edge_id", "date")
    calm = _without_weather(_drawn_in(daily))
    rows = [
        {"edge_id": name, "days": lane.height} | _step(lane, relevant)
        for (name,), lane in calm.partition_by("edge_id", as_dict=True).items()
    ]
    names = graph.edges.select("edge_id", "lane_id", "head_id", "tail_id")
    found = pl.DataFrame(rows, schema=_FOUND)
    return _told(found, tell).join(names, on="edge_id", how="left", maintain_order="left")


_FOUND = {"edge_id": pl.String, "days": pl.UInt32, "cuts": pl.UInt32, "p": pl.Float64}
_FOUND |= {"changed_on": pl.Date, "step": pl.Float64, "error": pl.Float64}


def daily_logs(graph: Graph, days: int | None = None) -> pl.DataFrame:
    """Return the mean log riding time [ln min] of lanes by local day.

    Columns ``edge_id``, ``date``, ``log`` and the ``region`` where the lane begins, or null.
    """
    regions = graph.nodes.select("region", head_id="node_id")
    lanes = graph.edges.filter(pl.col("relation") == "lane").select("edge_id", "head_id")
    lanes = lanes.join(regions, on="head_id", how="left").drop("head_id")
    rows = graph.days.filter(pl.col("measure") == "transit").join(lanes, on="edge_id")
    if days is not None:
        since = int(graph.asof.timestamp() // 86_400) - days
        rows = rows.filter(pl.col("date").dt.epoch("d") >= since)
    middle = BIN_LOG * (pl.col("bin") + 0.5) * pl.col("n")
    return rows.group_by("edge_id", "date").agg(
        log=middle.sum() / pl.col("n").sum(), region=pl.col("region").first()
    )


def _drawn_in(daily: pl.DataFrame) -> pl.DataFrame:
    """Return daily values with those far from the median of their neighbours drawn in."""
    near = pl.col("log").rolling_median(9, center=True, min_samples=3).over("edge_id")
    rows = daily.with_columns(near=near, away=pl.col("log") - near)
    usual = pl.col("away").abs().median().over("edge_id").clip(BIN_LOG / 4)
    spread = OUTLYING * 1.4826 * usual
    return rows.with_columns(log=pl.col("near") + pl.col("away").clip(-spread, spread))


def _without_weather(daily: pl.DataFrame) -> pl.DataFrame:
    """Return daily values less what lanes that leave the same region show in common that day."""
    near = pl.col("log").rolling_median(SEASON, center=True, min_samples=3).over("edge_id")
    rows = daily.with_columns(rest=pl.col("log") - near)
    common = pl.col("rest").median().over("region", "date")
    known = pl.col("region").is_not_null() & (pl.len().over("region", "date") >= NEIGHBOURS)
    return rows.with_columns(log=pl.col("log") - pl.when(known).then(common).otherwise(0.0))


def _step(lane: pl.DataFrame, relevant: float) -> dict[str, object]:
    """Return the surest step of a lane: its cut, size and standard error [ln], and p-value."""
    x = lane["date"].dt.epoch("d").cast(pl.Float64).to_numpy()
    y = lane["log"].to_numpy()
    noise = max(float(np.sqrt(np.mean(np.diff(y) ** 2) / 2)), BIN_LOG / 4)
    found = surest_step(x, y, noise, DRIFT, TURNS, LEAST, relevant)
    return {
        "cuts": found.cuts,
        "p": found.p,
        "changed_on": lane["date"][found.first],
        "step": found.size,
        "error": found.error,
    }


def _told(found: pl.DataFrame, tell: float) -> pl.DataFrame:
    """Return what is told of each lane, by Benjamini and Hochberg's rule."""
    p = (pl.col("p") * pl.col("cuts").clip(1)).clip(0.0, 1.0)
    rows = found.with_columns(p_value=p).sort("p_value", "edge_id")
    rank = pl.int_range(1, pl.len() + 1)
    q = (pl.col("p_value") * pl.len() / rank).reverse().cum_min().reverse().clip(0.0, 1.0)
    wide = 1.6449 * pl.col("error")
    return rows.with_columns(q_value=q).select(
        "edge_id",
        "days",
        "changed_on",
        "p_value",
        "q_value",
        ratio=pl.col("step").exp(),
        ratio_low=(pl.col("step") - wide).exp(),
        ratio_high=(pl.col("step") + wide).exp(),
        is_changed=pl.col("q_value") <= tell,
    )
