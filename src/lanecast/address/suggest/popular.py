"""How often orders went to a street before."""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ..gazetteer.arrays import Gazetteer
from ..roads import road_key
from .documents import STREET
from .index import Index

Floats = NDArray[np.float32]
PARTS = ("country", "road", "city", "postal_code")


@dataclass(frozen=True)
class Popular:
    """Earlier orders by document; documents ascend, each once."""

    docs: NDArray[np.int32]
    orders: Floats

    def logs(self, asked: NDArray[np.int32]) -> Floats:
        """Return log(1 + orders) of each document."""
        if not len(self.docs):
            return np.zeros(len(asked), np.float32)
        at = np.minimum(np.searchsorted(self.docs, asked), len(self.docs) - 1)
        return np.asarray(np.log1p(np.where(self.docs[at] == asked, self.orders[at], 0)))


def popular(docs: NDArray[np.int32], orders: Floats | None = None) -> Popular:
    """Return what is popular where ``docs`` have so many ``orders`` each; by default one."""
    orders = np.ones(len(docs), np.float32) if orders is None else orders
    each, which = np.unique(docs, return_inverse=True)
    return Popular(each, np.bincount(which, orders, len(each)).astype(np.float32))


def named(held: Popular, known: Gazetteer, index: Index) -> pl.DataFrame:
    """Return ``PARTS`` and ``orders`` of each street: names stay when the gazetteer changes."""
    rows, streets = index.row[held.docs], known.streets
    texts = (each.take(rows) for each in (streets.road, streets.city, streets.code))
    countries = [known.countries[number] for number in index.country[held.docs].tolist()]
    return pl.DataFrame(
        {**dict(zip(PARTS, (countries, *texts), strict=True)), "orders": held.orders},
        {**dict.fromkeys(PARTS, pl.String), "orders": pl.Float32},
    )


def placed(streets: pl.DataFrame, known: Gazetteer, index: Index) -> Popular:
    """Return what is popular among the documents of ``index``; streets that are gone are left out.

    Parameters
    ----------
    streets
        As ``named`` gives them.
    """
    held, of_row = known.streets, np.full(len(known.streets.road), -1, np.int32)
    own = np.flatnonzero(index.kind == STREET)
    of_row[index.row[own]] = own
    docs, orders = [], []
    for country, road, city, code, many in streets.select(*PARTS, "orders").iter_rows():
        number = known.numbers.get(country)
        key = -1 if number is None else held.roads.exact(number, road_key(road))
        if key < 0:
            continue
        for row in held.roads.rows[held.roads.first[key] : held.roads.first[key + 1]].tolist():
            if held.code[row] == code and held.city[row] == city:
                docs.append(int(of_row[row]))
                orders.append(many)
                break
    return popular(np.array(docs, np.int32), np.array(orders, np.float32))
