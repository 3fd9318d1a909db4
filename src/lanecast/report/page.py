"""The page: what is said, in which order, and with which caveats."""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from lanecast.optimize.promise import Frontier

from . import drivers, horizon, itinerary, lanes, parcel, path, promise, site, trust
from .ahead import Ahead, local
from .judged import FEW, Judged
from .markup import Html, escaped, joined, tag
from .numbers import percent, plain
from .picture import behind
from .policies import policies
from .site import Site
from .style import SHEET

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
SCORES = {
    "model": "Model", "moment": "Moment", "n": "Delivered", "n_open": "Open",
    "mae_days": "Mean error, days", "bias_days": "Bias, days", "crps_days": "CRPS, days",
    "coverage_80": "Inside 80 %", "coverage_95": "Inside 95 %", "within_1_day": "Within 1 day",
}  # fmt: skip
FACTS = {"source": "Data", "parcels": "Parcels", "period": "Period", "versions": "Versions"}
Network = tuple[pl.DataFrame, pl.DataFrame]
Section = tuple[str, str, str, Html]  # anchor, name, question, content


def errors(judged: Judged, scores: pl.DataFrame) -> Section:
    """Return how far off the forecasts were."""
    say = (
        "Each point averages parcels that turned out to be so many days from their delivery when "
        "they were asked about. Lower is better; the grey bars show how many parcels stand behind "
        f"a point, and points with fewer than {FEW} are left out."
    )
    limit = (
        "How many days are left is known only afterwards. A forecast cannot know that a parcel "
        "will be one of the slow ones, so every model is worse on the right: compare lines with "
        "each other, not left with right. Parcels still under way are counted as open, not scored."
    )
    inside = joined(
        _words(say, limit),
        horizon.pictures(judged),
        behind("all scores", scores, SCORES, "All scores"),
    )
    return "error", "Error", "How far off is the forecast?", inside


def ranges(judged: Judged, flat: Mapping[str, Any]) -> Section | None:
    """Return whether ranges hold what they say; None where nothing was asked at checkout."""
    if judged.of("checkout", judged.main).is_empty():
        return None
    say = (
        "A forecast is a range, not a date. On the left, an 80 % range should hold 80 of 100 "
        "deliveries: the line should lie on the diagonal; below it ranges are too narrow. The "
        "bars show where deliveries fell in their own forecast and should be level: high ends "
        "mean too narrow, a slope means too early or too late. By month, points should stay in "
        "the shaded bands, 78-82 % and 93.5-96.5 %."
    ).replace("-", "–")  # noqa: RUF001
    limit = (
        f"Questions at checkout, delivered parcels only; months with fewer than {FEW} are in the "
        "table, not in the picture. Right on average is not right for every "
        "lane. A model that answers with one number has no range and no line."
    )
    pictures = trust.pictures(judged, flat, "checkout")
    return "trust", "Trust", "Can its ranges be trusted?", joined(_words(say, limit), pictures)


def promises(
    tradeoff: Mapping[str, Frontier], mark: promise.Mark | None, worth: pl.DataFrame | None
) -> Section | None:
    """Return what can be promised, and what it costs; None where neither is given."""
    if not tradeoff and worth is None:
        return None
    say = (
        "Every point is one way to promise: how many days buyers are told to wait, and how often "
        "that is kept. Up and to the left is better."
    )
    if (found := promise.gain(tradeoff, mark)) is not None:
        say += (
            f" The arrow starts at {found.reference} and ends where ours keeps exactly as many "
            "promises."
            if found.is_seen
            else f" Ours keeps as many promises as {found.reference} with nearly the same wait."
        )
    limit = (
        "Points are measured on what really happened, with the same parcels for every rule. A "
        "shorter promise may change what is bought; that is not in these numbers."
    )
    if worth is not None:
        limit += (
            " Costs are assumptions that you set: the price of a promised day and of a broken "
            "promise. Foresight is what it costs to know the day of delivery; regret is the rest."
        )
    drawn = promise.curve(tradeoff, mark) if tradeoff else None
    beside = None if worth is None else policies(worth)
    both = drawn is not None and beside is not None
    content = (
        tag("div", drawn, beside, class_="split")
        if both
        else tag("div", drawn, beside, class_="alone")
    )
    return (
        "promise",
        "Promise",
        "Which date can be promised?",
        joined(_words(say, limit), content),
    )


