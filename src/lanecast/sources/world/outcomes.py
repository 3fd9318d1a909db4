"""How a parcel ends: handed over, fetched from a shelf, sent back, damaged."""

from dataclasses import dataclass

import numpy as np

from .clock import DAY, FAR, HOUR
from .events import REASON
from .network import UNRELIABLE
from .orders import Orders
from .people import FRAGILE, Addresses
from .risks import misplaced
from .scene import Scene
from .streams import Bools, Floats, Ints
from .timetable import happens

DAMAGE = 0.0010  # chance per parcel, times fragility and unreliability
OUTCOMES = ("none", "delivered", "collected", "returned", "lost", "damaged", "cancelled")
NONE, DELIVERED, COLLECTED, RETURNED, LOST, DAMAGED, CANCELLED = range(7)


@dataclass
class Doors:
    """Parcels at the door and what becomes of them; times [s] are ``FAR`` where nothing happened.

    ``back`` is the hub a parcel would return to. ``tried`` is the first attempt and ``hazard``
    [cause, parcel] its hazards; ``wrong`` says that another door got the parcel.
    """

    buys: Orders
    homes: Addresses
    back: Ints
    scene: Scene
    outcome: Ints
    done: Ints
    tried: Ints
    failed: Bools
    attempts: Ints
    hazard: Floats
    p_damaged: Floats
    wrong: Bools

    def station(self, of: Ints) -> Ints:
        """Return the facility from which parcels ``of`` go to the door."""
        return self.scene.net.stations[self.homes.station[self.buys.address[of]]]


def doors(buys: Orders, homes: Addresses, back: Ints, scene: Scene) -> Doors:
    """Return parcels to which nothing has happened yet."""
    size = len(back)
    odds = 1 - np.exp(-DAMAGE * FRAGILE[buys.category] * UNRELIABLE[buys.carrier])
    return Doors(
        buys, homes, back, scene, np.zeros(size, np.int64), np.full(size, FAR),
        np.full(size, FAR), np.zeros(size, bool), np.zeros(size, np.int64),
        np.zeros((6, size)), odds, np.zeros(size, bool),
    )  # fmt: skip


def hand_over(of: Ints, t: Ints, attempt: int, state: Doors) -> None:
    """Deliver at the door: the scan lies some 10 m away, or at another door some 120 m away."""
    rng, homes = state.scene.streams.noise(f"doors {attempt}"), state.homes
    home, carrier, station = state.buys.address[of], state.buys.carrier[of], state.station(of)
    odds = misplaced(homes.kind[home], homes.faulty[home], UNRELIABLE[carrier])
    wrong = rng.random(len(of)) < odds
    apart = np.where(wrong, rng.lognormal(np.log(120), 0.6, len(of)), rng.rayleigh(8, len(of)))
    angle = rng.random(len(of)) * 2 * np.pi
    lat, lon = homes.position[home].T
    state.scene.log.add(
        "delivered", of, t, state.scene.net.zone[station], facility=station, carrier=carrier,
        attempt=attempt, lat=lat + apart * np.sin(angle) / 111_195,
        lon=lon + apart * np.cos(angle) / (111_195 * np.cos(np.radians(lat))),
    )  # fmt: skip
    state.outcome[of] = np.where(t < FAR, DELIVERED, NONE)
    state.done[of], state.wrong[of] = t, wrong


def shelve(of: Ints, t: Ints, attempt: int, state: Doors) -> None:
    """Wait in the pickup point: fetched after 1.4 days on average, sent back after seven."""
    scene, net, clock = state.scene, state.scene.net, state.scene.clock
    rng = scene.streams.noise(f"shelves {attempt}")
    point = net.pickup[state.homes.station[state.buys.address[of]]]
    zone, carrier = net.zone[point], state.buys.carrier[of]
    lag = 2 * HOUR + (rng.exponential(1.4, len(of)) * DAY).astype(np.int64)
    local = clock.local(zone, t + lag)
    opened = local // DAY * DAY + rng.integers(9 * HOUR, 20 * HOUR, len(of))
    fetched = happens(np.maximum(clock.utc(zone, opened), t + HOUR))
    kept, log = lag < 7 * DAY, scene.log
    log.add("ready_for_pickup", of, t, zone, facility=point, carrier=carrier, attempt=attempt)
    lat, lon = net.position[point[kept]].T
    log.add(
        "delivered", of[kept], fetched[kept], zone[kept], facility=point[kept],
        carrier=carrier[kept], lat=lat, lon=lon,
    )  # fmt: skip
    state.outcome[of] = np.where(kept & (fetched < FAR), COLLECTED, NONE)
    state.done[of] = fetched
    send_back(of[~kept], t[~kept] + 7 * DAY, RETURNED, f"from shelf {attempt}", state)


def send_back(of: Ints, t: Ints, outcome: int, why: str, state: Doors) -> None:
    """Send parcels back to the hub they came from; that takes five days on average."""
    scene, t = state.scene, happens(t)
    rng, zone = scene.streams.noise(f"back {why}"), scene.net.zone
    station, carrier, hub = state.station(of), state.buys.carrier[of], state.back[of]
    home = happens(t + DAY + (rng.gamma(4.0, 1.0, len(of)) * DAY).astype(np.int64))
    scene.log.add("returning", of, t, zone[station], facility=station, carrier=carrier)
    scene.log.add("returned", of, home, zone[hub], facility=hub, carrier=carrier)
    state.outcome[of] = np.where(home < FAR, outcome, NONE)
    state.done[of] = home


def damage(of: Ints, ready: Ints, state: Doors) -> Ints:
    """Find damage in the station; half of those parcels go back. Return who goes on."""
    scene = state.scene
    hurt = scene.streams.noise("damage").random(len(ready))[of] < state.p_damaged[of]
    bad, station = of[hurt], state.station(of[hurt])
    scene.log.add(
        "damaged", bad, ready[bad], scene.net.zone[station], facility=station,
        carrier=state.buys.carrier[bad], incident=REASON["carrier_damaged_parcel"],
    )  # fmt: skip
    gone = bad[scene.streams.noise("damage rejected").random(len(bad)) < 0.5]
    send_back(gone, ready[gone] + DAY, DAMAGED, "damaged", state)
    return np.setdiff1d(of, gone, assume_unique=True)
