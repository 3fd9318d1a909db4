"""A chance as a bar with its number: length, colour and figure say the same."""

from markupsafe import Markup

from ..people import DASH, percent

STEPS = ((0.5, "very"), (0.25, "late"), (0.1, "slightly"))
BAR = Markup(
    '<span class="bar {step}"><i><b style="width:{width:.0f}%"></b></i><span>{told}</span></span>'
)


def step(chance: float) -> str:
    """Return the class of a chance: ok, slightly, late or very."""
    return next((name for least, name in STEPS if chance >= least), "ok")


def bar(chance: float | None) -> Markup:
    """Return a bar and its number."""
    if chance is None:
        return Markup(DASH)
    return BAR.format(step=step(chance), width=max(3, 100 * chance), told=percent(chance))