def places(network: Network | None) -> Section | None:
    """Return the map; None without lanes."""
    drawn = None if network is None else lanes.section(*network)
    if drawn is None:
        return None
    say = (
        "Lanes between places. Wide lanes carry many parcels; colour and arrow heads show the "
        "delay behind plan, and early counts as on time. Late lanes point where they go."
    )
    limit = (
        "The dashed shape is the hull of the network, not a coast or a border. One number per lane "
        "hides a few very late parcels among many on time. Colours say where time is lost, not "
        "whose fault it is."
    )
    return "network", "Lanes", "Where is time lost?", joined(_words(say, limit), drawn)


def ahead(way: Ahead | None, network: Network | None) -> Section | None:
    """Return one parcel's way ahead; None where there is none to draw."""
    drawn = None if way is None else path.draw_path(way, network)
    if way is None or drawn is None:
        return None
    here = way.passed.row(-1, named=True)
    say = (
        f"Parcel {way.parcel_id}, {local(way.now_h, here['offset_min'])} on the clock of its last "
        f"stop, {here['name']}; chosen for a long way ahead and for being in doubt. Its way was "
        f"drawn {way.draws} times, stop after stop. Wide lanes are likely, thin ones are other "
        "ways; a range holds eight of ten arrivals, and a percentage beside it is the share of "
        "ways that pass there."
    )
    limit = (
        "Ways go only over lanes that parcels have taken. Each leg is drawn on its own: what slows "
        "all of them at once is not in the ranges. Places too close for the eye are moved apart, "
        "with a thin line to where they are. One parcel, an anecdote; how good such ways are is "
        "measured elsewhere."
    )
    beside = itinerary.risks(way) if way.risks.height else None
    both = tag("div", tag("div", drawn, beside), itinerary.times(way), class_="split")
    return "ahead", "Way ahead", "Where is a parcel going?", joined(_words(say, limit), both)


def example(judged: Judged, parcel_id: str | None) -> Section | None:
    """Return one parcel; None where no parcel can be followed from its checkout."""
    chosen = parcel_id or parcel.typical(judged)
    if chosen is None or parcel.asked(judged, chosen).is_empty():
        return None
    how = "chosen by you" if parcel_id else "chosen for its error and range close to the median"
    say = (
        f"One parcel, {how}. Each row is what was said at that moment; the range should "
        "shrink from row to row, and hold the dashed line, the delivery."
    )
    drawn = tag("div", parcel.fan(judged, chosen), class_="alone")
    note = "An anecdote: it shows how to read a forecast, not how good forecasts are."
    return (
        "parcel-story",
        "One parcel",
        "What does one parcel look like?",
        joined(_words(say, note), drawn),
    )


def why(moved: tuple[str, pl.DataFrame] | None) -> Section | None:
    """Return what moved one forecast; None where nothing did."""
    if moved is None or moved[1].height < 2:
        return None
    parcel_id, rows = moved
    usual, median = plain(rows["days"][0]), plain(float(rows["days"].sum()))
    say = (
        f"One forecast at checkout, taken apart: parcel {parcel_id}, which the model had not seen. "
        f"The trees start from the usual time, {usual} days, and every input moves it: to the "
        f"right is later, to the left is earlier. All together make {median} days, their median."
    )
    limit = (
        "It says what the model used, not why a parcel is slow. Inputs that tell the same story "
        "share it, so that each looks small. The net and the recalibration move the final "
        "forecast further."
    )
    drawn = tag("div", drivers.bars(rows), class_="alone")
    return "why", "Why", "What moved one forecast?", joined(_words(say, limit), drawn)


