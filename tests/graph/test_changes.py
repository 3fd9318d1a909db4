"""Lanes that changed: found where there is a step, and seldom where there is none."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from lanecast.graph.changes import changes, daily_logs
from lanecast.tables.graph import BIN_LOG

from .networks import AT, made

FIRST = date(2025, 3, 24) - timedelta(days=150)


def network(step: np.ndarray, seed: int, region: str | None = None, storms: float = 0.0):
    """Return a graph whose lanes take ``step`` [lane] more from some day on, beside slow drift.

    On two days in five all take up to ``storms`` more.
    """
    drift, days = 0.08, 150
    rng = np.random.default_rng(seed)
    size = len(step)
    nodes = [{"node_id": f"facility:{i}", "kind": "facility", "label": f"{i}"} for i in (0, 1)]
    nodes = [node | {"region": region} for node in nodes]
    edges = [
        {
            "head_id": "facility:0",
            "tail_id": "facility:1",
            "relation": "lane",
            "lane_id": f"lane:{i:04d}",
        }
        for i in range(size)
    ]
    graph = made(nodes, edges)
    t = np.arange(days)
    at = rng.integers(40, 110, size)
    log = rng.uniform(4, 7, size)[:, None] + step[:, None] * (t >= at[:, None])
    phase = rng.uniform(0, 2 * np.pi, size)[:, None]
    log = log + drift * np.sin(2 * np.pi * t / rng.uniform(120, 400, size)[:, None] + phase)
    noise = rng.uniform(0.03, 0.1, size)[:, None] * rng.standard_normal((size, days))
    noise += (rng.random((size, days)) < 0.01) * rng.gamma(2.0, 0.4, (size, days))
    noise += storms * rng.random(days) * (rng.random(days) < 0.4)
    bins = np.floor((log + noise) / BIN_LOG).astype(int)
    lane = np.repeat(np.arange(size), days)
    rows = pl.DataFrame(
        {
            "edge_id": pl.Series(
                [f"facility:0|lane|facility:1|lane:{i:04d}" for i in range(size)]
            ).gather(lane),
            "date": pl.Series([FIRST + timedelta(days=int(d)) for d in t]).gather(np.tile(t, size)),
            "hour": np.full(size * days, 6, np.int16),
            "measure": ["transit"] * (size * days),
            "bin": bins.reshape(-1).astype(np.int16),
            "n": np.ones(size * days, np.int64),
        }
    )
    kept = rows.sample(fraction=0.8, seed=seed)
    return graph.__class__(**{**vars(graph), "days": kept.sort("edge_id", "date")}), at


def test_steps_are_found_with_their_day_and_size():
    step = np.where(np.arange(100) < 12, np.log(1.3), np.where(np.arange(100) < 24, np.log(0.8), 0))
    graph, at = network(step, 1)
    told = changes(graph).filter("is_changed")
    number = told["lane_id"].str.slice(5).cast(pl.Int64).to_numpy()
    assert np.isin(number, np.flatnonzero(step)).mean() >= 0.9
    assert len(number) >= 0.75 * 24
    assert np.allclose(np.log(told["ratio"].to_numpy()), step[number], atol=0.12)
    late = [(day - FIRST).days - at[i] for day, i in zip(told["changed_on"], number, strict=True)]
    assert np.median(np.abs(late)) <= 3
    assert (told["ratio_low"] < told["ratio"]).all() and (told["ratio"] < told["ratio_high"]).all()


def test_without_steps_alarms_are_seldom():
    """In at most one of ten networks of 60 drifting lanes may any lane be told."""
    alarms = [changes(network(np.zeros(60), seed)[0])["is_changed"].any() for seed in range(20)]
    assert np.mean(alarms) <= 0.1


def test_share_of_false_ones_is_what_was_allowed():
    false = told = 0
    for seed in range(8):
        step = np.where(np.arange(80) < 10, np.log(1.3), 0.0)
        rows = changes(network(step, seed)[0], tell=0.2).filter("is_changed")
        number = rows["lane_id"].str.slice(5).cast(pl.Int64).to_numpy()
        false, told = false + int((number >= 10).sum()), told + len(number)
    assert told > 30 and false / told <= 0.2


@pytest.mark.parametrize("seed", [2, 3])
def test_weather_over_a_region_neither_hides_the_steps_of_its_lanes_nor_makes_any(seed):
    step = np.where(np.arange(60) < 20, np.log(1.3), 0.0)
    found = []
    for region in (None, "R0"):
        told = changes(network(step, seed, region, storms=0.8)[0]).filter("is_changed")
        number = told["lane_id"].str.slice(5).cast(pl.Int64).to_numpy()
        found.append(int((number < 20).sum()))
    assert found[1] >= 15 and found[1] >= found[0] + 3
    assert (number >= 20).sum() <= 1


def test_order_and_units_do_not_matter():
    graph, _ = network(np.log([1.3, 1.0, 1.0]), 3)
    shuffled = graph.__class__(
        **{**vars(graph), "days": graph.days.sample(fraction=1, seed=1, shuffle=True)}
    )
    one, other = changes(graph), changes(shuffled)
    assert one.select("lane_id", "changed_on").equals(other.select("lane_id", "changed_on"))
    assert one["p_value"].to_list() == pytest.approx(other["p_value"].to_list(), rel=1e-6)


def test_days_before_the_window_are_not_seen():
    graph, _ = network(np.log([1.3] * 5), 4)
    assert changes(graph, days=10).height == 0  # too few to judge
    assert daily_logs(graph, 30)["date"].min() >= AT.date() - timedelta(days=30)


def test_a_graph_without_rides_has_nothing_to_judge():
    graph, _ = network(np.zeros(1), 0)
    assert changes(graph.__class__(**{**vars(graph), "days": graph.days.clear()})).is_empty()
