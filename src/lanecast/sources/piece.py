"""What a source hands over: a batch of rows of one canonical table, not judged yet."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from lanecast.tables.schema import Table

from .oddities import Odd
from .report import Finding


@dataclass(frozen=True)
class Piece:
    """Rows of one table, in its column names and in whatever types the file had.

    Attributes
    ----------
    spoiled
        Rows of the file that cannot become rows of the table, with the rule that they broke.
    findings
        What the source has to say beside.
    """

    table: Table
    file: str
    rows: pl.DataFrame
    spoiled: Sequence[tuple[pl.DataFrame, Odd]] = ()
    findings: Sequence[Finding] = ()
