"""The parts of the screen of plans: sites, ledger, fan, heat map, orders, roster, overrides."""

from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

import polars as pl
from markupsafe import Markup

from lanecast.service import planning
from lanecast.service.planning import PLANNED
from lanecast.tables.parcel import QUANTILES
from lanecast.tables.planning import PROCESSES

from .. import company, states
from ..drawing.fan import Period, fan
from ..page import Page
from ..people import DASH, DAYS, Viewer, count, money, words

STEPS = (0.25, 1.0, 2.0)  # hours from which a gap is slight, clear, strong
ROWS = 60  # of a table
CHIP = Markup('<a class="chip" href="{query}" data-turn id="{id}"{current}>{name}</a>')
CHIPS = Markup('<div class="chips" role="group" aria-label="{}">{}</div>')
FIGURE = Markup(
    '<div class="figure"><span class="name">{name}</span>'
    '<div class="value">{value}</div><div class="more">{more}</div></div>'
)
CARD = Markup('<section class="card"><h2>{title}</h2>{inner}</section>')
PICK = Markup(
    '<form class="filters" data-turn>{kept}<label>Series <select name="series" id="series">'
    "{options}</select></label></form>"
)
HIDDEN = Markup('<input type="hidden" name="{}" value="{}">')
OPTION = Markup('<option value="{0}"{1}>{2}</option>')
LEGEND = Markup(
    '<ul class="legend"><li><i class="key past"></i>what came</li><li><i class="key middle"></i>'
    'middle</li><li><i class="key fan50"></i>50 %</li><li><i class="key fan80"></i>80 %</li>'
    '<li><i class="key fan95"></i>95 % of periods</li></ul>'
)
WIDE = Markup(
    '<section class="card table"><div class="heading"><h2>{title}</h2>'
    '<span class="muted small">{told}</span></div><table class="rows {kind}"><thead><tr>{heads}'
    "</tr></thead><tbody>{rows}</tbody></table></section>"
)
HEAD = Markup('<th scope="col"{}>{}</th>')
ROW = Markup('<tr data-row><th scope="row"><a href="{}" data-turn>{}</a></th>{}</tr>')
CELL = Markup("<td{}>{}</td>")
NUMBER = Markup(' class="number"')
CHANGED = Markup('<span class="late"><span aria-hidden="true">✎</span> {}</span>')
DRAWER = Markup("""
<aside class="drawer" aria-label="{title}"><div class="heading tight"><h2>{title}</h2>
<a class="button" href="{close}" data-turn data-close id="close-drawer">Close</a></div>
<dl class="pairs">{pairs}</dl>{held}{form}</aside>""")
PAIR = Markup("<dt>{}</dt><dd>{}</dd>")
HELD = Markup('<h3>Overridden</h3><p>{}</p><p class="muted small">{}, {}: {}</p>')
FORM = Markup("""<h3>Override</h3>
<form class="decide" data-do="override"><input type="hidden" name="row" value="{row}">{field}
<label>Why <textarea name="why" maxlength="500" required placeholder="It is kept beside the plan">
</textarea></label><div class="choices">{choices}</div></form>""")
CHOICE = Markup('<button class="button{}" name="act" value="{}">{}</button>')
UNITS = Markup(
    '<label>Pieces <input name="units" type="number" min="0" max="1000000000" value="{}"></label>'
)
PROCESS = Markup('<label>Process <select name="process">{}</select></label>')


@dataclass(frozen=True)
class Found:
    """The newest plan of a site; orders and shifts have their ``override`` beside them."""

    sites: list[str]
    site: str
    asof: datetime
    zone: tzinfo
    orders: list[dict[str, Any]]
    shifts: list[dict[str, Any]]
    gaps: pl.DataFrame | None
    series: list[str]
    chosen: str
    ahead: pl.DataFrame
    past: list[float]
    history: list[dict[str, Any]]
    currency: str | None

    def row(self, key: str) -> dict[str, Any] | None:
        """Return the order or shift of a name, with its ``kind``."""
        rows = [("order", each) for each in self.orders] + [("shift", s) for s in self.shifts]
        return next(({**row, "kind": kind} for kind, row in rows if _key(kind, row) == key), None)


def sites(page: Page, found: Found | None) -> Markup:
    """Return the choice of a site."""
    if found is None:
        why = "No site has been planned yet."
        return states.empty("No plan", why, "lanecast plan --site SITE --lake LAKE")
    known = company.places(page.tenant)
    chips = Markup("")
    for each in found.sites:
        there = page.query.with_(site=each, series=None, row=None)
        current = Markup(' aria-current="true"') if each == found.site else ""
        name = company.called(known, each)
        chips += CHIP.format(query=there, id=f"site-{each}", current=current, name=name)
    told = Markup('<span class="muted small">planned {}</span>').format(
        page.viewer.time(found.asof, found.zone)
    )
    return CHIPS.format("Site", chips + told)


