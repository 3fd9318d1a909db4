"""Whether the present is still like the past: inputs, coverage, and how old the data are.

How the other predictions came true is in ``calibration``.
"""

from datetime import datetime, timedelta
from typing import Any

import narwhals as nw
import polars as pl

from lanecast.metrics.stability import psi, psi_of
from lanecast.parcel import eta
from lanecast.tables.lake import collect
from lanecast.tables.parcel import PREDICTIONS

from . import calibration, figures, kept
from .clock import last_recorded
from .kinds import kind
from .models import Models, Serving
from .tenants import Tenant

PRESENT, PAST = timedelta(days=7), timedelta(days=28)  # that are compared, one before the other
RIPE, SCORED = timedelta(days=14), timedelta(days=42)  # age of questions whose coverage is measured
FEWEST = 200  # questions, or deliveries of a slice
CLOCKS = ("asof_h", "snapshot_age_h", "long_ago_h", "working_")  # they move because time does
TEXTS = ("moment", "status", "origin_region", "goal_region", "category", "payment", "service")


def inputs(serving: Serving, tenant: Tenant, now: datetime) -> dict[str, float]:
    """Return the population stability index of each input of a model: a week against four before.

    Both are assembled with the model's own context, so that only the questions differ.
    """
    x = kind(serving.problem).questions(tenant.lake(), now - PRESENT - PAST, now, serving.context)
    recent = pl.col("asof_h") >= (now - PRESENT).timestamp() / 3600
    present, past = x.filter(recent), x.filter(~recent)
    if min(present.height, past.height) < FEWEST:
        return {}
    found = {}
    for name, dtype in x.schema.items():
        if name in TEXTS:
            counts = (
                past.group_by(name)
                .len("past")
                .join(present.group_by(name).len("present"), on=name, how="full", nulls_equal=True)
                .fill_null(0)
            )
            found[name] = psi(counts["past"].to_numpy(), counts["present"].to_numpy())
        elif dtype.is_numeric() and not name.startswith(CLOCKS):
            before, after = (each[name].cast(pl.Float64).to_numpy() for each in (past, present))
            found[name] = psi_of(before, after)
    return found


def coverage(tenant: Tenant, now: datetime) -> dict[str, tuple[int, float]]:
    """Return by slice how many deliveries are known, and the share inside the 80 % range.

    Counted are answers of the last weeks, kept by the service or stored in the lake by ``predict``,
    to questions that are old enough for nearly all parcels to have arrived.
    """
    low, high = now - SCORED, now - RIPE
    parts = []
    own = kept.answers(tenant, "eta", high)
    if own is not None:
        parts.append(own.filter(role="live").drop("role"))
    lake = tenant.lake()
    if lake.has(PREDICTIONS):
        asked = nw.col("asof").is_between(low, high)
        stored = lake.read(PREDICTIONS).filter(asked).select(*PREDICTIONS.columns)
        parts.append(collect(stored))
    if not parts:
        return {}
    rows = pl.concat(parts, how="diagonal_relaxed").filter(
        pl.col("asof").is_between(low, high), pl.col("fallback").is_null()
    )
    rows = rows.unique(["parcel_id", "moment", "asof"], keep="first", maintain_order=True)
    if rows.is_empty():
        return {}
    became = collect(eta.outcomes(lake.asof(now), now).lazy())
    scores = eta.evaluate(rows.with_columns(pl.col("slice").fill_null("none")), became, ["slice"])
    if "coverage_80" not in scores.columns:
        return {}
    known = scores.filter(pl.col("n") >= FEWEST, pl.col("coverage_80").is_not_null())
    return {row["slice"]: (row["n"], row["coverage_80"]) for row in known.iter_rows(named=True)}


def age(tenant: Tenant) -> float | None:
    """Return the seconds since the last scan was recorded; 0 for a company that lives by its data.

    None where there are no scans.
    """
    last = last_recorded(tenant.lake())
    if last is None:
        return None
    if tenant.clock.kind == "data":
        return 0.0
    return max((tenant.clock.wall() - last).total_seconds(), 0.0)


def look(models: Models, tenant: Tenant) -> dict[str, Any]:
    """Measure everything for one company, keep this round's answers, and let Prometheus know."""
    now = tenant.now()
    found: dict[str, Any] = {"kept": {}, "drift": {}}
    for problem in kept.PROBLEMS:
        found["kept"][problem] = kept.keep(models, tenant, problem, now)
        serving = models.serving(tenant, problem)
        if serving is None:
            continue
        found["drift"][problem] = inputs(serving, tenant, now)
        for name, value in found["drift"][problem].items():
            figures.DRIFT.labels(tenant.name, problem, name).set(value)
    found["coverage"] = coverage(tenant, now)
    for name, (_, share) in found["coverage"].items():
        figures.COVERAGE.labels(tenant.name, "eta", name).set(share)
    found["risks"] = calibration.risks(tenant, now)
    for event, (_, brier, ece) in found["risks"].items():
        figures.BRIER.labels(tenant.name, "events", event).set(brier)
        figures.CALIBRATION.labels(tenant.name, "events", event).set(ece)
    found["planned"] = calibration.planned(tenant, now)
    for (problem, level), (_, share) in found["planned"].items():
        figures.COVERAGE.labels(tenant.name, problem, level).set(share)
    return found
