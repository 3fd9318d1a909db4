"""Places and lanes: hubs, gateways, stations, and the timetable between them."""

from dataclasses import dataclass

import numpy as np

from .streams import Floats, Ints, Streams, pick

# region, city, zone, latitude, longitude, share of the buyers; a small world takes the first ones
PLACES = (
    ("US-NY", "New York", "America/New_York", 40.71, -74.01, 1.6),
    ("DE-BE", "Berlin", "Europe/Berlin", 52.52, 13.40, 1.0),
    ("MX-CMX", "Mexico City", "America/Mexico_City", 19.43, -99.13, 1.0),
    ("US-IL", "Chicago", "America/Chicago", 41.88, -87.63, 1.1),
    ("US-CA", "Los Angeles", "America/Los_Angeles", 34.05, -118.24, 1.5),
    ("DE-NW", "Cologne", "Europe/Berlin", 50.94, 6.96, 1.1),
    ("US-CO", "Denver", "America/Denver", 39.74, -104.99, 0.6),
    ("US-TX", "Dallas", "America/Chicago", 32.78, -96.80, 1.1),
    ("DE-BY", "Munich", "Europe/Berlin", 48.14, 11.58, 0.8),
    ("MX-NLE", "Monterrey", "America/Monterrey", 25.67, -100.31, 0.6),
    ("US-GA", "Atlanta", "America/New_York", 33.75, -84.39, 0.8),
    ("US-AZ", "Phoenix", "America/Phoenix", 33.45, -112.07, 0.6),
    ("US-WA", "Seattle", "America/Los_Angeles", 47.61, -122.33, 0.7),
    ("DE-HH", "Hamburg", "Europe/Berlin", 53.55, 9.99, 0.6),
    ("MX-JAL", "Guadalajara", "America/Mexico_City", 20.67, -103.35, 0.6),
    ("US-FL", "Miami", "America/New_York", 25.76, -80.19, 0.8),
    ("US-MA", "Boston", "America/New_York", 42.36, -71.06, 0.6),
    ("DE-SN", "Leipzig", "Europe/Berlin", 51.34, 12.37, 0.4),
)
CARRIERS = ("norda", "velox", "pigeon", "aerial", "harbor")
LAST_MILE = 3  # the first three carriers go to the door
AERIAL, HARBOR = 3, 4
SUNDAY = np.array([False, False, True, True, True])  # who works on Sundays
UNRELIABLE = np.array([0.8, 1.1, 1.4, 0.7, 1.2])  # multiplies delays, losses and damage
KINDS = ("warehouse", "sort_hub", "gateway", "delivery_station", "pickup_point")
WAREHOUSE, HUB, GATEWAY, STATION, PICKUP = range(5)
SHORT = ("whs", "hub", "gtw", "sta", "pup")

# legs in the order in which a parcel can meet them; a lane serves one of them
COLLECT, EXPORT, BORDER, IMPORT, HAUL, FEED = range(6)
LEGS = ("collect", "export", "border", "import", "haul", "feed")


@dataclass(frozen=True)
class Network:
    """Facilities and lanes as arrays; an index is a row of the table of that name.

    Regions have ``city``, ``zone_of`` (index of ``zones``), ``country_of``, ``at`` [degree].
    Facilities have ``kind``, ``region``, ``position``; ``hub``, ``gateway`` are indices by region
    and by country, ``stations`` those of all regions, with ``pickup`` beside each. Lanes have
    ``origin``, ``target`` (facilities), ``leg``, ``carrier``, ``distance`` [m], ``duration``,
    ``first``, ``headway``, ``cutoff`` [s], ``daily`` departures, ``pattern`` of weekdays and
    ``spare``, capacity over mean volume.
    """

    regions: tuple[str, ...]
    cities: tuple[str, ...]
    zones: tuple[str, ...]
    countries: tuple[str, ...]
    zone_of: Ints
    country_of: Ints
    at: Floats
    share: Floats
    facility_id: tuple[str, ...]
    kind: Ints
    region: Ints
    position: Floats
    hub: Ints
    gateway: Ints
    warehouses: Ints
    stations: Ints
    pickup: Ints
    origin: Ints
    target: Ints
    leg: Ints
    carrier: Ints
    distance: Floats
    duration: Floats
    first: Ints
    headway: Ints
    cutoff: Ints
    daily: Ints
    pattern: Ints
    spare: Floats
    find: dict[tuple[int, bool], Ints]

    @property
    def zone(self) -> Ints:
        """Return the zone of each facility."""
        return self.zone_of[self.region]

    def lane(self, leg: int, origin: Ints, target: Ints, express: Ints) -> Ints:
        """Return the lane of a leg between facilities, by air for express where one flies."""
        road = self.find[leg, False][origin, target]
        return np.where(express == 1, self.find[leg, True][origin, target], road)


def metres(a: Floats, b: Floats) -> Floats:
    """Return great-circle distances [m] between points [..., (lat, lon)] in degrees."""
    p, q = np.radians(a), np.radians(b)
    h = (
        np.sin((q - p)[..., 0] / 2) ** 2
        + np.cos(p[..., 0]) * np.cos(q[..., 0]) * np.sin((q - p)[..., 1] / 2) ** 2
    )
    result: Floats = 2 * 6_371_000 * np.arcsin(np.sqrt(h))
    return result


