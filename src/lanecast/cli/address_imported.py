"""What ``lanecast address import`` tells: editions that were replaced, codes that are complete."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import polars as pl

from lanecast.address.gazetteer.arrays import Gazetteer
from lanecast.tables.address import GAZETTEERS
from lanecast.tables.lake import Lake, collect

FEW = 12  # countries that a sentence names


@dataclass(frozen=True)
class Stored:
    """An edition beside the others of its name, of the same countries and kind.

    Attributes
    ----------
    older
        The newest edition that it replaces; None: there is none.
    newer
        The newest edition, which is used instead; None: there is none.
    covers
        Its countries, and those ``unused`` of which the newer edition is used.
    """

    name: str
    at: datetime
    older: datetime | None
    newer: datetime | None
    covers: Sequence[str]
    unused: Sequence[str]

    def row(self) -> Mapping[str, object]:
        """Return it for JSON."""
        at = {"edition": self.at, "replaces": self.older, "newer": self.newer}
        texts = {key: each and each.isoformat() for key, each in at.items()}
        return {"gazetteer": self.name, **texts}


def stored(lake: Lake, name: str, at: datetime) -> Stored:
    """Return the edition of gazetteer ``name`` of the instant ``at`` beside the others."""
    if not lake.has(GAZETTEERS):
        return Stored(name, at, None, None, (), ())
    rows = collect(lake.versions(GAZETTEERS)).filter(pl.col("gazetteer_id") == name)
    clock, place = pl.col("recorded_at"), ["country", "kind"]
    mine = rows.filter(clock == at)
    others = rows.join(mine, on=place, how="semi")
    later = others.filter(clock > at)
    older = others.filter(clock < at)["recorded_at"].max()
    newer = later["recorded_at"].max()
    return Stored(
        name,
        at,
        older if isinstance(older, datetime) else None,
        newer if isinstance(newer, datetime) else None,
        sorted(set(mine["country"])),
        sorted(set(later["country"])),
    )


def replaced(held: Stored) -> str:
    """Return under which name an edition was stored, and what it replaces."""
    said = f"Stored as gazetteer {held.name!r}, edition {_day(held.at)}."
    if held.older is not None:
        return f"{said} It replaces the edition of {_day(held.older)} of that name."
    if held.newer is not None:
        return said
    return (
        f"{said} It replaces none: no older one has that name. A later file replaces it if it is "
        f"imported with --name {held.name!r}."
    )


def unused(held: Stored) -> str | None:
    """Return that an edition is not used, as a newer one is; None: it is used."""
    if held.newer is None:
        return None
    where = "" if held.unused == held.covers else f" for {_listed(held.unused)}"
    return (
        f"the edition of {_day(held.at)} of {held.name!r} is stored, but not used{where}: that of "
        f"{_day(held.newer)} is newer. Where this file is newer, say so with --edition."
    )


def complete(known: Gazetteer, countries: Sequence[str]) -> Mapping[str, int]:
    """Return how many postal codes lists have of those countries whose codes are all known."""
    codes = known.postcodes
    found = {}
    for country in sorted(known.coded.intersection(countries)):
        rows = (codes.country == known.numbers[country]) & ~codes.derived
        found[country] = pl.Series(codes.code.take(np.flatnonzero(rows))).n_unique()
    return dict(sorted(found.items(), key=lambda each: -each[1]))


def completed(counts: Mapping[str, int]) -> str:
    """Return the sentence that tells what ``complete`` counted."""
    listed = _listed([f"{many:,} of {country}" for country, many in counts.items()])
    return (
        f"Postal codes that are now taken to be all there are: {listed}. Any other code of "
        f"{'that country' if len(counts) == 1 else 'these countries'} is suspicious from now on "
        "(unknown_postcode)."
    )


def _listed(names: Sequence[str]) -> str:
    more = len(names) - FEW
    return ", ".join(names[:FEW]) + (f" and {more} further countries" if more > 0 else "")


def _day(at: datetime) -> str:
    midnight = at.hour == at.minute == at.second == 0
    return f"{at:%Y-%m-%d}" if midnight else f"{at:%Y-%m-%d %H:%M:%S} UTC"