def ledger(page: Page, found: Found | None) -> Markup:
    """Return what is stored of money and hours: stock, people, agency, the hours that miss."""
    if found is None:
        return Markup("")
    stock = sum(each["cost"] or 0 for each in found.orders)
    there = [each for each in found.shifts if not _value(each).get("cancelled")]
    people = sum(each["cost"] or 0 for each in there)
    temps = [each for each in there if each["is_temp"]]
    short = 0.0 if found.gaps is None else float(found.gaps["gap_h"].clip(lower_bound=0).sum())
    units = sum(_value(each).get("units", each["units"]) for each in found.orders)
    return Markup('<div class="figures">{}{}{}{}</div>').format(
        FIGURE.format(
            name="Stock, expected", value=money(stock, found.currency),
            more=f"as planned; {count(units)} pieces are ordered",
        ),
        FIGURE.format(
            name="People", value=money(people, found.currency),
            more=f"{count(len(there))} shifts, without those cancelled",
        ),
        FIGURE.format(
            name="of them agency", value=money(sum(t["cost"] or 0 for t in temps), found.currency),
            more=f"{count(len(temps))} shifts",
        ),
        FIGURE.format(
            name="Stock and people", value=money(stock + people, found.currency),
            more=f"{short:.0f} h of work wait at times",
        ),
    )  # fmt: skip


def forecast(page: Page, found: Found | None) -> Markup:
    """Return the fan of the chosen series."""
    if found is None or found.ahead.is_empty():
        return Markup("")
    kept = [each for each in page.query.values.items() if each[0] not in ("series", "row")]
    options = Markup("").join(
        OPTION.format(each, Markup(" selected") if each == found.chosen else "", each)
        for each in found.series
    )
    rows = found.ahead.drop_nulls(list(QUANTILES)).to_dicts()
    hourly = found.ahead["frequency"][0] == "h"
    if not rows:
        return states.partial("This forecast has no quantiles.")
    viewer = Viewer(found.zone, found.asof)
    ahead = [
        Period(
            row["ds"],
            viewer.instant(row["ds"]) if hourly else _day(row["ds"].date()),
            row["mean"],
            {name: row[name] for name in QUANTILES},
        )
        for row in rows
    ]
    mean = sum(each.middle for each in ahead) / len(ahead)
    label = (
        f"Forecast of {found.chosen}: {len(ahead)} {'hours' if hourly else 'days'}, "
        f"{mean:.1f} pieces each on average, after {len(found.past)} that have been"
    )
    first = f"{len(found.past)} {'hours' if hourly else 'days'} before" if found.past else ""
    picture = fan(found.past, ahead, first or ahead[0].told, label)
    pick = PICK.format(kept=Markup("").join(HIDDEN.format(*each) for each in kept), options=options)
    return CARD.format(title="What is expected, in pieces", inner=pick + picture + LEGEND)


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
    heads = HEAD.format("", "Hour") + Markup("").join(HEAD.format("", _day(day)) for day in days)
    lines = Markup("")
    for hour in hours:
        cells = Markup("").join(_gap(known.get((day, hour))) for day in days)
        lines += Markup('<tr><th scope="row">{:02d}:00</th>{}</tr>').format(hour, cells)
    told = (
        "+ more work than people; \N{MINUS SIGN} more people than work. Work at the pace of 8 weeks"
    )
    title = "Hours of work that come, less people"
    return WIDE.format(title=title, told=told, kind="heat", heads=heads, rows=lines)


def tables(page: Page, found: Found | None) -> Markup:
    """Return the orders and the roster, each with what people changed."""
    if found is None:
        return Markup("")
    rows = Markup("")
    orders = sorted(found.orders, key=lambda each: -each["units"])
    for each in orders[:ROWS]:
        units = _value(each).get("units")
        pieces: Any = count(each["units"])
        if units is not None:
            pieces = CHANGED.format(f"{count(units)} (planned {count(each['units'])})")
        cells = (
            CELL.format(NUMBER, pieces) + CELL.format("", _maybe(each["due_date"]))
            + CELL.format("", each["source_id"])
            + CELL.format(NUMBER, money(each["cost"], found.currency))
        )  # fmt: skip
        rows += ROW.format(_open(page, "order", each), each["product_id"], cells)
    heads = HEAD.format("", "Product") + HEAD.format(NUMBER, "Pieces")
    heads += HEAD.format("", "Should come") + HEAD.format("", "From") + HEAD.format(NUMBER, "Cost")
    told = _first(len(orders))
    drawn = Markup("")
    if orders:
        drawn += WIDE.format(title="Orders", told=told, kind="plan", heads=heads, rows=rows)
    viewer, rows = Viewer(found.zone, found.asof), Markup("")
    for each in found.shifts[:ROWS]:
        value = _value(each)
        process: Any = words(each["process"])
        if value.get("cancelled"):
            process = CHANGED.format("cancelled")
        elif "process" in value:
            process = CHANGED.format(words(value["process"]))
        cells = (
            CELL.format("", process) + CELL.format("", value.get("worker_id", each["worker_id"]))
            + CELL.format(NUMBER, f"{each['paid_h']:g} h")
            + CELL.format(NUMBER, money(each["cost"], found.currency))
        )  # fmt: skip
        when = viewer.span(each["started_at"], each["ended_at"])
        rows += ROW.format(_open(page, "shift", each), when, cells)
    heads = HEAD.format("", "Shift, local time") + HEAD.format("", "Process")
    heads += HEAD.format("", "Who") + HEAD.format(NUMBER, "Paid") + HEAD.format(NUMBER, "Cost")
    if found.shifts:
        told = _first(len(found.shifts))
        drawn += WIDE.format(title="Roster", told=told, kind="plan", heads=heads, rows=rows)
    return Markup('<div class="stack">{}</div>').format(drawn)


