"""Figures of lanes and places as people read them."""

from typing import Any

from markupsafe import Markup

from ..drawing.network import step
from ..people import DASH, duration

RATIO = Markup('<span class="{}">{:+.0f} %</span>')


def ratio(over: float | None) -> Any:
    """Return a usual time over its plan, in the colour of its step: "+26 %"."""
    return DASH if over is None else RATIO.format(step(over), 100 * (over - 1))


def over(ratio: float | None) -> str:
    """Return the same in plain words."""
    return "not known" if ratio is None else f"{100 * (ratio - 1):+.0f} % over plan"


def hours(of: float | None) -> str:
    """Return a duration that may be unknown."""
    return DASH if of is None else duration(of)


def a_day(parcels: float | None) -> str:
    """Return parcels a day: "0.3", "12"."""
    if parcels is None:
        return DASH
    return f"{parcels:,.1f}" if parcels < 10 else f"{parcels:,.0f}"


def called(names: dict[str, str], node_id: str) -> str:
    """Return what people call a node."""
    return names.get(node_id) or node_id.partition(":")[2] or node_id
