"""Where parcels went from a place, for each goal: the lanes that a pointer may point to.

A snapshot is taken every week, of what had become known by then, so that the way of a parcel is
never among the counts that it is predicted with.
"""

import numpy as np
import numpy.typing as npt
import polars as pl

from .answers import legs
from .slices import near

WEEK_H = 168.0
MOST = 16  # places that a pointer may point to
KEYS = ("week", "reached_from", "goal_facility_id", "goal_region")
LEVELS = {  # keys of each level; its table is sorted by the first
    "to_any": ("reached_from",),
    "to_region": ("reached_from", "goal_region"),
    "to_goal": ("goal_facility_id", "reached_from"),
}


def moves(scans: pl.DataFrame, parcels: pl.DataFrame) -> pl.DataFrame:
    """Count moves: ``reached_from``, ``place``, goals, ``week`` in which they became known, ``n``.

    Parameters
    ----------
    scans
        Sorted by parcel and the order in which they became known.
    parcels
        ``parcel_id``, ``origin_facility_id``, ``goal_facility_id`` and ``goal_region``.
    """
    rows = legs(scans).drop_nulls("place").join(parcels, on="parcel_id", how="inner")
    seller = pl.concat_str(pl.lit("from "), pl.col("origin_facility_id").fill_null(""))
    each = rows.select(
        "place",
        "goal_facility_id",
        "goal_region",
        week=(pl.col("place_h") / WEEK_H).floor().cast(pl.Int32),
        reached_from=pl.when(pl.col("here") == "").then(seller).otherwise("here"),
    )
    return each.group_by(each.columns).agg(n=pl.len()).sort(each.columns)


def lanes(moves: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Return running sums ``n`` of ``moves`` by level, each sorted by its keys and ``week``."""
    tables = {}
    for name, on in LEVELS.items():
        weekly = moves.drop_nulls(on).group_by(*on, "place", "week").agg(pl.col("n").sum())
        total = pl.col("n").cum_sum().over(*on, "place")
        tables[name] = weekly.sort(*on, "place", "week").with_columns(total)
    return tables


def reach(tables: dict[str, pl.DataFrame], asked: pl.DataFrame) -> pl.DataFrame:
    """Return the places that follow each place and goal of ``asked``, most likely first.

    Parameters
    ----------
    tables
        Of ``lanes``.
    asked
        ``KEYS``; duplicates are allowed.

    Returns
    -------
    DataFrame
        ``KEYS``, ``place``, ``rank`` from 0 to ``MOST`` - 1, and how often it was the next place
        in all weeks before: ``to_goal`` for the same goal, ``to_region`` for the goal's region and
        ``to_any``, each as a log of a smoothed share.
    """
    keys = asked.select(KEYS).unique(maintain_order=True).sort("week")
    rows: pl.DataFrame | None = None
    for name in LEVELS:
        on = ["week", *LEVELS[name]]
        counts = _before(tables[name], keys.select(on).unique(maintain_order=True)).with_columns(
            pl.col("n").sum().over(on).alias(f"{name}_of")
        )
        counts = counts.rename({"n": name})
        if rows is None:
            rows = keys.join(counts, on=on, how="inner")
        else:
            rows = rows.join(counts, on=[*on, "place"], how="left")
    assert rows is not None
    of = {name: pl.col(f"{name}_of").max().over(KEYS).fill_null(0) for name in LEVELS}
    smooth = {name: ((pl.col(name).fill_null(0) + 0.1) / (of[name] + 1.0)).log() for name in LEVELS}
    order = ["to_goal", "to_region", "to_any", "place"]
    rows = rows.with_columns(**smooth).sort(
        *KEYS, *order, descending=[False] * len(KEYS) + [True] * 3 + [False]
    )
    rows = rows.with_columns(rank=pl.int_range(pl.len(), dtype=pl.Int32).over(*KEYS))
    return rows.filter(pl.col("rank") < MOST).select(*KEYS, "place", "rank", *LEVELS)


def _before(sums: pl.DataFrame, asked: pl.DataFrame) -> pl.DataFrame:
    """Return how often each move was known before each ``week`` of ``asked``, ``n``."""
    on = [name for name in asked.columns if name != "week"]
    sums = near(sums, on[0], asked[on[0]]).join(asked, on=on, how="semi")
    pairs = sums.select(*on, "place").unique()
    return (
        asked.join(pairs, on=on, how="inner", maintain_order="left")
        .join_asof(
            sums,
            on="week",
            by=[*on, "place"],
            strategy="backward",
            allow_exact_matches=False,
            check_sortedness=False,
        )
        .drop_nulls("n")
    )


def padded(
    rows: pl.DataFrame, places: pl.Series, keys: pl.DataFrame
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
    """Return candidates of each of ``keys`` as arrays.

    Returns
    -------
    codes
        Place of each candidate in ``places`` plus 1, 0 where there is none; shape (n, MOST).
    shares
        ``to_goal``, ``to_region``, ``to_any``; shape (n, MOST, 3), 0 where there is none.
    """
    numbered = keys.with_row_index("key")
    known = pl.DataFrame({"place": places, "code": np.arange(1, len(places) + 1)})
    found = rows.join(numbered, on=list(KEYS), how="inner", nulls_equal=True).join(
        known, on="place", how="inner"
    )
    codes = np.zeros((keys.height, MOST), np.int64)
    shares = np.zeros((keys.height, MOST, 3), np.float32)
    at = found["key"].to_numpy(), found["rank"].to_numpy()
    codes[at] = found["code"].to_numpy()
    shares[at] = found.select("to_goal", "to_region", "to_any").to_numpy()
    return codes, shares
