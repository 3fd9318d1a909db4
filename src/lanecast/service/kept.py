"""Answers of the live model and of its shadow, kept apart from the lake, and compared later.

Both are asked the same questions, which scans have raised since the last round. One file holds a
round, whole or not at all.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl

from .kinds import Context, kind
from .models import Models, Serving
from .tenants import Tenant

PROBLEMS = ("eta", "events", "trajectory")
LONGEST = timedelta(days=1)  # of questions that one round answers
MEMORY = timedelta(days=60)
KEPT = "kept"


def keep(models: Models, tenant: Tenant, problem: str, now: datetime) -> int:
    """Answer what was asked since the last round, by both models; return the rows that are kept."""
    live = models.serving(tenant, problem)
    if live is None:
        return 0
    folder = tenant.home / KEPT / problem
    folder.mkdir(parents=True, exist_ok=True)
    rounds = sorted(int(each.stem) for each in folder.glob("[0-9]*.parquet"))
    last = datetime.fromtimestamp(rounds[-1] / 1e6, UTC) if rounds else now - LONGEST
    since = max(last, now - LONGEST)
    if since >= now:
        return 0
    parts = [_answers(live, tenant, since, now, "live")]
    shadow = models.shadow(tenant, problem)
    if shadow is not None:
        parts.append(_answers(shadow, tenant, since, now, "shadow"))
    rows = pl.concat(parts, how="vertical_relaxed")
    file = folder / f"{round(now.timestamp() * 1e6)}.parquet"
    partial = file.with_suffix(".partial")
    rows.write_parquet(partial)
    partial.replace(file)
    oldest = (now - MEMORY).timestamp() * 1e6
    for each in rounds:
        if each < oldest:
            (folder / f"{each}.parquet").unlink(missing_ok=True)
    return rows.height


def answers(tenant: Tenant, problem: str, until: datetime) -> pl.DataFrame | None:
    """Return the kept answers to questions before ``until``; None where there are none."""
    files = sorted((tenant.home / KEPT / problem).glob("[0-9]*.parquet"))
    if not files:
        return None
    rows = pl.concat([pl.read_parquet(each) for each in files], how="vertical_relaxed")
    return rows.filter(pl.col("asof") < until)


def compared(tenant: Tenant, problem: str, shadow: str, now: datetime) -> dict[str, Any] | None:
    """Return the loss of a shadow and of what was live, on the same questions; None before any."""
    rows = answers(tenant, problem, now)
    if rows is None:
        return None
    of = kind(problem)
    assert of.loss is not None
    theirs = rows.filter(role="shadow", version=shadow)
    if theirs.is_empty():
        return None
    question = [each for each in ("parcel_id", "moment", "asof", "event", "status") if each in rows]
    ours = rows.filter(role="live").join(theirs.select(question).unique(), on=question, how="semi")
    became = of.outcomes(tenant.lake(), now)
    n, loss = of.loss(_one(theirs), became)
    _, live = of.loss(_one(ours), became)
    if not n:
        return None
    return {"n": n, "unit": of.unit, "shadow": loss, "live": live}


def _one(rows: pl.DataFrame) -> pl.DataFrame:
    """Return answers under one name, whichever versions gave them."""
    return rows.drop("role").with_columns(model=pl.lit("one"))


def _answers(
    serving: Serving, tenant: Tenant, since: datetime, until: datetime, role: str
) -> pl.DataFrame:
    context: Context = serving.context
    x = kind(serving.problem).questions(tenant.lake(), since, until, context)
    said: pl.DataFrame = serving.fitted.predict(x)
    why = pl.lit(serving.fallback, pl.String)
    return said.with_columns(
        version=pl.lit(serving.version), fallback=pl.coalesce(why, "fallback"), role=pl.lit(role)
    )
