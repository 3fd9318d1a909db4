"""What a forecast is made of: baseline + seasonality + promotion + price + holiday + rest.

The parts are Shapley values of the trees' median [1]_, in units of the series, summed over what
belongs together. The rest is what the other members and the calibration add, so that the parts add
up to the forecast. They tell what the model used, not what would happen if it were changed; for
that see ``factors``.

References
----------
.. [1] Lundberg et al. (2020). From local explanations to global understanding with explainable AI
       for trees. *Nature Machine Intelligence* 2.
"""

from collections.abc import Mapping

import numpy as np
import polars as pl

from lanecast.planning.forecast import Forecast
from lanecast.planning.holidays import FEASTS
from lanecast.planning.panel import Floats, Panel

from .models.design import Design
from .models.pooled import FittedPooled

PARTS = ("baseline", "seasonality", "promotion", "price", "holiday", "rest")
HOLIDAYS = ("holiday", "eve", "event_code", *FEASTS)
SEASONS = ("phase_", "year_", "month", "weekday", "hour", "step")


def explain(
    fitted: FittedPooled,
    forecast: Forecast,
    of: Panel,
    parts: Mapping[str, str] | None = None,
) -> pl.DataFrame:
    """Return a row per series and period: ``unique_id, ds, forecast`` and its parts.

    Parameters
    ----------
    fitted, forecast
        The trees, and the forecast to explain, of panel ``of``.
    parts
        The part to which a covariate belongs; by default an event is a promotion, unless it is
        called holiday or eve, and what is measured and known ahead is a price.

    Raises
    ------
    ValueError
        When the trees did not learn, or ``parts`` names no part or no covariate.
    """
    if not fitted.heads:
        raise ValueError("fitted: the trees had nothing to learn from; the baseline answered.")
    for name, part in (parts or {}).items():
        if name not in of.covariates or part not in PARTS:
            raise ValueError(
                f"parts: expected a covariate of {', '.join(of.covariates)} and a part of "
                f"{', '.join(PARTS)}; got {name!r}: {part!r}."
            )
    owner = np.array([PARTS.index(belongs(name, of, parts or {})) for name in fitted.names])
    design = Design(of, fitted.how.centre)
    scale = design.scale(of.length)
    level = np.nan_to_num(design.level(of.length))
    base = design.base(of.length, np.arange(of.horizon) + 1)
    out = np.zeros((len(of.ids), of.horizon, len(PARTS)))
    middle = fitted.heads[len(fitted.heads) // 2]
    for step in range(of.horizon):
        x, _ = design.x(of.length, np.array([step + 1]))
        shares: Floats = np.asarray(middle.predict(x, pred_contrib=True)) * scale[:, None]
        for i in range(len(PARTS)):
            out[:, step, i] = shares[:, :-1][:, owner == i].sum(axis=1)
        out[:, step, 0] += shares[:, -1] + level
        out[:, step, 1] += base[:, step] - level
    out[:, :, -1] += forecast.median - out.sum(axis=2)
    return _rows(out, forecast, of)


def belongs(feature: str, of: Panel, parts: Mapping[str, str]) -> str:
    """Return the part to which a feature belongs."""
    for name, each in sorted(of.covariates.items(), key=lambda pair: -len(pair[0])):
        if feature == name or feature.startswith(f"{name}_"):
            usual = "price" if each.ahead and not each.event else "rest"
            if each.event:
                usual = "holiday" if name in HOLIDAYS else "promotion"
            return parts.get(name, usual)
    if feature.startswith(HOLIDAYS):
        return "holiday"
    return "seasonality" if feature.startswith(SEASONS) else "baseline"


def _rows(parts: Floats, forecast: Forecast, of: Panel) -> pl.DataFrame:
    ds = np.tile(of.ds(of.length, of.horizon), len(of.ids))
    return pl.DataFrame(
        {
            "unique_id": np.repeat(of.ids, of.horizon),
            "ds": pl.Series(ds).dt.replace_time_zone("UTC"),
            "forecast": forecast.median.ravel(),
            **{name: parts[:, :, i].ravel() for i, name in enumerate(PARTS)},
        }
    )
