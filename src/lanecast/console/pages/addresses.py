"""Addresses: type one, and see whether it is deliverable, what proves it and what is wrong.

What is typed goes over the socket and stands behind the ``#`` of the address: in no log.
"""

from typing import Any

from markupsafe import Markup

from lanecast.service.problems import Refused
from lanecast.service.questions import register, suggesting
from lanecast.tables.address import KNOWN

from .. import commands, states
from ..frame import Screen
from ..page import Page
from ..people import percent, words

SCREEN = Screen("/addresses", "Addresses", "address:read", "addresses", "a")
LONGEST = 1000  # characters
SUGGESTED = 8
FORM = Markup("""
<form class="card check" data-do="verify" autocomplete="off">
<label class="wide">Address <input name="text" id="address" list="suggested" maxlength="1000"
  data-private data-suggest="suggest" required placeholder="107 Harvard St, Alexandria VA 22314">
</label>
<label>Country <input name="country" maxlength="2" size="4" pattern="[A-Za-z]{2}"
  placeholder="any" title="Two letters, such as US"></label>
<button class="button main">Verify</button>
<p class="muted small">As a buyer typed it, in any order; suggestions come after three letters. It
is neither logged nor kept.</p></form>""")
LIST = Markup('<datalist id="suggested">{}</datalist>')
OPTION = Markup('<option value="{}">{}</option>')
VERDICTS = {
    "accept": ("✓", "ok", "Good as it is"),
    "confirm": ("?", "late", "Ask the buyer to confirm it"),
    "confirm_add_subpremises": ("?", "late", "Ask the buyer for the flat or unit"),
    "fix": ("✗", "very", "Ask the buyer to correct it"),
}
PROOFS = {
    "confirmed": ("✓", "ok", "confirmed"),
    "unconfirmed_but_plausible": ("?", "slightly", "plausible"),
    "unconfirmed_and_suspicious": ("✗", "very", "suspicious"),
}
VERDICT = Markup(
    '<section class="card verdict" id="verdict"><p class="{kind} large"><span aria-hidden="true">'
    '{glyph}</span> {told}</p><p class="formatted">{formatted}</p>'
    '<dl class="facts">{facts}</dl></section>'
)
PART = Markup(
    '<tr><th scope="row">{name}</th><td>{given}</td><td class="{kind}"><span aria-hidden="true">'
    '{glyph}</span> {told}</td><td class="muted">{proof}</td></tr>'
)
PARTS = Markup(
    '<section class="card table"><div class="heading"><h2>What proves it</h2></div>'
    '<table class="rows proofs"><thead><tr><th scope="col">Part</th><th scope="col">As read</th>'
    '<th scope="col">Verdict</th><th scope="col">Proof</th></tr></thead><tbody>{}</tbody></table>'
    "</section>"
)
CARD = Markup('<section class="card"><h2>{title}</h2>{inner}</section>')
PAIR = Markup("<dt>{}</dt><dd>{}</dd>")


def build(page: Page) -> None:
    """Draw the screen."""
    typed: dict[str, str] = {}
    asked: dict[str, str] = {}
    page.part(lambda: _covered(page), _form, what="The form", height=70)
    names = page.part(lambda: _suggested(page, dict(typed)), _list, what="Suggestions", height=0)
    reply = page.part(lambda: _verified(page, dict(asked)), _reply, what="The address", height=0)

    async def suggest(values: dict[str, str]) -> None:
        typed.update(values)
        await page.refresh([names])

    async def verify(values: dict[str, str]) -> None:
        await page.allowed("address:read")
        asked.update(values)
        page.replace(reply, states.skeleton(180))
        await page.refresh([reply])
        page.say("The address has been verified.")

    page.on("suggest", suggest)
    page.on("verify", verify)


def _covered(page: Page) -> bool:
    """Return whether there is anything that proves an address."""
    lake = page.tenant.lake()
    return any(lake.has(table) for table in KNOWN)


def _form(is_covered: bool) -> Markup:
    if is_covered:
        return FORM
    why = "An address is read into its parts, but without a gazetteer nothing of it is confirmed."
    return FORM + states.empty("No gazetteer", why, commands.GAZETTEER)


