"""Answer each question of a period from the last snapshot before it."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import narwhals as nw

from lanecast.tables.lake import Frame

Assemble = Callable[[Any, datetime], Any]


def by_snapshot(
    rows: Frame, since: datetime, until: datetime, every_h: float, assemble: Assemble
) -> Frame:
    """Return x of the questions ``rows``, asked in [since, until).

    Parameters
    ----------
    rows
        With ``asof_h`` [h since 1970 UTC].
    every_h
        Hours between two snapshots, the first at ``since``.
    assemble
        Joins some of the rows to what was known at a moment.
    """
    start_h, end_h = since.timestamp() / 3600, until.timestamp() / 3600
    blocks: list[Any] = []
    for step in range(max(1, -int((start_h - end_h) // every_h))):
        now_h = start_h + step * every_h
        late = nw.col("asof_h") >= now_h, nw.col("asof_h") < min(now_h + every_h, end_h)
        blocks.append(assemble(rows.filter(*late), datetime.fromtimestamp(now_h * 3600, UTC)))
    x: Frame = nw.concat(blocks)
    return x
