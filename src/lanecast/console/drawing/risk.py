"""A chance as a bar with its number: length, colour and figure say the same."""

from markupsafe import Markup

from ..people import DASH, percent

STEPS = ((0.5, "very"), (0.25, "late"), (0.1, "slightly"))
BAR = Markup('<span class="bar {step}"><i style="width:{width}px"></i>{told}</span>')


def step(chance: float) -> str:
    """Return the class of a chance: ok, slightly, late or very."""
    return next((name for least, name in STEPS if chance >= least), "ok")


def bar(chance: float | None, longest: int = 60) -> Markup:
    """Return a bar and its number."""
    if chance is None:
        return Markup(DASH)
    width = max(2, round(longest * chance))
    return BAR.format(step=step(chance), width=width, told=percent(chance))
