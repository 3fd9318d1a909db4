"""Why a delivery attempt fails, why a buyer claims, and what an intervention would change."""

import numpy as np

from .events import REASON
from .people import APARTMENT, BUSINESS, HOUSE, POINT
from .streams import Floats, Ints

CAUSES = (
    "consignee_not_home",
    "consignee_business_closed",
    "carrier_address_not_found",
    "consignee_access_restricted",
    "carrier_not_enough_time",
    "consignee_refused",
)
CAUSE = np.array([REASON[cause] for cause in CAUSES])
NOT_HOME, CLOSED, NOT_FOUND, ACCESS, NO_TIME, REFUSED = range(6)

# what an intervention multiplies: the six hazards above, then the chances of an unattended drop,
# of a delivery to the wrong door, and of a claim for a parcel that did arrive
INTERVENTIONS = {
    "call_ahead": (0.55, 0.40, 0.60, 0.50, 1.0, 0.8, 0.8, 0.9, 1.0),
    "slot_change": (0.45, 0.20, 1.0, 0.80, 1.0, 1.0, 0.6, 1.0, 1.0),
    "require_code": (1.30, 1.10, 1.0, 1.10, 1.0, 1.0, 0.0, 0.1, 0.3),
    "require_signature": (1.20, 1.05, 1.0, 1.05, 1.0, 1.0, 0.0, 0.5, 0.7),
    "pickup_point": (0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.1, 0.3),
    "address_verification": (1.0, 1.0, 0.25, 0.70, 1.0, 1.0, 1.0, 0.5, 1.0),
}

AWAY = np.array([0.0, 0.09, 0.11, 0.10, 0.08, 0.045])  # not home, by part of a working day
PARTS = np.array([0, 8, 11, 14, 17, 19])  # local hours at which these parts begin


def hazards(
    kind: Ints, hour: Floats, weekday: Ints, absent: Floats, closed: Floats, faulty: Floats,
    cash: Floats, load: Floats, severity: Floats, carrier: Floats,
) -> Floats:  # fmt: skip
    """Return the hazard of each cause [cause, stop]; an attempt fails with 1 - exp(-sum).

    ``hour`` is the local hour at the door, ``load`` parcels over places of the round, ``cash``
    1 for cash on delivery, ``carrier`` the unreliability of the carrier.
    """
    home = (kind == HOUSE) | (kind == APARTMENT)
    away = AWAY[np.searchsorted(PARTS, hour, side="right") - 1]
    away = np.where(weekday >= 5, 0.55 * away, away)
    shut = np.where(weekday >= 5, 0.7, np.where(hour > 17, 0.22, 0.01))
    result: Floats = np.stack([
        home * away * absent,
        (kind == BUSINESS) * shut,
        0.012 * faulty * carrier,
        np.where(kind == APARTMENT, 0.022, 0.005) * closed,
        0.004 * np.exp(3 * np.maximum(load - 0.7, 0)) * (1 + 2 * severity)
        + np.where(hour > 18.5, 0.10, 0.0),
        0.003 + 0.03 * cash,
    ])  # fmt: skip
    point = kind == POINT
    result[:NO_TIME, point] = 0.0
    result[REFUSED, point] = 0.0
    return result


def chance(hazard: Floats, change: tuple[float, ...] | None = None) -> Floats:
    """Return the chance that an attempt fails, under an intervention if one is given."""
    weight = np.ones(6) if change is None else np.array(change[:6])
    result: Floats = -np.expm1(-(weight[:, None] * hazard).sum(axis=0))
    return result


def unattended(kind: Ints, value: Floats) -> Floats:
    """Return the chance that a delivered parcel is left without a person [1]."""
    base = np.array([0.35, 0.18, 0.02, 0.0])[kind]
    return base * np.where(value > 200, 0.5, 1.0)


def misplaced(kind: Ints, faulty: Floats, carrier: Floats) -> Floats:
    """Return the chance that a delivered parcel goes to another door [1]."""
    base = 0.002 * np.minimum(faulty, 6.0) * carrier
    return np.where(kind == POINT, 0.0, base)


def stolen(theft: Floats, value: Floats) -> Floats:
    """Return the chance that an unattended parcel is stolen [1]."""
    return np.minimum(theft * (0.6 + 0.4 * (value / 60) ** 0.5), 0.5)


def claim(
    left: Floats, theft: Floats, wrong: Floats, abuse: Floats,
    change: tuple[float, ...] | None = None,
) -> Floats:  # fmt: skip
    """Return the chance that a delivered parcel is claimed as not received.

    The three reasons are independent: left and stolen, brought to another door and not passed on
    (half of those), and abuse.
    """
    a, b, c = (1.0, 1.0, 1.0) if change is None else change[6:]
    return 1 - (1 - a * left * theft) * (1 - 0.5 * b * wrong) * (1 - c * abuse)
