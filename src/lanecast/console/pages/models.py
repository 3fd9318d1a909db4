"""Models: which version answers, how well it is calibrated, what it was held against, and back."""

from typing import Any

from nicegui import run

from lanecast.service import audit, live, promotion
from lanecast.service.kinds import PROBLEMS, kind
from lanecast.service.problems import Refused
from lanecast.service.promotion import STOPPED, NotPromotedError

from ..frame import Screen
from ..page import Page
from . import models_parts as show

SCREEN = Screen("/models", "Models", "models:read", "models", "m")
SHOWN = 20  # rows of the log


def build(page: Page) -> None:
    """Draw the screen."""
    found = page.once(lambda: _found(page))
    page.part(
        lambda: None, lambda _: show.tabs(page, _problem(page)), what="The problems", height=34
    )
    page.part(found, lambda told: show.versions(page, told), what="The versions", height=180)
    page.part(found, lambda told: show.chosen(page, told), what="The version", height=300)
    page.part(found, lambda told: show.log(page, told), what="The log", height=240)

    async def acted(values: dict[str, str]) -> None:
        caller = await page.allowed("models:write")
        who = f"{caller.name} ({caller.key_id})"
        subject = f"{values.get('problem')} {values.get('version')}"
        try:
            done: Any = await run.io_bound(_act, page, values, who)
        except NotPromotedError as error:
            gates = [each.told() for each in error.gates]
            page.audited(STOPPED, subject, why=values.get("why", "").strip(), gates=gates)
            await page.refresh()
            raise Refused(409, "gates", str(error)) from error
        page.audited(done, subject)
        await page.refresh()
        page.say(f"{done.capitalize()}.")

    page.on("act", acted)


def _act(page: Page, values: dict[str, str], who: str) -> str:
    """Promote, shadow or roll back, and let it answer at once; return what was done.

    Raises
    ------
    NotPromotedError
        When a gate is not passed.
    Refused
        When no reason is given, or there is nothing to go back to.
    """
    state, tenant, why = page.parts.state, page.tenant, values.get("why", "").strip()
    problem, version, act = (values.get(name, "") for name in ("problem", "version", "act"))
    if not why:
        raise Refused(422, "not_valid", "Say why; the log keeps it.", "why")
    try:
        if act == "rollback":
            promotion.roll_back(state, tenant, problem, who, why)
        elif act == "shadow":
            promotion.begin_shadow(state, tenant, problem, version, who, why)
        else:
            forced = act == "force"
            promotion.promote(state, tenant, problem, version, who, why, forced)
    except NotPromotedError:
        raise
    except ValueError as error:
        raise Refused(422, "not_valid", str(error)) from error
    page.parts.models.refresh(tenant, problem)
    done = {"rollback": "model rolled back", "shadow": "model shadowed"}
    return done.get(act, "model promoted")


def _problem(page: Page) -> str:
    return page.query.one_of("problem", PROBLEMS, PROBLEMS[0])


def _found(page: Page) -> dict[str, Any]:
    """Return the versions of the problem, what answers, what was done, and the chosen one."""
    state, tenant, problem = page.parts.state, page.tenant, _problem(page)
    known = promotion.told(state, tenant, problem)
    wanted = page.query.text("version")
    chosen = next((each for each in known if each["version"] == wanted), None)
    chosen = chosen or next((each for each in known if each["role"] == "live"), None)
    return {
        "problem": problem,
        "unit": kind(problem).unit,
        "versions": known,
        "chosen": chosen or (known[0] if known else None),
        "serving": page.parts.models.serving(tenant, problem),
        "before": live.stack(state, tenant.name, problem)[1:],
        "log": _log(page, problem),
    }


def _log(page: Page, problem: str) -> list[dict[str, Any]]:
    """Return what was done, and the promotions that a gate stopped, the newest first."""
    state, name = page.parts.state, page.tenant.name
    done = live.entries(state, name, problem, SHOWN)
    for row in audit.entries(state, name, None, 5 * SHOWN, STOPPED):
        of, _, version = row["subject"].partition(" ")
        if of == problem:
            told = {name: row["detail"][name] for name in ("why", "gates")}
            done.append(row | told | {"version": version, "action": "not promoted"})
    return sorted(done, key=lambda row: row["at"], reverse=True)[:SHOWN]