def _country(values: dict[str, str]) -> str | None:
    code = values.get("country", "").strip().upper()
    if code and not (len(code) == 2 and code.isascii() and code.isalpha()):
        raise Refused(422, "not_valid", f"country: expected two letters, got {code[:8]!r}.")
    return code or None


def _suggested(page: Page, values: dict[str, str]) -> list[dict[str, Any]]:
    text = values.get("text", "").strip()[:LONGEST]
    if len(text) < 3:
        return []
    known, order = suggesting(page.parts, page.tenant, None)
    learnt = order.learnt if order else None
    return known.suggested(text, SUGGESTED, _country(values), None, (), learnt)


def _list(found: list[dict[str, Any]]) -> Markup:
    return LIST.format(
        Markup("").join(OPTION.format(each["label"], words(each["granularity"])) for each in found)
    )


def _verified(page: Page, values: dict[str, str]) -> dict[str, Any] | None:
    text = values.get("text", "").strip()
    if not text:
        return None
    if len(text) > LONGEST:
        raise Refused(422, "not_valid", f"text: expected up to {LONGEST} characters.", "text")
    known, model, version = register(page.parts, page.tenant, page.query.instant("asof"))
    return known.verified(text, _country(values), model) | {"version": version}


def _reply(said: dict[str, Any] | None) -> Markup:
    if said is None:
        return Markup("")
    return Markup("{}{}{}{}").format(_verdict(said), _faults(said), _parts(said), _candidates(said))


def _verdict(said: dict[str, Any]) -> Markup:
    verdict = said["verdict"]
    glyph, kind, told = VERDICTS[verdict["possible_next_action"]]
    facts = {
        "Entered down to": words(verdict["input_granularity"]),
        "Confirmed down to": words(verdict["validation_granularity"]),
        "Complete": "yes" if verdict["address_complete"] else "no",
        "Decided by": words(said["decided_by"]),
    }
    if said["p_deliverable"] is not None:
        facts["A courier finds it"] = percent(said["p_deliverable"])
    formatted = said["address"].get("formatted") or said["text"]
    lines = Markup("<br>").join(Markup("{}").format(line) for line in formatted.splitlines())
    pairs = Markup("").join(PAIR.format(name, value) for name, value in facts.items())
    return VERDICT.format(glyph=glyph, kind=kind, told=told, formatted=lines, facts=pairs)


def _faults(said: dict[str, Any]) -> Markup:
    if not said["faults"]:
        return Markup("")
    inner = Markup('<ul class="faults">{}</ul>').format(
        Markup("").join(Markup("<li>{}</li>").format(words(fault)) for fault in said["faults"])
    )
    return CARD.format(title="What is wrong", inner=inner)


def _parts(said: dict[str, Any]) -> Markup:
    rows = Markup("")
    for name, part in said["components"].items():
        glyph, kind, told = PROOFS.get(part["confirmation"], ("?", "slightly", "unknown"))
        notes = [
            what
            for what, flag in (
                ("inferred", "inferred"),
                ("replaced", "replaced"),
                ("spelling corrected", "spell_corrected"),
            )
            if part.get(flag)
        ]
        rows += PART.format(
            name=words(name),
            given=_read(part),
            kind=kind,
            glyph=glyph,
            told=", ".join([told, *notes]),
            proof=_proof(part["proof"]),
        )
    return PARTS.format(rows) if rows else Markup("")


def _read(part: dict[str, Any]) -> str:
    """Return a part as it was typed, and how it is written where that is another word."""
    typed, written = part["text"] or "", part["normalized"] or ""
    same = typed.casefold() == written.casefold()
    return written if not typed or same else f"{typed} → {written}"


def _proof(proof: dict[str, Any] | None) -> str:
    """Return a proof in a line: how it was found, in which gazetteer, as which record."""
    if not proof:
        return "nothing known"
    return f"{words(proof['how'])} in {proof['gazetteer']}, {proof['record_id']}"


def _candidates(said: dict[str, Any]) -> Markup:
    if not said["candidates"]:
        return Markup("")
    items = Markup("").join(Markup("<li>{}</li>").format(each) for each in said["candidates"])
    inner = Markup('<ul class="faults">{}</ul>').format(items)
    return CARD.format(title="What may be meant", inner=inner)
