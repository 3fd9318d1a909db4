"""How far apart two points are."""

import narwhals as nw

RADIAN = 0.017453292519943295


def distance_m(lat: nw.Expr, lon: nw.Expr, other_lat: nw.Expr, other_lon: nw.Expr) -> nw.Expr:
    """Return the distance [m] as the crow flies, on a plane that is true halfway."""
    middle = (lat + other_lat) * (RADIAN / 2)
    north, east = other_lat - lat, (other_lon - lon) * middle.cos()
    return 6_371_000.0 * RADIAN * (north**2 + east**2).sqrt()
