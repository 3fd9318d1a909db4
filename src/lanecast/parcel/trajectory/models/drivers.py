"""Why this stop, and why this long: the blend taken apart, input by input.

Contributions of trees are those of TreeSHAP (Lundberg et al., 2020): they add up to the score.
"""

import numpy as np
import polars as pl

from .blend import FittedBlend
from .boosted import FLOOR
from .frequency import shares
from .rows import LEG_INPUTS, STOP_INPUTS, Array, inputs

SHARE, USUAL = "share_of_lanes", "usual_h"  # what the trees start from
SCHEMA = {"feature": pl.String, "value": pl.String}


def of_stop(fitted: FittedBlend, x: pl.DataFrame, stop: str) -> pl.DataFrame:
    """Return what speaks for ``stop`` against the other candidates of the one question of x.

    Returns
    -------
    DataFrame
        ``feature``, ``value`` there, and ``log_odds``: how much more the input adds to the score of
        this candidate than to that of the others, these weighted by their chances; what it starts
        from, the share of its lane, is ``share_of_lanes``. They add up to the difference of the
        scores. Only that where no trees were grown. Strongest first.

    Raises
    ------
    ValueError
        When ``stop`` is no candidate, or the only one.
    """
    rows = x.filter(pl.col("listed") > 0)
    mine = (rows["next_stop"] == stop).to_numpy()
    if mine.sum() != 1 or len(mine) < 2:
        valid = ", ".join(rows["next_stop"])
        raise ValueError(f"stop: expected one of several candidates, {valid}; got {stop!r}.")
    start = np.log(np.maximum(shares(rows, fitted.frequency), FLOOR))
    parts, names = start[:, None], [SHARE]
    if fitted.boosted.stop is not None:
        values = inputs(rows, STOP_INPUTS)
        added = np.asarray(fitted.boosted.stop.predict(values, pred_contrib=True, num_threads=1))
        parts, names = np.column_stack([start, added[:, :-1]]), [SHARE, *STOP_INPUTS, "status"]
    weight = np.where(mine, 0.0, np.maximum(fitted.chance(rows), 1e-12))
    odds = parts[mine][0] - weight @ parts / weight.sum()
    told = rows.filter(pl.Series(mine)).with_columns(pl.lit(np.exp(start[mine][0])).alias(SHARE))
    return _strongest(told, names, odds, "log_odds")


def of_time(fitted: FittedBlend, x: pl.DataFrame) -> pl.DataFrame:
    """Return what moves the median time of the one row of x.

    Returns
    -------
    DataFrame
        ``feature``, ``value`` and ``factor``: first ``usual_h``, the usual time [h] with what the
        trees add to all legs; it and the factors of all inputs multiply to the median. Strongest
        first.
    """
    usual = float(np.log(x[USUAL][0]))
    logs: Array = np.zeros(0)
    names: list[str] = []
    if fitted.boosted.leg is not None:
        values = inputs(x, LEG_INPUTS)
        added = np.asarray(fitted.boosted.leg.predict(values, pred_contrib=True, num_threads=1))
        logs, names = fitted.leg_share * added[0], [*LEG_INPUTS, "status"]
        usual += float(logs[-1])  # what all legs have in common
        logs = logs[:-1]
        usual += float(logs[names.index(USUAL)])
        keep = [name != USUAL for name in names]
        logs, names = logs[keep], [name for name in names if name != USUAL]
    told = _strongest(x, names, logs, "factor").with_columns(pl.col("factor").exp())
    first = pl.DataFrame([(USUAL, _said(x[USUAL][0]), float(np.exp(usual)))], told.schema,
                         orient="row")  # fmt: skip
    return pl.concat([first, told])


def _strongest(row: pl.DataFrame, names: list[str], parts: Array, kind: str) -> pl.DataFrame:
    values = [_said(row[name][0] if name in row.columns else None) for name in names]
    rows = list(zip(names, values, (float(each) for each in parts), strict=True))
    told = pl.DataFrame(rows, SCHEMA | {kind: pl.Float64}, orient="row")
    return told.sort(pl.col(kind).abs(), descending=True, maintain_order=True)


def _said(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.3g}" if isinstance(value, float) else str(value)
