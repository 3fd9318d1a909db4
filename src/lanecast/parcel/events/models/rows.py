"""From x and y to arrays of one event, and from arrays to rows of the canonical table ``risks``."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import polars as pl

from lanecast.tables.events import EVENTS

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
FEWEST = 20  # hits to learn an event from
ROWS, PER_HIT = 15_000, 40  # to learn a rare event from: more rows without a hit add nothing
SCALE_H = (24.0, 240.0)  # time to the promise: the least, and where there is none
AFTER_H = {"returned": 1080.0, "lost": 1080.0, "not_received": 720.0}  # until all is known
RISKY = {  # while it can still happen
    "late": pl.col("to_promise_h").fill_null(-1.0) > 0,
    "failed_first": (pl.col("attempts") == 0) & (pl.col("moment") != "waiting"),
    "returned": pl.lit(True),
    "lost": pl.lit(True),
    "not_received": pl.lit(True),
}
AT_THE_DOOR = pl.col("moment") == "delivered"


@dataclass(frozen=True)
class Answers:
    """Questions of one event: x, and what came of them as far as it is known.

    ``hit`` is 1 or 0, NaN while open; ``waited_h`` the hours from asking until the answer, or
    until now; ``scale_h`` hours until every answer is due, the unit in which answers come;
    ``age_h`` hours since asking; each shape (n,). ``seen_h`` is now, in hours since 1970 UTC.
    """

    x: pl.DataFrame
    hit: Array
    waited_h: Array
    scale_h: Array
    age_h: Array
    seen_h: float

    @property
    def known(self) -> Mask:
        """Return which are answered, shape (n,)."""
        return np.isfinite(self.hit)

    def enough(self) -> bool:
        """Return whether there are enough hits, and rows without one, to learn from."""
        hits = np.nansum(self.hit)
        return bool(hits >= FEWEST and self.known.sum() - hits >= FEWEST)

    def before(self, moment_h: float) -> "Answers":
        """Return these questions as they were known at ``moment_h``."""
        asked = self.only(self.seen_h - self.age_h < moment_h)
        age_h = asked.age_h - (self.seen_h - moment_h)
        known = asked.waited_h <= age_h
        return replace(
            asked,
            hit=np.where(known, asked.hit, np.nan),
            waited_h=np.minimum(asked.waited_h, age_h),
            age_h=age_h,
            seen_h=moment_h,
        )

    def only(self, mask: Mask) -> "Answers":
        """Return the rows of ``mask``."""
        return Answers(
            self.x.filter(pl.Series(mask)),
            self.hit[mask],
            self.waited_h[mask],
            self.scale_h[mask],
            self.age_h[mask],
            self.seen_h,
        )

    def same(self) -> Array:
        """Return how many questions of its parcel at its kind of moment each is one of."""
        counted = self.x.select(pl.len().over("parcel_id", "moment")).to_series()
        return np.asarray(counted.to_numpy(), np.float64)

    def weight(self, half_life_d: float, most: int, seed: int) -> tuple[Mask, Array]:
        """Return at most about ``most`` rows to learn from, fewer of a rare event, and weights.

        Old rows weigh less. Hits are all kept; of the rest some are drawn, and weigh as much as
        those left out. The questions of one parcel at one kind of moment weigh as one together.
        """
        weight = 0.5 ** (self.age_h / 24 / half_life_d) / self.same()
        hits = self.hit == 1
        room = min(most, max(ROWS, PER_HIT * int(hits.sum())))
        share = min(1.0, max(room - hits.sum(), room // 2) / max((~hits).sum(), 1))
        kept = hits | (np.random.default_rng(seed).random(len(hits)) < share)
        weight = np.where(hits, weight, weight / share)[kept]
        return kept, np.asarray(weight / weight.mean())


def asked_of(x: pl.DataFrame, event: str) -> pl.DataFrame:
    """Return the questions at which ``event`` can still happen."""
    door = AT_THE_DOOR if event == "not_received" else AT_THE_DOOR.not_()
    return x.filter(RISKY[event], door | (pl.lit(event == "not_received")))


def answers(x: pl.DataFrame, y: pl.DataFrame, event: str) -> Answers:
    """Join the questions of ``event`` to what is known of them.

    What was asked after y was seen is left out, and so is what was answered before it was asked.

    Raises
    ------
    ValueError
        When y knows nothing of x.
    """
    own = y.filter(event=event).select("parcel_id", "happened", "known_h", "seen_h")
    both = (
        asked_of(x, event)
        .join(own, on="parcel_id", maintain_order="left")
        .filter(
            pl.col("asof_h") < pl.col("seen_h"),
            pl.col("known_h").is_null() | (pl.col("known_h") > pl.col("asof_h")),
        )
    )
    if y.is_empty():
        raise ValueError("y: has no outcome; fit on questions asked before it was seen.")
    seen_h = float(y["seen_h"].max())  # type: ignore[arg-type]
    asked_h = both["asof_h"].to_numpy()
    until_h = both["known_h"].fill_null(seen_h).to_numpy()
    low, none = SCALE_H
    return Answers(
        both.select(x.columns),
        both["happened"].cast(pl.Float64).fill_null(float("nan")).to_numpy(),
        until_h - asked_h,
        both["to_promise_h"].clip(low).fill_null(none).to_numpy() + AFTER_H.get(event, 0.0),
        seen_h - asked_h,
        seen_h,
    )


def predictions(
    x: pl.DataFrame,
    event: str,
    chance: Array,
    model: str,
    version: str,
    claimant: Array | None = None,
    fallback: str | None = None,
) -> pl.DataFrame:
    """Return rows of ``risks`` from chances, shape (n,), in the order of x."""
    asof = (pl.col("asof_h") * 3_600_000_000).round().cast(pl.Int64).cast(pl.Datetime("us", "UTC"))
    few = pl.col("handling_merchant_n").fill_null(0.0) < 3
    blind = pl.col("distance_km").is_null()
    doubts = {"few_history": few, "address_imprecise": blind}
    codes = [pl.when(doubt).then(pl.lit(code)) for code, doubt in doubts.items()]
    rest = np.full(x.height, np.nan) if claimant is None else claimant
    return x.select(
        "parcel_id",
        "moment",
        pl.lit(event).alias("event"),
        pl.lit(model).alias("model"),
        pl.lit(version).alias("version"),
        asof.alias("asof"),
        pl.Series("chance", np.clip(chance, 0.0, 1.0), pl.Float64),
        pl.Series("claimant", rest, pl.Float64).fill_nan(None),
        pl.concat_str(codes, separator=",", ignore_nulls=True).alias("quality"),
        pl.lit(fallback, pl.String).alias("fallback"),
    )


def events_of(y: pl.DataFrame) -> list[str]:
    """Return the events of which y knows anything, in their usual order."""
    told = set(y.filter(pl.col("happened").is_not_null())["event"].unique())
    return [event for event in EVENTS if event in told]
