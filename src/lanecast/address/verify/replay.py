"""Replay the past: learn from deliveries, decide for what came next, pay by what came of it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from lanecast.tables.address import GAZETTEERS
from lanecast.tables.lake import Lake, collect

from ..gazetteer.stored import gazetteer
from .checks import checked, judged, tried
from .decide import Costs, came_of, decide, strict
from .models.deliverable import PARTS, marked
from .record import learnt

Progress = Callable[[str, float], None]
Array = npt.NDArray[np.float64]
ACCEPTED, STRICT, EXPECTED = "accept_all", "strict", "expected_cost"


def replay(
    lake: Lake,
    since: datetime,
    until: datetime,
    every: timedelta,
    costs: Costs,
    say: Progress | None = None,
) -> pl.DataFrame:
    """Return parcels that became known in [since, until), what was said of them, what it cost.

    At each moment of refitting the model knows the deliveries that were recorded by then, and the
    gazetteer of then. Parcels of which no attempt was recorded until the end of ``lake`` are not
    in it.

    Returns
    -------
    DataFrame
        ``parcel_id, asof_h, not_found, chance`` and, in money, what each order cost if all were
        accepted (``accept_all``), if whoever is not accepted is asked (``strict``), and by
        expected cost (``expected_cost``), with its ``action``; empty where there is no parcel.
    """
    end = lake.until or datetime.max.replace(tzinfo=since.tzinfo)
    every_parcel = tried(lake, end)
    said: dict[Any, pl.DataFrame] = {}
    parts, at = [], since
    while at < until:
        then = lake.asof(at)
        edition = _edition(then)
        if edition not in said:
            said[edition] = checked(every_parcel, gazetteer(then), say)
        past = judged(tried(lake, at), said[edition])
        low, high = (each.timestamp() / 3600 for each in (at, min(at + every, until)))
        next_ = every_parcel.filter((pl.col("asof_h") >= low) & (pl.col("asof_h") < high))
        if next_.height:
            parts.append(_decided(past, judged(next_, said[edition]), costs))
        at += every
    return pl.concat(parts) if parts else pl.DataFrame()


def money(rows: pl.DataFrame) -> pl.DataFrame:
    """Return, by plan, what 1,000 orders cost and what they save against accepting all.

    ``low`` and ``high`` are the 95 % interval of the saving over orders (normal).
    """
    out = []
    for plan in (EXPECTED, STRICT, ACCEPTED):
        saved = 1000 * (rows[ACCEPTED] - rows[plan]).to_numpy()
        half = 1.96 * saved.std() / np.sqrt(len(saved))
        mean = float(saved.mean())
        cost = 1000 * float(rows[plan].to_numpy().mean())
        out.append((plan, cost, mean, mean - half, mean + half))
    return pl.DataFrame(out, ["plan", "per_1000", "saved", "low", "high"], orient="row")


def _decided(past: pl.DataFrame, ahead: pl.DataFrame, costs: Costs) -> pl.DataFrame:
    model = learnt(past)
    signs, lost = marked(ahead["signs"].to_list()), ahead["not_found"].to_numpy().astype(np.float64)
    chance = model.predict(signs, ahead["place"].to_list())
    without = {part: model.without(signs, chance, part) for part in PARTS}
    ids = ahead["parcel_id"].to_list()
    plan = decide(ids, chance, model.repaired(signs, chance), without, costs).table
    accepted = (ahead["next_action"] == "accept").to_numpy()
    return ahead.select("parcel_id", "asof_h", "not_found").with_columns(
        pl.Series("chance", chance),
        pl.Series(ACCEPTED, costs.failed * lost),
        pl.Series(STRICT, came_of(strict(ids, chance, without, accepted, costs), lost, costs)),
        pl.Series(EXPECTED, came_of(plan, lost, costs)),
        plan["action"],
    )


def _edition(lake: Lake) -> tuple[tuple[Any, ...], ...]:
    """Return what tells one state of the gazetteer from another."""
    if not lake.has(GAZETTEERS):
        return ()
    named = ("gazetteer_id", "country", "kind", "recorded_at")
    return tuple(sorted(collect(lake.read(GAZETTEERS).select(*named)).rows()))
