"""What a file of a gazetteer holds, as it was opened."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from lanecast.tables.schema import Table


@dataclass(frozen=True)
class Held:
    """Records of one table.

    Attributes
    ----------
    rows
        In the column names of ``table``, without gazetteer and edition.
    what
        What they were read as: houses, streets, or places.
    lacks
        Columns without which less is proved, that the file has not.
    """

    file: Path
    table: Table
    rows: pl.LazyFrame
    what: str
    lacks: Sequence[str] = ()
