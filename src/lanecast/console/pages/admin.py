"""Admin: keys, shown once, rotated and revoked; and the audit, with whether it holds."""

from typing import Any

from nicegui import run

from lanecast.service import audit, keys
from lanecast.service.clock import wall
from lanecast.service.keys import SCOPES
from lanecast.service.problems import Refused

from ..frame import Screen
from ..page import Page
from . import admin_parts as show

SCREEN = Screen("/admin", "Admin", "keys:write", "admin", "d", part_scope="audit:read")
ROWS = 50  # of the audit


def build(page: Page) -> None:
    """Draw the screen."""
    if SCREEN.scope in page.caller.scopes:
        _build_keys(page)
    page.part(lambda: _audit(page), lambda told: show.audit(page, *told), what="Audit", height=300)


def _build_keys(page: Page) -> None:
    """Draw the keys, and answer what is done with them."""
    new: dict[str, str] = {}
    page.part(lambda: dict(new), lambda told: show.issued(told), what="The new key", height=1)
    page.part(lambda: _keys(page), lambda told: show.table(page, told), what="Keys", height=240)
    page.part(lambda: None, lambda _: show.form(page), what="The form", height=160)

    async def issued(values: dict[str, str]) -> None:
        await page.allowed("keys:write")
        name, scopes = values.get("name", "").strip()[:80], [s for s in SCOPES if s in values]
        if not name or not scopes:
            raise Refused(422, "not_valid", "Expected a name and at least one scope.", "name")
        if beyond := sorted(set(scopes) - page.caller.scopes):
            raise Refused(403, "scope_missing", f"Your key may not grant {', '.join(beyond)}.")
        days = values.get("days", "")
        if days and not (days.isdigit() and 0 < int(days) <= 3650):
            raise Refused(422, "not_valid", f"days: expected 1 to 3650, got {days!r}.", "days")
        made: Any = await run.io_bound(_issue, page, name, scopes, float(days) if days else None)
        await _told(page, new, *made)
        page.audited("key issued", new["key_id"], name=name, scopes=scopes)

    async def rotated(values: dict[str, str]) -> None:
        await page.allowed("keys:write")
        key_id, state = values.get("value", ""), page.parts.state
        try:
            made: Any = await run.io_bound(keys.rotate, state, key_id, page.caller, wall())
        except ValueError as error:
            raise Refused(403, "scope_missing", str(error)) from error
        if made is None:
            raise Refused(404, "not_found", f"{key_id} is no key that lives.")
        await _told(page, new, *made)
        page.audited("key rotated", key_id, successor=made[0])

    async def revoked(values: dict[str, str]) -> None:
        await page.allowed("keys:write")
        key_id, state = values.get("value", ""), page.parts.state
        if key_id == page.caller.key_id:
            raise Refused(409, "conflict", "This key has the page open; revoke it with another.")
        if not await run.io_bound(keys.revoke, state, key_id, page.tenant.name, wall()):
            raise Refused(404, "not_found", f"{key_id} is no key that lives.")
        page.audited("key revoked", key_id)
        await page.refresh()
        page.say("Key revoked.")

    page.on("issue", issued)
    page.on("rotate", rotated)
    page.on("revoke", revoked)


async def _told(page: Page, new: dict[str, str], key_id: str, key: str) -> None:
    """Show a new key, once: the next refresh of the page has it no more."""
    new |= {"key_id": key_id, "key": key}
    await page.refresh()
    del new["key"]
    page.say("A new key is shown; copy it now.")


def _issue(page: Page, name: str, scopes: list[str], days: float | None) -> tuple[str, str]:
    return keys.issue(page.parts.state, page.tenant.name, name, scopes, wall(), days)


def _keys(page: Page) -> list[dict[str, Any]]:
    return keys.listed(page.parts.state, page.tenant.name)


def _audit(page: Page) -> tuple[list[dict[str, Any]], int | None] | tuple[None, None]:
    """Return rows of the audit, and where its chain is broken; None without the scope."""
    if "audit:read" not in page.caller.scopes:
        return None, None
    before = page.query.count("before", 0, 2**31)
    rows = audit.entries(page.parts.state, page.tenant.name, before or None, ROWS)
    return rows, audit.broken(page.parts.state)
