"""From x and y to arrays, and from arrays to rows of the canonical table ``next_stops``."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from lanecast.tables.parcel import QUANTILES
from lanecast.tables.status import STATUSES
from lanecast.tables.trajectory import SOMEWHERE_NEW

Array = npt.NDArray[np.float64]
Index = npt.NDArray[np.intp]
ASKED = ["parcel_id", "asof_h"]
UNSEEN = "seller:"  # where a parcel is that no facility has seen
TOP = 5  # answers that are told
WHO = ("status", "hour", "prev", "first", "service", "region", "goal", "goal_status")
SHORTEST_H = 1 / 60
LONGEST_H = 24.0 * 60

STATE = ("hour", "weekday", "stops", "scans", "attempts", "since_event_h", "since_entered_h")
TREND = tuple(
    f"leg_{level}_{each}"
    for level in ("spot", "goal", "lane", "clock")
    for each in ("short", "long", "n")
)
STOP_INPUTS = (  # nothing that the plan of the leg tells
    *STATE,
    *(f"{kind}_{name}" for name in WHO for kind in ("n", "p")),
    *("n", "n0", "n1", "recent", "sum_n", "k", "km", "out_n", "out_k", "long_ago_h"),
    *("n_back", "n_to_first", "n_first_to", "n_prev_to"),
    *("is_prev", "is_prev2", "is_first", "is_goal", "same_service", "since_placed_h"),
)
LEG_INPUTS = (
    *STATE,
    *TREND,
    *("expected_h", "usual_h", "usual0_h", "plan0_h", "plan_h", "km", "n0", "n1", "n_service"),
    *("n_hour", "sum_n", "is_prev", "is_first", "is_goal", "same_service"),
    *("last_leg_h", "last_over_usual", "since_placed_h"),
)


@dataclass(frozen=True)
class Known:
    """Rows to learn from.

    ``x`` holds the candidates of questions whose answer is known, those of a question together.
    ``hit`` (n,) is 1 for the answer, and for ``somewhere_new`` where no candidate was; ``took_h``
    (n,) the time to it, NaN elsewhere; ``group`` (n,) numbers the questions; ``end_h`` (n,) is when
    the answer came.
    """

    x: pl.DataFrame
    hit: Array
    took_h: Array
    group: Index
    end_h: Array
    seen_h: float

    @property
    def questions(self) -> int:
        """Return how many questions there are."""
        return int(self.group[-1]) + 1 if len(self.group) else 0

    def only(self, mask: npt.NDArray[np.bool_]) -> "Known":
        """Return the rows of ``mask``."""
        x = self.x.filter(pl.Series(mask, dtype=pl.Boolean))
        group = numbered(x) if x.height else self.group[mask]
        return Known(x, self.hit[mask], self.took_h[mask], group, self.end_h[mask], self.seen_h)

    def before(self, moment_h: float) -> "Known":
        """Return what was known at ``moment_h``."""
        return self.only((self.x["asof_h"].to_numpy() < moment_h) & (self.end_h <= moment_h))

    def after(self, moment_h: float) -> "Known":
        """Return what was asked from ``moment_h`` on."""
        return self.only(self.x["asof_h"].to_numpy() >= moment_h)

    def latest(self, most: int) -> "Known":
        """Return the ``most`` questions that were asked last."""
        return self.only(self.group >= self.questions - most)


def known(x: pl.DataFrame, y: pl.DataFrame) -> Known:
    """Join x to its outcomes; open questions are left out.

    Raises
    ------
    ValueError
        When y was seen before the first question of x was asked, so that x is not of its past.
    """
    seen_h = float(y["seen_h"].max() or 0.0)  # type: ignore[arg-type]
    if x.height and y.height and seen_h <= x["asof_h"].min():  # type: ignore[operator]
        raise ValueError(
            f"y: was seen {seen_h:.1f} h after 1970, before any question of x was asked; fit on "
            "questions asked before it."
        )
    closed = y.filter(pl.col("ended") == 1).select(*ASKED, "stop", "end_h")
    both = x.join(closed, on=ASKED, how="inner", maintain_order="left")
    at_it = pl.col("next_stop") == pl.col("stop")
    met = (at_it & (pl.col("listed") > 0)).any().over(ASKED)
    new = pl.col("next_stop") == SOMEWHERE_NEW
    hit = both.select(pl.when(met).then(at_it & (pl.col("listed") > 0)).otherwise(new))
    took = both.select(pl.when(at_it).then((pl.col("end_h") - pl.col("asof_h")).clip(SHORTEST_H)))
    return Known(
        both.select(x.columns),
        hit.to_series().cast(pl.Float64).to_numpy(),
        took.to_series().cast(pl.Float64).fill_null(float("nan")).to_numpy(),
        numbered(both),
        both["end_h"].to_numpy(),
        seen_h,
    )


def numbered(x: pl.DataFrame) -> Index:
    """Return the number of the question of each row, shape (n,); its rows must be together."""
    changed = pl.any_horizontal(pl.col(name) != pl.col(name).shift(1) for name in ASKED)
    counted = x.select(changed.fill_null(False).cast(pl.Int64).cum_sum()).to_series()
    return np.asarray(counted.to_numpy(), dtype=np.intp)


def inputs(x: pl.DataFrame, names: Sequence[str]) -> Array:
    """Return what trees read, shape (n, n_names + 1): numbers, and the status as one.

    Rounded to single precision: sums differ in their last bits from run to run, and the same seed
    must give the same model.
    """
    status = pl.col("status").cast(pl.Enum(list(STATUSES)), strict=False).to_physical()
    values = x.select(*(pl.col(name).cast(pl.Float32) for name in names), status.cast(pl.Float32))
    return np.asarray(values.to_numpy().astype(np.float64))


def normalised(score: Array, group: Index) -> Array:
    """Return ``exp(score)`` divided by its sum over each group, shape (n,)."""
    if not len(score):
        return score
    top = np.full(int(group[-1]) + 1, -np.inf)
    np.maximum.at(top, group, score)
    weight = np.exp(score - top[group])
    return np.asarray(weight / np.bincount(group, weight)[group])


def next_stops(
    x: pl.DataFrame, chance: Array, hours: Array, model: str, version: str, fallback: str | None
) -> pl.DataFrame:
    """Return rows of ``next_stops``: the likeliest answers, and the one that the plan names.

    Parameters
    ----------
    chance
        Probability of each candidate, shape (n,); NaN for one that no history knows.
    hours
        Quantiles [h] of the time to it, shape (n, n_levels).
    """
    quantiles = pl.DataFrame(np.sort(hours, axis=1), list(QUANTILES), orient="row")
    asof = (pl.col("asof_h") * 3_600_000_000).round().cast(pl.Int64).cast(pl.Datetime("us", "UTC"))
    rows = x.select(*ASKED, "here", "status", "scans", "next_stop", "planned").hstack(quantiles)
    rows = rows.with_columns(probability=pl.Series(chance, dtype=pl.Float64).fill_nan(None))
    rows = rows.sort(
        *ASKED, "probability", "next_stop", descending=[False, False, True, False], nulls_last=True
    ).with_columns(rank=pl.int_range(1, pl.len() + 1).over(ASKED))
    told = rows.filter((pl.col("rank") <= TOP) | (pl.col("planned") > 0))
    return told.select(
        "parcel_id",
        pl.col("scans").cast(pl.Int32).alias("step"),
        pl.col("rank").cast(pl.Int32),
        pl.lit(model).alias("model"),
        pl.lit(version).alias("version"),
        asof.alias("asof"),
        pl.when(~pl.col("here").str.starts_with(UNSEEN)).then("here").alias("facility_id"),
        "status",
        pl.col("next_stop").alias("stop"),
        "probability",
        pl.col("planned") > 0,
        pl.col("q500").alias("asof_to_arrived_h"),
        *QUANTILES,
        fallback=pl.lit(fallback, pl.String),
    )
