"""The parts of the screen of models: versions, calibration, gates, what may be done, the log."""

from datetime import datetime
from typing import Any

from markupsafe import Markup

from lanecast.service.kinds import PROBLEMS

from .. import commands, states
from ..drawing.calibration import calibration
from ..drawing.pieces import card, chip, chips, heads, joined, muted, table
from ..page import Page
from ..people import DASH, count, percent, words

NAMES = {
    "eta": "Arrival",
    "events": "Risks",
    "trajectory": "Way ahead",
    "demand": "Demand",
    "address": "Addresses",
    "suggest": "Suggestions",
}
GLYPHS = {"live": "●", "shadow": "◐", "registered": "○"}
VERSION = Markup(
    '<tr data-row><th scope="row"><a href="{query}" data-turn>{version}</a></th>'
    '<td><span aria-hidden="true">{glyph}</span> {role}</td><td>{until}</td><td>{made}</td>'
    '<td class="number">{coverage}</td><td class="number">{loss}</td></tr>'
)
GATE = Markup(
    '<tr><th scope="row">{name}</th><td><span class="{kind}"><span aria-hidden="true">{glyph}'
    "</span> {passed}</span></td><td>{said}</td></tr>"
)
DONE = Markup(
    '<tr><th scope="row">{at}</th><td>{action}</td><td>{version}</td><td>{who}</td>'
    "<td>{why}</td></tr>"
)
SLICE = Markup(
    '<tr><th scope="row">{}</th><td class="number">{}</td><td class="number {}">{}</td></tr>'
)
FORM = Markup("""
<form class="decide" data-do="act"><input type="hidden" name="problem" value="{problem}">
<input type="hidden" name="version" value="{version}">
<label>Why <textarea name="why" maxlength="500" required placeholder="The log keeps it"></textarea>
</label><div class="choices">{choices}</div></form>""")
CHOICE = Markup('<button class="button{kind}" name="act" value="{act}">{told}</button>')


def tabs(page: Page, here: str) -> Markup:
    """Return a link for each problem."""
    return chips(
        "Problem",
        *(
            chip(
                NAMES.get(each, words(each)),
                f"problem-{each}",
                page.query.with_(problem=each, version=None),
                each == here,
            )
            for each in PROBLEMS
        ),
    )


def versions(page: Page, found: dict[str, Any]) -> Markup:
    """Return the versions of a problem, and what answers if the live one does not."""
    if not found["versions"]:
        why = "No model of this is kept: a baseline or the carrier's date answers, and says so."
        return states.empty("No versions", why, commands.model(found["problem"]))
    viewer, rows = page.viewer, Markup("")
    for each in found["versions"]:
        held = each.get("metrics", {}).get("held_out") or {}
        loss = held.get("loss", {}).get("model")
        rows += VERSION.format(
            query=page.query.with_(version=each["version"]),
            version=each["version"],
            glyph=GLYPHS[each["role"]],
            role=words(each["role"]),
            until=viewer.instant(_instant(each.get("trained_until"))),
            made=viewer.instant(_instant(each.get("created_at"))),
            coverage=percent(held.get("coverage_80")),
            loss=DASH if loss is None else f"{loss:.3f}",
        )
    numbers = ("In the 80 % range", f"Error, {found['unit']}" if found["unit"] else "Error")
    names = ("Version", "Role", "Learnt until", "Made", *numbers)
    drawn = table("Versions", heads(names, numbers), rows)
    serving = found["serving"]
    if serving is None:
        return states.partial("No model answers: the promise is all there is.") + drawn
    if serving.fallback:
        told = f"{serving.version} answers ({words(serving.fallback).lower()})."
        return states.partial(f"The live version does not answer. {told}") + drawn
    return drawn


