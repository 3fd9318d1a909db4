"""The network as canonical tables: facilities, carriers, lanes and calendars."""

import numpy as np
import polars as pl

from .clock import BEFORE, DAY
from .handling import rates
from .names import identifiers, words
from .network import AERIAL, CARRIERS, FEED, KINDS, Network
from .scene import Scene
from .streams import Ints
from .timetable import NEVER, Timetable


def seen(scene: Scene, size: int) -> pl.Series:
    """Return the instant at which everything that existed before the start was recorded."""
    return scene.clock.instants(np.full(size, -BEFORE * DAY))


def network_tables(scene: Scene, table: Timetable, volume: Ints) -> dict[str, pl.DataFrame]:
    """Return ``facilities``, ``carriers``, ``lanes`` and ``calendars``."""
    net, many = scene.net, len(scene.net.kind)
    countries = tuple(net.countries[c] for c in net.country_of)
    ends = np.concatenate([net.origin, net.target[net.leg == FEED]])
    volumes = np.concatenate([volume, volume[net.leg == FEED]])
    through = np.bincount(ends, volumes, minlength=many) / scene.clock.days
    facilities = pl.DataFrame(
        {
            "facility_id": net.facility_id,
            "kind": words(KINDS, net.kind),
            "name": words(net.cities, net.region),
            "country": words(countries, net.region),
            "region": words(net.regions, net.region),
            "lat": net.position[:, 0],
            "lon": net.position[:, 1],
            "zone": words(net.zones, net.zone),
            "capacity_per_h": rates(through),
            "recorded_at": seen(scene, many),
        }
    ).with_columns(name=pl.col("name") + " " + pl.col("kind").str.replace("_", " "))
    carriers = pl.DataFrame(
        {
            "carrier_id": CARRIERS,
            "name": [name.capitalize() for name in CARRIERS],
            "recorded_at": seen(scene, len(CARRIERS)),
        }
    )
    capacity = np.zeros(len(net.origin), np.int64)
    usual = table.at < NEVER
    np.maximum.at(capacity, table.lane[usual], table.capacity[usual])
    lanes = pl.DataFrame(
        {
            "lane_id": lane_ids(net),
            "from_facility_id": words(net.facility_id, net.origin),
            "to_facility_id": words(net.facility_id, net.target),
            "carrier_id": words(CARRIERS, net.carrier),
            "mode": words(("road", "air"), (net.carrier == AERIAL).astype(np.int64)),
            "distance_m": np.round(net.distance),
            "duration_s": np.round(net.duration / 60) * 60,
            "weekdays": words(("1111100", "1111110", "1111111"), net.pattern),
            "first_departure_s": net.first.astype(float),
            "headway_s": net.headway.astype(float),
            "departures_per_day": net.daily.astype(np.int16),
            "cutoff_s": net.cutoff.astype(float),
            "capacity_parcels": capacity.astype(float),
            "recorded_at": seen(scene, len(net.origin)),
        }
    )
    calendars = scene.cal.table(scene.clock, net.regions)
    return {
        "facilities": facilities, "carriers": carriers, "lanes": lanes, "calendars": calendars,
    }  # fmt: skip


def lane_ids(net: Network) -> pl.Series:
    """Return the identifiers of lanes."""
    return identifiers("lan", len(net.origin), 5)
