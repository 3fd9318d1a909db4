"""Summaries of the past against loops, and against laws whose parameters are known."""

import math

import narwhals as nw
import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lanecast.parcel.history import Chain, backlog, effects, merged, pace, total

NOW = 1000.0
CHAIN = Chain(
    "way", {"short": 5, "long": 50}, [("region", ("to",), 20), ("lane", ("since", "to"), 3)]
)


def sample(seed=0, n=300):
    rng = np.random.default_rng(seed)
    return pl.DataFrame(
        {
            "since": rng.choice(list("abc"), n),
            "to": rng.choice(list("xyz"), n),
            "value": rng.normal(size=n),
            "known_h": rng.uniform(0, 1100, n),
        }
    )


def summary(rows):
    return {k: v.to_native() for k, v in effects(nw.from_native(rows), CHAIN, NOW).items()}


def naive(rows, days):
    """Shrink residuals level by level, one row at a time."""
    known = [r for r in rows.to_dicts() if r["known_h"] <= NOW]
    for r in known:
        r["w"] = 0.5 ** ((NOW - r["known_h"]) / 24 / days)
    whole = sum(r["w"] * r["value"] for r in known) / sum(r["w"] for r in known)
    found = {"whole": {(): (whole, None)}}
    for r in known:
        r["rest"] = r["value"] - whole
    for level, key, k in CHAIN.levels:
        groups = {}
        for r in known:
            groups.setdefault(tuple(r[c] for c in key), []).append(r)
        found[level] = {
            name: (sum(r["w"] * r["rest"] for r in group) / (sum(r["w"] for r in group) + k),
                   sum(r["w"] for r in group))
            for name, group in groups.items()
        }  # fmt: skip
        for name, group in groups.items():
            for r in group:
                r["rest"] -= found[level][name][0]
    return found


@pytest.mark.parametrize("name", CHAIN.half_lives)
def test_effects_agree_with_a_loop_over_rows(name):
    rows = sample()
    tables, loop = summary(rows), naive(rows, CHAIN.half_lives[name])
    assert tables["whole"][f"way_whole_{name}"].item() == pytest.approx(loop["whole"][()][0])
    for level, key, _ in CHAIN.levels:
        assert tables[level].height == len(loop[level])
        for row in tables[level].iter_rows(named=True):
            effect, weight = loop[level][tuple(row[c] for c in key)]
            assert row[f"way_{level}_{name}"] == pytest.approx(effect, abs=1e-12)
            if name == "long":
                assert row[f"way_{level}_n"] == pytest.approx(weight)


def test_a_thin_group_stays_near_the_level_above_and_a_rich_one_leaves_it():
    whole = pl.DataFrame({"since": "a", "to": "x", "value": 0.0, "known_h": NOW}).select(
        pl.all().repeat_by(1000).explode()
    )
    for n, low, high in ((1, 0.0, 0.3), (300, 0.9, 1.0)):
        lane = whole.head(n).with_columns(since=pl.lit("b"), value=pl.lit(1.0))
        tables = summary(pl.concat([whole, lane]))
        rows = nw.from_native(pl.DataFrame({"since": ["b"], "to": ["x"]}))
        for name, key in (("whole", []), ("region", ["to"]), ("lane", ["since", "to"])):
            table = nw.from_native(tables[name])
            rows = rows.join(table, on=key, how="left") if key else rows.join(table, how="cross")
        assert low < rows.select(x=total(CHAIN, "short"))["x"].item() < high


def test_an_unseen_lane_is_the_mean():
    tables = summary(sample())
    row = nw.from_native(tables["whole"].with_columns(
        *(pl.lit(None, pl.Float64).alias(f"way_{x}_short") for x in ("region", "lane"))
    ))  # fmt: skip
    mean = tables["whole"]["way_whole_short"].item()
    assert row.select(x=total(CHAIN, "short"))["x"].item() == mean


