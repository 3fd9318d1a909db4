"""What the calendar says of the periods of a panel."""

from lanecast.planning.holidays import distances
from lanecast.planning.panel import Floats, Panel

DAY_US = 86_400_000_000
FEASTS = ("christmas", "easter", "thanksgiving")


def calendar(of: Panel) -> dict[str, Floats]:
    """Return what the calendar says of every column, by name, shape (T + H,)."""
    ds = of.ds(0, of.length + of.horizon)
    days = ds.astype("datetime64[D]")
    month = days.astype("datetime64[M]")
    out = {"month": month.astype(int) % 12 + 1.0}
    if of.frequency.months:
        return out
    year = days.astype("datetime64[Y]")
    out["year_day"] = (days - year).astype(float)
    out |= distances(ds)
    if of.frequency.name != "weeks":
        out["month_day"] = (days - month).astype(float)
        out["weekday"] = (days.astype(int) + 3.0) % 7
    if of.frequency.us < DAY_US:
        out["hour"] = (ds - days).astype("timedelta64[m]").astype(float) / 60
    return out
