"""What deliveries have taught of a place: how often addresses there were wrong, or not found.

A place is a postal code, or a town where no code is known. A rate is told as the logarithm of what
was counted over what would have been counted were the place like all, both with ``PRIOR`` added:
the relative risk of Clayton and Kaldor (Biometrics 1987), which few deliveries move little.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from ..fold import folded
from ..postcodes import begins, plain
from .models.deliverable import RATES, Deliverable, FittedDeliverable, marked

Array = npt.NDArray[np.float64]
PRIOR = 2.0  # events; of how unlike places are


def place_of(country: str | None, components: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the place of a reply's ``components``, empty where it has neither code nor town."""
    code, town = (str(components.get(n, {}).get("normalized", "")) for n in ("postcode", "city"))
    code = plain(code, country)
    named = begins(code, country) if code and country else folded(town)
    return f"{country or ''} {named}" if named else ""


def learnt(rows: pl.DataFrame) -> FittedDeliverable:
    """Return a model of deliveries and of their places.

    Parameters
    ----------
    rows
        Of ``history``: ``place, signs, asof_h, known_h, not_found``.

    Raises
    ------
    ValueError
        When there are none.
    """
    x, failed = marked(rows["signs"].to_list()), rows["not_found"].to_numpy()
    return Deliverable().fit(x, failed, before(rows), standing(rows))


def before(rows: pl.DataFrame) -> Array:
    """Return what was on record of the place of each delivery when its parcel became known.

    Returns
    -------
    Array
        (n, 2), the rates of ``RATES``; 0 where nothing was.
    """
    moments = rows.select("place", at=pl.col("asof_h").cast(pl.Float64)).with_row_index("row")
    moments = moments.sort("at")
    events = _events(rows).rename({"known_h": "at"})
    own = events.group_by("place", "at").agg(pl.col("many", *RATES).sum()).sort("at")
    own = own.with_columns(pl.col("many", *RATES).cum_sum().over("place"))
    every = events.group_by("at").agg(pl.col("many", *RATES).sum()).sort("at")
    every = every.with_columns(pl.col("many", *RATES).cum_sum())
    here = moments.join_asof(
        own, on="at", by="place", allow_exact_matches=False, check_sortedness=False
    )
    anywhere = moments.select("row", "at").join_asof(every, on="at", allow_exact_matches=False)
    return _rates(*(_counts(each.sort("row")) for each in (here, anywhere)))


def standing(rows: pl.DataFrame) -> pl.DataFrame:
    """Return ``place`` and the rates of ``RATES`` by everything that ``rows`` tell."""
    totals = _events(rows).group_by("place").agg(pl.col("many", *RATES).sum()).sort("place")
    own = _counts(totals)
    every = np.broadcast_to(own.sum(axis=0), own.shape)
    rates = pl.DataFrame(_rates(own, every), dict.fromkeys(RATES, pl.Float64), orient="row")
    return totals.select("place").hstack(rates)


def _events(rows: pl.DataFrame) -> pl.DataFrame:
    """Return one row per delivery of a place: when it was known, and what it was."""
    slips, lost = RATES
    return rows.filter(pl.col("place") != "").select(
        "place",
        pl.col("known_h").cast(pl.Float64),
        pl.lit(1.0).alias("many"),
        (pl.col("signs").list.len() > 0).cast(pl.Float64).alias(slips),
        pl.col("not_found").cast(pl.Float64).alias(lost),
    )


def _counts(rows: pl.DataFrame) -> Array:
    return np.asarray(rows.select(pl.col("many", *RATES).fill_null(0.0)).to_numpy(), np.float64)


def _rates(own: Array, every: Array) -> Array:
    """Return both rates of places; ``own`` and ``every`` are deliveries, slips and losses."""
    rate = (every[:, 1:] + 0.5) / (every[:, :1] + 1.0)
    return np.asarray(np.log((own[:, 1:] + PRIOR) / (own[:, :1] * rate + PRIOR)))
