"""Lanes whose behaviour changed from one day to the next, with few false alarms among all.

Riding times drift with the seasons, so that a test for any difference finds one on nearly every
lane. What is asked instead is whether there was a *step* of more than ``RELEVANT`` (a relevant
change: Dette and Wied, 2016): around each day, the ``WINDOW`` ride-days before and after are fitted
by least squares with one slope and a step,

    y = a + b x + s 1(x > cut) + e,     t = (|s| - RELEVANT) / se(s),

with y the daily mean log riding time, outliers drawn in, and se widened by the autocorrelation that
shared weather leaves. The smallest p-value of a lane is multiplied by its number of cuts
(Bonferroni), and lanes are told by Benjamini and Hochberg's rule (1995), which bounds the share of
false ones among those that are told.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy.stats import t as student

from lanecast.tables.graph import BIN_LOG

from .bins import Floats
from .build import Graph
from .evidence import Ints

WINDOW = 30  # ride-days on each side of a cut
LEAST = 6  # ride-days that a side must have
RELEVANT = 0.05  # steps of the log that nobody needs to know
TELL = 0.10  # share of false ones among the lanes that are told
OUTLYING = 3.0  # robust standard deviations within which daily values are drawn in


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
    daily = daily_logs(graph, days).sort("edge_id", "date")
    daily = daily.filter(pl.len().over("edge_id") >= 2 * LEAST)
    first, size = _ends(daily["edge_id"])
    y = daily["log"].to_numpy()
    x = daily["date"].dt.epoch("d").cast(pl.Float64).to_numpy()
    y = _drawn_in(y, first, size)
    fit = _steps(x - x.min(initial=0.0), y, first, size)
    error = fit.error * np.sqrt(_shared(y, first, size))
    with np.errstate(invalid="ignore", divide="ignore"):
        surplus = (np.abs(fit.step) - relevant) / error
    p = np.where(fit.valid, 2 * student.sf(surplus, np.maximum(fit.freedom, 1)), 1.0)
    rows = daily.select("edge_id", "date").with_columns(
        p=pl.Series(np.nan_to_num(np.minimum(p, 1.0), nan=1.0)),
        step=pl.Series(fit.step),
        error=pl.Series(error),
        valid=pl.Series(fit.valid),
        next=pl.col("date").shift(-1).over("edge_id"),
    )
    best = pl.col("p").arg_min()
    found = rows.group_by("edge_id", maintain_order=True).agg(
        days=pl.len(),
        cuts=pl.col("valid").sum(),
        p=pl.col("p").min(),
        changed_on=pl.col("next").get(best),
        step=pl.col("step").get(best),
        error=pl.col("error").get(best),
    )
    names = graph.edges.select("edge_id", "lane_id", "head_id", "tail_id")
    return _told(found, tell).join(names, on="edge_id", how="left", maintain_order="left")


def daily_logs(graph: Graph, days: int | None = None) -> pl.DataFrame:
    """Return ``edge_id``, ``date`` and the mean log riding time [ln min] of lanes by local day."""
    lanes = graph.edges.filter(pl.col("relation") == "lane").select("edge_id")
    rows = graph.days.filter(pl.col("measure") == "transit").join(lanes, on="edge_id")
    if days is not None:
        since = int(graph.asof.timestamp() // 86_400) - days
        rows = rows.filter(pl.col("date").dt.epoch("d") >= since)
    middle = BIN_LOG * (pl.col("bin") + 0.5) * pl.col("n")
    return rows.group_by("edge_id", "date").agg(log=middle.sum() / pl.col("n").sum())


@dataclass(frozen=True)
class Fit:
    """A step after each row: its size and standard error [ln], and degrees of freedom."""

    step: Floats
    error: Floats
    freedom: Floats
    valid: "np.ndarray[tuple[int, ...], np.dtype[np.bool_]]"


def _ends(edge: pl.Series) -> tuple[Ints, Ints]:
    """Return where the lane of each row begins, and how many rows it has."""
    rows = pl.DataFrame({"edge": edge}).with_row_index("row")
    found = rows.select(pl.col("row").min().over("edge"), n=pl.len().over("edge"))
    return found["row"].cast(pl.Int64).to_numpy(), found["n"].cast(pl.Int64).to_numpy()


def _steps(x: Floats, y: Floats, first: Ints, size: Ints) -> Fit:
    """Fit slope and step about every row, by differences of running sums."""
    row = np.arange(len(y))
    low, high = np.maximum(first, row + 1 - WINDOW), np.minimum(first + size, row + 1 + WINDOW)

    def side(begin: Ints, end: Ints) -> tuple[Floats, ...]:
        n = (end - begin).astype(float)

        def total(values: Floats) -> Floats:
            running = np.concatenate([[0.0], np.cumsum(values)])
            return np.asarray(running[end] - running[begin])

        some = np.maximum(n, 1.0)
        mean_x, mean_y = total(x) / some, total(y) / some
        within = total(x * x) - n * mean_x**2, total(x * y) - n * mean_x * mean_y
        return (n, mean_x, mean_y, *within, total(y * y) - n * mean_y**2)

    n1, x1, y1, xx1, xy1, yy1 = side(low, row + 1)
    n2, x2, y2, xx2, xy2, yy2 = side(row + 1, high)
    xx = np.maximum(xx1 + xx2, 1e-9)
    slope = (xy1 + xy2) / xx
    freedom = n1 + n2 - 3
    rest = np.maximum(yy1 + yy2 - slope * (xy1 + xy2), 1e-12)
    variance = np.maximum(rest / np.maximum(freedom, 1.0), (BIN_LOG / 4) ** 2)
    spread = 1 / np.maximum(n1, 1) + 1 / np.maximum(n2, 1) + (x2 - x1) ** 2 / xx
    valid = (n1 >= LEAST) & (n2 >= LEAST)
    return Fit(y2 - y1 - slope * (x2 - x1), np.sqrt(variance * spread), freedom, valid)


def _drawn_in(y: Floats, first: Ints, size: Ints) -> Floats:
    """Return daily values with those far from the median of their neighbours drawn in."""
    rows = pl.DataFrame({"y": y, "lane": first})
    near = pl.col("y").rolling_median(9, center=True, min_samples=3).over("lane")
    rows = rows.with_columns(near=near)
    away = pl.col("y") - pl.col("near")
    spread = OUTLYING * 1.4826 * away.abs().median().over("lane").clip(BIN_LOG / 4)
    return rows.select(pl.col("near") + away.clip(-spread, spread)).to_series().to_numpy()


def _shared(y: Floats, first: Ints, size: Ints) -> float:
    """Return by how much autocorrelation widens the variance of a mean, of all lanes together."""
    rows = pl.DataFrame({"y": y, "lane": first})
    rest = pl.col("y") - pl.col("y").rolling_mean(15, center=True, min_samples=5).over("lane")
    rows = rows.with_columns(rest=rest)
    pairs = rows.select((pl.col("rest") * pl.col("rest").shift().over("lane")).mean()).item()
    square = rows.select((pl.col("rest") ** 2).mean()).item()
    rho = float(np.clip((pairs or 0.0) / max(square or 0.0, 1e-12) + 1 / 15, 0.0, 0.8))
    return (1 + rho) / (1 - rho)


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
