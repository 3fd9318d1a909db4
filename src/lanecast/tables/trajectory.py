"""Canonical tables of a parcel's way: what lanes did before, what is planned, what is predicted."""

import narwhals as nw

from .columns import RECORDED, amount, instant, link
from .parcel import LEVELS, QUANTILES
from .schema import Column, Table

SOMEWHERE_NEW = "somewhere_new"
NO_FURTHER = "no_further"
ANSWERS = (SOMEWHERE_NEW, NO_FURTHER)

LANE_HISTORY = Table(
    "lane_history",
    "What a lane did before the first leg that is stored one by one.",
    key=("from_facility_id", "to_facility_id"),
    clock="recorded_at",
    columns={
        "from_facility_id": link("Where it departs."),
        "to_facility_id": link("Where it arrives."),
        "legs": Column(nw.Int64(), "legs", "Legs that were driven.", low=1),
        "duration_s": amount("s", "Median time from departure to arrival.", True),
        "planned_s": amount("s", "Median planned time of the same legs."),
        "distance_m": amount("m", "Median planned length."),
        "service": Column(nw.String(), "", "Service that used it most.", False),
        "recorded_at": RECORDED,
    },
    references={
        "from_facility_id": "facilities.facility_id",
        "to_facility_id": "facilities.facility_id",
    },
)

LEG_PLANS = Table(
    "leg_plans",
    "Where a parcel is to go from a place, as planned when it leaves; not used to say where next.",
    key=("parcel_id", "from_facility_id"),
    clock="recorded_at",
    columns={
        "parcel_id": link("Parcel."),
        "from_facility_id": link("Where it departs."),
        "to_facility_id": link("Where it is to arrive."),
        "planned_s": amount("s", "Planned time from departure to arrival."),
        "recorded_at": RECORDED,
    },
    references={
        "parcel_id": "parcels.parcel_id",
        "from_facility_id": "facilities.facility_id",
        "to_facility_id": "facilities.facility_id",
    },
)

NEXT_STOPS = Table(
    "next_stops",
    "Where a parcel goes next, with chances, and when it would get there: one row per answer.",
    key=("parcel_id", "step", "rank", "model", "version"),
    clock="asof",
    columns={
        "parcel_id": link("Parcel."),
        "step": Column(nw.Int32(), "1", "Scans that were known when it was asked.", low=1),
        "rank": Column(nw.Int32(), "1", "1 for the most likely answer.", low=1),
        "model": Column(nw.String(), "", "Model that answered."),
        "version": Column(nw.String(), "", "Version of that model."),
        "asof": instant("Everything recorded by then has been used."),
        "facility_id": link("Where it is; empty where no facility has seen it.", False),
        "status": Column(nw.String(), "", "Its last event."),
        "stop": link("Next facility; or somewhere_new; or no_further: it ends from here."),
        "probability": Column(
            nw.Float64(), "1", "Chance of it; empty for a plan that no history knows.", False, 0, 1
        ),
        "planned": Column(nw.Boolean(), "", "Whether the plan of the leg names it."),
        "asof_to_arrived_h": amount("h", "Point forecast of the time to it, if it is next.", False),
        **{
            name: amount("h", f"Quantile {level:g} of the time from asof to it.", False)
            for name, level in zip(QUANTILES, LEVELS, strict=True)
        },
        "fallback": Column(
            nw.String(), "", "What answered if the model could not; empty if it could.", False
        ),
    },
    references={"parcel_id": "parcels.parcel_id", "facility_id": "facilities.facility_id"},
)

WAYS = Table(
    "ways",
    "The likeliest whole ways of a parcel from a moment on: one row per stop of each.",
    key=("parcel_id", "rank", "step", "model", "version"),
    clock="asof",
    columns={
        "parcel_id": link("Parcel."),
        "rank": Column(nw.Int32(), "1", "1 for the likeliest way.", low=1),
        "step": Column(nw.Int32(), "1", "1 for the first stop to come.", low=1),
        "model": Column(nw.String(), "", "Model that the way was drawn from."),
        "version": Column(nw.String(), "", "Version of that model."),
        "asof": instant("The moment from which on ways were drawn."),
        "stop": link("Next facility; or last somewhere_new; or no_further: it ends from here."),
        "probability": Column(nw.Float64(), "1", "Chance of the whole way.", low=0, high=1),
        "q100": amount("h", "Quantile 0.1 of the time from asof to the stop, if it is the way."),
        "q500": amount("h", "Median of it."),
        "q900": amount("h", "Quantile 0.9 of it."),
        "fallback": Column(
            nw.String(), "", "What answered if the model could not; empty if it could.", False
        ),
    },
    references={"parcel_id": "parcels.parcel_id"},
)

TABLES = (LANE_HISTORY, LEG_PLANS, NEXT_STOPS, WAYS)
