"""Statistics of a lane with their uncertainty: times by weekday and hour, volume, delay, misses."""

from typing import Any

import numpy as np
import polars as pl
from scipy.stats import beta, gamma

from .bins import Floats, quantiles
from .evidence import WORTH, Evidence
from .index import Index
from .nodes import DAYS

LEVELS = (0.1, 0.5, 0.9)
TIMES = ("transit", "dwell", "late")
RECENT = 28  # days of which volume and utilisation are told
INSIDE = 0.9  # chance with which an interval covers
NORMAL = 1.6449  # and its normal quantile


def observed(index: Index, edge_id: str) -> pl.DataFrame:
    """Return the rows of the graph's days of one edge."""
    names = index.graph.days["edge_id"]
    low, high = (names.search_sorted(edge_id, side=side) for side in ("left", "right"))
    return index.graph.days[low:high]


def times(index: Index, lane: int) -> pl.DataFrame:
    """Return quantiles of transit, dwell and delay of a lane, in all and by part of the week.

    Returns
    -------
    DataFrame
        ``measure``; ``weekday`` and ``hour`` (null: all); ``n``; ``q10_h``, ``q50_h``, ``q90_h``
        [h] and 90 % intervals ``*_low_h``, ``*_high_h`` (null where there is too little to bound
        it). A part of the week is shrunk towards the lane, and the lane towards its type, each
        with the weight of ``WORTH`` parcels. The interval is that of the order statistic: level
        plus or minus 1.64 sqrt(q (1 - q) / (n + WORTH)).
    """
    rows = observed(index, index.roads.lanes["edge_id"][lane])
    rows = rows.with_columns(weekday=pl.col("date").dt.weekday().cast(pl.Int64))
    found: list[dict[str, Any]] = []
    for measure in TIMES:
        evidence: Evidence = getattr(index.roads, measure)
        belief = evidence.belief(lane)
        found.append(_row(measure, None, None, belief, evidence.counts(lane).sum()))
        share = WORTH * belief / belief.sum()
        own = rows.filter(pl.col("measure") == measure)
        for (weekday, hour), part in own.group_by("weekday", "hour", maintain_order=True):
            counts = np.bincount(part["bin"].to_numpy(), part["n"].to_numpy(), len(belief))
            found.append(_row(measure, weekday, hour, counts + share, counts.sum()))
    return pl.DataFrame(found, infer_schema_length=None).sort(
        "measure", "weekday", "hour", nulls_last=False
    )


def _row(measure: str, weekday: Any, hour: Any, counts: Floats, n: float) -> dict[str, Any]:
    level = np.array(LEVELS)
    spread = NORMAL * np.sqrt(level * (1 - level) / max(counts.sum(), 1.0))
    ends = {"": level, "_low": level - spread, "_high": level + spread}
    row: dict[str, Any] = {"measure": measure, "weekday": weekday and DAYS[weekday - 1]}
    row |= {"hour": hour, "n": int(n)}
    for end, at in ends.items():
        found = quantiles(counts, np.clip(at, 0.0, 1.0)) / 3600
        for name, here, value in zip(("q10", "q50", "q90"), at, found, strict=True):
            row[f"{name}{end}_h"] = float(value) if 0 < here < 1 else None
    return row


def rates(index: Index) -> pl.DataFrame:
    """Return volume, utilisation, delay and miss rate of every lane, with 90 % intervals.

    Returns
    -------
    DataFrame
        One row per lane of the index: ``parcels_per_day`` of the last ``RECENT`` days (gamma
        interval of a Poisson count); ``utilisation``, parcels over places of the departures that
        the timetable had in them (null without); ``ratio``, usual transit over plan (null without);
        ``miss_rate``, the share that left later than by the first departure after its arrival,
        with a beta prior worth ``WORTH`` parcels at the rate of its kind of place.
    """
    roads, asof = index.roads, index.graph.asof.timestamp()
    lanes, size = roads.lanes, roads.lanes.height
    since = (index.graph.asof.date().toordinal() - 719_163) - RECENT
    recent = index.graph.days.filter(
        pl.col("measure") == "volume", pl.col("date").dt.epoch("d") >= since
    )
    recent = recent.group_by("edge_id").agg(pl.col("n").sum())
    volume = lanes.select("edge_id").join(recent, on="edge_id", how="left", maintain_order="left")
    n = volume["n"].fill_null(0).to_numpy().astype(float)
    every = np.arange(size)
    runs = roads.plan.before(every, np.full(size, asof)) - roads.plan.before(
        every, np.full(size, asof - 86_400.0 * RECENT)
    )
    places = runs * lanes["capacity_parcels"].fill_null(float("nan")).to_numpy()
    with np.errstate(divide="ignore", invalid="ignore"):
        used = np.where(roads.plan.scheduled & (places > 0), n / places, np.nan)
    tail = (1 - INSIDE) / 2
    mean, _ = roads.transit.moments()
    plan = lanes["duration_s"].fill_null(float("nan")).to_numpy() / 60
    offered, taken = roads.handling.offered.total, roads.handling.taken.total
    kind = roads.handling.offered.kind
    by_kind = (np.bincount(kind, offered - taken) + 1) / (np.bincount(kind, offered) + 10)
    prior = WORTH * by_kind[kind]
    bad, good = offered - taken + prior, taken + WORTH - prior
    columns = {
        "parcels_per_day": n / RECENT,
        "parcels_low": gamma.ppf(tail, np.maximum(n, 1e-9)) / RECENT,
        "parcels_high": gamma.ppf(1 - tail, n + 1) / RECENT,
        "utilisation": used,
        "ratio": np.exp(mean) / plan,
        "miss_rate": np.where(roads.plan.scheduled, bad / (bad + good), np.nan),
        "miss_low": np.where(roads.plan.scheduled, beta.ppf(tail, bad, good), np.nan),
        "miss_high": np.where(roads.plan.scheduled, beta.ppf(1 - tail, bad, good), np.nan),
    }
    rows = lanes.select("lane_id", "head_id", "tail_id", "carrier_id", "parcels")
    return rows.with_columns(pl.Series(name, of).fill_nan(None) for name, of in columns.items())
