"""Orders to suppliers that are under way: what they bring a place on each of the next days.

An order that was placed and has not come yet comes on each day with the chance that orders of its
age did. What comes beside is from orders that are not placed yet: nothing tomorrow, nearly all of
it in a month; that part is learnt on past days.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import polars as pl

from .days import Days, civil

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
INBOUND = ("receive", "put_away")
REACH = 28  # days ahead for which orders are looked at
RECENT_D = 70  # days on which pieces handled are compared with pieces received
ALIKE = 0.5  # correlation from which on a process is taken to follow receipts
FEWEST = 30  # orders received, from which on their times say something
KINDS_D = (4, 8, 13)  # stated days at which another law begins: whole days weigh more in few


@dataclass(frozen=True)
class Receipts:
    """Rows of ``features.receipts``, and the moment at which they were known."""

    rows: pl.DataFrame
    asof: datetime


@dataclass(frozen=True)
class UnderWay:
    """What is known of the next K days of N series, (N, K).

    ``pieces`` come from orders that are known, and of what would be said without them the part
    ``rest`` comes beside.
    """

    pieces: Floats
    rest: Floats

    def daily(self, said: Floats) -> Floats:
        """Return what comes on the days of ``said`` (N, H), which is foreseen without orders."""
        reach = min(said.shape[1], self.pieces.shape[1])
        found = said.copy()
        found[:, :reach] = self.pieces[:, :reach] + self.rest[:, :reach] * said[:, :reach]
        return found


@dataclass(frozen=True)
class Orders:
    """Orders by row: ``place`` number, ``units``, and local days since 1970.

    ``ordered`` is the day of the order, ``stated`` the days that the supplier said it takes, and
    ``came`` the day of its receipt. ``known_h`` and ``told_h`` are the hours (since 1970) at which
    order and receipt were recorded; infinity where it has not come. ``kind`` is the number of a law
    in ``laws``: times over the stated one, and the part that is open after each (see ``survival``).
    """

    place: Ints
    units: Floats
    ordered: Ints
    stated: Ints
    came: Ints
    known_h: Floats
    told_h: Floats
    kind: Ints
    laws: tuple[tuple[Floats, Floats], ...]
    zones: tuple[str, ...]

    def expected(self, first: int, now_h: float | None = None) -> Floats:
        """Return pieces expected at each place on ``REACH`` local days from ``first``, (P, REACH).

        As known at ``now_h``; None: at the midnight with which ``first`` begins at each place.
        Who is later than any order ever was is not expected any more.
        """
        now = self.midnight(first)[self.place] if now_h is None else np.full(len(self.place), now_h)
        gone = np.zeros(len(now), np.int64)
        if now_h is not None:
            gone = self.days_since(first, now_h)[self.place]
        of = np.flatnonzero((self.known_h <= now) & (self.told_h > now))
        begin = (first + gone - self.ordered)[of, None]
        age = np.maximum((first + np.arange(REACH + 1) - self.ordered[of, None]), begin)
        left, still = self._open_at(of, age), self._open_at(of, begin)
        chance = (left[:, :-1] - left[:, 1:]) / np.where(still > 0, still, np.inf)
        found = np.zeros((len(self.zones), REACH))
        np.add.at(found, self.place[of], self.units[of, None] * chance)
        sure = (self.told_h <= now) & (self.came >= first) & (self.came < first + REACH)
        np.add.at(found, (self.place[sure], self.came[sure] - first), self.units[sure])
        return found

    def received(self, first: int, count: int) -> Floats:
        """Return pieces that came on ``count`` days from ``first``, (P, count)."""
        found = np.zeros((len(self.zones), count))
        inside = np.isfinite(self.told_h) & (self.came >= first) & (self.came < first + count)
        np.add.at(found, (self.place[inside], self.came[inside] - first), self.units[inside])
        return found

    def midnight(self, day: int) -> Floats:
        """Return when a local day begins at each place, in hours since 1970, (P,)."""
        return np.array([_midnight(day, zone) for zone in self.zones])

    def days_since(self, first: int, now_h: float) -> Ints:
        """Return whole days from the midnight with which ``first`` begins at each place, (P,)."""
        return np.maximum((now_h - self.midnight(first)) / 24 + 1e-9, 0).astype(np.int64)

    def _open_at(self, of: Ints, age: Ints) -> Floats:
        """Return the chance that orders ``of`` (n,) are open at each ``age`` (n, K) [days]."""
        found = np.ones(age.shape)
        ratio = (age - 0.5) / self.stated[of, None]  # times are whole days
        for kind, (ages, alive) in enumerate(self.laws):
            rows = self.kind[of] == kind
            found[rows] = alive[np.searchsorted(ages, ratio[rows], side="right")]
        return found


def orders_of(receipts: Receipts, places: Sequence[str], zones: Sequence[str]) -> Orders | None:
    """Return the orders of ``places``; None where too few have come to say how long one takes."""
    number = pl.DataFrame({"facility_id": places, "zone": zones}).with_row_index("place")
    rows = receipts.rows.join(number, on="facility_id", how="inner")
    if rows["received_h"].count() < FEWEST:
        return None
    for name in ("ordered", "expected", "received"):
        known = rows.filter(pl.col(f"{name}_h").is_not_null())
        day = civil(known.with_columns(hour_h=f"{name}_h")).select("replenishment_id", name="day")
        rows = rows.join(day.rename({"name": name}), on="replenishment_id", how="left")
    rows = rows.sort("replenishment_id")  # so that sums do not depend on the order of a table

    def days(name: str, missing: int) -> Ints:
        return rows[name].fill_null(missing).to_numpy().astype(np.int64)

    def hours(name: str) -> Floats:
        return rows[name].cast(pl.Float64).fill_null(np.inf).to_numpy()

    seen = rows["received"].is_not_null().to_numpy()
    ordered, today = days("ordered", 0), int(receipts.asof.timestamp() // 86400)
    stated = np.maximum(days("expected", 0) - ordered, 1)
    took = np.maximum(days("received", today) - ordered, 0) / stated
    kind = np.digitize(stated, KINDS_D)
    every = survival(took, seen)
    laws = [
        survival(took[kind == k], seen[kind == k]) if seen[kind == k].sum() >= FEWEST else every
        for k in range(len(KINDS_D) + 1)
    ]
    return Orders(
        rows["place"].to_numpy().astype(np.int64), rows["units"].to_numpy(), ordered, stated,
        days("received", -1), hours("known_h"), hours("told_h"), kind, tuple(laws), tuple(zones),
    )  # fmt: skip


def survival(age: Floats, seen: npt.NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Return ages at which something ended, and the part that lasts to each and beyond.

    Kaplan & Meier (1958): ``alive[k]`` is the part that is open after the k-th of ``ages``;
    ``alive[0]`` is 1. What is not ``seen`` to end lasted ``age`` at least.
    """
    order = np.lexsort((~seen, age))
    sorted_, ended = age[order], seen[order]
    at_risk = len(age) - np.arange(len(age))
    alive = np.cumprod(np.where(ended, 1 - 1 / at_risk, 1.0))
    return sorted_[ended], np.concatenate(([1.0], alive[ended]))


