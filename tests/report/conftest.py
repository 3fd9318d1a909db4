from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy.stats import norm

from lanecast.experiment import Replay, flat
from lanecast.optimize.promise import Frontier
from lanecast.parcel import eta
from lanecast.report import Ahead
from lanecast.tables.parcel import LEVELS, QUANTILES

START = datetime(2025, 1, 6, tzinfo=UTC)


def made_up(parcels: int = 900, days: int = 150, scans: int = 5, seed: int = 7) -> Replay:
    """Parcels of about nine days, asked about at checkout, when shipped and after each scan."""
    rng = np.random.default_rng(seed)
    placed = np.sort(rng.uniform(0, 24 * days, parcels))
    total = 24 * np.exp(rng.normal(2.1, 0.45, parcels))
    parts = np.sort(rng.uniform(0.05, 0.97, (parcels, scans + 1)), axis=1)
    rows = []
    for model, noise, spread in (("blend", 0.30, 0.30), ("lane", 0.36, 0.36), ("plain", 0.42, 0.0)):
        for step in range(scans + 2):
            passed = np.zeros(parcels) if step == 0 else parts[:, step - 1] * total
            left = total - passed
            shift = rng.normal(0, noise * (1 - 0.06 * step), parcels)
            point = left * np.exp(shift)
            width = spread * (1 - 0.06 * step)
            q = point[:, None] * np.exp(width * norm.ppf(LEVELS)[None, :])
            moment = ("checkout", "shipped", "in_transit")[min(step, 2)]
            asof = [START + timedelta(hours=float(h)) for h in placed + passed]
            columns = {
                "parcel_id": [f"p{i:05d}" for i in range(parcels)],
                "asof": asof,
                "asof_to_delivered_h": point,
                **{name: q[:, i] for i, name in enumerate(QUANTILES)},
            }
            rows.append(
                pl.DataFrame(columns).with_columns(
                    moment=pl.lit(moment), model=pl.lit(model), version=pl.lit("1")
                )
            )
    predictions = pl.concat(rows).with_columns(pl.col("asof").cast(pl.Datetime("us", "UTC")))
    outcomes = pl.DataFrame(
        {
            "parcel_id": [f"p{i:05d}" for i in range(parcels)],
            "end_h": START.timestamp() / 3600 + placed + total,
            "ended": (rng.uniform(size=parcels) > 0.02).astype(np.int8),
        }
    )
    names = ("blend", "lane", "plain")
    speeds = dict.fromkeys(names, 1.0), dict.fromkeys(names, 1e5)
    return Replay(predictions, outcomes, *speeds, features_s=1.0)


def curve(shift: float) -> Frontier:
    days = np.linspace(3, 30, 40)
    return Frontier(np.geomspace(2, 2000, 40), days, 1 / (1 + np.exp(-(days - 7 - shift) / 2.6)))


def map_of(places: int = 60, lanes: int = 260, seed: int = 3) -> tuple[pl.DataFrame, pl.DataFrame]:
    rng = np.random.default_rng(seed)
    names = [f"Hub {i:02d}" for i in range(places)]
    facilities = pl.DataFrame(
        {
            "facility_id": [f"f{i}" for i in range(places)],
            "name": names,
            "lat": rng.normal(48, 4.5, places),
            "lon": rng.normal(9, 7, places),
        }
    )
    ends = rng.integers(0, places, (2, lanes))
    ends[1] = np.where(ends[0] == ends[1], (ends[1] + 1) % places, ends[1])
    pairs = pl.DataFrame(
        {
            f"{s}_facility_id": [f"f{i}" for i in e]
            for s, e in zip(("from", "to"), ends, strict=True)
        }
    )
    rows = pairs.with_columns(
        delay_h=pl.Series(rng.gamma(0.7, 2.2, lanes)),
        volume=pl.Series(np.ceil(rng.pareto(1.3, lanes) * 120 + 5).astype(np.int64)),
    )
    return facilities, rows.unique(["from_facility_id", "to_facility_id"], maintain_order=True)


def forces(inputs: int = 12) -> pl.DataFrame:
    """A usual time of 200 h, and inputs that move it, less and less."""
    logs = [0.3 * (-0.8) ** k for k in range(inputs)]
    factors = [200.0, *np.exp(logs)]
    share = 200 / 24 * np.expm1(sum(logs)) / sum(logs)
    return pl.DataFrame(
        {
            "feature": ["usual_h", *(f"input_{k}" for k in range(inputs))],
            "value": ["200", *("<b>" for _ in range(inputs))],
            "factor": factors,
            "days": [200 / 24, *(share * each for each in logs)],
        }
    )


def on_its_way(facilities: pl.DataFrame) -> Ahead:
    """A parcel that was at two places, and goes on to two more, one of them perhaps."""
    now = START.timestamp() / 3600 + 48
    spots = facilities.head(4).rename({"facility_id": "stop"})
    been = spots[:2].with_columns(at_h=pl.Series([now - 9, now - 2]), offset_min=pl.lit(120))
    ends = pl.DataFrame({"stop": ["no_further"], "name": ["Delivery, or another end"]})
    stops = pl.concat([spots[2:], ends], how="diagonal").with_columns(
        chance=pl.Series([1.0, 0.25, 1.0]),
        q100=now + pl.Series([1.0, 5.0, 9.0]),
        q500=now + pl.Series([2.0, 6.0, 20.0]),
        q900=now + pl.Series([4.0, 9.0, 30.0]),
        offset_min=pl.lit(-330),
        came_h=pl.Series([now + 3.5, None, None]),
    )
    moves = [("f1", "f2", 1.0), ("f2", "f3", 0.25), ("f2", "no_further", 0.75)]
    moves += [("f3", "no_further", 0.25), ("f1", "f3", 0.001)]
    risks = pl.DataFrame({"event": ["Late", "Lost"], "chance": [0.4, 0.001], "usual": [0.1, 0.002]})
    lanes = pl.DataFrame(moves, ["from", "to", "chance"], orient="row")
    return Ahead("p00042", now, now + 24, 100, been, stops, lanes, risks)


@pytest.fixture(scope="session")
def given() -> dict[str, Any]:
    """Everything that ``write`` takes, made up."""
    replayed = made_up()
    policies = {
        "policy": ["lanecast", "constant 90 %", "carrier's promise"],
        "promised_days": [13.2, 15.0, 23.4],
        "on_time": [0.921, 0.90, 0.921],
        "cost": [15.41, 17.2, 24.9],
        "foresight": [9.1, 9.1, 9.1],
        "regret": [6.31, 8.1, 15.8],
    }
    return {
        "replayed": replayed,
        "scores": eta.evaluate(replayed.predictions, replayed.outcomes),
        "flat": flat(replayed, eta, "blend", "plain"),
        "tradeoff": {"lanecast": curve(0.0), "constant level": curve(2.0)},
        "mark": (23.4, 0.921),
        "worth": pl.DataFrame(policies),
        "network": map_of(),
        "drivers": ("p00007", forces()),
        "ahead": on_its_way(map_of()[0]),
        "about": {
            "source": "Made up, for looking",
            "parcels": "900",
            "period": "January to June 2025",
            "command": "lanecast backtest parcel.eta",
            "versions": "lanecast 0.1.0, polars 2.1",
        },
    }
