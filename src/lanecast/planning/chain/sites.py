"""The places that can be planned, and what of a place is missing."""

import difflib
from collections.abc import Iterable

import narwhals as nw

from lanecast.tables.lake import Lake, collect
from lanecast.tables.network import FACILITIES, LANES
from lanecast.tables.planning import ASSORTMENT, LABOUR, PRICES, SALES, STOCK, WORKERS, WORKLOAD
from lanecast.tables.schema import Table

STOCKED = (SALES, ASSORTMENT, PRICES, STOCK)
STAFFED = (FACILITIES, LANES, WORKERS, LABOUR, WORKLOAD)


def sites(known: Lake) -> list[str]:
    """Return the places in which something is sold or somebody works."""
    found = set[str]()
    for table in (SALES, WORKERS):
        if known.has(table):
            found |= set(collect(known.read(table).select("facility_id").unique())["facility_id"])
    return sorted(found)


def checked(known: Lake, site: str) -> None:
    """Refuse a place of which nothing is known.

    Raises
    ------
    ValueError
        With the names that are most like it.
    """
    if site in (names := sites(known)):
        return
    if not names:
        raise ValueError(
            f"site: {known.path} knows no place with sales or workers by then; ingest sales, "
            "stock, workers and labour first."
        )
    near = difflib.get_close_matches(site, names, 3, 0.3) or names[:3]
    more = f", of {len(names)}" if len(names) > len(near) else ""
    raise ValueError(
        f"site: nothing is known of {site!r}; expected a place with sales or workers, such as "
        f"{', '.join(near)}{more}."
    )


def missing(known: Lake, tables: Iterable[Table], site: str) -> str:
    """Return which tables are missing, or hold nothing of a site; "" where all is there."""
    if lost := [table.name for table in tables if not known.has(table)]:
        return f"the lake holds no {', '.join(lost)}"
    for table in tables:
        if "facility_id" in table.columns and table is not FACILITIES:
            rows = known.read(table).filter(nw.col("facility_id") == site).select(nw.len())
            if not collect(rows).item():
                until = f" by {known.until:%Y-%m-%d}" if known.until else ""
                return f"{table.name} holds nothing of {site}{until}"
    return ""


def currency_of(known: Lake, site: str) -> str:
    """Return the currency in which goods of the lake and workers of a site are paid.

    Raises
    ------
    ValueError
        When there are several, since the ledger adds them.
    """
    found = set[str]()
    if known.has(ASSORTMENT):
        found |= set(collect(known.read(ASSORTMENT).select("currency").unique())["currency"])
    if known.has(WORKERS):
        rows = known.read(WORKERS).filter(nw.col("facility_id") == site)
        found |= set(collect(rows.select("currency").unique())["currency"])
    if len(found) > 1:
        raise ValueError(
            f"currency: goods and workers of {site} are paid in {', '.join(sorted(found))}; "
            "expected one currency, since their costs are added."
        )
    return found.pop() if found else ""
