"""Look rows up in small tables: a batch by the engine's joins, a request by an index made once.

A join of one row costs the engine more than the row is worth, and hashes the whole table each
time. Where single requests are answered, ``indexed`` does that once for all of them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import narwhals as nw
from narwhals.typing import FrameT


@dataclass(frozen=True)
class Indexed:
    """A table without its ``key``, its last row empty, and where the row of each key stands."""

    table: nw.DataFrame[Any]
    key: tuple[str, ...]
    at: Mapping[tuple[Any, ...], int]

    def of(self, rows: Any) -> nw.DataFrame[Any]:
        """Return the row of the table for each row of a frame in memory."""
        none = len(self.table) - 1
        columns = [rows.get_column(name).to_list() for name in self.key]
        asked = zip(*columns, strict=True) if columns else [()] * len(rows)
        return self.table[[self.at.get(each, none) for each in asked]]


def indexed(table: nw.DataFrame[Any], key: Sequence[str]) -> Indexed:
    """Return ``table``, whose rows differ in ``key``, with an index; () is the key of its one row.

    Raises
    ------
    ValueError
        When two rows have the same key.
    """
    keys = table.select(*key).rows() if key else [()]
    at = {each: i for i, each in enumerate(keys) if None not in each}
    if len(at) < sum(None not in each for each in keys) or (not key and len(table) != 1):
        raise ValueError(f"table: expected one row for each {', '.join(key) or 'table'}.")
    rest = table.drop(*key)
    blank = nw.from_dict(
        {name: [None] for name in rest.columns}, rest.schema, backend=table.implementation
    )
    return Indexed(nw.concat([rest, blank]), tuple(key), at)


def look_up(rows: FrameT, tables: Iterable[tuple[FrameT | Indexed, Sequence[str]]]) -> FrameT:
    """Add the columns of each table, found by its key columns; null where it has no such key.

    Parameters
    ----------
    tables
        Frames with their keys, () for a table of one row; or all of them ``Indexed``, which needs
        ``rows`` to be in memory.
    """
    found: list[Any] = [rows]
    for table, key in tables:
        if isinstance(table, Indexed):
            found.append(table.of(rows))
        else:
            how: Any = {"on": list(key), "how": "left"} if key else {"how": "cross"}
            found = [found[0].join(table, **how)]
    joined: FrameT = nw.concat(found, how="horizontal") if len(found) > 1 else found[0]
    return joined
