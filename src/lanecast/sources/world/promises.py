"""The path without luck, and the date that the company shows to the buyer."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from .clock import DAY, HOUR
from .doorstep import BEGINS, CUTOFF, LENGTH
from .firstmile import collected
from .handling import handed, nominal
from .linehaul import Paths
from .network import IMPORT, LEGS, SUNDAY
from .orders import Orders
from .people import Addresses, Merchants
from .scene import Scene
from .streams import Ints
from .timetable import Timetable

CUSTOMS = 8 * HOUR  # what a planner allows


@dataclass(frozen=True)
class Plan:
    """Instants [s] of the path on which nothing goes wrong, and what was promised.

    ``handed`` over, at the ``station``, at the ``door``; ``promised`` [s] is the last second of
    civil day ``day`` at the address.
    """

    handed: Ints
    station: Ints
    door: Ints
    promised: Ints
    day: Ints


def plan(
    buys: Orders, sellers: Merchants, homes: Addresses, path: Paths, table: Timetable, scene: Scene
) -> Plan:
    """Walk every parcel along its path with planned times, no queues and no weather.

    The promise adds slack in working days: one, and another one abroad.
    """
    net, clock = scene.net, scene.clock
    who, zone = buys.merchant, net.zone_of[sellers.region[buys.merchant]]
    placed = buys.parcel_placed
    hand = handed(placed, sellers.prep[who], who, sellers, zone, scene.opens, clock)
    t = collected(hand, sellers.own[who])
    for leg in range(len(LEGS)):
        has = path.lanes[leg] >= 0
        lane = path.lanes[leg, has]
        ready = t[has] + nominal(net.origin[lane], net) + (CUSTOMS if leg == IMPORT else 0)
        run = table.first(lane, ready + net.cutoff[lane])
        t[has] = table.at[run] + net.duration[lane].astype(np.int64) + 900
    station = net.stations[homes.station[buys.address]]
    zone = net.zone[station]
    local = clock.local(zone, t + nominal(station, net) + CUTOFF)
    begin = BEGINS[buys.carrier].astype(np.int64)
    pattern = 3 * net.region[station] + np.where(SUNDAY[buys.carrier], 2, 1)
    day = scene.opens.next(pattern, local // DAY + (local % DAY > begin))
    place = 1800 + (homes.turn[buys.address] * LENGTH).astype(np.int64)
    door = clock.utc(zone, day * DAY + begin + place)
    abroad = path.lanes[IMPORT] >= 0
    shown = day.copy()
    for slack in (shown >= 0, abroad):
        shown[slack] = scene.opens.next(pattern[slack], shown[slack] + 1)
    return Plan(hand, t, door, clock.utc(zone, (shown + 1) * DAY) - 1, shown)


def ship_by(buys: Orders, sellers: Merchants, scene: Scene) -> Ints:
    """Return the end of the last working day in which the seller said to hand over [s]."""
    zone = scene.net.zone_of[sellers.region[buys.merchant]]
    pattern = 3 * sellers.region[buys.merchant] + sellers.pattern[buys.merchant]
    local = scene.clock.local(zone, buys.parcel_placed)
    day = scene.opens.next(pattern, local // DAY)
    for more in (1, 2):
        promised = sellers.promise[buys.merchant] >= more
        day = np.where(promised, scene.opens.next(pattern, day + 1), day)
    return scene.clock.utc(zone, (day + 1) * DAY) - 1


def promise_table(parcel_id: pl.Series, plans: Plan, buys: Orders, scene: Scene) -> pl.DataFrame:
    """Return rows of ``promises``."""
    clock = scene.clock
    return pl.DataFrame(
        {
            "parcel_id": parcel_id,
            "promised_at": clock.instants(plans.promised),
            "promised_date": clock.dates(plans.day),
            "recorded_at": clock.instants(buys.parcel_placed),
        }
    )
