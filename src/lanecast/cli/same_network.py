"""Whether a model of parcels knows the network that it is asked about."""

from pathlib import Path
from typing import Any

import narwhals as nw
import polars as pl

from .talk import note

ENOUGH = 10  # questions after which it is no accident that no place is known


def same_network(model: Path, problem: str, asked: nw.Series[Any], met: nw.Series[Any]) -> None:
    """Say so where most places are new to the model.

    Parameters
    ----------
    asked
        The facility of each question; null or empty where it has none, which says nothing.
    met
        The facilities that the model has learnt of.

    Raises
    ------
    ValueError
        When all are new: it was trained on another network.
    """
    places: pl.Series = asked.to_native().drop_nulls()
    places = places.filter(places != "")
    new = places.filter(~places.is_in(met.to_native().implode()))
    if not new.len() or new.len() < places.len() / 2:
        return
    if new.len() == places.len() >= ENOUGH:
        raise ValueError(
            f"--model: {model} knows none of the places that were asked about, such as {new[0]!r}; "
            f"it was trained on another network. Fit one on this lake: lanecast fit {problem}."
        )
    note(
        f"{model} does not know the places of {new.len():,} of {places.len():,} questions, such as "
        f"{new[0]!r}: it answers them by what is usual elsewhere, or as somewhere_new."
    )
