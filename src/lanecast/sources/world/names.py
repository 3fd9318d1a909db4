"""Codes become names: identifiers by number, and words by index."""

import numpy as np
import polars as pl

from .events import Array


def identifiers(prefix: str, size: int, width: int) -> pl.Series:
    """Return ``prefix_1`` to ``prefix_size``, zero padded to ``width`` digits."""
    number = pl.int_range(1, size + 1, dtype=pl.Int64, eager=True).cast(pl.String)
    return (prefix + "_" + number.str.zfill(width)).alias(f"{prefix}_id")


def words(values: tuple[str, ...], code: Array) -> pl.Series:
    """Return ``values`` at ``code``; -1 is null."""
    index = pl.Series(code.astype(np.int32))
    return pl.Series([*values, None], dtype=pl.String).gather(index % (len(values) + 1))