def test_recent_rows_count_more():
    rows = pl.DataFrame(
        {"since": "a", "to": "x", "value": [0.0, 1.0], "known_h": [NOW - 24 * 5, NOW]}
    )
    whole = summary(rows)["whole"]
    assert whole["way_whole_short"].item() == pytest.approx(1 / 1.5)
    assert whole["way_whole_long"].item() == pytest.approx(1 / (1 + 0.5**0.1))


def test_nothing_known_gives_no_mean():
    whole = summary(sample().with_columns(known_h=NOW + 1))["whole"]
    assert whole.row(0) == (None, None)


@given(st.integers(0, 5), st.integers(0, 5))
def test_merged_keeps_every_key_of_every_table(a, b):
    one = pl.DataFrame({"k": range(a), "u": range(a)}, schema={"k": pl.Int64, "u": pl.Int64})
    two = pl.DataFrame({"k": range(3, 3 + b), "v": range(b)}, schema={"k": pl.Int64, "v": pl.Int64})
    tables = [{"t": nw.from_native(one)}, {"t": nw.from_native(two)}]
    out = merged(tables, {"t": ("k",)})["t"].to_native()
    assert sorted(out["k"]) == sorted({*range(a), *range(3, 3 + b)})
    assert out.columns == ["k", "u", "v"]


def flow(slow, seed=0, n=6000, shape=None, at=400.0):
    """Starts over 60 days; from ``at`` hours before NOW on, everything takes ``slow`` as long.

    Durations are exponential, or log-logistic of ``shape``, with a mean or median of 60 h.
    """
    rng = np.random.default_rng(seed)
    start = rng.uniform(NOW - 24 * 60, NOW, n)
    if shape is None:
        need = rng.exponential(60.0, n)
    else:
        u = rng.uniform(size=n)
        need = 60.0 * (u / (1 - u)) ** (1 / shape)
    before = np.maximum(NOW - at - start, 0.0)
    end = start + np.where(need <= before, need, before + (need - before) * slow)
    return pl.DataFrame(
        {"g": rng.choice(["a", "b"], n), "start_h": start, "end_h": end, "usual_h": 60.0}
    )


def paces(rows, k=20.0, days=(4, 7, 14)):
    whole, groups = pace(nw.from_native(rows), ("g",), NOW, days, k, "way")
    return whole.to_native().row(0), groups.to_native().sort("g")


def test_pace_agrees_with_a_loop_over_rows():
    rows = flow(1.3, n=400, shape=4.0)
    k = 20.0
    ended = [r for r in rows.to_dicts() if r["end_h"] <= NOW]
    logs = [math.log(max(r["end_h"] - r["start_h"], 1) / 60) for r in ended]
    middle, shape = np.mean(logs), math.pi / math.sqrt(3) / np.std(logs, ddof=1)

    def hazard(hours):
        return math.log(1 + math.exp((math.log(max(hours, 1) / 60) - middle) * shape))

    def counts(rows, window):
        since, seen, due = NOW - 24 * window, 0, 0.0
        for r in rows:
            stop = min(r["end_h"], NOW)
            if stop <= since or max(stop - r["start_h"], 1) / 60 >= 8:
                continue
            seen += r["end_h"] <= NOW
            due += hazard(stop - r["start_h"])
            if r["start_h"] < since:
                due -= hazard(since - r["start_h"])
        return seen, due

    whole, groups = paces(rows, k)
    for i, window in enumerate((4, 7, 14)):
        seen, due = counts(rows.to_dicts(), window)
        assert whole[i] == pytest.approx(math.log((seen + 5) / (due + 5)), abs=1e-4)
        for row in groups.iter_rows(named=True):
            seen, due = counts(rows.filter(g=row["g"]).to_dicts(), window)
            mine = math.log((seen + k * math.exp(whole[i])) / (due + k))
            assert row[f"way_group_pace_{window}"] == pytest.approx(mine, abs=1e-4)


