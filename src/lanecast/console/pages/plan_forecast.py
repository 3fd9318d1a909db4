"""What a site expects: the fan of a forecast, and hours of work for which people are missing."""

from typing import Any

import polars as pl
from markupsafe import Markup

from lanecast.tables.parcel import QUANTILES

from .. import states
from ..drawing.fan import Period, fan
from ..drawing.pieces import card, cell, heads, joined, kept, muted, options, table
from ..page import Page
from ..people import Viewer, count
from .plan_found import Found, day

STEPS = (0.25, 1.0, 2.0)  # hours from which a gap is slight, clear, strong
PICK = Markup(
    '<form class="filters" data-turn>{kept}<label>Forecast of <select name="series" id="series">'
    "{options}</select></label></form>"
)
LEGEND = Markup(
    '<ul class="legend"><li><i class="key past"></i>what came (a gap: sold out or not known)</li>'
    '<li><i class="key middle"></i>middle</li><li><i class="key fan50"></i>50 %</li>'
    '<li><i class="key fan80"></i>80 %</li><li><i class="key fan95"></i>95 of 100 periods are '
    "within</li></ul>"
)
HOUR = Markup('<tr><th scope="row">{:02d}:00</th>{}</tr>')
GAP = Markup('<td class="{}" title="{}">{}</td>')
MEANING = "+ more work than people; \N{MINUS SIGN} more people than work. Pace of the last 8 weeks."


def forecast(page: Page, found: Found | None) -> Markup:
    """Return the fan of the chosen series."""
    if found is None or found.ahead.is_empty():
        return Markup("")
    rows = found.ahead.drop_nulls(list(QUANTILES)).to_dicts()
    if not rows:
        return states.partial("This forecast has no quantiles.")
    hourly = found.ahead["frequency"][0] == "h"
    viewer, periods = Viewer(found.zone, found.asof), "hours" if hourly else "days"
    ahead = [
        Period(
            row["ds"],
            viewer.instant(row["ds"]) if hourly else day(row["ds"].date()),
            row["mean"],
            {name: row[name] for name in QUANTILES},
        )
        for row in rows
    ]
    mean = sum(each.middle for each in ahead) / len(ahead)
    label = (
        f"Forecast of {found.series[found.chosen]}: {len(ahead)} {periods}, "
        f"{mean:.1f} pieces each on average, after {len(found.past)} that have been"
    )
    first = f"{len(found.past)} {periods} before" if found.past else ""
    picture = fan(found.past, ahead, first or ahead[0].told, label)
    pick = PICK.format(
        kept=kept(page.query.values, ("series", "row")),
        options=options(found.series, found.chosen),
    )
    return card(f"What is expected, in pieces {periods[:-1]} by {periods[:-1]}",
                pick + picture + LEGEND)  # fmt: skip


def heat(page: Page, found: Found | None) -> Markup:
    """Return the staffing gap: days to the right, hours of the day down."""
    if found is None:
        return Markup("")
    if found.gaps is None:
        told = "Without a forecast of work and recorded labour there is no gap to show."
        return states.partial(told) if found.shifts else Markup("")
    rows = found.gaps.filter(
        (pl.col("need_h") + pl.col("rostered_h")).max().over("hour") >= STEPS[0]
    )
    days, hours = rows["day"].unique().sort().to_list(), rows["hour"].unique().sort().to_list()
    known = {(row["day"], row["hour"]): row for row in rows.to_dicts()}
    lines = joined(
        HOUR.format(hour, joined(_gap(known.get((each, hour))) for each in days)) for hour in hours
    )
    title = f"Hours of work that come, less people: {count(len(days))} days, local time"
    return table(title, heads(("Hour", *map(day, days))), lines, muted(MEANING), "heat")


def _gap(row: dict[str, Any] | None) -> Markup:
    if row is None:
        return cell("")
    gap = row["gap_h"]
    strength = sum(abs(gap) >= step for step in STEPS)
    kind = f"{'m' if gap > 0 else 'i'}{strength}" if strength else "g0"
    sign = "+" if gap > 0 else "\N{MINUS SIGN}"
    told = f"{row['need_h']:.1f} h of work, {row['rostered_h']:.0f} h of people"
    return GAP.format(kind, told, f"{sign}{abs(gap):.1f}" if strength else "0")
