"""From the order to the first facility: prepare, hand over, collect; or cancel."""

import numpy as np

from .clock import FAR, HOUR
from .handling import handed, prepared
from .orders import Orders
from .people import Merchants
from .scene import Scene
from .streams import Ints


def collected(t: Ints, own: Ints) -> Ints:
    """Return the planned arrival in the first facility: two hours after an own shop."""
    return t + np.where(own == 1, 2 * HOUR, 600)


def hand_in(buys: Orders, sellers: Merchants, scene: Scene) -> tuple[Ints, Ints]:
    """Log orders, cancellations and hand-overs; return when each is handed over, or cancelled.

    Instants [s] are ``FAR`` for what does not happen: a cancelled parcel is not handed over.
    """
    placed, who, log = buys.parcel_placed, buys.merchant, scene.log
    zone = scene.net.zone_of[sellers.region[who]]
    everyone, stop = np.arange(len(who)), buys.cancelled[buys.order]
    prep = prepared(placed, who, sellers, scene)
    rng = scene.streams.noise("hand-over")
    at = handed(placed, prep, who, sellers, zone, scene.opens, scene.clock)
    at = at + rng.integers(0, 1800, len(at))
    told = placed + rng.integers(2, 60, len(at))
    log.add("created", everyone, told, zone, carrier=buys.carrier)
    gone = placed + 60 + (rng.random(len(at)) * np.maximum(at - placed - 60, 1)).astype(np.int64)
    log.add("cancelled", everyone[stop], gone[stop], zone[stop], carrier=buys.carrier[stop])
    facility = np.where(sellers.own[who] == 1, -1, sellers.facility[who])
    log.add(
        "picked_up", everyone[~stop], at[~stop], zone[~stop], facility=facility[~stop],
        carrier=buys.carrier[~stop],
    )  # fmt: skip
    return np.where(stop, FAR, at), np.where(stop, gone, FAR)


def bring_in(buys: Orders, sellers: Merchants, at: Ints, scene: Scene) -> Ints:
    """Bring parcels from the seller to the first facility; return when they arrive [s]."""
    own, of = sellers.own[buys.merchant], np.flatnonzero(at < FAR)
    late = scene.streams.noise("collection").gamma(4.0, 0.25, len(at)) * 0.8 * HOUR
    begun = collected(at, own) + np.where(own == 1, late, late / 8).astype(np.int64)
    facility = sellers.facility[buys.merchant[of]]
    scene.log.add(
        "arrived", of, begun[of], scene.net.zone[facility], facility=facility,
        carrier=buys.carrier[of],
    )  # fmt: skip
    return begun
