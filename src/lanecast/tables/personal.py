"""Which columns of the canonical tables are personal: the one place that says so.

An identifier such as ``address_id`` tells nothing by itself once the fields of its row are gone.
"""

from collections.abc import Mapping

from .address import TYPED_ADDRESSES
from .commerce import ADDRESSES, ORDERS

PERSONAL: Mapping[str, tuple[str, ...]] = {
    ORDERS.name: ("buyer_id",),
    ADDRESSES.name: ("postal_code", "city", "lat", "lon"),
    TYPED_ADDRESSES.name: ("text",),
    "scans": ("lat", "lon"),
}
GOAL = "goal_"  # before columns of the address of a parcel, where tables are joined
SHOWN = frozenset(
    (
        *(name for names in PERSONAL.values() for name in names),
        *(f"{GOAL}{name}" for name in PERSONAL[ADDRESSES.name]),
    )
)
"""Names under which personal fields are shown."""
