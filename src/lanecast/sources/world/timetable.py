"""Departures: when they leave, how many parcels they take, and who takes which."""

from dataclasses import dataclass

import numpy as np

from .clock import AFTER, BEFORE, DAY, FAR, Clock, Openings
from .network import Network
from .queues import SPAN, board, in_order
from .streams import Floats, Ints, starts

NEVER = SPAN // 2  # the time of the departure that does not run; after FAR


@dataclass(frozen=True)
class Timetable:
    """Departures of all lanes, lane after lane in order of time.

    ``at`` [s] is the planned instant, ``capacity`` [parcels]; 0 says cancelled. Each lane ends with
    a departure at ``NEVER`` that has room for everybody.
    """

    lane: Ints
    at: Ints
    capacity: Ints

    def first(self, lane: Ints, ready: Ints) -> Ints:
        """Return the first departure of ``lane`` that is not before ``ready`` [s]."""
        keys = self.lane * SPAN + self.at
        return np.searchsorted(keys, lane * SPAN + np.minimum(ready, NEVER)).astype(np.int64)

    def take(self, lane: Ints, ready: Ints) -> tuple[Ints, Ints]:
        """Return the departure each parcel wants, and the one it gets (first come, first served).

        Who is ready in the same second goes in the order given.
        """
        order = in_order(lane, ready)
        wanted = self.first(lane[order], ready[order])
        first, taken = np.empty_like(wanted), np.empty_like(wanted)
        first[order], taken[order] = wanted, board(wanted, self.capacity)
        return first, taken


def timetable(
    clock: Clock, which: Ints, zone: Ints, first: Ints, headway: Ints, daily: Ints, opens: Openings
) -> Timetable:
    """Return the departures of lanes on the open days of opening timetable ``which``.

    ``first`` and ``headway`` are civil seconds at the place of departure, in ``zone``; capacities
    are 1, to be set by who knows the volume.
    """
    days = np.arange(-BEFORE, clock.days + AFTER)
    open_day = opens.following[:, : len(days)] == days
    lane = np.repeat(np.arange(len(which)), daily)
    number = np.arange(len(lane)) - np.repeat(starts(daily), daily)
    row, column = np.nonzero(open_day[which[lane]])
    local = days[column] * DAY + (first[lane] + headway[lane] * number)[row]
    at = clock.utc(zone[lane[row]], local)
    lanes = np.concatenate([lane[row], np.arange(len(which))])
    at = np.concatenate([at, np.full(len(which), NEVER)])
    order = in_order(lanes, at + BEFORE * DAY)
    return Timetable(lanes[order], at[order], np.ones(len(order), np.int64))


def sized(table: Timetable, volume: Ints, spare: Floats, days: int, cancelled: Ints) -> Timetable:
    """Return ``table`` with ``spare m + 1.5 sqrt(m)`` places per departure (at least 3).

    ``volume`` [parcels] of each lane in ``days`` gives the mean m per departure; departures with
    a 1 in ``cancelled`` have none.
    """
    inside = (table.at >= 0) & (table.at < days * DAY)
    runs = np.maximum(np.bincount(table.lane[inside], minlength=len(volume)), 1)
    mean = volume / runs
    seats = np.maximum(3, np.ceil(spare * mean + 1.5 * np.sqrt(mean))).astype(np.int64)
    capacity = np.where(cancelled == 1, 0, seats[table.lane])
    room = int(volume.sum()) + 1
    return Timetable(table.lane, table.at, np.where(table.at == NEVER, room, capacity))


def lane_timetable(clock: Clock, net: Network, opens: Openings) -> Timetable:
    """Return the timetable of the network's lanes; holidays of the place of departure are off."""
    region = net.region[net.origin]
    return timetable(
        clock, 3 * region + net.pattern, net.zone_of[region], net.first, net.headway,
        net.daily, opens,
    )  # fmt: skip


def happens(t: Ints) -> Ints:
    """Return ``t`` with everything after ``FAR`` at ``FAR``."""
    return np.minimum(t, FAR)
