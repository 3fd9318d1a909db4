"""The four figures to remember."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from .markup import Html, tag
from .numbers import percent, plain
from .policies import saved
from .promise import Gain
from .trust import verdict


def card(label: str, value: str, sub: str, good: bool | None = None) -> Html:
    """Return one figure; its judgement is in the words, the colour only repeats it."""
    tone = {True: "sub good", False: "sub warn", None: "sub"}[good]
    return tag(
        "dl",
        tag("dt", label),
        tag("dd", value, class_="big"),
        tag("dd", sub, class_=tone),
        class_="card",
    )


def cards(
    flat: Mapping[str, Any], baseline: str, gain: Gain | None, worth: pl.DataFrame | None
) -> Html:
    """Return up to four cards: those whose figures are there."""
    found = []
    if (mae := flat.get("mae_days")) is not None:
        other = flat.get("mae_baseline_days")
        sub, good = "no baseline", None
        if other:
            change = mae / other - 1
            sign = "−" if change < 0 else "+"  # noqa: RUF001
            sub = f"{sign}{percent(abs(change))} against {baseline} ({plain(other)})"
            good = change < 0
        found.append(card("Error at checkout", f"{plain(mae)} days", sub, good))
    if (inside := flat.get("coverage_80")) is not None:
        words, good = verdict(inside)
        found.append(card("In the 80 % range", percent(inside), words, good))
    if gain is not None:
        days = round(gain.reference_days - gain.days, 1)
        kept = f"{gain.reference}, both kept {percent(gain.on_time)}"
        if days == 0:
            found.append(card("Promise", "as short", f"as {kept}", True))
        else:
            label = "Shorter promise" if days > 0 else "Longer promise"
            found.append(card(label, f"{plain(abs(days), 1)} days", f"than {kept}", days > 0))
    if (money := saved(worth)) is not None:
        amount, against = money
        word = "saved" if amount >= 0 else "lost"
        sub = f"{word} per 1,000 parcels, against {against}"
        found.append(card("Cost of promises", plain(abs(amount), 0), sub, amount >= 0))
    return tag("div", *found, class_="cards")