def planned(given: Site | None) -> Section | None:
    """Return the plan of a site; None without one."""
    if given is None:
        return None
    limit = (
        "Costs are what is expected, under prices that you set. Later orders are decided as if "
        "nothing were learnt of demand on the way, people of equal skills count as equally fast, "
        "and work that waits for the next departure is not missed: a red hour may be a quiet plan."
    )
    return (
        "plan",
        "Stock and staff",
        "What to order, and who works when?",
        joined(_words(site.said(given), limit), site.pictures(given)),
    )


def page(
    title: str,
    lead: Html,
    figures: Html,
    sections: Sequence[Section],
    about: Mapping[str, str],
) -> str:
    """Return the whole file."""
    links = [tag("li", tag("a", name, href=f"#{anchor}")) for anchor, name, *_ in sections]
    body = [_section(anchor, question, content) for anchor, _, question, content in sections]
    top = tag(
        "header",
        tag("p", _logo(), "Lanecast", class_="brand"),
        tag("h1", title),
        tag("p", lead, class_="lead"),
        tag("nav", tag("ul", *links), aria_label="Sections"),
        class_="top",
    )
    head = (
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="color-scheme" content="light dark">'
    )
    skip = tag("a", "Skip to the figures", class_="skip", href="#main")
    main = tag("main", figures, *body, _about(about), id="main")
    foot = tag("footer", "Made by Lanecast. This file loads nothing from anywhere else.")
    return (
        f'<!doctype html>\n<html lang="en"><head>{head}{tag("title", title)}'
        f"<style>{SHEET}</style></head>\n<body>{skip}{top}{main}{foot}</body></html>\n"
    )


def lead(judged: Judged, flat: Mapping[str, Any], gain: promise.Gain | None) -> Html:
    """Return the result in a sentence or two."""
    mae, other = flat.get("mae_days"), flat.get("mae_baseline_days")
    if mae is None:
        return escaped(
            "No parcel that was asked about has been delivered yet, so nothing is judged."
        )
    number = flat.get("n") or 0
    parts = [
        f"Asked at checkout about {number:,} parcels that have arrived since, {judged.main} was ",
        tag("strong", f"off by {plain(mae)} days on average"),
        f", {judged.baseline} by {plain(other)}." if other else ".",
    ]
    if gain is not None and gain.shorter > 0:
        parts.append(" Its promises could be ")
        parts.append(tag("strong", f"{percent(gain.shorter, 0)} shorter"))
        parts.append(f" than {gain.reference} and be kept just as often.")
    if flat.get("n_open"):
        parts.append(f" {flat['n_open']:,} more had not arrived when this was written.")
    return joined(*parts)


def _about(about: Mapping[str, str]) -> Html:
    names = [*FACTS, *(key for key in about if key not in FACTS and key != "command")]
    facts = []
    for key in names:
        if key in about:
            facts += [tag("dt", FACTS.get(key, key.capitalize())), tag("dd", about[key])]
    if "command" in about:
        facts += [tag("dt", "Made with"), tag("dd", tag("code", about["command"]))]
    say = (
        "Each forecast was made with what had been recorded by its moment, by models that were "
        "fitted before it; only the scores see what came later."
    )
    listed = tag("dl", *facts, class_="facts")
    return _section("about", "Where these numbers come from", joined(_say(say), listed))


def _section(anchor: str, question: str, content: Html) -> Html:
    heading = tag("h2", question, id=f"{anchor}-h")
    return tag("section", heading, content, id=anchor, aria_labelledby=f"{anchor}-h")


def _say(text: str) -> Html:
    return tag("p", text)


def _words(say: str, limit: str) -> Html:
    note = tag("p", tag("strong", "What it cannot say. "), limit, class_="note")
    return tag("div", _say(say), note, class_="words")


def _logo() -> Html:
    arc = tag("path", class_="line s0", d="M3 13Q12 -4 21 13")
    ends = [tag("circle", class_="dot s0", cx=x, cy=13, r=2.8) for x in (3, 21)]
    return tag("svg", arc, *ends, aria_hidden="true", viewBox="0 0 24 16")
