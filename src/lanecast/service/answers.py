"""From a view of the parcels to what a request or a page shows of them.

Of lateness two things are told. ``chance_late`` of an arrival is the forecast of the time, seen
from now: given that nothing has come while waiting. ``late`` of a list and among the risks is the
model of risks, as of the last question about the parcel, on which actions are decided. Once an open
parcel is past its promise, both are 1: that is known, and no model is asked.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl

from lanecast.parcel.waiting import chance_by, left
from lanecast.tables.parcel import QUANTILES

from .desk import View

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
COPIED = ("moment", "model", "version", "slice", "coverage_80", "fallback")
RISKY = ("late", "failed_first", "returned", "lost", "not_received")


def at(hours: float | None) -> datetime | None:
    """Return hours since 1970 as an instant, to the second."""
    if hours is None or not np.isfinite(hours):
        return None
    return EPOCH + timedelta(seconds=round(3600 * hours))


def arrivals(asked: pl.DataFrame, said: pl.DataFrame, now: datetime) -> list[dict[str, Any]]:
    """Return for each parcel when it arrives, seen from ``now``; as ``Arrival`` of the REST API.

    Parameters
    ----------
    asked, said
        Rows of a view's ``asked`` and ``eta``, in the same order.
    """
    now_h = now.timestamp() / 3600
    waited = np.maximum(now_h - asked["asof_h"].to_numpy(), 0.0)
    before = said.select(QUANTILES).cast(pl.Float64).to_numpy()
    hours = left(before, waited)
    promised = asked["promised_h"].cast(pl.Float64).fill_null(float("nan")).to_numpy()
    passed = past_promise(asked, now).to_list()
    chance = 1 - _after(before, waited, promised - now_h)
    rows = []
    answers = said.select(*COPIED, "eta_at", "quality").to_dicts()
    for i, (question, answer) in enumerate(zip(asked.to_dicts(), answers, strict=True)):
        open_now = question["ended_h"] is None
        known = bool(np.isfinite(hours[i, 0])) and open_now
        rows.append(
            {
                "parcel_id": question["parcel_id"],
                "status": question["end"] or "open",
                "ended_at": at(question["ended_h"]),
                "asof": now,
                "asked_at": at(question["asof_h"]),
                "eta_at": _eta(answer, hours[i], now_h, known, open_now),
                "promised_at": at(question["promised_h"]),
                "chance_late": 1.0 if passed[i] else _number(chance[i]) if known else None,
                "hours": dict(zip(QUANTILES, hours[i].round(2).tolist(), strict=True))
                if known
                else None,
                "quality": [each for each in (answer["quality"] or "").split(",") if each],
                **{name: answer[name] for name in COPIED},
            }
        )
    return rows


def past_promise(asked: pl.DataFrame, now: datetime) -> pl.Series:
    """Return which rows of a view's ``asked`` are open, and were promised for before ``now``."""
    passed = (asked["promised_h"].cast(pl.Float64) < now.timestamp() / 3600).fill_null(False)
    return asked["ended_h"].is_null() & passed


def overdue(rows: pl.DataFrame, now: datetime) -> pl.DataFrame:
    """Return rows of ``listing`` in which what is open and past its promise is surely late."""
    passed = (pl.col("status") == "open") & (pl.col("promised_at") < now)
    return rows.with_columns(late=pl.when(passed).then(1.0).otherwise(pl.col("late")))


def surely_late(risks: pl.DataFrame, now: datetime) -> pl.DataFrame:
    """Return the risks of a parcel past its promise: to be late is no chance any more."""
    told = {"event": "late", "version": "promise", "asof": now, "chance": 1.0}
    fact = pl.DataFrame([told | {"quality": "past_promise", "fallback": ""}])
    other = risks.filter(pl.col("event") != "late")
    return pl.concat([fact, other], how="diagonal_relaxed").select(risks.columns)


def _after(quantiles: np.ndarray, waited: np.ndarray, until: np.ndarray) -> np.ndarray:
    """Return the chance of ``until`` hours from now, given that nothing came while waiting."""
    gone = chance_by(quantiles, waited)
    by = chance_by(quantiles, np.maximum(waited + until, 0.0))
    return np.asarray((by - np.minimum(gone, by)) / np.maximum(1 - gone, 1e-12))


