"""Canonical tables of the network: where parcels pass, who moves them, and when."""

import narwhals as nw

from .columns import COUNTRY, LAT, LON, RECORDED, REGION, ZONE, amount, key, link
from .schema import Column, Table

KINDS = ("warehouse", "sort_hub", "gateway", "delivery_station", "pickup_point", "customs")
MODES = ("road", "air", "sea", "rail", "last_mile")

FACILITIES = Table(
    "facilities",
    "Places where a parcel is scanned.",
    key=("facility_id",),
    clock="recorded_at",
    columns={
        "facility_id": key("Facility; a GLN-13 where it has one."),
        "kind": Column(nw.String(), "", "What the place is for.", allowed=KINDS),
        "name": Column(nw.String(), "", "Name as people say it.", False),
        "country": COUNTRY,
        "region": REGION,
        "lat": LAT,
        "lon": LON,
        "zone": ZONE,
        "capacity_per_h": amount("parcels/h", "Parcels it can handle in an hour."),
        "recorded_at": RECORDED,
    },
)

CARRIERS = Table(
    "carriers",
    "Companies that move parcels.",
    key=("carrier_id",),
    clock="recorded_at",
    columns={
        "carrier_id": key("Carrier; a SCAC where it has one."),
        "name": Column(nw.String(), "", "Name as people say it.", False),
        "recorded_at": RECORDED,
    },
)

LANES = Table(
    "lanes",
    "Directed connections between two facilities, with timetable and capacity.",
    key=("lane_id",),
    clock="recorded_at",
    columns={
        "lane_id": key("Lane of one carrier between two facilities."),
        "from_facility_id": link("Where it departs."),
        "to_facility_id": link("Where it arrives; never the place of departure."),
        "carrier_id": link("Who drives or flies it."),
        "mode": Column(nw.String(), "", "How it moves.", allowed=MODES),
        "distance_m": amount("m", "Length."),
        "duration_s": amount("s", "Planned time from departure to arrival."),
        "weekdays": Column(
            nw.String(), "", "Days of departure, Monday first, for example 1111100.", False
        ),
        "first_departure_s": amount("s", "First departure of the day after local midnight."),
        "headway_s": amount("s", "Time between departures of a day."),
        "departures_per_day": Column(nw.Int16(), "1", "Departures on each such day.", False, 0),
        "cutoff_s": amount("s", "How long before a departure a parcel must be there."),
        "capacity_parcels": amount("parcels", "Parcels that one departure takes."),
        "recorded_at": RECORDED,
    },
    references={
        "from_facility_id": "facilities.facility_id",
        "to_facility_id": "facilities.facility_id",
        "carrier_id": "carriers.carrier_id",
    },
)

CALENDARS = Table(
    "calendars",
    "Working days and holidays of a region, known ahead.",
    key=("region", "date"),
    clock="recorded_at",
    columns={
        "region": REGION,
        "date": Column(nw.Date(), "", "Civil day in the region."),
        "is_working": Column(nw.Boolean(), "", "Whether parcels are delivered that day."),
        "holiday": Column(nw.String(), "", "Name of the holiday, if it is one.", False),
        "recorded_at": RECORDED,
    },
)