def chosen(page: Page, found: dict[str, Any]) -> Markup:
    """Return what is known of the chosen version, and what may be done with it."""
    one = found["chosen"]
    if one is None:
        return Markup("")
    if broken := one.get("broken"):
        return states.partial(f"{one['version']} cannot be read: {broken}")
    metrics = one.get("metrics", {})
    return Markup(
        '<div class="columns"><div class="stack">{}{}</div><div class="stack">{}{}</div></div>'
    ).format(calibrated(metrics), acts(page, found), sliced(metrics), gated(found))


def calibrated(metrics: dict[str, Any]) -> Markup:
    """Return the calibration that was measured when a version was fitted."""
    held = metrics.get("held_out") or {}
    points = held.get("calibration") or []
    if not points:
        told = Markup('<p class="muted">Calibration was not measured when it was fitted.</p>')
        return card("Calibration", told)
    pairs = [(each["level"], each["share"]) for each in points]
    told = Markup('<p class="muted small">{} held-out questions; on the line is as told.</p>')
    inner = calibration(pairs) + told.format(count(held["n"]))
    return card("Calibration", inner)


def sliced(metrics: dict[str, Any]) -> Markup:
    """Return the measured coverage of each slice."""
    rows = joined(
        SLICE.format(
            words(each.get("slice", "").replace("/", ", ")),
            count(int(each.get("n") or 0)),
            "late" if abs((each.get("coverage_80") or 0.8) - 0.8) > 0.05 else "ok",
            percent(each.get("coverage_80")),
        )
        for each in metrics.get("slices", [])
    )
    if not rows:
        return Markup("")
    numbers = ("Deliveries", "In the 80 % range")
    told = muted("asked when; how long it usually takes")
    return table("Coverage", heads(("Of questions", *numbers), numbers), rows, told)


def gated(found: dict[str, Any]) -> Markup:
    """Return the gates of the last promotion of the chosen version."""
    version = found["chosen"]["version"]
    rows: list[dict[str, Any]] = next(
        (row["gates"] for row in found["log"] if row["version"] == version and row["gates"]), []
    )
    if not rows:
        told = Markup('<p class="muted">It has not been held against its gates yet.</p>')
        return card("Gates", told)
    told = joined(
        GATE.format(
            name=words(each["name"]),
            kind="ok" if each["passed"] else "very",
            glyph="✓" if each["passed"] else "✕",
            passed="passed" if each["passed"] else "not passed",
            said=Markup('<span class="wrap">{}</span>').format(each["said"]),
        )
        for each in rows
    )
    return table("Gates", heads(("Gate", "Result", "Found")), told)


def acts(page: Page, found: dict[str, Any]) -> Markup:
    """Return what the caller may do with the chosen version."""
    if "models:write" not in page.caller.scopes:
        return Markup("")
    chosen, choices = found["chosen"], Markup("")
    if chosen["role"] != "live":
        choices += CHOICE.format(kind=" main", act="promote", told="Promote if it passes")
        choices += CHOICE.format(kind="", act="force", told="Promote by force")
        choices += CHOICE.format(kind="", act="shadow", told="Let it shadow")
    elif found["before"]:
        choices += CHOICE.format(kind=" main", act="rollback", told=f"Back to {found['before'][0]}")
    if not choices:
        told = Markup('<p class="muted">It is live, and none was live before it.</p>')
        return card("What may be done", told)
    form = FORM.format(problem=found["problem"], version=chosen["version"], choices=choices)
    return card("What may be done", form)


def log(page: Page, found: dict[str, Any]) -> Markup:
    """Return what was done with the models of a problem, newest first."""
    if not found["log"]:
        return Markup("")
    viewer = page.viewer
    rows = joined(
        DONE.format(
            at=viewer.time(_instant(row["at"])),
            action=words(row["action"]),
            version=row["version"],
            who=row["who"],
            why=row["why"],
        )
        for row in found["log"]
    )
    return table("What was done", heads(("When", "What", "Version", "Who", "Why")), rows)


def _instant(text: str | None) -> Any:
    return datetime.fromisoformat(text) if text else None
