"""How a model that knew nothing of the last weeks answered then, beside its baseline."""

from datetime import datetime
from typing import Any

import numpy as np
import polars as pl

from lanecast.service.kinds import kind


def held_out(
    problem: str,
    models: tuple[Any, Any],
    x: pl.DataFrame,
    then: pl.DataFrame,
    y: pl.DataFrame,
    since: datetime,
    until: datetime,
) -> dict[str, Any] | None:
    """Return the loss of both on the questions of [since, until); gates of promotion read it.

    None where too little was known at ``since`` to learn from, or nothing was answered since.

    Parameters
    ----------
    models
        Ours and the baseline, not fitted yet.
    x
        All questions.
    then, y
        Outcomes as they were known at ``since``, and as they are now.
    """
    asked, (low, high) = pl.col("asof_h"), (each.timestamp() / 3600 for each in (since, until))
    before, after = x.filter(asked < low), x.filter(asked >= low, asked < high)
    loss = kind(problem).loss
    assert loss is not None
    if before.is_empty() or after.is_empty():
        return None
    try:
        said = [each.fit(before, then).predict(after) for each in models]
        found = [loss(each.with_columns(model=pl.lit("one")), y) for each in said]
    except ValueError:  # too few answers were known by then
        return None
    n = min(count for count, _ in found)
    ours, theirs = (value for _, value in found)
    if not n or not np.isfinite([ours, theirs]).all():
        return None
    return {
        "from": since.isoformat(),
        "to": until.isoformat(),
        "n": n,
        "loss": {"model": ours, "baseline": theirs},
    }
