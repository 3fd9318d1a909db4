"""Whether a model of where parcels go knows the network that it is asked about."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import narwhals as nw
import polars as pl

from lanecast.parcel import trajectory

from .talk import note

ENOUGH = 10  # questions after which it is no accident that no place is known


def same_network(model: Path, rows: pl.DataFrame, context: Mapping[str, Any]) -> None:
    """Say so where most places are new to the model.

    Raises
    ------
    ValueError
        When all are: it was trained on another network.
    """
    asked = nw.from_native(rows, eager_only=True)
    new = trajectory.unknown_places(asked, context).to_native()
    if not new.height or new.height < rows.height / 2:
        return
    such = new["here"][0]
    if new.height == rows.height >= ENOUGH:
        raise ValueError(
            f"--model: {model} knows none of the places that were asked about, such as {such!r}; "
            "it was trained on another network. Fit one on this lake: lanecast fit trajectory."
        )
    note(
        f"{model} does not know where {new.height:,} of {rows.height:,} questions were asked, such "
        f"as {such!r}: they are answered somewhere_new."
    )
