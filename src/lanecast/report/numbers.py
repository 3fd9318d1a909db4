"""Numbers as people read them."""

import math


def plain(value: object, digits: int = 2) -> str:
    """Return a number with thousands apart and at most ``digits`` decimals; a dash for none."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return "–"  # noqa: RUF001
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if isinstance(value, int):
        return f"{value:,}"
    text = f"{value:,.{digits}f}"
    return text.removeprefix("-") if float(text.replace(",", "")) == 0 else text.replace("-", "−")  # noqa: RUF001


def percent(share: float | None, digits: int = 1) -> str:
    """Return a share in [0, 1] as a percentage."""
    return "–" if share is None else f"{plain(100 * share, digits)} %"  # noqa: RUF001


def count(number: int, one: str, many: str | None = None) -> str:
    """Return the number and its noun."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
