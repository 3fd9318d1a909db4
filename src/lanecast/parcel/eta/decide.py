"""Which date to promise: a newsvendor in time, on the working days of the destination."""

import hashlib
from dataclasses import dataclass

import numpy as np
import polars as pl

from lanecast.optimize.plan import Plan
from lanecast.optimize.promise import Frontier, cost, frontier, promise
from lanecast.tables.parcel import LEVELS, QUANTILES

DAY_H = 24.0
STEP_H = 3.0  # of the moments between which the bound looks
PLAN = {  # the columns of ``plans``
    "plan_id": pl.String(),
    "parcel_id": pl.String(),
    "decision": pl.String(),
    "asof": pl.Datetime("us", "UTC"),
    "promised_date": pl.Date(),
    "promised_h": pl.Float64(),
    "level": pl.Float64(),
    "cost": pl.Float64(),
    "reason": pl.String(),
}


@dataclass(frozen=True)
class Costs:
    """What a promise costs [currency]: each promised day, breaking it, each day it is broken by.

    ``per_day`` is conversion lost per promised day times the margin of an order.
    """

    per_day: float = 1.0
    late: float = 60.0
    per_late_day: float = 0.0

    def __post_init__(self) -> None:
        if not self.per_day > 0 or self.late < 0 or self.per_late_day < 0:
            raise ValueError(
                "Expected per_day > 0, late >= 0 and per_late_day >= 0, got "
                f"{self.per_day}, {self.late} and {self.per_late_day}."
            )


@dataclass(frozen=True)
class Limits:
    """What may be promised, and where.

    Parameters
    ----------
    places
        Per parcel: ``parcel_id``, ``goal_region``, ``utc_offset_min`` at the address, and
        ``promised_h`` [h since 1970 UTC], what was promised until now, null if nothing.
    calendar
        ``goal_region``, ``day`` (since 1970-01-01), ``is_working`` (1 or 0); None: every day.
    soonest_d, longest_d
        First and last day that may be promised, counted from the day of the question.
    """

    places: pl.DataFrame
    calendar: pl.DataFrame | None = None
    soonest_d: int = 0
    longest_d: int = 60

    def __post_init__(self) -> None:
        if not 0 <= self.soonest_d <= self.longest_d:
            raise ValueError(
                f"Expected 0 <= soonest_d <= longest_d, got {self.soonest_d} and {self.longest_d}."
            )


def decide(predictions: pl.DataFrame, costs: Costs, limits: Limits) -> Plan[pl.DataFrame]:
    """Promise each parcel the working day with the least expected cost.

    Returns
    -------
    Plan
        ``table`` has rows of ``plans``; no choice of moments, ends of working days or not, has
        an expected cost below ``bound``. Rows without quantiles or without a place are
        ``skipped`` with the reason.
    """
    rows = predictions.join(limits.places, on="parcel_id", how="left", maintain_order="left")
    numbers = pl.all_horizontal(pl.col(QUANTILES).is_finite().fill_null(False))
    known = pl.col("goal_region").is_not_null() & numbers
    todo, rest = rows.filter(known), rows.filter(~known)
    reason = pl.when(pl.col("goal_region").is_null()).then(pl.lit("no address known"))
    skipped = rest.select("parcel_id", "asof", reason=reason.otherwise(pl.lit("no prediction")))
    if todo.is_empty():
        return Plan(pl.DataFrame(schema=PLAN), 0.0, {}, 0.0, "empty", skipped)

    day, deadline = deadlines(todo, limits)
    duration, level = todo.select(QUANTILES).to_numpy(), np.array(LEVELS)
    prices = {"per_day": costs.per_day, "late": costs.late, "per_late_day": costs.per_late_day}
    chosen = promise(level, duration, deadline, **prices)
    fine = np.arange(0, DAY_H * (limits.longest_d + 1) + STEP_H, STEP_H)
    free = cost(level, duration, np.tile(fine, (todo.height, 1)), **prices)
    # between two moments nothing costs less than waiting for the first and lateness at the second
    least = (free.waiting[:, :-1] + free.late[:, 1:] + free.late_days[:, 1:]).min(axis=1)
    date = pl.Series(day[np.arange(todo.height), chosen.index]).cast(pl.Int32).cast(pl.Date)
    name = hashlib.sha256(f"{costs}{limits.soonest_d}{limits.longest_d}".encode())
    order = todo.with_row_index().sort("parcel_id", "asof", "model", "version")["index"].to_numpy()
    for column in ("parcel_id", "asof", "model", "version"):
        name.update("\0".join(todo[column].gather(order).cast(pl.String)).encode())
    for array in (duration, deadline):
        name.update(array[order].tobytes())
    table = todo.select(
        "parcel_id",
        "asof",
        plan_id=pl.lit(f"pln_{name.hexdigest()[:16]}"),
        decision=pl.lit("promise"),
        promised_date=date,
        promised_h=pl.Series(chosen.deadline),
        level=pl.Series(chosen.on_time).clip(0.0, 1.0),
        cost=pl.Series(chosen.cost),
        reason=pl.lit(None, pl.String),
    )
    parts = {
        "waiting": float(chosen.waiting.sum()),
        "late": float(chosen.late.sum()),
        "late_days": float(chosen.late_days.sum()),
    }
    total = float(chosen.cost.sum())
    bound = min(float(np.minimum(least, chosen.cost).sum()), total)
    return Plan(table, total, parts, bound, "optimal", skipped)


