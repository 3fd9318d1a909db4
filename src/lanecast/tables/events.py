"""Canonical tables of what goes wrong: claims, risks that were predicted, actions decided."""

import narwhals as nw

from .columns import RECORDED, amount, instant, key, link
from .schema import Column, Table

EVENTS = ("late", "failed_first", "returned", "lost", "not_received")
ASKED_AT = ("checkout", "shipped", "in_transit", "waiting", "delivered")
ACTIONS = (
    "call_ahead",
    "slot_change",
    "require_code",
    "require_signature",
    "pickup_point",
    "address_verification",
    "open_trace",
)

CLAIMS = Table(
    "claims",
    "What buyers claim of a parcel; a claim is a report and no proof.",
    key=("parcel_id", "kind", "source"),
    clock="recorded_at",
    columns={
        "parcel_id": link("Parcel."),
        "kind": Column(nw.String(), "", "What is claimed.", allowed=("not_received",)),
        "claimed_at": instant("When the buyer said so."),
        "source": Column(nw.String(), "", "Where it was said: buyer, review ..."),
        "recorded_at": RECORDED,
    },
    references={"parcel_id": "parcels.parcel_id"},
)

RISKS = Table(
    "risks",
    "How likely an event is for a parcel, as it was predicted at a moment.",
    key=("parcel_id", "moment", "event", "model", "version"),
    clock="asof",
    columns={
        "parcel_id": link("Parcel."),
        "moment": Column(nw.String(), "", "When it was asked.", allowed=ASKED_AT),
        "event": Column(nw.String(), "", "What may happen.", allowed=EVENTS),
        "model": Column(nw.String(), "", "Model that answered."),
        "version": Column(nw.String(), "", "Version of that model."),
        "asof": instant("Everything recorded by then has been used."),
        "chance": Column(nw.Float64(), "1", "Calibrated probability.", False, 0, 1),
        "claimant": Column(
            nw.Float64(),
            "1",
            "Part of the chance that the buyer's own history of claims adds (not_received).",
            False,
            -1,
            1,
        ),
        "quality": Column(nw.String(), "", "Codes such as few_history, comma separated.", False),
        "fallback": Column(
            nw.String(), "", "What answered if the model could not; empty if it could.", False
        ),
    },
    references={"parcel_id": "parcels.parcel_id"},
)

INTERVENTIONS = Table(
    "interventions",
    "What was decided to be done about a parcel, and what it is expected to save.",
    key=("plan_id", "parcel_id"),
    clock="asof",
    columns={
        "parcel_id": link("Parcel."),
        "plan_id": key("Plan; a digest of risks, costs and limits."),
        "action": Column(nw.String(), "", "What to do.", allowed=ACTIONS),
        "asof": instant("Everything recorded by then has been used."),
        "saving": amount("currency", "Expected saving, less what the action costs.", False),
        "price": amount("currency", "What the action costs.", False),
    },
    references={"parcel_id": "parcels.parcel_id"},
)
