"""The last mile: rounds with places, and up to three attempts."""

import numpy as np

from .clock import DAY, FAR, HOUR
from .handling import sorted_out
from .linehaul import Travel
from .network import LAST_MILE, SUNDAY, UNRELIABLE
from .orders import CASH
from .outcomes import CANCELLED, LOST, RETURNED, Doors, damage, hand_over, send_back, shelve
from .people import POINT
from .risks import CAUSE, NOT_FOUND, NOT_HOME, REFUSED, chance, hazards
from .scene import Scene
from .streams import Bools, Floats, Ints
from .timetable import Timetable, happens, sized, timetable

CUTOFF = 1800  # s before the round by which a parcel must be sorted
BEGINS = np.array([8.5, 8.0, 9.0]) * HOUR  # civil second at which rounds begin, by carrier
LENGTH = 7.0 * HOUR  # of a round at a load of 0.75
SPARE = 1.5  # places of a round over the mean


def rounds(scene: Scene) -> Timetable:
    """Return one round per working day for each station and carrier: 3 * station + carrier."""
    net, clock = scene.net, scene.clock
    station = np.repeat(np.arange(len(net.stations)), LAST_MILE)
    carrier = np.tile(np.arange(LAST_MILE), len(net.stations))
    region = net.region[net.stations[station]]
    one = np.ones(len(station), np.int64)
    which = 3 * region + np.where(SUNDAY[carrier], 2, 1)
    begin = BEGINS[carrier].astype(np.int64)
    return timetable(clock, which, net.zone_of[region], begin, one, one, scene.opens)


def arrive(trip: Travel, cancelled: Ints, state: Doors) -> None:
    """Sort parcels in their stations and deliver them; say how the others ended."""
    scene, of = state.scene, np.flatnonzero(trip.alive & (trip.t < FAR))
    here, ready = np.zeros(len(trip.t), bool), np.full(len(trip.t), FAR)
    at, days = state.station(of), scene.clock.days
    here[of] = True
    ready[of] = sorted_out(at, trip.t[of], days, scene.net, "station", scene.streams)
    deliver(ready, here, state)
    off = cancelled < FAR
    lost = ~trip.alive & ~off
    state.outcome[lost], state.done[lost] = LOST, trip.t[lost]
    state.outcome[off], state.done[off] = CANCELLED, cancelled[off]


def deliver(ready: Ints, here: Bools, state: Doors) -> None:
    """Bring parcels that are ``here`` and sorted at ``ready`` [s] to the door.

    The first attempt waits for a place in a round, first come first served; later attempts go
    first the next working day.
    """
    scene = state.scene
    of = damage(np.flatnonzero(here), ready, state)
    lane = state.homes.station[state.buys.address] * LAST_MILE + state.buys.carrier
    table = rounds(scene)
    many = LAST_MILE * len(scene.net.stations)
    volume, none = np.bincount(lane, minlength=many), np.zeros(len(table.lane), np.int64)
    table = sized(table, volume, np.full(many, SPARE), scene.clock.days, none)
    _, taken = table.take(lane[of], ready[of] + CUTOFF)
    load = np.bincount(taken, minlength=len(table.lane)) / np.maximum(table.capacity, 1)
    start, load = happens(table.at[taken]), load[taken]
    for attempt in (1, 2, 3):
        of, start = _attempt(of, start, load, attempt, state)
        load = np.full(len(of), 0.7)


def odds(of: Ints, door: Ints, load: Floats, severity: Floats, state: Doors) -> Floats:
    """Return the hazards [cause, parcel] of attempts at instants ``door`` [s]."""
    homes, home, clock = state.homes, state.buys.address[of], state.scene.clock
    local = clock.local(state.scene.net.zone[state.station(of)], door)
    cash = (state.buys.payment[state.buys.order[of]] == CASH) * 1.0
    return hazards(
        homes.kind[home], local % DAY / HOUR, clock.weekday(local), homes.absent[home],
        homes.closed[home], homes.faulty[home], cash, load, severity,
        UNRELIABLE[state.buys.carrier[of]],
    )  # fmt: skip


def _attempt(of: Ints, start: Ints, load: Floats, attempt: int, state: Doors) -> tuple[Ints, Ints]:
    """Try to deliver ``of`` in rounds that begin at ``start``; return who is tried again, when."""
    scene, net, clock, homes = state.scene, state.scene.net, state.scene.clock, state.homes
    rng, size = scene.streams.noise(f"attempt {attempt}"), len(of)
    home, carrier, station = state.buys.address[of], state.buys.carrier[of], state.station(of)
    zone, region = net.zone[station], net.region[station]
    severity = scene.shock.severity(region, start)
    out = start + rng.integers(0, 1500, size)
    length = LENGTH * (0.7 + 0.4 * np.minimum(load, 1)) * (1 + 0.3 * severity)
    place = 0.85 * homes.turn[home] + 0.15 * rng.random(size)
    door = happens(out + 900 + (place * length).astype(np.int64))
    local, ever = clock.local(zone, door), door < FAR

    hazard = odds(of, door, load, severity, state)
    if attempt > 1:
        hazard[[NOT_HOME, NOT_FOUND]] *= 0.75  # somebody was told
    fails = (rng.random(size) < chance(hazard)) & ever
    edges = np.cumsum(hazard, axis=0)
    cause = np.minimum((rng.random(size) * edges[-1] > edges).sum(axis=0), len(hazard) - 1)
    state.attempts[of] += ever
    if attempt == 1:
        state.hazard[:, of], state.tried[of], state.failed[of] = hazard, door, fails

    log, point = scene.log, homes.kind[home] == POINT
    log.add("out_for_delivery", of, out, zone, facility=station, carrier=carrier, attempt=attempt)
    log.add(
        "delivery_failed", of[fails], door[fails], zone[fails], facility=station[fails],
        carrier=carrier[fails], attempt=attempt, incident=CAUSE[cause[fails]],
    )  # fmt: skip
    good = ~fails & ~point
    hand_over(of[good], door[good], attempt, state)

    last = attempt == 3
    refused = fails & (cause == REFUSED)
    shelved = fails & ~refused & (rng.random(size) < (0.5 if last else 0.2))
    shelved &= (cause != NOT_FOUND) | last
    evening = clock.utc(zone, local // DAY * DAY + 19 * HOUR) + rng.integers(0, 5400, size)
    shelf = np.where(fails, np.maximum(evening, door), door)
    shelved |= point & ~fails
    shelve(of[shelved], happens(shelf[shelved]), attempt, state)
    over = fails & ~shelved & (refused | last)
    send_back(of[over], door[over] + DAY, RETURNED, f"from door {attempt}", state)

    again = fails & ~shelved & ~over
    pattern = 3 * region + np.where(SUNDAY[carrier], 2, 1)
    day = scene.opens.next(pattern, local // DAY + 1 + (rng.random(size) < 0.15))
    start = clock.utc(zone, day * DAY + BEGINS[carrier].astype(np.int64))
    return of[again], happens(start[again])
