"""Which graphs of files can be asked: what their tables allow, and no answer could rest on."""

from collections.abc import Iterator
from zoneinfo import available_timezones

import polars as pl

from .build import Graph
from .roads import TRAVELS

FIRST, LAST = 1970, 2200  # years that a parcel may be of
LONGEST_S = 366 * 86_400.0
_TIMES = ("duration_s", "first_departure_s", "headway_s", "cutoff_s")
_WEEK = "^[01]{0,7}$"


def check_usable(graph: Graph) -> None:
    """Refuse a graph that cannot be asked.

    Raises
    ------
    ValueError
        When its moment is of another age, a zone is none of IANA, days of departure are not told
        as 0 and 1, a time of a timetable is longer than a leap year, or a lane counts scans or
        parcels that no proof or day shows. Names part, column, how many rows, and an example.
    """
    if not FIRST <= graph.asof.year < LAST:
        raise ValueError(
            f"graph.asof: expected a year from {FIRST} to {LAST - 1}; got {graph.asof.isoformat()}."
        )
    for part, column, valid, rows in _broken(graph):
        if rows.height:
            key, value = rows.select(f"{part.removesuffix('s')}_id", column).row(0)
            raise ValueError(
                f"{part}.{column}: {rows.height} rows, for example {value!r} of {key!r}; expected "
                f"{valid}."
            )


def _broken(graph: Graph) -> Iterator[tuple[str, str, str, pl.DataFrame]]:
    """Yield part, column, what would be valid, and the rows that are not."""
    nodes, edges = graph.nodes, graph.edges
    names = nodes["zone"].drop_nulls().unique()
    odd = [each for each in names if each not in available_timezones()]
    yield "nodes", "zone", "an IANA time zone", nodes.filter(pl.col("zone").is_in(odd))
    week = edges.filter(~pl.col("weekdays").str.contains(_WEEK))
    yield "edges", "weekdays", "up to 7 letters 0 or 1, such as 1111100", week
    for name in _TIMES:
        yield "edges", name, f"at most {LONGEST_S:.0f}", edges.filter(pl.col(name) > LONGEST_S)
    rides = edges.filter(pl.col("relation").is_in(TRAVELS))
    volume = graph.days.filter(pl.col("measure") == "volume")
    for column, part, shown in (("scans", "proofs", graph.proofs), ("parcels", "days", volume)):
        lost = rides.filter(pl.col(column) > 0).join(shown, on="edge_id", how="anti")
        yield "edges", column, f"0, or rows in {part} that show them", lost