@pytest.mark.parametrize("shape", [3.0, 6.0])
def test_a_steady_world_has_no_pace(shape):
    whole, groups = paces(flow(1.0, shape=shape))
    assert np.abs(whole).max() < 0.08
    assert groups.drop("g").to_numpy() == pytest.approx(0, abs=0.12)


@pytest.mark.parametrize("slow", [1.5, 2.0])
def test_a_slow_down_shows_with_its_sign_and_roughly_its_size(slow):
    """An exponential's events come at 1 / slow of the rate; a few days after the start of it."""
    whole, groups = paces(flow(slow, at=96.0))
    assert -1.6 * math.log(slow) < whole[0] < -0.5 * math.log(slow)
    quick, _ = paces(flow(1 / slow, at=96.0))
    assert 0.3 * math.log(slow) < quick[0] < 1.6 * math.log(slow)
    assert (groups["way_group_pace_4"] < -0.3 * math.log(slow)).all()


def test_a_standstill_shows_before_any_late_parcel_arrives():
    rows = flow(1.0, shape=5.0)
    stopped = rows.with_columns(
        end_h=pl.when(pl.col("end_h") > NOW - 48).then(None).otherwise("end_h")
    )
    assert paces(stopped)[0][0] < paces(rows)[0][0] - 0.4


def test_only_the_group_that_slows_down_is_slow_and_a_thin_one_follows_the_whole():
    mixed = pl.concat([flow(1.0, 1).with_columns(g=pl.lit("a")),
                       flow(2.0, 2, at=96.0).with_columns(g=pl.lit("b")),
                       flow(1.0, 3).with_columns(g=pl.lit("c")).head(3)])  # fmt: skip
    whole, groups = paces(mixed)
    a, b, c = groups["way_group_pace_4"]
    assert b < -0.3 < a - 0.2
    assert c == pytest.approx(whole[0], abs=0.25)


def test_what_ends_later_is_at_risk_only():
    """Ends after the moment are not read: null and a late end are the same."""
    rows = flow(1.5)
    hidden = rows.with_columns(end_h=pl.when(pl.col("end_h") <= NOW).then("end_h"))
    later = flow(1.0, 9).with_columns(start_h=pl.col("start_h") + 24 * 60 + 1)
    assert paces(pl.concat([hidden, later]))[0] == pytest.approx(paces(rows)[0], abs=1e-12)


def test_backlog_agrees_with_a_loop_over_parcels():
    rng = np.random.default_rng(4)
    n = 400
    placed = rng.uniform(NOW - 24 * 60, NOW + 48, n)
    known = np.where(rng.uniform(size=n) < 0.3, np.nan, placed + rng.exponential(60, n))
    rows = pl.DataFrame(
        {"merchant_id": rng.choice(["m1", "m2", "m3"], n), "asof_h": placed,
         "shipped_known_h": pl.Series(known).fill_nan(None), "usual_h": rng.uniform(10, 50, n)}
    )  # fmt: skip
    table = backlog(nw.from_native(rows), NOW).to_native()
    assert set(table["merchant_id"]) == {"m1", "m2", "m3"}
    for row in table.iter_rows(named=True):
        mine = [r for r in rows.filter(merchant_id=row["merchant_id"]).to_dicts()
                if r["asof_h"] <= NOW]  # fmt: skip
        waits = [
            r for r in mine
            if (r["shipped_known_h"] is None or r["shipped_known_h"] > NOW)
            and r["asof_h"] > NOW - 720
        ]  # fmt: skip
        assert row["open_orders"] == len(waits)
        overdue = sum(NOW - r["asof_h"] > 1.5 * r["usual_h"] for r in waits)
        assert row["overdue_orders"] == overdue > 0
        assert row["orders_7d"] == sum(r["asof_h"] > NOW - 168 for r in mine)
        assert row["orders_30d"] == sum(r["asof_h"] > NOW - 720 for r in mine)
        shipped = [r["shipped_known_h"] for r in mine if (r["shipped_known_h"] or 1e9) <= NOW]
        assert row["last_handover_d"] == pytest.approx((NOW - max(shipped)) / 24)