def history(page: Page, found: Found | None) -> Markup:
    """Return what people changed, the newest first."""
    if found is None:
        return Markup("")
    rows = Markup("").join(
        Markup('<tr><th scope="row">{}</th>{}</tr>').format(
            page.viewer.instant(_at(each["at"])),
            Markup("").join(
                CELL.format("", told)
                for told in (
                    " ".join((words(each["kind"]), *list(each["of"].values())[1:2])),
                    _told(each["value"]), each["who"],
                    Markup('<span class="wrap">{}</span>').format(each["why"]),
                )
            ),
        )
        for each in found.history
    )  # fmt: skip
    if not rows:
        told = Markup('<p class="muted">Nothing was overridden: the plans stand as made.</p>')
        return CARD.format(title="Overrides", inner=told)
    names = ("When", "What", "Instead", "Who", "Why")
    heads = Markup("").join(HEAD.format("", name) for name in names)
    return WIDE.format(title="Overrides", told="", kind="overrides", heads=heads, rows=rows)


def drawer(page: Page, found: Found | None) -> Markup:
    """Return the chosen order or shift, and a form to override it."""
    key = page.query.text("row")
    row = found.row(key) if found is not None and key else None
    if row is None or found is None:
        return Markup("")
    viewer, is_order = Viewer(found.zone, found.asof), row["kind"] == "order"
    if is_order:
        title = f"Order of {row['product_id']}"
        pairs = PAIR.format("Planned", f"{count(row['units'])} pieces")
        pairs += PAIR.format("Should come", _maybe(row["due_date"]))
        field = UNITS.format(_value(row).get("units", row["units"]))
        choices = CHOICE.format(" main", "set", "Order so many")
    else:
        title = f"Shift of {row['worker_id']}"
        pairs = PAIR.format("When", viewer.span(row["started_at"], row["ended_at"]))
        pairs += PAIR.format("Planned", words(row["process"]))
        now = _value(row).get("process", row["process"])
        field = PROCESS.format(
            Markup("").join(
                OPTION.format(each, Markup(" selected") if each == now else "", words(each))
                for each in PROCESSES
            )
        )
        choices = CHOICE.format(" main", "set", "Change process")
        choices += CHOICE.format("", "cancel", "Cancel the shift")
    pairs += PAIR.format("Cost", money(row["cost"], found.currency))
    held = Markup("")
    if kept := row["override"]:
        at = page.viewer.instant(_at(kept["at"]))
        held = HELD.format(_told(kept["value"]), kept["who"], at, kept["why"])
        choices += CHOICE.format("", "back", "Back to the plan")
    may = "planning:write" in page.caller.scopes
    return DRAWER.format(
        title=title,
        close=page.query.with_(row=None),
        pairs=pairs,
        held=held,
        form=FORM.format(row=key, field=field, choices=choices) if may else "",
    )


def _gap(row: dict[str, Any] | None) -> Markup:
    if row is None:
        return CELL.format("", "")
    gap = row["gap_h"]
    strength = sum(abs(gap) >= step for step in STEPS)
    kind = f"{'m' if gap > 0 else 'i'}{strength}" if strength else "g0"
    sign = "+" if gap > 0 else "\N{MINUS SIGN}"
    told = f"{row['need_h']:.1f} h of work, {row['rostered_h']:.0f} at work"
    return Markup('<td class="{}" title="{}">{}</td>').format(
        kind, told, f"{sign}{abs(gap):.1f}" if strength else "0"
    )


def _key(kind: Any, row: dict[str, Any]) -> str:
    return planning.key_of(kind, {name: row[name] for name in PLANNED[kind].row})


def _open(page: Page, kind: str, row: dict[str, Any]) -> Any:
    return page.query.with_(row=_key(kind, row))


def _value(row: dict[str, Any]) -> dict[str, Any]:
    """Return what was changed of a row."""
    return dict((row["override"] or {}).get("value") or {})


def _told(value: dict[str, Any] | None) -> str:
    if value is None:
        return "back to the plan"
    if value.get("cancelled"):
        return "cancelled"
    return ", ".join(f"{words(name)} {told}" for name, told in value.items())


def _at(told: Any) -> datetime:
    return told if isinstance(told, datetime) else datetime.fromisoformat(told)


def _day(day: Any) -> str:
    return f"{DAYS[day.weekday()]} {day.day}"


def _maybe(day: Any) -> str:
    return DASH if day is None else f"{_day(day)} {day:%b}"


def _first(rows: int) -> str:
    return f"the first {ROWS} of {count(rows)}" if rows > ROWS else count(rows)
