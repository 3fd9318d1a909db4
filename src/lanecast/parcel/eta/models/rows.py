"""From x and y to arrays, and from arrays to rows of the canonical table ``predictions``."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from lanecast.parcel.vocabulary import Vocabulary
from lanecast.tables.parcel import QUANTILES

Array = npt.NDArray[np.float64]
LONGEST_H = 24.0 * 60
FEWEST = 100  # deliveries to learn from
SHORTEST_H = 0.25  # a delivery that was known late may lie before the question
NOT_NUMBERS = ("asof_h", "usual_h")


@dataclass(frozen=True)
class Durations:
    """Rows to learn from: x, with hours from question to delivery, or to when it was last open.

    ``hours``, ``ended`` (1 delivered, 0 censored) and ``age_h``, the time since the question, have
    shape (n,); ``seen_h`` is the moment by which outcomes were seen, in hours since 1970 UTC.
    """

    x: pl.DataFrame
    hours: Array
    ended: Array
    age_h: Array
    seen_h: float

    def enough(self) -> "Durations":
        """Return these rows.

        Raises
        ------
        ValueError
            When they are too few to learn from.
        """
        known = int(self.ended.sum())
        if known < FEWEST:
            raise ValueError(
                f"y: knows {known} deliveries of {len(self.hours)} rows; at least {FEWEST} are "
                "needed to learn from. Fit on more questions, or at a later moment."
            )
        return self

    def alive(self) -> Array:
        """Return the chance that a row is, or was, a parcel that gets delivered, shape (n,).

        With a share ``lost`` of never delivered among old questions, and S the share of deliveries
        that take longer, it is ``(1 - lost) S(t) / (lost + (1 - lost) S(t))`` for a parcel open
        after t hours (mixture cure model; Boag, 1949); 1 for delivered ones, and for all open ones
        where there are too few old questions to tell lost parcels from slow ones; 0 for those that
        have ended in another way.
        """
        closed = (self.ended == 0) & (self.hours < self.age_h - 1e-6)
        chance = np.where(closed, 0.0, 1.0)
        for moment in self.x["moment"].unique():
            same = (self.x["moment"] == moment).to_numpy()
            old = same & (self.age_h > LONGEST_H)
            taken = np.sort(self.hours[old & (self.ended > 0)])
            if len(taken) < 100:
                continue
            lost = 1 - len(taken) / old.sum()
            longer = 1 - np.searchsorted(taken, self.hours) / len(taken)
            alive = (1 - lost) * longer / np.maximum(lost + (1 - lost) * longer, 1e-9)
            chance = np.where(same & (self.ended == 0) & ~closed, alive, chance)
        return chance

    def weight(self, half_life_d: float) -> Array:
        """Return weights, shape (n,), mean 1: less for old rows and for doubtful parcels."""
        weight = 0.5 ** (self.age_h / 24 / half_life_d) * self.alive()
        return np.asarray(weight / weight.mean())

    def sample(self, most: int, seed: int) -> "Durations":
        """Return at most about ``most`` rows, checkouts all and the rest by chance."""
        size = len(self.hours)
        if size <= most:
            return self
        first = (self.x["moment"] == "checkout").to_numpy()
        share = max(most - first.sum(), most // 2) / max((~first).sum(), 1)
        lucky = np.random.default_rng(seed).random(size) < share
        return self.only(first | lucky)

    def before(self, moment_h: float) -> "Durations":
        """Return these rows as they were known at ``moment_h``; what ended later was open then."""
        asked = self.seen_h - self.age_h
        known = self.only(asked < moment_h)
        age_h = known.age_h - (self.seen_h - moment_h)
        ended = np.where(known.hours <= age_h, known.ended, 0.0)
        return Durations(known.x, np.minimum(known.hours, age_h), ended, age_h, moment_h)

    def only(self, mask: npt.NDArray[np.bool_]) -> "Durations":
        """Return the rows of ``mask``."""
        return Durations(
            self.x.filter(pl.Series(mask)),
            self.hours[mask],
            self.ended[mask],
            self.age_h[mask],
            self.seen_h,
        )


def durations(x: pl.DataFrame, y: pl.DataFrame) -> Durations:
    """Join x to its outcomes.

    What was asked after y was seen has none and is left out, and so is what was asked before there
    was a history to compare with (no ``usual_h``). A parcel open for more than 60 days counts as
    censored there: lost or forgotten, it says no more about how long deliveries take.
    """
    both = x.join(y, on="parcel_id", how="inner", maintain_order="left").filter(
        pl.col("asof_h") < pl.col("seen_h"), pl.col("usual_h").is_not_null()
    )
    if both.is_empty():
        raise ValueError("y: has no outcome for any row of x; fit on questions asked before it.")
    hours = (both["end_h"] - both["asof_h"]).clip(SHORTEST_H).to_numpy()
    ended = ((both["ended"] == 1) & (pl.Series(hours) <= LONGEST_H)).cast(pl.Float64).to_numpy()
    seen_h = float(both["seen_h"].max())  # type: ignore[arg-type]
    age_h = seen_h - both["asof_h"].to_numpy()
    return Durations(both.select(x.columns), np.minimum(hours, LONGEST_H), ended, age_h, seen_h)


def number_columns(x: pl.DataFrame) -> tuple[str, ...]:
    """Return the numeric inputs of x that say anything, in its order."""
    return tuple(
        name
        for name, dtype in x.schema.items()
        if dtype.is_numeric() and name not in NOT_NUMBERS and x[name].null_count() < x.height
    )


def numbers(x: pl.DataFrame, columns: tuple[str, ...]) -> Array:
    """Return numeric inputs, shape (n, n_columns), missing ones as NaN.

    They are rounded to single precision: sums over groups differ in their last bits from run to
    run, and the same seed must give the same model.
    """
    return np.asarray(x[list(columns)].to_numpy().astype(np.float32).astype(np.float64))


def inputs_of(x: pl.DataFrame, columns: tuple[str, ...], texts: Vocabulary) -> Array:
    """Return what trees read, shape (n, n_columns + n_texts): numbers, then codes."""
    return np.column_stack([numbers(x, columns), texts.encode(x)])


def usual(x: pl.DataFrame) -> Array:
    """Return the baseline [h], shape (n,), rounded as ``numbers``."""
    return np.asarray(x["usual_h"].to_numpy().astype(np.float32).astype(np.float64))


def quality() -> pl.Expr:
    """Return what makes a prediction doubtful: codes, comma separated; empty if nothing does."""
    codes = {
        "few_history": pl.col("handling_merchant_n").fill_null(0.0) < 3,
        "address_imprecise": pl.col("distance_km").is_null(),
        "no_promise": pl.col("to_promise_h").is_null(),
    }
    named = [pl.when(doubt).then(pl.lit(code)) for code, doubt in codes.items()]
    return pl.concat_str(named, separator=",", ignore_nulls=True)


def predictions(x: pl.DataFrame, hours: Array, model: str, version: str) -> pl.DataFrame:
    """Return rows of ``predictions`` from quantiles ``hours``, shape (n, n_levels).

    Quantiles that cross are sorted, which never makes them worse [1]_; the point forecast is the
    median.

    References
    ----------
    .. [1] Chernozhukov, Fernandez-Val & Galichon (2010). Quantile and Probability Curves Without
           Crossing. *Econometrica* 78(3).
    """
    ordered = np.maximum(np.sort(hours, axis=1), 0.0)
    quantiles = pl.DataFrame(ordered, list(QUANTILES), orient="row", nan_to_null=True)
    asof = (pl.col("asof_h") * 3_600_000_000).round().cast(pl.Int64).cast(pl.Datetime("us", "UTC"))
    return x.hstack(quantiles).select(
        "parcel_id",
        "moment",
        pl.lit(model).alias("model"),
        pl.lit(version).alias("version"),
        asof.alias("asof"),
        (asof + (3.6e9 * pl.col("q500")).cast(pl.Duration("us"))).alias("eta_at"),
        pl.col("q500").alias("asof_to_delivered_h"),
        *QUANTILES,
        slice=pl.lit(None, pl.String),
        coverage_80=pl.lit(None, pl.Float64),
        quality=quality(),
        fallback=pl.lit(None, pl.String),
    )
