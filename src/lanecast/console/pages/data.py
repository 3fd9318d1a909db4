"""Data: what came in and when, what was set aside and why, and codes that nobody has translated."""

from datetime import datetime
from typing import Any

from markupsafe import Markup
from nicegui import run

from lanecast.service import contents
from lanecast.service.clock import wall
from lanecast.service.problems import Refused
from lanecast.service.screen import give_code
from lanecast.tables.status import STATUSES

from .. import commands, states, unmasking
from ..drawing.pieces import card, heads, joined, options, table
from ..frame import Screen
from ..page import Page
from ..people import count, words

SCREEN = Screen("/data", "Data", "data:read", "data", "i")
ROWS = 20  # commits
INGEST = Markup(
    '<tr><th scope="row">{number}</th><td>{at}</td><td>{source}</td>'
    '<td class="number">{total}</td><td><span class="wrap muted">{tables}</span></td></tr>'
)
REASON = Markup(
    '<tr><th scope="row">{table}.{column}</th><td class="number">{rows}</td><td>{open}</td>'
    '<td><span class="wrap">{code}; expected {valid}</span></td><td>{source}</td><td>{last}</td>'
    "<td><details><summary>{shown} examples</summary><pre>{examples}</pre></details></td></tr>"
)
CODE = Markup(
    '<tr><th scope="row">{code}</th><td>{carrier}</td><td class="number">{waiting}</td>'
    '<td class="number">{stored}</td><td>{status}</td></tr>'
)
FORM = Markup(
    '<form class="keep" data-do="map"><input type="hidden" name="code" value="{code}">'
    '<input type="hidden" name="carrier_id" value="{carrier}"><select name="status" '
    'aria-label="Meaning of {code}">{options}</select><button class="button">Map</button></form>'
)


def build(page: Page) -> None:
    """Draw the screen."""
    lake = page.tenant.path
    page.part(
        lambda: contents.ingests(lake, limit=ROWS),
        lambda found: _ingests(page, found),
        what="The ingests",
        height=240,
    )
    page.part(
        lambda: contents.set_aside(page.tenant.lake(), page.unmasked),
        lambda found: _reasons(page, found),
        what="The quarantine",
        height=200,
    )
    page.part(
        lambda: contents.unknown_codes(page.tenant, page.parts.state),
        lambda found: _codes(page, found),
        what="The codes",
        height=160,
    )

    unmasking.offer(page, "quarantine", page.pieces)

    async def mapped(values: dict[str, str]) -> None:
        caller = await page.allowed("data:write")
        code, carrier = values.get("code", ""), values.get("carrier_id", "")
        status: Any = values.get("status", "")
        if status not in STATUSES:
            raise Refused(422, "not_valid", f"status: {status!r} is none.", "status")
        name = page.tenant.name
        await run.io_bound(
            give_code, page.parts.state, name, carrier, code, status, caller.name, "", wall()
        )
        page.audited("code mapped", f"{carrier}/{code}", status=status, why="")
        await page.refresh()
        page.say(f"{code} means {words(status).lower()} from now on.")

    page.on("map", mapped)


def _ingests(page: Page, found: list[dict[str, Any]]) -> Markup:
    if not found:
        why = "Nothing has come into this lake yet."
        return states.empty("No data", why, commands.PARCELS)
    rows = joined(
        INGEST.format(
            number=each["number"],
            at=page.viewer.time(datetime.fromisoformat(each["at"])),
            source=each["source"],
            total=count(sum(each["rows"].values())),
            tables=", ".join(f"{name} {count(n)}" for name, n in each["rows"].items() if n),
        )
        for each in found
    )
    names = ("Commit", "When", "From", "New rows", "Tables")
    return table("What came in", heads(names, ("New rows",)), rows)


def _reasons(page: Page, found: list[dict[str, Any]]) -> Markup:
    if not found:
        told = Markup(
            '<p class="muted">No row was set aside: all kept the rules of their table.</p>'
        )
        return card("Set aside", told)
    rows = joined(
        REASON.format(
            **{name: each[name] for name in ("table", "column", "valid", "source")},
            rows=count(each["rows"]),
            open=f"{count(each['open'])} open",
            code=words(each["code"]),
            last=page.viewer.instant(each["last_at"]),
            shown=len(each["examples"]),
            examples="\n".join(map(_line, each["examples"])),
        )
        for each in found
    )
    asked = unmasking.asked(page)
    names = ("Where", "Rows", "Open", "Why", "From", "Last", "Rows as they came")
    return table("Set aside, most rows first", heads(names, ("Rows",)), rows, asked)


def _line(row: dict[str, Any]) -> str:
    return ", ".join(f"{name}: {value}" for name, value in row.items() if value is not None)


def _codes(page: Page, found: list[dict[str, Any]]) -> Markup:
    if not found:
        told = Markup('<p class="muted">Every code that carriers sent has a meaning.</p>')
        return card("Codes", told)
    may = "data:write" in page.caller.scopes
    choices = options({each: words(each) for each in STATUSES}, "")
    rows = joined(
        CODE.format(
            code=each["code"],
            carrier=each["carrier_id"] or "all",
            waiting=count(each["waiting"]),
            stored=count(each["stored"]),
            status=words(each["status"])
            if each["status"] or not may
            else FORM.format(code=each["code"], carrier=each["carrier_id"] or "", options=choices),
        )
        for each in found
    )
    names = ("Code", "Carrier", "Events that wait", "Scans stored", "Meaning")
    return table("Codes of carriers", heads(names, names[2:4]), rows)
