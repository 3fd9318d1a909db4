"""From the first facility to the delivery station: sort, clear customs, wait, ride."""

from dataclasses import dataclass, field

import numpy as np

from .clock import DAY, FAR, HOUR
from .events import REASON
from .handling import sorted_out
from .network import BORDER, COLLECT, EXPORT, FEED, HARBOR, HAUL, IMPORT, LEGS, UNRELIABLE, Network
from .orders import Orders
from .runs import Runs
from .scene import Scene
from .streams import Bools, Floats, Ints
from .timetable import happens

LOSS = 0.0004  # chance per leg, times the carrier's unreliability
MISSORT = 0.006  # chance per sort in a hub
STUCK = 0.08  # chance that customs keep a parcel for days, for one of 100 USD
SORTS = {COLLECT: "warehouse", BORDER: "gateway out", IMPORT: "gateway in", FEED: "inbound"}


@dataclass(frozen=True)
class Paths:
    """``lanes`` [leg, parcel] holds the lane of each leg, -1 where the parcel has no such leg.

    ``hub`` is the hub that sorts the parcel first.
    """

    lanes: Ints
    hub: Ints


def paths(net: Network, facility: Ints, station: Ints, express: Ints) -> Paths:
    """Return the paths of parcels from a warehouse or hub to a station."""
    hub, door = net.hub[net.region[facility]], net.hub[net.region[station]]
    home, away = net.country_of[net.region[hub]], net.country_of[net.region[door]]
    out, into, road = net.gateway[home], net.gateway[away], np.zeros_like(express)
    abroad = home != away
    lanes = [
        np.where(facility != hub, net.lane(COLLECT, facility, hub, road), -1),
        np.where(abroad, net.lane(EXPORT, hub, out, road), -1),
        np.where(abroad, net.lane(BORDER, out, into, road), -1),
        np.where(abroad, net.lane(IMPORT, into, door, road), -1),
        np.where(~abroad & (hub != door), net.lane(HAUL, hub, door, express), -1),
        net.lane(FEED, door, station, road),
    ]
    return Paths(np.stack(lanes), hub)


@dataclass
class Travel:
    """Where parcels are after each leg: ``t`` [s] of arrival; ``alive`` is false once lost.

    ``keep`` is the true chance not to be lost; ``legs`` are the rides, one block per leg.
    """

    t: Ints
    alive: Bools
    keep: Floats
    legs: list[dict[str, Ints]] = field(default_factory=list)


def travel(
    start: Ints, moving: Bools, path: Paths, run: Runs, buys: Orders, scene: Scene
) -> Travel:
    """Move parcels leg by leg; a lane serves one leg, so each queue sees all its parcels.

    ``start`` [s] is when parcels reach their first facility, ``moving`` which of them ever do.
    """
    net = scene.net
    state = Travel(start.copy(), moving.copy(), np.ones(len(start)))
    inland = (path.lanes[IMPORT] >= 0) | (path.lanes[HAUL] >= 0)
    chance = LOSS * UNRELIABLE[net.carrier]
    for leg, name in enumerate(LEGS):
        if leg == EXPORT:  # whoever is alive stands in the first hub now
            all_here = np.flatnonzero(state.alive)
            _sort(all_here, path.hub[all_here], state, "outbound", scene)
        has = path.lanes[leg] >= 0
        state.keep[has] *= 1 - chance[path.lanes[leg, has]]
        of = np.flatnonzero(state.alive & has)
        lane = path.lanes[leg, of]
        if leg == IMPORT:
            _customs(of, net.origin[lane], state, buys.value, scene)
        if leg in SORTS:
            part = inland[of] if leg == FEED else np.ones(len(of), bool)
            _sort(of[part], net.origin[lane[part]], state, SORTS[leg], scene)
        _ride(of, lane, leg, name, chance, state, run, scene)
    return state


def _sort(of: Ints, at: Ints, state: Travel, line: str, scene: Scene) -> None:
    """Let parcels ``of`` pass a sort line of the facilities ``at``; in hubs some go astray."""
    if not len(of):
        return
    ready = sorted_out(at, state.t[of], scene.clock.days, scene.net, line, scene.streams)
    if line in ("outbound", "inbound"):
        rng = scene.streams.noise(f"missorts {line}")
        astray, extra = rng.random(len(of)) < MISSORT, rng.uniform(12, 40, len(of)) * HOUR
        scene.log.add(
            "delayed", of[astray], ready[astray], scene.net.zone[at[astray]],
            facility=at[astray], incident=REASON["carrier_sorting_error"],
        )  # fmt: skip
        ready = ready + np.where(astray, extra, 0).astype(np.int64)
    state.t[of] = happens(ready)


def _customs(of: Ints, at: Ints, state: Travel, value: Floats, scene: Scene) -> None:
    """Let customs clear parcels: lognormal about 5 h; some of them, rather dear ones, take days."""
    rng = scene.streams.noise("customs")
    begin = state.t[of] + 1200
    clear = rng.lognormal(np.log(5.0), 0.5, len(of)) * HOUR
    stuck = rng.random(len(of)) < np.minimum(STUCK * (value[of] / 100) ** 0.5, 0.5)
    days = rng.gamma(2.0, 1.3, len(of)) * DAY
    scene.log.add("customs", of, begin, scene.net.zone[at], facility=at, carrier=HARBOR)
    scene.log.add(
        "customs", of[stuck], (begin + clear.astype(np.int64))[stuck], scene.net.zone[at[stuck]],
        facility=at[stuck], carrier=HARBOR, incident=REASON["customs_delay"],
    )  # fmt: skip
    state.t[of] = happens(begin + (clear + np.where(stuck, days, 0)).astype(np.int64))


def _ride(
    of: Ints, lane: Ints, leg: int, name: str, chance: Floats,
    state: Travel, run: Runs, scene: Scene,
) -> None:  # fmt: skip
    """Put parcels on departures, first come first served, and bring them to the other end."""
    net, log = scene.net, scene.log
    rng = scene.streams.noise(f"rides {name}")
    at, target, carrier = net.origin[lane], net.target[lane], net.carrier[lane]
    ready = state.t[of]
    wanted, taken = run.table.take(lane, ready + net.cutoff[lane])
    leave = run.leave[taken]
    arrive = happens(run.arrive[taken] + rng.integers(60, 1500, len(of)))
    lost = (rng.random(len(of)) < chance[lane]) & (leave < FAR)
    gone = leave + rng.integers(5 * DAY, 11 * DAY, len(of))
    told = rng.random(len(of)) < np.where(run.storm[taken] > 0.6, 0.5, 0.0)
    log.add("departed", of, leave, net.zone[at], facility=at, carrier=carrier)
    log.add(
        "delayed", of[told], (leave + (arrive - leave) // 3)[told], net.zone[at[told]],
        carrier=carrier[told], incident=REASON["weather_delay"],
    )  # fmt: skip
    log.add(
        "arrived", of[~lost], arrive[~lost], net.zone[target[~lost]],
        facility=target[~lost], carrier=carrier[~lost],
    )  # fmt: skip
    log.add(
        "lost", of[lost], gone[lost], net.zone[at[lost]], carrier=carrier[lost],
        incident=REASON["carrier_parcel_lost"],
    )  # fmt: skip
    state.t[of] = np.where(lost, gone, arrive)
    state.alive[of[lost]] = False
    ride = {"leg": np.full(len(of), leg), "wanted": wanted, "taken": taken, "ready": ready}
    times = {"leave": leave, "arrive": np.where(lost, FAR, arrive)}
    state.legs.append({"parcel": of, "lane": lane, **ride, **times})
