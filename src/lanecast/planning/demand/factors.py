"""Which inputs drive demand, with what delay, how strongly, and how sure is that?

Demand of a day is taken as ``exp(theta' d)`` times what series, season and weekday make of it. What
they make is learnt by trees on other weeks than those they are used for, and the drivers ``d`` are
taken as deviations from what is usual for series, season and weekday; so errors of the trees do not
reach ``theta`` in first order (double machine learning [1]_). The level of a series is that of the
days around, cleaned of what drivers did there as far as it is known, in turns.

Standard errors are clustered by week, since all series of a week share its luck. Drivers are told
apart from chance by the false discovery rate [2]_: over the drivers of the day, and over all
signals and delays.

References
----------
.. [1] Chernozhukov et al. (2018). Double/debiased machine learning for treatment and structural
       parameters. *The Econometrics Journal* 21(1).
.. [2] Benjamini & Yekutieli (2001). The control of the false discovery rate in multiple testing
       under dependency. *Annals of Statistics* 29(4).
"""

from dataclasses import dataclass

import lightgbm as lgb
import numpy as np
import numpy.typing as npt
import polars as pl

from .clustered import adjusted, solved
from .places import Places

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
LEAST_DAYS = 60


@dataclass(frozen=True)
class Factors:
    """How drivers are looked for.

    Parameters
    ----------
    drivers
        Columns that act on the day itself: prices, promotions, holidays.
    lags_d
        Delays at which other signals may act, in days.
    window_d
        Days to either side that say the level of a series.
    rate
        False discovery rate.
    """

    drivers: tuple[str, ...] = ("log_price", "discount", "display", "campaign", "holiday", "eve")
    lags_d: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6, 7)
    window_d: int = 28
    rate: float = 0.05
    turns: int = 3
    folds: int = 4
    rounds: int = 60
    seed: int = 0
    threads: int = 1

    def __post_init__(self) -> None:
        if not 0 < self.rate < 1:
            raise ValueError(f"rate: expected a share between 0 and 1, got {self.rate}.")
        if min(self.turns, self.rounds) < 1 or self.folds < 2:
            raise ValueError(f"Expected turns and rounds from 1, folds from 2, got {self}.")

    def find(
        self, rows: pl.DataFrame, signals: tuple[str, ...] = (), by: str | None = None
    ) -> pl.DataFrame:
        """Return one row per driver and delay, the surest first.

        Parameters
        ----------
        rows
            Days of sale with ``product_id, facility_id, date, category, demand`` (see ``latent``)
            and a column per driver.
        signals
            Further columns, daily numbers of a place, looked at with delays. One that is positive
            throughout is taken as its log.
        by
            A column of ``rows``, such as ``category``: effects are told for each of its values,
            elasticities of kinds of goods for example.

        Returns
        -------
        ``driver, lag_d, effect, low, high`` (95 %), ``p``, ``q`` (adjusted), ``found``, and ``by``
        in front. ``effect`` is the power of a logarithmic driver, or the log of the factor per unit
        of another.

        Raises
        ------
        ValueError
            When a column is missing or there are fewer than 60 days.
        """
        rows = self._checked(rows, signals, by)
        names, drive = self._columns(rows, signals)
        ready = np.isfinite(drive).all(axis=1)
        rows, drive = rows.filter(pl.Series(ready)), drive[ready]
        at = Places(rows)
        y = rows["demand"].to_numpy().astype(float)
        apart = self._apart(drive, at)
        of_day = [j for j, (name, _) in enumerate(names) if name in self.drivers]
        usual = self._beside(rows, y, drive[:, of_day], apart[:, of_day], at)
        if by is None:
            return self._told(names, *self._tested(names, apart, y, usual, at.week))
        found = []
        for value in rows[by].drop_nulls().unique().sort():
            own = (rows[by] == value).fill_null(False).to_numpy()
            moves = [j for j in range(len(names)) if np.ptp(apart[own, j]) > 0]
            some = [names[j] for j in moves]
            tested = self._tested(some, apart[own][:, moves], y[own], usual[own], at.week[own])
            found.append((some, *tested, [value] * len(some)))
        of = pl.Series(by, [value for *_, values in found for value in values])
        names = [name for some, *_ in found for name in some]
        theta, spread, p = (np.concatenate([each[i] for each in found]) for i in (1, 2, 3))
        return self._told(names, theta, spread, p, of)

    def expected(self, rows: pl.DataFrame, without: tuple[str, ...] = ()) -> pl.DataFrame:
        """Return ``rows``, sorted by product, place and date, with what was ``expected`` of each.

        That is by the days around it and by its own drivers, from trees that have not seen its
        week; so what happened on the day itself is not in it. Of drivers ``without`` it is what
        would have been expected had they been 0.

        Raises
        ------
        ValueError
            As ``find``.
        """
        rows = self._checked(rows, (), None)
        names, drive = self._columns(rows, ())
        at, y = Places(rows), rows["demand"].to_numpy().astype(float)
        apart = self._apart(drive, at)
        usual = self._beside(rows, y, drive, apart, at)
        theta, _, _ = self._tested(names, apart, y, usual, at.week)
        off = np.array([theta[j] if name in without else 0.0 for j, (name, _) in enumerate(names)])
        log = np.clip(apart @ theta - drive @ off, -3, 3)
        return rows.with_columns(expected=pl.Series(usual * np.exp(log)))

    def _checked(
        self, rows: pl.DataFrame, signals: tuple[str, ...], by: str | None
    ) -> pl.DataFrame:
        wanted = ["product_id", "facility_id", "date", "category", "demand"]
        wanted += [by] if by else []
        if lost := [n for n in (*wanted, *self.drivers, *signals) if n not in rows.columns]:
            raise ValueError(f"rows: no column {', '.join(lost)}; got {', '.join(rows.columns)}.")
        rows = rows.sort("product_id", "facility_id", "date")
        if rows["date"].n_unique() < LEAST_DAYS:
            raise ValueError(
                f"rows: expected {LEAST_DAYS} days at least, got {rows['date'].n_unique()}."
            )
        return rows

    def _beside(
        self, rows: pl.DataFrame, y: Floats, drive: Floats, apart: Floats, at: Places
    ) -> Floats:
        """Return demand as it would be with drivers as is usual around the day.

        The level is cleaned of all that drivers do, and what is usual of them is put back: so an
        effect that is taken wrongly here moves both, and what is usual stays as it is.
        """
        theta, usual = np.zeros(apart.shape[1]), y
        for _ in range(self.turns):
            moved = np.clip(drive @ theta, -3, 3)
            level = at.around(y / np.exp(moved), self.window_d)
            usual = self._usual(rows, y, level, at, moved) * np.exp(-np.clip(apart @ theta, -3, 3))
            theta, _, _ = solved(apart, y, usual, at.week)
        return usual

    def _tested(
        self, names: list[tuple[str, int]], apart: Floats, y: Floats, usual: Floats, week: Ints
    ) -> tuple[Floats, Floats, Floats]:
        """Return effect, standard error and p value of each driver.

        Each signal is tested beside the drivers of the day alone, so that few are fitted at once.
        """
        of_day = np.array([name in self.drivers for name, _ in names])
        out = [np.full(len(names), np.nan) for _ in range(3)]
        for signal in dict.fromkeys(name for name, _ in names):
            own = np.array([name == signal for name, _ in names])
            used = np.flatnonzero(of_day | own)
            for whole, part in zip(out, solved(apart[:, used], y, usual, week), strict=True):
                whole[used[own[used]]] = part[own[used]]
        return out[0], out[1], out[2]

    def _columns(
        self, rows: pl.DataFrame, signals: tuple[str, ...]
    ) -> tuple[list[tuple[str, int]], Floats]:
        """Return the names and delays of the drivers, and their values, shape (n, D)."""
        names = [(name, 0) for name in self.drivers if rows[name].n_unique() > 1]
        columns = [rows[name].to_numpy().astype(float) for name, _ in names]
        for name in signals:
            of_place = rows.select("facility_id", "date", name).unique(["facility_id", "date"])
            positive = bool((of_place[name] > 0).all())
            for lag in self.lags_d:
                then = of_place.with_columns(pl.col("date").dt.offset_by(f"{lag}d"))
                at = rows.select("facility_id", "date").join(
                    then, on=["facility_id", "date"], how="left", maintain_order="left"
                )
                value = at[name].to_numpy().astype(float)
                columns.append(np.log(value) if positive else value)
                names.append((name, lag))
        return names, np.column_stack(columns)

    def _apart(self, drive: Floats, at: Places) -> Floats:
        """Return drivers as deviations from the days around and from their weekday."""
        out = np.empty_like(drive)
        for j in range(drive.shape[1]):
            value = drive[:, j] - at.around(drive[:, j], self.window_d)
            group = at.place * 7 + at.weekday
            count = np.maximum(np.bincount(group), 1)
            out[:, j] = value - (np.bincount(group, value) / count)[group]
        return out

    def _usual(
        self, rows: pl.DataFrame, y: Floats, level: Floats, at: Places, moved: Floats
    ) -> Floats:
        """Return what is expected of each week, drivers included, by trees of the others."""
        x = np.column_stack(
            [
                at.weekday,
                rows["date"].dt.ordinal_day().to_numpy(),
                rows["category"].rank("dense").to_numpy(),
                rows["product_id"].rank("dense").to_numpy(),
                at.place,
                np.log(np.maximum(level, 1e-3)),
            ]
        ).astype(float)
        start = np.log(np.maximum(level, 1e-3)) + moved
        fold = np.random.default_rng(self.seed).integers(0, self.folds, at.week.max() + 1)[at.week]
        out = np.empty(len(y))
        for each in range(self.folds):
            learn, use = fold != each, fold == each
            if not use.any():
                continue
            data = lgb.Dataset(x[learn], y[learn], init_score=start[learn])
            trees = lgb.train(self._settings(), data, self.rounds)
            raw = trees.predict(x[use], raw_score=True, num_threads=self.threads)
            out[use] = np.exp(np.asarray(raw) + start[use])
        return out

    def _settings(self) -> dict[str, object]:
        return {
            "objective": "poisson",
            "num_leaves": 15,
            "learning_rate": 0.1,
            "min_data_in_leaf": 100,
            "lambda_l2": 10.0,
            "seed": self.seed,
            "num_threads": self.threads,
            "deterministic": True,
            "force_col_wise": True,
            "verbosity": -1,
        }

    def _told(
        self,
        names: list[tuple[str, int]],
        theta: Floats,
        spread: Floats,
        p: Floats,
        of: pl.Series | None = None,
    ) -> pl.DataFrame:
        of_day = np.array([name in self.drivers for name, _ in names])
        q = np.ones(len(p))
        for family in (of_day, ~of_day):
            if family.any():
                q[family] = adjusted(p[family])
        told = pl.DataFrame(
            {
                "driver": [name for name, _ in names],
                "lag_d": [lag for _, lag in names],
                "effect": theta,
                "low": theta - 1.96 * spread,
                "high": theta + 1.96 * spread,
                "p": p,
                "q": q,
                "found": q <= self.rate,
            }
        )
        if of is not None:
            told = told.select(of, pl.all())
        return told.sort("p", "driver", "lag_d")
