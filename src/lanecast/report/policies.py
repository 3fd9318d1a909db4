"""What each rule of promising cost: the part that nobody can avoid, and the rest."""

import polars as pl

from .marks import keys
from .markup import Html, tag
from .numbers import percent, plain
from .picture import behind

HEADS = {
    "policy": "Policy",
    "promised_days": "Promised days",
    "on_time": "On time",
    "cost": "Cost per parcel",
    "foresight": "With foresight",
    "regret": "Regret",
}


def policies(worth: pl.DataFrame) -> Html:
    """Return a bar per policy, in two parts, with its numbers behind."""
    title = "What each policy cost per parcel"
    most = max(float(str(worth["cost"].max() or 0.0)), 1e-9)
    items = [_item(row, most) for row in worth.iter_rows(named=True)]
    known, rest = (
        tag("rect", class_=kind, x=1, y=3, width=32, height=8) for kind in ("foresight", "regret")
    )
    key = keys((known, "even if the day had been known"), (rest, "the rest: regret"))
    ranked = tag("ol", *items, class_="rank thick")
    return tag("div", tag("h3", title), key, ranked, behind(title, worth, HEADS))


def saved(worth: pl.DataFrame | None) -> tuple[float, str] | None:
    """Return what the first policy saves per 1,000 parcels against the last, and its name."""
    if worth is None or worth.height < 2:
        return None
    cost = worth["cost"].to_list()
    return 1000 * (cost[-1] - cost[0]), str(worth["policy"][-1])


def _item(row: dict[str, object], most: float) -> Html:
    cost, least = float(str(row["cost"])), float(str(row["foresight"]))
    wide, first = 100 * cost / most, 100 * min(least, cost) / most
    beam = tag(
        "svg",
        tag("rect", class_="foresight", x=0, y=0, width=first, height=4),
        tag(
            "rect", class_="regret", x=first + 0.6, y=0, width=max(wide - first - 0.6, 0), height=4
        ),
        class_="beam",
        viewBox="0 0 100 4",
        preserveAspectRatio="none",
        aria_hidden="true",
    )
    days, kept = plain(row["promised_days"], 1), percent(float(str(row["on_time"])))
    return tag(
        "li",
        tag("span", str(row["policy"]), class_="what"),
        tag("span", plain(cost), class_="how"),
        tag("span", f"{days} days promised, {kept} on time", class_="more"),
        beam,
    )
