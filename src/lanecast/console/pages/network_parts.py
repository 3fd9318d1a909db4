"""Network at a glance: which moment and which part of it, four figures, and the map."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import polars as pl
from markupsafe import Markup

from .. import commands, states
from ..drawing.network import Lane, Spot, network, step
from ..drawing.pieces import chip, chips, figure, kept
from ..drawing.pieces import figures as row_of
from ..page import Page
from ..people import count, percent
from .network_words import a_day, hours, over

LATE = 1.25  # usual time over plan from which a lane is called late
AROUND = 1.0  # degrees of a place's surroundings, to each side
STEPS = {
    "ok": "less than 10 % over plan", "slightly": "10 % or more", "late": "25 % or more",
    "very": "40 % or more", "unknown": "not known",
}  # fmt: skip
GAP = Markup('<span class="gap"></span>')
DAY = Markup(
    '<form class="day" data-turn>{kept}<label><span class="unseen">As it was on</span>'
    '<input type="date" name="day" id="day" value="{day}" min="{least}" '
    'max="{most}"></label></form>'
)
MAP = Markup(
    '<section class="card"><div class="heading tight"><h2>Lanes and places</h2>'
    '<span class="muted small">{told}</span></div>{map}<ul class="legend">{legend}</ul></section>'
)
KEY = Markup('<li><i class="{}" aria-hidden="true"></i>{}</li>')


@dataclass(frozen=True)
class Found:
    """A network at a moment.

    ``facilities`` and ``lanes`` are those of ``GET /v1/network/geometry``; lanes have beside it
    ``lost_h``, parcel-hours a day over plan, and facilities ``ratio``, the mean of their lanes.
    """

    asof: datetime
    first: date
    facilities: pl.DataFrame
    lanes: pl.DataFrame

    def within(self, country: str, near: str) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Return the places of a country, or around a place, or all; and the lanes between."""
        places = self.facilities
        middle = places.filter(node_id=near).drop_nulls(["lat", "lon"])
        if middle.height:
            lat, lon = middle["lat"][0], middle["lon"][0]
            places = places.filter(
                (pl.col("lat") - lat).abs() <= AROUND, (pl.col("lon") - lon).abs() <= AROUND
            )
        elif country in places["country"].to_list():
            places = places.filter(pl.col("country") == country)
        inside = places["node_id"].implode()
        both = pl.all_horizontal(pl.col("head_id", "tail_id").is_in(inside))
        return places, self.lanes.filter(both)

    @property
    def names(self) -> dict[str, str]:
        """Return what the places are called, by their nodes."""
        return dict(self.facilities.select("node_id", "label").iter_rows())


def shown(page: Page, found: Found) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the places and lanes that the query asks for."""
    return found.within(page.query.text("country"), page.query.text("near"))


def choices(page: Page, found: Found | None) -> Markup:
    """Return the choice of a moment and of a country."""
    if found is None:
        why = "No facilities with lanes are known, or no scans of them yet."
        return states.empty("No network", why, commands.NETWORK)
    query, now = page.query, page.tenant.now().astimezone(page.viewer.zone).date()
    here = found.asof.astimezone(page.viewer.zone).date()
    if query.text("day"):
        here = (found.asof - timedelta(seconds=1)).astimezone(page.viewer.zone).date()
    drawn = chip("Now", "day-now", query.with_(day=None), not query.text("day"))
    drawn += chip("Day before", "day-before", query.with_(day=here - timedelta(days=1)))
    drawn += DAY.format(
        kept=kept(query.values, ("day", "page")),
        day=here, least=found.first + timedelta(days=1), most=now,
    )  # fmt: skip
    away = {"country": None, "near": None, "page": None}
    countries = found.facilities["country"].drop_nulls().unique().sort().to_list()
    near, chosen = query.text("near"), query.text("country")
    if len(countries) > 1 or near:
        drawn += GAP + chip("All places", "all", query.with_(**away), not chosen and not near)
        for each in countries if len(countries) > 1 else ():
            there = query.with_(**away | {"country": each})
            drawn += chip(each, f"country-{each}", there, each == chosen and not near)
    if name := found.names.get(near):
        told = f"Around {name} \N{MULTIPLICATION SIGN}"
        drawn += chip(told, "near", query.with_(near=None, page=None), True)
    return chips("Moment and places", drawn)


def figures(page: Page, found: Found | None) -> Markup:
    """Return the four figures of what is shown."""
    if found is None:
        return Markup("")
    lanes = shown(page, found)[1]
    known = lanes.filter(pl.col("ratio").is_not_null())
    late = known.filter(pl.col("ratio") >= LATE).height
    volume = float(lanes["parcels_per_day"].sum() or 0)
    seen = float(known["parcels_per_day"].sum() or 0)
    lost = float(known["lost_h"].sum() or 0)
    missed = lanes.filter(pl.col("miss_rate").is_not_null())
    weight = float(missed["parcels_per_day"].sum() or 0)
    share = float((missed["miss_rate"] * missed["parcels_per_day"]).sum() or 0)
    return row_of(
        figure(
            "Late lanes", f"{count(late)} of {count(known.height)}",
            "usually 25 % over plan or more", "late" if late else "ok",
        ),
        figure(
            "Over plan", hours(lost / seen if seen else None),
            "a ride, averaged over parcels",
        ),
        figure("Time lost a day", f"{count(round(lost))} h", "hours over plan, of all parcels"),
        figure(
            "Missed departures", percent(share / weight if weight else None),
            f"of {count(round(volume))} rides a day",
        ),
    )  # fmt: skip


def map_(page: Page, found: Found | None) -> Markup:
    """Return the map of what is shown."""
    if found is None:
        return Markup("")
    places, lanes = shown(page, found)
    query = page.query
    chosen, most = query.text("node"), max(1e-9, *places["parcels_per_day"])
    spots = {
        row["node_id"]: Spot(
            row["label"] or row["node_id"], row["lat"], row["lon"],
            (row["parcels_per_day"] or 0) / most, row["ratio"],
            f"{row['label']}: {over(row['ratio'])}, {a_day(row['parcels_per_day'])} parcels a day",
            str(query.with_(node=row["node_id"])),
            "" if query.text("near") else str(query.with_(near=row["node_id"], page=None)),
            row["node_id"] == chosen,
        )
        for row in places.drop_nulls(["lat", "lon"]).to_dicts()
    }  # fmt: skip
    if not spots:
        told = "No place has coordinates; the table below lists all."
        return states.partial(told)
    drawn = [
        Lane(
            spots[row["head_id"]], spots[row["tail_id"]], step(row["ratio"]),
            f"{spots[row['head_id']].name} to {spots[row['tail_id']].name}: {over(row['ratio'])}",
            str(query.with_(node=row["lane_id"])),
            chosen in (row["lane_id"], row["head_id"], row["tail_id"]),
        )
        for row in lanes.to_dicts()
        if row["head_id"] in spots and row["tail_id"] in spots
    ]  # fmt: skip
    legend = Markup("").join(KEY.format(kind, said) for kind, said in STEPS.items())
    told = f"as of {page.viewer.instant(found.asof)}. (3): three places at once, click for more"
    missing = places.height - len(spots)
    if missing:
        told += f". {count(missing)} places without coordinates are not drawn"
    return MAP.format(map=network(list(spots.values()), drawn), legend=legend, told=told)
