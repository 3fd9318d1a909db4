"""The parts of the screen of an administrator."""

from datetime import datetime
from typing import Any

from markupsafe import Markup

from lanecast.service.keys import SCOPES

from .. import states
from ..drawing import pieces
from ..drawing.pieces import heads
from ..page import Page
from ..people import words

ISSUED = Markup(
    '<section class="card" role="status"><h2>New key {key_id}</h2><p>It is shown this once: '
    "copy it now.</p><pre><code>{key}</code></pre></section>"
)
KEY = Markup(
    '<tr><th scope="row">{name}</th><td data-name="Key">{key_id}</td>'
    '<td data-name="State"><span class="{kind}">{state}</span></td>'
    '<td data-name="Made">{made}</td><td data-name="Valid until">{expires}</td>'
    '<td data-name="May do"><details><summary>{many}</summary>'
    '<span class="wrap small">{scopes}</span></details></td>'
    '<td data-name="Change">{acts}</td></tr>'
)
ACTS = Markup(
    '<button class="link" data-do="rotate" data-value="{key_id}" aria-label="Rotate {name}">Rotate'
    '</button> <button class="link" data-do="revoke" data-value="{key_id}" '
    'aria-label="Revoke {name}">Revoke</button>'
)
FORM = Markup("""
<section class="card"><h2>Issue a key</h2><form class="decide" data-do="issue">
<div class="filters"><label>Name <input name="name" maxlength="80" required></label>
<label>Days it is valid <input name="days" inputmode="numeric" maxlength="4"
  placeholder="for ever"></label></div>
<fieldset class="scopes"><legend>May</legend>{scopes}</fieldset>
<div><button class="button main">Issue</button></div></form></section>""")
SCOPE = Markup(
    '<label><input type="checkbox" name="{scope}"> <strong>{scope}</strong> '
    '<span class="muted">{told}</span></label>'
)
ENTRY = Markup(
    '<tr><th scope="row">{at}</th><td data-name="Who">{who}</td><td data-name="What">{action}</td>'
    '<td data-name="Subject">{subject}</td>'
    '<td data-name="More"><span class="wrap muted">{detail}</span></td></tr>'
)
OLDER = Markup('<a class="button" href="{query}" data-turn>Older</a>')


def issued(new: dict[str, str]) -> Markup:
    """Return a key that was just made."""
    return ISSUED.format(**new) if "key" in new else Markup("")


def table(page: Page, found: list[dict[str, Any]]) -> Markup:
    """Return the keys, those that live first."""
    now, viewer = datetime.now(page.zone), page.viewer

    def state(row: dict[str, Any]) -> tuple[str, str]:
        if row["revoked_at"]:
            return "very", f"revoked {viewer.date(datetime.fromisoformat(row['revoked_at']))}"
        if row["expires_at"] and datetime.fromisoformat(row["expires_at"]) <= now:
            return "slightly", "expired"
        return "ok", "active"

    rows = Markup("")
    for row in sorted(found, key=lambda row: (state(row)[0] != "ok", row["made_at"])):
        kind, told = state(row)
        until = datetime.fromisoformat(row["expires_at"]) if row["expires_at"] else None
        rows += KEY.format(
            name=row["name"],
            key_id=row["key_id"],
            kind=kind,
            state=told,
            made=viewer.instant(datetime.fromisoformat(row["made_at"])),
            expires=viewer.instant(until) if until else "never",
            many="1 scope" if len(row["scopes"]) == 1 else f"{len(row['scopes'])} scopes",
            scopes=", ".join(row["scopes"]),
            acts=ACTS.format(**row) if kind == "ok" else "",
        )
    names = ("Name", "Key", "State", "Made", "Valid until", "May do", "Change")
    return pieces.table("Keys", heads(names), rows, kind="keys cards")


def form(page: Page) -> Markup:
    """Return the form for a new key, with the scopes that the caller may grant."""
    scopes = Markup("").join(
        SCOPE.format(scope=scope, told=told)
        for scope, told in SCOPES.items()
        if scope in page.caller.scopes
    )
    return FORM.format(scopes=scopes)


def audit(page: Page, found: list[dict[str, Any]] | None, broken: int | None) -> Markup:
    """Return what was done, newest first, and whether the chain holds."""
    if found is None:
        return states.partial("The audit needs a key with the scope audit:read.")
    if not found:
        return states.empty("Nothing was done yet", "What people and programs do is kept here.")
    viewer = page.viewer
    rows = Markup("").join(
        ENTRY.format(
            at=viewer.time(datetime.fromisoformat(row["at"])),
            who=row["who"],
            action=words(row["action"]),
            subject=row["subject"],
            detail=", ".join(f"{name}: {value}" for name, value in row["detail"].items()),
        )
        for row in found
    )
    query = page.query.with_(before=found[-1]["id"])
    older = OLDER.format(query=query) if found[-1]["id"] > 1 else ""
    names = ("When", "Who", "What", "Subject", "More")
    told = pieces.table("Audit", heads(names), rows, older, "cards")
    if broken is not None:
        line = f"The audit does not hold: row {broken} does not follow from the one before it."
        return states.partial(line) + told
    return told
