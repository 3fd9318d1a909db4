"""What can happen to a parcel, in our words, and how others say it.

The enumeration is open at the door: a code that no row of ``CROSSWALK`` explains is kept beside
the event as ``raw_code``, becomes ``unknown``, and is counted.
"""

from collections.abc import Iterator

MILESTONES = {
    "created": "pending",
    "picked_up": "transit",
    "arrived": "transit",
    "departed": "transit",
    "customs": "transit",
    "on_hold": "exception",
    "delayed": "exception",
    "out_for_delivery": "out_for_delivery",
    "ready_for_pickup": "ready_for_pickup",
    "delivery_failed": "delivery_failed",
    "delivered": "final",
    "returning": "exception",
    "returned": "final",
    "lost": "final",
    "damaged": "exception",
    "cancelled": "final",
    "unknown": "unknown",
}
STATUSES = tuple(MILESTONES)
FINAL = tuple(status for status, milestone in MILESTONES.items() if milestone == "final")

INCIDENTS = (
    "carrier_damaged_parcel",
    "carrier_sorting_error",
    "carrier_parcel_lost",
    "carrier_address_not_found",
    "carrier_not_enough_time",
    "carrier_vehicle_issue",
    "consignee_not_home",
    "consignee_refused",
    "consignee_business_closed",
    "consignee_not_available",
    "consignee_incorrect_address",
    "consignee_access_restricted",
    "customs_delay",
    "customs_documentation",
    "customs_duties_unpaid",
    "customs_rejected",
    "weather_delay",
    "natural_disaster",
    "unknown",
)

# status -> codes of that system; several of theirs may mean one of ours. Estimates (EDI 214 AG,
# B6, C1, X2) are no events and are not here. AF is "departed the pick-up place", X3 "arrived" it.
_CODES: dict[str, dict[str, str]] = {
    "aftership": {
        "created": "InfoReceived Pending",
        "picked_up": "InTransit_001 InTransit_002",
        "arrived": "InTransit InTransit_003",
        "departed": "InTransit_007",
        "customs": "Exception_004",
        "on_hold": "Exception_018",
        "delayed": "Exception_005 Exception_016 Exception_017",
        "out_for_delivery": "OutForDelivery OutForDelivery_001",
        "ready_for_pickup": "AvailableForPickup AvailableForPickup_001",
        "delivery_failed": "AttemptFail AttemptFail_001 AttemptFail_002 AttemptFail_003",
        "delivered": "Delivered Delivered_001 Delivered_002 Delivered_003 Delivered_004",
        "returning": "Exception_010",
        "returned": "Exception_011",
        "lost": "Exception_012",
        "damaged": "Exception_013",
    },
    "easypost": {
        "created": "pre_transit",
        "arrived": "in_transit",
        "out_for_delivery": "out_for_delivery",
        "ready_for_pickup": "available_for_pickup",
        "delivery_failed": "failure",
        "delivered": "delivered",
        "returned": "return_to_sender",
        "cancelled": "cancelled",
        "unknown": "unknown error",
    },
    "edi214": {
        "created": "XB",
        "picked_up": "AF",
        "arrived": "X3 X4 X1 AV",
        "departed": "P1",
        "customs": "K1 PR",
        "on_hold": "BC",
        "delayed": "SD",
        "out_for_delivery": "X6",
        "delivery_failed": "AH AP",
        "delivered": "D1",
        "returning": "A7",
        "returned": "A3",
        "damaged": "A9",
        "cancelled": "CA",
    },
    "epcis": {
        "created": "commissioning",
        "picked_up": "collecting",
        "arrived": "arriving receiving",
        "departed": "departing shipping",
        "customs": "inspecting",
        "on_hold": "holding",
        "out_for_delivery": "transporting",
        "delivered": "accepting",
        "returning": "shipping_return",
        "lost": "stolen",
        "damaged": "damaged",
        "cancelled": "decommissioning",
    },
    "lanecast": {status: status for status in STATUSES},
}


def _rows() -> Iterator[tuple[str, str, str, str]]:
    for system, codes in _CODES.items():
        for status, theirs in codes.items():
            for code in theirs.split():
                yield system, code, status, MILESTONES[status]


CROSSWALK: tuple[tuple[str, str, str, str], ...] = tuple(_rows())
"""Rows of ``system, code, status, milestone``."""


def translate(system: str) -> dict[str, str]:
    """Return ``{code: status}`` of one system, with codes in lower case.

    Raises
    ------
    ValueError
        When the system is none of those in ``CROSSWALK``.
    """
    found = {code.lower(): status for name, code, status, _ in CROSSWALK if name == system}
    if not found:
        raise ValueError(f"system: {system!r} has no crosswalk; expected {', '.join(_CODES)}.")
    return found
