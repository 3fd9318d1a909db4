"""A few rows of a large sorted table, found by search, so that one request is quick."""

import polars as pl

FEW = 64  # values up to which a search for each is quicker than reading the whole table


def near(table: pl.DataFrame, column: str, values: pl.Series) -> pl.DataFrame:
    """Return the rows of ``table`` that may hold one of ``values``, in their order.

    Rows of other values may be among them: all are returned where many values are wanted.

    Parameters
    ----------
    table
        Sorted by ``column``, without nulls there.
    """
    wanted = values.unique().drop_nulls()
    if len(wanted) > FEW:
        return table
    wanted = wanted.sort()
    first = table[column].search_sorted(wanted, "left")
    last = table[column].search_sorted(wanted, "right")
    parts = [table[a:b] for a, b in zip(first.to_list(), last.to_list(), strict=True)]
    return pl.concat([table[:0], *parts])
