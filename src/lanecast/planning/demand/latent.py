"""What would have been sold if stock had not run out.

Sales are demand until stock runs out. If the day's demand comes as a Poisson process whose rate has
a gamma distributed factor of the day (a negative binomial law of dispersion ``k``), then with
``n`` pieces sold in the part ``s`` of the day, the rest is expected to be ::

    rest = (1 - s) mu (k + n) / (k + s mu)

where ``mu`` is the mean of a whole day. A day that sold out early was a strong day, so its rest is
more than ``(1 - s) mu``. ``mu`` itself is learnt from all days, those with their estimated rest
included, in turns (expectation maximisation [1]_). Leaving such days out would learn from the days
that happened to be weak.

``mu`` is the level of the series around a day times what trees make of the day: promotion, price,
calendar. The level is demand over those factors, since stock runs out beside promotions: a plain
mean of the days around would count the promotion as level, and take the empty days after it for
strong ones.

References
----------
.. [1] Dempster, Laird & Rubin (1977). Maximum likelihood from incomplete data via the EM algorithm.
       *Journal of the Royal Statistical Society B* 39(1).
"""

from dataclasses import dataclass

import lightgbm as lgb
import numpy as np
import numpy.typing as npt
import polars as pl

Floats = npt.NDArray[np.float64]
PROMOTED = ("discount", "display", "campaign")
OWN = 0.15  # how much the log effect of a promotion differs between products
NOT_DRIVERS = ("product_id", "facility_id", "date", "units", "in_stock_share", "category")
SOME = 0.02  # of a day; one that sold out sooner says nothing of its demand
DISPERSED = (0.5, 100.0)  # of the dispersions that are believed


