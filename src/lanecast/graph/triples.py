"""A graph as integers: who is related to whom, and by what each is described."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import h3
import numpy as np
import numpy.typing as npt
import polars as pl

from lanecast.tables.lake import Lake

from .build import Graph
from .cells import with_cell
from .known import known
from .names import node

Ints = npt.NDArray[np.int64]
ENDS = ("head_id", "relation", "tail_id")
COARSE = 3  # H3 resolution of a neighbourhood: some 12,000 km2


@dataclass(frozen=True)
class Triples:
    """Relations of a moment, by number of entity and relation.

    ``rows`` (n, 3) are head, relation and tail; ``about`` (m, 2) are entity and attribute, such as
    its kind or its region; ``place`` (entities, 2) is latitude and longitude, NaN where unknown.
    """

    entities: tuple[str, ...]
    relations: tuple[str, ...]
    attributes: tuple[str, ...]
    rows: Ints
    about: Ints
    place: npt.NDArray[np.float64]


def triples(graph: Graph, more: pl.DataFrame | None = None) -> Triples:
    """Return the relations of ``graph``, and those of ``more``, each once.

    Parameters
    ----------
    more
        Further relations with ``head_id``, ``relation`` and ``tail_id``, for example ``flows``.
    """
    rows = graph.edges.select(ENDS)
    if more is not None:
        rows = pl.concat([rows, more.select(ENDS)])
    rows = rows.unique().sort(ENDS)
    names = pl.concat([graph.nodes["node_id"], rows["head_id"], rows["tail_id"]]).unique().sort()
    relations = rows["relation"].unique().sort()
    about = pl.concat(list(_about(graph.nodes))).unique().sort("node_id", "attribute")
    words = about["attribute"].unique().sort()
    places = pl.DataFrame({"node_id": names}).join(graph.nodes, on="node_id", how="left")
    return Triples(
        tuple(names),
        tuple(relations),
        tuple(words),
        _numbers(rows, dict(zip(ENDS, (names, relations, names), strict=True))),
        _numbers(about, {"node_id": names, "attribute": words}),
        places.sort("node_id").select(pl.col("lat", "lon").fill_null(np.nan)).to_numpy(),
    )


def _about(nodes: pl.DataFrame) -> Iterator[pl.DataFrame]:
    for name in ("kind", "role", "country", "region"):
        there = nodes.filter(pl.col(name).is_not_null())
        yield there.select("node_id", attribute=pl.concat_str(pl.lit(f"{name}:"), name))
    there = nodes.filter(pl.col("lat").is_not_null(), pl.col("lon").is_not_null())
    cells = [
        f"near:{h3.latlng_to_cell(lat, lon, COARSE)}"
        for lat, lon in there.select("lat", "lon").iter_rows()
    ]
    yield there.select("node_id", attribute=pl.Series(cells, dtype=pl.String))


def _numbers(rows: pl.DataFrame, among: dict[str, pl.Series]) -> Ints:
    kinds = {name: pl.Enum(words) for name, words in among.items()}
    return rows.select(
        pl.col(name).cast(kind).to_physical().cast(pl.Int64) for name, kind in kinds.items()
    ).to_numpy()


def flows(lake: Lake, asof: datetime) -> pl.DataFrame:
    """Return to which regions and cells each merchant's parcels have gone by ``asof``."""
    facts = known(lake, asof)
    homes = with_cell(facts.addresses).select("address_id", "cell", "region")
    sent = facts.parcels.select("merchant_id", "address_id").join(homes, on="address_id")
    return pl.concat(
        [
            sent.filter(pl.col("merchant_id").is_not_null() & pl.col(kind).is_not_null())
            .select(
                head_id=node("merchant", pl.col("merchant_id")),
                relation=pl.lit(f"sends_to_{kind}"),
                tail_id=node(kind, pl.col(kind)),
            )
            .unique()
            for kind in ("cell", "region")
        ]
    ).sort(ENDS)


def appeared(past: Triples, later: Triples) -> tuple[Ints, int]:
    """Return relations of ``later`` that ``past`` lacks, in its numbers, and how many others.

    The others have an end or a relation of which nothing was known in the past.
    """
    known_ends = {name: number for number, name in enumerate(past.entities)}
    known_words = {name: number for number, name in enumerate(past.relations)}
    ends = np.array([known_ends.get(name, -1) for name in later.entities], dtype=np.int64)
    words = np.array([known_words.get(name, -1) for name in later.relations], dtype=np.int64)
    head, relation, tail = later.rows.T
    rows = np.stack([ends[head], words[relation], ends[tail]], axis=1)
    there = (rows >= 0).all(axis=1)
    old = set(map(tuple, past.rows.tolist()))
    fresh = [row for row in rows[there].tolist() if tuple(row) not in old]
    return np.array(fresh, dtype=np.int64).reshape(-1, 3), int((~there).sum())
