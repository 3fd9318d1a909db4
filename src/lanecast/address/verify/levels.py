"""How sure a part of an address is, and down to where the parts together say where."""

from collections.abc import Collection, Mapping
from typing import Any

CONFIRMED = "confirmed"
PLAUSIBLE, SUSPICIOUS = "unconfirmed_but_plausible", "unconfirmed_and_suspicious"
Components = Mapping[str, Mapping[str, Any]]


def granularity(components: Components, *, confirmed: bool, without: Collection[str] = ()) -> str:
    """Return the finest level that the parts reach.

    Parameters
    ----------
    components
        By libpostal's names, as in a reply.
    confirmed
        Whether only parts count that a gazetteer confirms.
    without
        Names that do not count.

    Returns
    -------
    str
        ``sub_premise``, ``premise``, ``route``, ``postal_code``, ``locality``, ``admin`` or
        ``other``.
    """
    held = {
        name
        for name, c in components.items()
        if name not in without and (not confirmed or c["confirmation"] == CONFIRMED)
    }
    if {"road", "house_number"} <= held or "po_box" in held:
        return "sub_premise" if "unit" in held else "premise"
    for name, level in (
        ("road", "route"),
        ("postcode", "postal_code"),
        ("city", "locality"),
        ("state", "admin"),
    ):
        if name in held:
            return level
    return "other"