def _eta(
    answer: dict[str, Any], hours: np.ndarray, now_h: float, known: bool, open_now: bool
) -> datetime | None:
    """Return the median from now on, or what a fallback without a range says."""
    if known:
        return at(now_h + hours[QUANTILES.index("q500")])
    return answer["eta_at"] if open_now else None


def _number(value: float) -> float | None:
    return round(float(min(max(value, 0.0), 1.0)), 6) if np.isfinite(value) else None


def listing(view: View) -> pl.DataFrame:
    """Return one row per parcel with what a list sorts and filters by; see ``Row`` of the API."""
    chances = (
        view.risks.filter(pl.col("event").is_in(RISKY)).pivot(
            "event", index="parcel_id", values="chance", aggregate_function="last"
        )
        if view.risks.height
        else pl.DataFrame(schema={"parcel_id": pl.String})
    )
    missing = [name for name in RISKY if name not in chances.columns]
    chances = chances.with_columns(pl.lit(None, pl.Float64).alias(name) for name in missing)
    acts = view.plan.table.select("parcel_id", "action", "saving", "price", "plan_id")
    said = view.eta.select("parcel_id", "q100", "q500", "q900", "version", "fallback")
    rows = view.asked.select(
        *("parcel_id", "moment", "facility_id", "carrier_id", "service", "merchant_id"),
        *("origin_region", "goal_region", "goal_postal_code", "attempts", "scans"),
        last_status="status",
        status=pl.col("end").fill_null("open"),
        asked_at=_instant("asof_h"),
        placed_at=_instant("placed_h"),
        promised_at=_instant("promised_h"),
        ended_at=_instant("ended_h"),
    )
    joined = (
        rows.join(said, on="parcel_id", how="left")
        .join(chances, on="parcel_id", how="left")
        .join(acts, on="parcel_id", how="left")
        .join(_expected(view), on="parcel_id", how="left")
    )
    return joined.with_columns(
        pl.when(pl.col("status") == "open").then(pl.col(name)).alias(name)
        for name in ("eta_at", "q100", "q500", "q900", *RISKY[:-1])
    )


def _expected(view: View) -> pl.DataFrame:
    """Return when each open parcel arrives, seen from the moment of the view: never before it."""
    is_open = view.asked["ended_h"].is_null()
    asked, said = view.asked.filter(is_open), view.eta.filter(is_open)
    when = [each["eta_at"] for each in arrivals(asked, said, view.asof)]
    expected = pl.Series("eta_at", when, pl.Datetime("us", "UTC"))
    return asked.select("parcel_id").with_columns(expected)


def _instant(hours: str) -> pl.Expr:
    return (pl.col(hours) * 3_600_000_000).round().cast(pl.Int64).cast(pl.Datetime("us", "UTC"))


def page(
    rows: pl.DataFrame,
    sort: str,
    descending: bool,
    offset: int,
    limit: int,
    where: Sequence[pl.Expr],
) -> tuple[int, pl.DataFrame]:
    """Return how many rows pass ``where``, and a page of them; what is not known comes last."""
    found = rows.filter(*where) if where else rows
    ordered = found.sort(sort, "parcel_id", descending=[descending, False], nulls_last=True)
    return found.height, ordered.slice(offset, limit)


def wanted(
    status: str,
    search: str = "",
    facility_id: str | None = None,
    carrier_id: str | None = None,
    action: str | None = None,
    late_from: float | None = None,
) -> list[pl.Expr]:
    """Return what the rows of a list must satisfy; ``status`` may be ``all``."""
    where = [] if status == "all" else [pl.col("status") == status]
    if search:
        where.append(pl.col("parcel_id").str.contains(search, literal=True))
    equal = {"facility_id": facility_id, "carrier_id": carrier_id, "action": action}
    where += [pl.col(name) == value for name, value in equal.items() if value is not None]
    if late_from is not None:
        where.append(pl.col("late") >= late_from)
    return where
