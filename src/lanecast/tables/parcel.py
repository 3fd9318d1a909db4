"""Canonical tables of a parcel's life: plan, scans, promise, prediction, decision."""

import narwhals as nw

from .columns import (
    LAT,
    LON,
    OFFSET,
    RECORDED,
    amount,
    instant,
    key,
    link,
    money,
)
from .schema import Column, Table
from .status import INCIDENTS, STATUSES

LEVELS = (0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.975, 0.99)
QUANTILES = tuple(f"q{round(1000 * level):03d}" for level in LEVELS)  # q010 ... q990
MOMENTS = ("checkout", "shipped", "in_transit")

PARCELS = Table(
    "parcels",
    "Parcels as planned at checkout: one row when the order is placed.",
    key=("parcel_id",),
    clock="recorded_at",
    columns={
        "parcel_id": key("Parcel; an SSCC-18 where it has one."),
        "order_id": link("Order it belongs to."),
        "merchant_id": link("Seller that packs it."),
        "address_id": link("Where it must go."),
        "carrier_id": link("Carrier that was planned.", False),
        "service": Column(nw.String(), "", "Service level that was sold.", False),
        "category": Column(nw.String(), "", "Category of the most valuable line.", False),
        "pieces": Column(nw.Int32(), "pieces", "Pieces in it.", False, 1),
        "merchants": Column(nw.Int16(), "1", "Sellers that share the order.", False, 1),
        "weight_g": amount("g", "Weight."),
        "volume_cm3": amount("cm3", "Volume."),
        "value_minor": money("Goods."),
        "freight_minor": money("Freight that the buyer paid."),
        "ship_by_at": instant("When the seller must have handed it over.", False),
        "recorded_at": RECORDED,
    },
    references={
        "order_id": "orders.order_id",
        "merchant_id": "merchants.merchant_id",
        "address_id": "addresses.address_id",
        "carrier_id": "carriers.carrier_id",
    },
)

SCANS = Table(
    "scans",
    "What was observed of a parcel; bitemporal, and only ever growing.",
    key=("event_id",),
    clock="recorded_at",
    columns={
        "event_id": key("Event; the same event sent twice has the same one."),
        "parcel_id": link("Parcel."),
        "status": Column(nw.String(), "", "What happened.", allowed=STATUSES),
        "event_at": instant("When it happened, by the scanner's clock."),
        "utc_offset_min": OFFSET,
        "facility_id": link("Where it happened.", False),
        "carrier_id": link("Who scanned.", False),
        "incident": Column(nw.String(), "", "Why, for a failure.", False, allowed=INCIDENTS),
        "attempt": Column(nw.Int16(), "1", "Number of the delivery attempt.", False, 1, 20),
        "lat": LAT,
        "lon": LON,
        "raw_code": Column(nw.String(), "", "The carrier's own code, untouched.", False),
        "recorded_at": RECORDED,
    },
    versions=False,
    references={
        "parcel_id": "parcels.parcel_id",
        "facility_id": "facilities.facility_id",
        "carrier_id": "carriers.carrier_id",
    },
)

PROMISES = Table(
    "promises",
    "Dates that were shown to the buyer.",
    key=("parcel_id",),
    clock="recorded_at",
    columns={
        "parcel_id": link("Parcel."),
        "promised_at": instant("Last moment that keeps the promise."),
        "promised_date": Column(nw.Date(), "", "Civil day at the address that was shown."),
        "recorded_at": RECORDED,
    },
    references={"parcel_id": "parcels.parcel_id"},
)

PREDICTIONS = Table(
    "predictions",
    "When a parcel arrives: a distribution, and what it rests on.",
    key=("parcel_id", "moment", "model", "version"),
    clock="asof",
    columns={
        "parcel_id": link("Parcel."),
        "moment": Column(nw.String(), "", "When it was asked.", allowed=MOMENTS),
        "model": Column(nw.String(), "", "Model that answered."),
        "version": Column(nw.String(), "", "Version of that model."),
        "asof": instant("Everything recorded by then has been used."),
        "eta_at": instant("Point forecast of the delivery.", False),
        "asof_to_delivered_h": amount("h", "Point forecast, from asof.", False),
        **{
            name: amount("h", f"Quantile {level:g} of the time from asof to delivery.", False)
            for name, level in zip(QUANTILES, LEVELS, strict=True)
        },
        "slice": Column(nw.String(), "", "Group in which coverage was measured.", False),
        "coverage_80": Column(
            nw.Float64(), "1", "Measured share inside q100..q900 of that slice.", False, 0, 1
        ),
        "quality": Column(nw.String(), "", "Codes such as few_history, comma separated.", False),
        "fallback": Column(
            nw.String(), "", "What answered if the model could not; empty if it could.", False
        ),
    },
    references={"parcel_id": "parcels.parcel_id"},
)

PLANS = Table(
    "plans",
    "Promise dates that were decided, and what each is expected to cost.",
    key=("plan_id", "parcel_id"),
    clock="asof",
    columns={
        "parcel_id": link("Parcel."),
        "plan_id": key("Plan; a digest of predictions, costs and limits."),
        "decision": Column(nw.String(), "", "Kind of decision.", allowed=("promise",)),
        "asof": instant("Everything recorded by then has been used."),
        "promised_date": Column(nw.Date(), "", "Civil day to promise.", False),
        "promised_h": amount("h", "From asof to the end of that day.", False),
        "level": Column(nw.Float64(), "1", "Predicted chance to keep it.", False, 0, 1),
        "cost": amount("currency", "Expected cost.", False),
        "reason": Column(nw.String(), "", "Why nothing was decided; empty if it was.", False),
    },
    references={"parcel_id": "parcels.parcel_id"},
)