def tradeoff(
    predictions: pl.DataFrame,
    hours: np.ndarray,
    limits: Limits,
    late: np.ndarray | None = None,
) -> Frontier:
    """Return average promised days against the share on time, for dearer and dearer lateness.

    Parameters
    ----------
    hours
        What the durations turned out to be [h], shape (n,), in the order of ``predictions``.
    late
        Costs of a broken promise, in costs of a promised day; None goes from 2 to 2,000.
    """
    rows = predictions.join(limits.places, on="parcel_id", how="left", maintain_order="left")
    _, deadline = deadlines(rows, limits)
    price = np.geomspace(2, 2000, 40) if late is None else late
    duration = rows.select(QUANTILES).to_numpy()
    return frontier(np.array(LEVELS), duration, deadline, late=price, actual=hours)


def against(predictions: pl.DataFrame, outcomes: pl.DataFrame, limits: Limits) -> dict[str, float]:
    """Compare with the promises of old: how many days less at the same share on time?

    A promise is kept until the end of its civil day. The one price of lateness that reaches the
    old share on time is looked up on the same deliveries, as it is for every rule compared, so
    that the figure compares two orderings of parcels and not two guesses of a price.

    Returns
    -------
    dict
        ``promise_on_time``, ``promise_days``; ``mae_promise_days``, the promise read as a forecast:
        the end of its day against the delivery; ``ours_days`` at that share on time, ``shorter`` (a
        fraction), and ``late_price``, in costs of a promised day. Empty without old promises.
    """
    asof_h = pl.col("asof").dt.epoch("us") / 3_600_000_000
    rows = (
        predictions.filter(moment="checkout")
        .join(outcomes.filter(ended=1), on="parcel_id", maintain_order="left")
        .join(limits.places.drop_nulls("promised_h"), on="parcel_id", maintain_order="left")
        .with_columns(
            hours=(pl.col("end_h") - asof_h).clip(0.0), old_h=pl.col("promised_h") - asof_h
        )
        .drop_nulls(QUANTILES[0])
    )
    if rows.is_empty():
        return {}
    target = float((rows["hours"] <= rows["old_h"]).to_numpy().mean())
    curve = tradeoff(rows.select(predictions.columns), rows["hours"].to_numpy(), limits)
    days = float(np.interp(target, np.maximum.accumulate(curve.on_time), curve.days))
    price = float(np.interp(target, np.maximum.accumulate(curve.on_time), curve.setting))
    old = float(rows["old_h"].to_numpy().mean()) / DAY_H
    return {
        "promise_on_time": target,
        "promise_days": old,
        "mae_promise_days": float((rows["old_h"] - rows["hours"]).abs().to_numpy().mean()) / DAY_H,
        "ours_days": days,
        "shorter": 1 - days / old,
        "late_price": price,
    }


def deadlines(rows: pl.DataFrame, limits: Limits) -> tuple[np.ndarray, np.ndarray]:
    """Return the days that may be promised, and hours from ``asof`` to their ends, both (n, K).

    Where a calendar has fewer than K working days in reach, the last one is repeated.
    """
    offset_h = rows["utc_offset_min"].fill_null(0).to_numpy() / 60
    local_h = rows["asof"].dt.epoch("us").to_numpy() / 3_600_000_000 + offset_h
    today = np.floor(local_h / DAY_H).astype(np.int64)
    ahead = np.arange(limits.soonest_d, limits.longest_d + 1)
    if limits.calendar is None:
        day = today[:, None] + ahead
    else:
        day = _working(rows["goal_region"], today, ahead, limits.calendar)
    return day, (day + 1) * DAY_H - local_h[:, None]


def _working(
    region: pl.Series, today: np.ndarray, ahead: np.ndarray, calendar: pl.DataFrame
) -> np.ndarray:
    """Return the working days among ``today + ahead``, shape (n, K), by region; none: all days."""
    asked = pl.DataFrame({"goal_region": region, "today": today})
    pairs = asked.unique(maintain_order=True).with_row_index("pair")
    grid = pairs.join(pl.DataFrame({"ahead": ahead}), how="cross").with_columns(
        day=pl.col("today") + pl.col("ahead")
    )
    days = calendar.select("goal_region", pl.col("day").cast(pl.Int64), "is_working")
    found = grid.join(days, on=["goal_region", "day"], how="left", maintain_order="left")
    open_day = (found["is_working"].fill_null(1) > 0).to_numpy().reshape(pairs.height, len(ahead))
    open_day[~open_day.any(axis=1)] = True
    order = np.argsort(~open_day, axis=1, kind="stable")  # working days first, in their order
    count = open_day.sum(axis=1)[:, None]
    place = np.take_along_axis(order, np.minimum(np.arange(len(ahead)), count - 1), axis=1)
    candidates = pairs["today"].to_numpy()[:, None] + ahead[place]
    which = asked.join(
        pairs, on=["goal_region", "today"], how="left", maintain_order="left", nulls_equal=True
    )
    return np.asarray(candidates[which["pair"].to_numpy()][:, : int(count.max())])
