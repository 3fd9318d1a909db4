"""Whole ways to the end, drawn step by step from what the model says at each.

Every step goes to a place that parcels went to from there, so a way is feasible by construction;
where the model wants somewhere new, the way stops and says so.
"""

import numpy as np
import numpy.typing as npt
import polars as pl

from .answered import Answered
from .arrays import ELSEWHERE, HEADS, Array
from .inputs import Kept, assemble, plain
from .model import FittedJourney
from .net import NONE

FINAL = ("delivered", "returned", "lost", "cancelled")
SOMEWHERE_NEW = "somewhere new"


def rollout(
    fitted: FittedJourney,
    rows: pl.DataFrame,
    context: Kept,
    draws: int = 64,
    most: int = 24,
    seed: int = 0,
) -> pl.DataFrame:
    """Draw ways of parcels from their last step to their end.

    Parameters
    ----------
    rows
        ``steps`` of the parcels; each is continued from its last one.
    draws
        Ways per parcel.
    most
        Steps after which a way is cut off.

    Returns
    -------
    DataFrame
        ``parcel_id``, ``draw``, ``step`` from 1, ``at_h`` [h since 1970 UTC], ``status`` and
        ``facility_id``, one row per event to come; ``facility_id`` is ``SOMEWHERE_NEW`` where the
        way leaves what is known.

    Raises
    ------
    ValueError
        When ``draws`` or ``most`` is not positive.
    """
    if min(draws, most) < 1:
        raise ValueError(f"Expected draws >= 1 and most >= 1, got {draws=}, {most=}.")
    random = np.random.default_rng(seed)
    tables = plain(context)
    spots = tables["places"].select("facility_id", "lat", "lon")
    drawn = pl.DataFrame({"draw": np.arange(draws)})
    history = rows.join(drawn, how="cross").with_columns(
        whose=pl.col("parcel_id"), parcel_id=pl.format("{}#{}", "parcel_id", "draw")
    )
    last = pl.col("asof_h") == pl.col("asof_h").max().over("parcel_id")
    history = history.with_columns(is_asked=last).unique(
        ["parcel_id", "asof_h"], keep="last", maintain_order=True
    )
    told = []
    for step in range(1, most + 1):
        history = history.sort("parcel_id", "asof_h")
        said = fitted.answer(assemble(history, tables))
        new = _after(history.filter("is_asked"), _drawn(said, random), spots)
        told.append(new.select("whose", "draw", "asof_h", "status", "facility_id", step=step))
        over = pl.col("status").is_in(FINAL) | (pl.col("facility_id") == SOMEWHERE_NEW)
        going = new.filter(~over)
        if going.is_empty():
            break
        past = history.join(going.select("parcel_id"), on="parcel_id", how="semi")
        history = pl.concat([past.with_columns(is_asked=False), going.select(past.columns)])
    return pl.concat(told).rename({"whose": "parcel_id", "asof_h": "at_h"})


def _drawn(said: Answered, random: np.random.Generator) -> pl.DataFrame:
    """Draw the next event of each step: ``status``, ``after_h``, and ``to``, "" for the same."""
    joint = said.chances["event"]
    cell = _pick(joint.reshape(len(joint), -1), random)
    what, bin_ = np.divmod(cell, joint.shape[2])
    edge = said.edges["event"]
    after = np.exp(edge[bin_] + random.random(len(cell)) * np.diff(edge)[bin_])
    words = np.array(HEADS["event"])[what]
    elsewhere = np.char.endswith(words, ELSEWHERE)
    m = said.candidates.shape[1]
    chance = np.delete(said.place, m + NONE, axis=1)
    names = np.column_stack([said.candidates, np.full(len(cell), SOMEWHERE_NEW)])
    to = names[np.arange(len(cell)), _pick(chance, random)]
    return pl.DataFrame(
        {
            "status": np.char.replace(words, ELSEWHERE, ""),
            "after_h": after,
            "to": np.where(elsewhere, to, ""),
        }
    )


def _pick(chance: Array, random: np.random.Generator) -> npt.NDArray[np.int64]:
    """Draw a column of each row, with chances in proportion."""
    total = np.cumsum(chance, axis=1)
    wanted = random.random((len(chance), 1)) * total[:, -1:]
    return np.asarray(np.minimum((total <= wanted).sum(axis=1), chance.shape[1] - 1))


def _after(now: pl.DataFrame, drawn: pl.DataFrame, spots: pl.DataFrame) -> pl.DataFrame:
    """Return the steps after ``now``, with the same columns."""
    at = pl.col("asof_h") + pl.col("after_h")
    moved = (
        now.drop("lat", "lon", "status")
        .hstack(drawn)
        .with_columns(
            asof_h=at,
            event_h=at,
            moment=pl.lit("in_transit"),
            facility_id=pl.when(pl.col("to") != "").then("to").otherwise("facility_id"),
            scans=pl.col("scans") + 1.0,
            attempts=pl.col("attempts") + (pl.col("status") == "delivery_failed").cast(pl.Float64),
        )
    )
    here = pl.col("facility_id")
    moved = moved.with_columns(
        reached_from=pl.when(here == "").then("reached_from").otherwise(here)
    )
    return moved.join(spots, on="facility_id", how="left", maintain_order="left").select(
        now.columns
    )