def under_way(
    days: Days, plain: dict[int, Floats], receipts: Receipts | None
) -> tuple[UnderWay, dict[int, UnderWay]]:
    """Return what is known of the days after ``days``, and what was after past ones.

    Parameters
    ----------
    plain
        By the number of days that were known, what was foreseen without orders for the days after
        them, (N, h).
    receipts
        None: nothing is known of orders.

    Notes
    -----
    Processes are those of receiving, at places where they follow what was received: by as many
    pieces as they had for each. ``rest`` is what came beside over what was foreseen, of all of them
    together, by the number of days ahead.
    """
    many = len(days.ids)
    place_of = [name.rsplit("/", 1)[0] for name in days.ids]
    places = sorted(set(place_of))
    zone = dict(zip(place_of, days.zones, strict=True))
    orders = receipts and orders_of(receipts, places, [zone[each] for each in places])
    none = UnderWay(np.zeros((many, 0)), np.ones((many, 0)))
    if not orders or receipts is None:
        return none, dict.fromkeys(plain, none)
    total, at = days.units.sum(axis=2), np.array([places.index(each) for each in place_of])
    share = _share(days, total, orders.received(days.first, total.shape[1])[at])
    of = np.flatnonzero(share)
    before = {until: orders.expected(days.first + until)[at] for until in plain}
    beside, foreseen = np.zeros(REACH), np.zeros(REACH)
    for until, said in plain.items():
        reach = min(said.shape[1], REACH, total.shape[1] - until)
        came = total[of, until : until + reach]
        beside[:reach] += (came - share[of, None] * before[until][of, :reach]).sum(axis=0)
        foreseen[:reach] += said[of, :reach].sum(axis=0)
    told = int((foreseen > 0).sum())
    part = np.clip(beside[:told] / np.maximum(foreseen[:told], 1e-9), 0.0, 1.0)
    rest = np.where(share[:, None] > 0, part, 1.0)
    now_h, first = receipts.asof.timestamp() / 3600, days.first + total.shape[1]
    gone = orders.days_since(first, now_h)[at]  # past origins are at midnight
    ahead = np.clip(np.arange(told) - gone[:, None], 0, None)
    later = np.take_along_axis(rest, ahead, axis=1)
    after = share[:, None] * orders.expected(first, now_h)[at][:, :told]
    return UnderWay(after, later), {
        until: UnderWay(share[:, None] * pieces[:, :told], rest) for until, pieces in before.items()
    }


def _share(days: Days, total: Floats, received: Floats) -> Floats:
    """Return pieces of each series for each one received, (N,); 0 where it does not follow them."""
    x, y = received[:, -RECENT_D:], total[:, -RECENT_D:]
    inbound = np.array([name.rsplit("/", 1)[1] in INBOUND for name in days.ids])
    off_x, off_y = (each - each.mean(axis=1, keepdims=True) for each in (x, y))
    both = np.sqrt((off_x**2).sum(axis=1) * (off_y**2).sum(axis=1))
    alike = (off_x * off_y).sum(axis=1) / np.maximum(both, 1e-9)
    share = y.sum(axis=1) / np.maximum(x.sum(axis=1), 1e-9)
    return np.where(inbound & (alike >= ALIKE), share, 0.0)


def _midnight(day: int, zone: str) -> float:
    """Return when a local day begins [h since 1970]: twelve hours before noon, which exists."""
    noon = datetime(1970, 1, 1, 12) + timedelta(days=day)  # noqa: DTZ001
    return noon.replace(tzinfo=ZoneInfo(zone)).timestamp() / 3600 - 12.0
