"""Time inside walls: the seller's preparation, and sort lines that can be congested."""

import numpy as np

from .clock import DAY, Clock, Openings
from .network import Network
from .people import Merchants
from .queues import in_order, serve
from .scene import Scene
from .streams import Floats, Ints, Streams

OWN = np.array([1500.0, 2400.0, 3600.0, 1500.0, 600.0])  # median seconds per kind of facility
PEAK = 5.0  # hours in which a sort line would do a mean day


def handed(
    placed: Ints, prep: Floats, who: Ints, sellers: Merchants, zone: Ints,
    opens: Openings, clock: Clock,
) -> Ints:  # fmt: skip
    """Return when sellers ``who`` hand over what took ``prep`` [s]: the first collection after.

    The collection comes at the seller's civil time on the seller's working days.
    """
    pattern = 3 * sellers.region[who] + sellers.pattern[who]
    local = clock.local(zone, placed)
    begun = opens.next(pattern, local // DAY)  # work starts on an open day
    local = np.where(begun > local // DAY, begun * DAY + 8 * 3600, local) + prep.astype(np.int64)
    late = (local % DAY > sellers.handover[who]).astype(np.int64)
    day = opens.next(pattern, local // DAY + late)
    return clock.utc(zone, day * DAY + sellers.handover[who])


def prepared(placed: Ints, who: Ints, sellers: Merchants, scene: Scene) -> Floats:
    """Draw the preparation [s] of parcels: lognormal about the seller's median of that day.

    The median is the seller's own, times a habit of the weekday, times ``turned`` from the day on
    at which the seller got better or worse.
    """
    noise = scene.streams.noise("preparation").standard_normal(len(placed))
    zone = scene.net.zone_of[sellers.region[who]]
    weekday = scene.clock.weekday(scene.clock.local(zone, placed))
    turned = np.where(placed // DAY >= sellers.turn[who], sellers.turned[who], 1.0)
    median = sellers.prep[who] * sellers.weekday[who, weekday] * turned
    result: Floats = median * np.exp(sellers.spread[who] * noise)
    return result


def rates(daily: Floats) -> Floats:
    """Return parcels per hour of lines that see ``daily`` parcels per day on average."""
    return np.maximum(60.0, daily / PEAK)


def sorted_out(
    facility: Ints, arrival: Ints, days: int, net: Network, name: str, streams: Streams
) -> Ints:
    """Return when parcels are ready to leave a facility [s].

    They wait for the sort line of the facility, one after the other in order of arrival, then
    take a lognormal time of their own (log deviation 0.4). ``days`` turns the number of parcels
    into the daily volume that the line was built for.
    """
    volume = np.bincount(facility, minlength=len(net.kind)) / days
    order = in_order(facility, arrival)
    out = np.empty(len(arrival))
    out[order] = serve(facility[order], arrival[order], 3600 / rates(volume))
    noise = streams.noise(f"handling {name}").standard_normal(len(arrival))
    ready: Ints = np.ceil(out + OWN[net.kind[facility]] * np.exp(0.4 * noise)).astype(np.int64)
    return ready


def nominal(facility: Ints, net: Network) -> Ints:
    """Return the time [s] a planner allows for handling: four times one's own pace."""
    return (4 * OWN[net.kind[facility]]).astype(np.int64)
