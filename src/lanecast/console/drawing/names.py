"""Names on a map: each beside its dot, on a side where it covers no dot and no other name."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from markupsafe import Markup

LETTER, LINE = 7.2, 16.0  # room of a name [pixel]
NAME = Markup('<span style="left:{x:.2f}%;top:{y:.2f}%" class="{side}">{name}</span>')
Box = tuple[float, float, float, float]


@dataclass
class Room:
    """What is taken already of a map on which a pixel is ``scale`` units of the drawing.

    ``spots`` are the dots: where they are, and their radius [pixel].
    """

    wide: float
    tall: float
    scale: float
    spots: Sequence[tuple[float, float, float]]
    taken: list[Box] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Take the room of the dots."""
        for x, y, radius in self.spots:
            r = radius * self.scale
            self.taken.append((x - r, y - r, x + r, y + r))

    def side(self, x: float, y: float, radius: float, letters: int) -> str | None:
        """Return the first side on which a name has room, and take it; None where it has none."""
        return next((s for s in SIDES if self.takes(x, y, radius, letters, s)), None)

    def takes(self, x: float, y: float, radius: float, letters: int, side: str) -> bool:
        """Take the room of a name beside a dot; return whether it was free."""
        long, away = LETTER * letters * self.scale, (radius + 2) * self.scale
        x0, y0, x1, y1 = SIDES[side](x, y, long, away, LINE * self.scale)
        if x0 < 0 or y0 < 0 or x1 > self.wide or y1 > self.tall:
            return False
        if any(a < x1 and x0 < c and b < y1 and y0 < d for a, b, c, d in self.taken):
            return False
        self.taken.append((x0, y0, x1, y1))
        return True


def placed(name: str, x: float, y: float, side: str) -> Markup:
    """Return a name; ``x`` and ``y`` are where its dot is [percent of the map]."""
    return NAME.format(x=x, y=y, side=side, name=name)


SIDES = {
    "right": lambda x, y, long, away, line: (x + away, y - line / 2, x + away + long, y + line / 2),
    "left": lambda x, y, long, away, line: (x - away - long, y - line / 2, x - away, y + line / 2),
    "above": lambda x, y, long, away, line: (x - long / 2, y - away - line, x + long / 2, y - away),
    "below": lambda x, y, long, away, line: (x - long / 2, y + away, x + long / 2, y + away + line),
}
