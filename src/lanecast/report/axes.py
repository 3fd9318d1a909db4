"""From numbers to places on a picture, and the frame around them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from .markup import Html, joined, tag

Tick = tuple[float, str]


@dataclass(frozen=True)
class Plot:
    """A rectangle of a picture [px], and the numbers at its edges."""

    width: float
    height: float
    x_span: tuple[float, float]
    y_span: tuple[float, float]
    left: float = 40
    right: float = 12
    top: float = 30
    bottom: float = 42

    def x(self, value: float) -> float:
        """Return how far to the right ``value`` stands [px]."""
        low, high = self.x_span
        return self.left + (value - low) / (high - low) * (self.width - self.left - self.right)

    def y(self, value: float) -> float:
        """Return how far from the top ``value`` stands [px]."""
        low, high = self.y_span
        return self.height - self.bottom - (value - low) / (high - low) * self.tall

    @property
    def tall(self) -> float:
        """Return the height between the axes [px]."""
        return self.height - self.top - self.bottom

    @property
    def floor(self) -> float:
        """Return where the horizontal axis lies [px]."""
        return self.height - self.bottom


def ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Return round numbers in [low, high], some ``about`` of them."""
    if not high > low:
        return [low]
    raw = (high - low) / about
    unit = 10.0 ** math.floor(math.log10(raw))
    step = unit * min((1, 2, 2.5, 5, 10), key=lambda each: abs(math.log(each * unit / raw)))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(k * step, 10) for k in range(first, last + 1)]


def frame(
    plot: Plot, x: Sequence[Tick], y: Sequence[Tick], x_name: str, y_name: str, upright: bool = True
) -> Html:
    """Draw grid lines, numbers, and what the axes mean; ``upright`` adds vertical lines."""
    left, right = plot.left, plot.width - plot.right
    parts = []
    for value, label in y:
        at = plot.y(value)
        parts.append(tag("line", class_="grid", x1=left, x2=right, y1=at, y2=at))
        parts.append(tag("text", label, class_="tick", x=left - 6, y=at + 4, text_anchor="end"))
    for value, label in x:
        at = plot.x(value)
        if upright:
            parts.append(tag("line", class_="grid", x1=at, x2=at, y1=plot.top, y2=plot.floor))
        parts.append(
            tag("text", label, class_="tick", x=at, y=plot.floor + 16, text_anchor="middle")
        )
    parts.append(tag("line", class_="axis", x1=left, x2=right, y1=plot.floor, y2=plot.floor))
    parts.append(tag("text", y_name, class_="name", x=2, y=14))
    parts.append(tag("text", x_name, class_="name", x=right, y=plot.height - 6, text_anchor="end"))
    return joined(*parts)
