"""Lines and points; each series differs in dash and shape, never in colour alone."""

from collections.abc import Sequence
from dataclasses import dataclass

from .axes import Plot
from .markup import Html, joined, tag

SHAPES = ("circle", "square", "triangle", "diamond", "cross")
DASHES = (None, "7 4", "2 3", "9 3 2 3", "4 2")
SWATCH = 34, 14


@dataclass(frozen=True)
class Look:
    """How a series looks: its class in the style sheet, its dash and its shape."""

    name: str
    place: int

    @property
    def class_(self) -> str:
        """Return the class that carries the colour."""
        return f"s{self.place % len(SHAPES)}"

    def path(self, points: Sequence[tuple[float, float]]) -> Html:
        """Draw a line through points [px]."""
        if len(points) < 2:
            return Html("")
        along = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
        dash = DASHES[self.place % len(DASHES)]
        return tag("path", class_=f"line {self.class_}", d=f"M{along}", stroke_dasharray=dash)

    def dot(self, x: float, y: float, r: float = 3.6, title: str | None = None) -> Html:
        """Draw a point [px]; ``title`` shows when pointed at."""
        kind = SHAPES[self.place % len(SHAPES)]
        inside = tag("title", title) if title else None
        dress = f"dot {self.class_}"
        if kind == "circle":
            return tag("circle", inside, class_=dress, cx=x, cy=y, r=r)
        if kind == "cross":
            d = f"M{x - r:.1f} {y - r:.1f}l{2 * r} {2 * r}m0 {-2 * r}l{-2 * r} {2 * r}"
            return tag("path", inside, class_=f"line {self.class_}", d=d)
        corners = {
            "square": ((-r, -r), (r, -r), (r, r), (-r, r)),
            "triangle": ((0, -1.3 * r), (1.2 * r, r), (-1.2 * r, r)),
            "diamond": ((0, -1.4 * r), (1.4 * r, 0), (0, 1.4 * r), (-1.4 * r, 0)),
        }[kind]
        return tag(
            "polygon",
            inside,
            class_=dress,
            points=" ".join(f"{x + a:.1f},{y + b:.1f}" for a, b in corners),
        )


def series(plot: Plot, look: Look, points: Sequence[tuple[float, float, str]]) -> Html:
    """Draw numbers (x, y, what to say of them) as a line with points."""
    places = [(plot.x(x), plot.y(y)) for x, y, _ in points]
    dots = [look.dot(*at, title=say) for at, (_, _, say) in zip(places, points, strict=True)]
    return joined(look.path(places), *dots)


def keys(*entries: tuple[Html, str]) -> Html:
    """Explain small drawings, 34 by 14 px, in words, above a picture."""
    wide, tall = SWATCH
    box = f"0 0 {wide} {tall}"
    return tag(
        "ul",
        *(
            tag("li", tag("svg", drawn, class_="swatch", aria_hidden="true", viewBox=box), words)
            for drawn, words in entries
        ),
        class_="legend",
    )


def legend(looks: Sequence[Look]) -> Html:
    """Explain lines and their shapes."""
    wide, tall = SWATCH
    middle = tall / 2
    return keys(
        *(
            (
                joined(look.path([(1, middle), (wide - 1, middle)]), look.dot(wide / 2, middle)),
                look.name,
            )
            for look in looks
        )
    )
