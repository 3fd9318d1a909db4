"""Demand of the items of a site: quantiles to tell, and drawn ways to order by."""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime

import narwhals as nw
import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.special import ndtri

from lanecast.planning import demand
from lanecast.planning.demand.models import FittedEnsemble
from lanecast.planning.forecast import HIGH, LOW, Forecast
from lanecast.planning.inventory.models import matched
from lanecast.planning.inventory.rollout import stretched
from lanecast.planning.panel import Floats, Panel
from lanecast.planning.paths import Ranks
from lanecast.tables.lake import Lake, collect
from lanecast.tables.planning import PRICES

from .level import factors, levelled

DRAWS = 200
LEVEL = "product_id/facility_id"
TOLD = 0.05  # from which on a correction of means is told
ROWS = 60_000  # from which a model that is fitted at once learns


@dataclass(frozen=True)
class Learnt:
    """A model of demand, and how many days it foresees."""

    model: FittedEnsemble
    days: int


@dataclass(frozen=True)
class Foreseen:
    """``rows`` of ``demand_forecasts``, ``paths`` as ``inventory.decide`` takes them, and notes."""

    rows: pl.DataFrame
    paths: pl.DataFrame
    notes: tuple[str, ...]


def foreseen(
    known: Lake, asof: datetime, site: str, days: int, reach: int, learnt: Learnt | None, seed: int
) -> Foreseen:
    """Return demand of the items of ``site``: rows of ``days``, drawn ways of ``reach`` days.

    Without a model one is fitted on all series of the lake, as far ahead as prices are planned.

    Raises
    ------
    ValueError
        When the model does not reach over the days.
    """
    horizon = learnt.days if learnt else max(days, min(reach, _planned_d(known, asof)))
    if horizon < days:
        raise ValueError(
            f"model: it foresees {horizon} days, {days} are asked for; fit it with --horizon "
            f"{days} or more."
        )
    panel, notes = demand.context(known, asof, horizon), list[str]()
    if learnt is None:
        notes.append(f"no model of demand is given: fitted now, on {len(panel.ids)} series.")
    fitted = learnt.model if learnt else quick(seed).fit(panel)
    whole = fitted.predict(panel)
    rows = np.flatnonzero([str(name).endswith(f"/{site}") for name in panel.ids])
    mine, said = panel.of(rows), Forecast(whole.quantiles[rows], whole.fallback[rows])
    factor = factors(fitted, panel)
    mean = levelled(factor, mine, said.mean)
    if max(factor) > 1 + TOLD or min(factor) < 1 - TOLD:
        notes.append(
            f"means of demand are taken times {factor[0]:.2f}, and {factor[1]:.2f} on days with an "
            "event: so much more came in the last six weeks than would have been said."
        )
    if told := int((said.fallback != "").sum()):
        notes.append(f"{told} of {len(mine.ids)} items have a simpler forecast (see fallback).")
    if reach > horizon:
        notes.append(f"demand beyond day {horizon} is taken to go on like the week before it.")
    low, high = said.quantiles[:, :, LOW], said.quantiles[:, :, HIGH]
    ways = matched(mean, low, high, together(fitted.ranks), DRAWS, seed)
    return Foreseen(_rows(said, mean, mine, days), _paths(ways, mine, asof, reach), tuple(notes))


def together(ranks: Ranks | None) -> float:
    """Return how errors of two days of a series correlate, on the origins that were held out."""
    if ranks is None or ranks.rank.shape[1] < 2:
        return 0.0
    score = ndtri(ranks.rank.astype(np.float64))
    horizon = score.shape[1]
    found = (horizon * score.mean(axis=1).var() - 1) / (horizon - 1)
    return float(np.clip(found, 0.0, 0.9))


def quick(seed: int) -> demand.Ensemble:
    """Return a model of daily demand that is learnt in a minute or less."""
    pooled = demand.Pooled(
        heads=(0.1, 0.3, 0.5, 0.7, 0.9), centre="zero", back=500, most=ROWS, seed=seed
    )
    return demand.Ensemble({"naive": demand.SeasonalNaive(), "pooled": pooled}, seed=seed)


def _planned_d(known: Lake, asof: datetime) -> int:
    """Return how many days ahead prices are planned."""
    last = collect(known.read(PRICES).select(nw.col("day").max())).item()
    return max(int(last or 0) - int(asof.timestamp() // 86400), 0)


def _rows(said: Forecast, mean: Floats, panel: Panel, days: int) -> pl.DataFrame:
    cut = Forecast(said.quantiles[:, :days], said.fallback)
    mark = hashlib.sha256(cut.quantiles.tobytes()).hexdigest()[:8]
    version = f"{panel.asof:%Y-%m-%d}-{mark}"
    rows = cut.rows(replace(panel, horizon=days), "ensemble", version, LEVEL)
    return rows.with_columns(mean=pl.Series(np.maximum(mean[:, :days], 0.0).ravel()))


def _paths(drawn: Floats, panel: Panel, asof: datetime, reach: int) -> pl.DataFrame:
    start: npt.NDArray[np.datetime64] = panel.ds(panel.length).astype("datetime64[D]")
    late = int((np.datetime64(asof.date()) + 1 - start[0]) / np.timedelta64(1, "D"))
    ways = stretched(drawn, reach + max(late, 0))
    days = ways.shape[2]
    flat = ways.transpose(0, 2, 1).reshape(-1, ways.shape[1])
    return pl.DataFrame(
        {
            "unique_id": np.repeat(panel.ids, days),
            "ds": pl.Series(np.tile(start[0] + np.arange(days), len(panel.ids))).cast(pl.Date),
            "paths": pl.Series(flat).cast(pl.List(pl.Float64)),
        }
    ).with_columns(asof=pl.lit(asof).cast(pl.Datetime("us", "UTC")))
