"""Why this answer? What moved the forecast of one parcel, as factors and as days."""

import math

import polars as pl

from .models import FittedBlend

BASELINE = "usual_h"  # what the other factors multiply
SCHEMA = {"feature": pl.String, "value": pl.String, "factor": pl.Float64, "days": pl.Float64}


def moved(fitted: FittedBlend, x: pl.DataFrame) -> pl.DataFrame:
    """Return what moved the median of the trees for the only row of ``x``.

    Returns
    -------
    DataFrame
        ``feature``, ``value``, ``factor`` and ``days``: the usual time first, its factor in hours,
        then the others, the strongest first. Factors multiply to the median and days add up to it:
        with median ``m`` and usual time ``u``, a factor ``f`` has its share of the way between
        them, ``(m - u) log f / log(m / u)`` (Ang, 2004). Empty where there is no usual time.
    """
    asked = x.row(0, named=True)
    if asked[BASELINE] is None:
        return pl.DataFrame(schema=SCHEMA)
    factors = dict(fitted.drivers(x).select("feature", "factor").iter_rows())
    usual_h = factors.pop(BASELINE)
    logs = {name: math.log(factor) for name, factor in factors.items()}
    change = sum(logs.values())
    per_log = usual_h / 24 * (math.expm1(change) / change if change else 1.0)
    rows = [(BASELINE, _said(asked[BASELINE]), usual_h, usual_h / 24)]
    for name in sorted(logs, key=lambda each: -abs(logs[each])):
        rows.append((name, _said(asked[name]), factors[name], per_log * logs[name]))
    return pl.DataFrame(rows, SCHEMA, orient="row")


def _said(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.3g}" if math.isfinite(value) else "missing"
    return "missing" if value is None else str(value)