@dataclass(frozen=True)
class Latent:
    """How latent demand is estimated.

    Parameters
    ----------
    turns
        Turns of expectation and maximisation.
    window_d
        Days to either side whose sales say the level of a series.
    """

    turns: int = 6
    window_d: int = 21
    rounds: int = 120
    leaves: int = 31
    rate: float = 0.1
    seed: int = 0
    threads: int = 1

    def __post_init__(self) -> None:
        if min(self.turns, self.window_d, self.rounds) < 1:
            raise ValueError(f"Expected turns, window_d and rounds from 1, got {self}.")

    def estimate(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return ``rows`` (see ``sales.days``) with ``mean`` and ``demand`` of each day.

        ``demand`` is what was sold where stock lasted, and what was sold and the expected rest
        where it did not.

        Raises
        ------
        ValueError
            When a share is outside [0, 1] or a number of units is negative.
        """
        rows = rows.sort("product_id", "facility_id", "date")
        sold = rows["units"].cast(pl.Float64).to_numpy()
        share = rows["in_stock_share"].to_numpy()
        if (sold < 0).any() or not ((share >= 0) & (share <= 1)).all():
            raise ValueError("Expected units from 0 and in_stock_share in [0, 1].")
        x, series, product = self._inputs(rows)
        promoted = rows.select(pl.struct("product_id", *PROMOTED).rank("dense")).to_series()
        state = promoted.to_numpy().astype(np.int64) - 1
        rest = (1 - share) * _level(sold, share, series, self.window_d)
        told, factor = (share > SOME).astype(float), np.ones(len(sold))
        for _ in range(self.turns):
            demand = sold + rest
            level = _level(demand * told, factor * told, series, self.window_d)
            mean = self._mean(x, demand, told, level)
            mean = mean * _own(demand * told, mean * told, told, state)
            factor = mean / level
            k = _dispersion(sold, mean, share, product)
            rest = (1 - share) * mean * (k + sold) / (k + share * mean)
        return rows.with_columns(mean=pl.Series(mean), demand=pl.Series(sold + rest))

    def _inputs(
        self, rows: pl.DataFrame
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        names = [name for name in rows.columns if name not in NOT_DRIVERS]
        codes = [pl.col(name).rank("dense") for name in ("category", "product_id", "facility_id")]
        calendar = [pl.col("date").dt.weekday(), pl.col("date").dt.ordinal_day()]
        wide = rows.select(
            *(pl.col(name).cast(pl.Float64) for name in names),
            *(code.cast(pl.Float64).name.prefix("code_") for code in codes),
            *(each.cast(pl.Float64).alias(f"calendar{i}") for i, each in enumerate(calendar)),
        )
        series = rows.select(pl.struct("product_id", "facility_id").rank("dense")).to_series()
        product = rows["product_id"].rank("dense")
        whole = (series.to_numpy().astype(np.int64) - 1, product.to_numpy().astype(np.int64) - 1)
        return wide.to_numpy(), *whole

    def _mean(self, x: Floats, demand: Floats, told: Floats, level: Floats) -> Floats:
        start = np.log(np.maximum(level, 1e-3))
        some = told > 0
        data = lgb.Dataset(x[some], demand[some], init_score=start[some], free_raw_data=False)
        settings = {
            "objective": "poisson",
            "num_leaves": self.leaves,
            "learning_rate": self.rate,
            "min_data_in_leaf": 50,
            "lambda_l2": 5.0,
            "feature_fraction": 0.7,
            "bagging_fraction": 0.7,
            "bagging_freq": 1,
            "seed": self.seed,
            "num_threads": self.threads,
            "deterministic": True,
            "force_col_wise": True,
            "verbosity": -1,
        }
        trees = lgb.train(settings, data, self.rounds)
        raw = trees.predict(x, raw_score=True, num_threads=self.threads)
        return np.asarray(np.exp(np.asarray(raw) + start))


def _level(sold: Floats, exposure: Floats, series: npt.NDArray[np.int64], window: int) -> Floats:
    """Return units per usual day around each day, shrunk to the mean of the series.

    ``exposure`` is how many usual days a day is worth: 0 where it told nothing.
    """
    begun = np.flatnonzero(np.r_[True, series[1:] != series[:-1]])
    last = np.r_[begun[1:], len(series)]
    first, end = (np.repeat(each, last - begun) for each in (begun, last))
    at = np.arange(len(series))
    low, high = np.maximum(at - window, first), np.minimum(at + window + 1, end)
    total, days = (np.r_[0.0, np.cumsum(each)] for each in (sold, exposure))
    whole = (total[end] - total[first] + 0.01) / (days[end] - days[first] + 1.0)
    near = total[high] - total[low] + 3 * whole
    return np.asarray(near / (days[high] - days[low] + 3))


def _own(demand: Floats, mean: Floats, told: Floats, state: npt.NDArray[np.int64]) -> Floats:
    """Return by how much products in a state of promotion differ from what all say, shrunk."""
    total, usual, days = (np.bincount(state, each) for each in (demand, mean, told))
    ratio = (total + 1) / (usual + 1)
    noise = (1 / 8 + days / np.maximum(usual, 1e-3)) / np.maximum(days, 1)
    return np.asarray((ratio ** (OWN**2 / (OWN**2 + noise)))[state])


def _dispersion(
    sold: Floats, mean: Floats, share: Floats, product: npt.NDArray[np.int64]
) -> Floats:
    """Return the dispersion of each row's product, by moments, shrunk to that of all."""
    whole = share == 1
    excess = np.where(whole, (sold - mean) ** 2 - mean, 0.0)
    square = np.where(whole, mean**2, 0.0)
    count = product.max() + 1
    top, below = (np.bincount(product, each, count) for each in (excess, square))
    inverse = max(top.sum() / max(below.sum(), 1e-9), 1e-3)
    worth = 0.1 * below.mean() + 1e-9
    own = (top + worth * inverse) / (below + worth)
    return np.asarray(np.clip(1 / np.maximum(own, 1e-3), *DISPERSED)[product])