def network(parcels: int, streams: Streams) -> Network:
    """Return a network for that many parcels; it grows slower than they do.

    ``4 + 1.4 log2(parcels / 1000)`` regions (5 to 18), each with one hub, one or two warehouses
    and ``(parcels / 2500)^0.45`` (at least 2) delivery stations with a pickup point each; one
    gateway per country.
    """
    rng = streams.fixed("network")
    count = int(np.clip(round(4 + 1.4 * np.log2(max(parcels, 1000) / 1000)), 5, len(PLACES)))
    places = PLACES[:count]
    regions = tuple(p[0] for p in places)
    zones = tuple(sorted({p[2] for p in places}))
    countries = tuple(dict.fromkeys(r[:2] for r in regions))
    country_of = np.array([countries.index(r[:2]) for r in regions])
    at = np.array([[p[3], p[4]] for p in places])
    share = np.array([p[5] for p in places])

    per_region = np.maximum(2, np.round(share * (parcels / 2500) ** 0.45)).astype(int)
    rows: list[tuple[int, int, int]] = []  # kind, region, number within it
    for r in range(count):
        rows += [(WAREHOUSE, r, n + 1) for n in range(1 if parcels < 50_000 else 2)]
        rows.append((HUB, r, 1))
        if np.flatnonzero(country_of == country_of[r])[0] == r:
            rows.append((GATEWAY, r, 1))
        rows += [(STATION, r, n + 1) for n in range(min(int(per_region[r]), 99))]
        rows += [(PICKUP, r, n + 1) for n in range(min(int(per_region[r]), 99))]
    kind, region = np.array([(k, r) for k, r, _ in rows]).T
    ids = tuple(f"{SHORT[k]}_{regions[r].lower().replace('-', '_')}_{n:02d}" for k, r, n in rows)
    spread = np.array([0.15, 0.08, 0.12, 0.35, 0.35])[kind, None]
    position = at[region] + spread * rng.standard_normal((len(kind), 2))
    stations, pickup = np.flatnonzero(kind == STATION), np.flatnonzero(kind == PICKUP)
    position[pickup] = position[stations] + 0.03 * rng.standard_normal((len(pickup), 2))
    hub, gateway = np.flatnonzero(kind == HUB), np.flatnonzero(kind == GATEWAY)
    warehouses = np.flatnonzero(kind == WAREHOUSE)

    plan = [(COLLECT, w, hub[region[w]], False) for w in warehouses]
    for r in range(count):
        gate = gateway[country_of[r]]
        plan += [(EXPORT, hub[r], gate, False), (IMPORT, gate, hub[r], False)]
    plan += [(BORDER, a, b, False) for a in gateway for b in gateway if a != b]
    for a in range(count):
        for b in range(count):
            if a != b and country_of[a] == country_of[b]:
                plan.append((HAUL, hub[a], hub[b], False))
                if metres(at[a], at[b]) > 600_000:
                    plan.append((HAUL, hub[a], hub[b], True))
    plan += [(FEED, hub[region[s]], s, False) for s in stations]
    leg, origin, target = np.array([row[:3] for row in plan]).T
    air = np.array([row[3] for row in plan])

    distance = np.maximum(metres(position[origin], position[target]) * 1.2, 3_000)
    far = (leg == BORDER) & (distance > 3_000_000)
    flies = air | far
    hours = np.where(flies, distance / 650_000 + 3.0, distance / 62_000 + 0.4)
    size = len(plan)
    carrier = np.where(flies, AERIAL, pick(rng, np.array([0.45, 0.35, 0.2]), size))
    carrier = np.where((leg >= EXPORT) & (leg <= IMPORT) & ~flies, HARBOR, carrier)
    base = np.array([17.0, 19.0, 12.0, 6.0, 20.0, 2.5])[leg]
    first = np.where(air, 22.0, base) * 3600 + 300 * rng.integers(-6, 7, size)
    daily = np.array([2, 1, 1, 2, 2, 2])[leg] + (rng.random(size) < 0.3)
    daily = np.where(flies, 1, daily)
    pattern = np.where(rng.random(size) < 0.3, 2, 1)
    pattern = np.where(far, np.where(rng.random(size) < 0.5, 0, 2), pattern)
    find = {}
    for which in range(len(LEGS)):
        for express in (False, True):
            table = np.full((len(kind), len(kind)), -1, np.int64)
            for use in (False, True) if express else (False,):
                of = np.flatnonzero((leg == which) & (air == use))
                table[origin[of], target[of]] = of
            find[which, express] = table
    return Network(
        regions, tuple(p[1] for p in places), zones, countries,
        np.array([zones.index(p[2]) for p in places]), country_of, at, share,
        ids, kind, region, position, hub, gateway, warehouses, stations, pickup,
        origin, target, leg, carrier, distance, hours * 3600, first.astype(np.int64),
        np.where(leg == FEED, 6_000, 9_000).astype(np.int64) * np.ones(size, np.int64),
        (300 * rng.integers(6, 13, size)).astype(np.int64),
        daily.astype(np.int64), pattern, rng.uniform(1.35, 2.3, size), find,
    )  # fmt: skip
