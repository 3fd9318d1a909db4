"""A picture of calibration: what was told against what came, on the line where both agree."""

from collections.abc import Sequence

from markupsafe import Markup

SIDE, LEFT, TOP = 260, 62, 10  # of the square [px], and what stands beside it
PICTURE = Markup(
    '<svg class="reliability" viewBox="0 0 {wide} {high}" width="{wide}" height="{high}" '
    'role="img" aria-label="{label}">{inner}</svg>'
)
LINE = Markup('<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" class="{kind}"/>')
POINT = Markup('<circle cx="{x}" cy="{y}" r="3.5" class="point"><title>{told}</title></circle>')
TEXT = Markup('<text x="{x}" y="{y}" text-anchor="{anchor}">{told}</text>')
UP = Markup(
    '<text x="{x}" y="{y}" text-anchor="middle" transform="rotate(-90 {x} {y})">{told}</text>'
)


def calibration(pairs: Sequence[tuple[float, float]]) -> Markup:
    """Return the picture of pairs of level and share, both from 0 to 1."""

    def across(value: float) -> float:
        return round(LEFT + SIDE * value, 1)

    def down(value: float) -> float:
        return round(TOP + SIDE * (1 - value), 1)

    inner = LINE.format(x1=across(0), y1=down(0), x2=across(1), y2=down(1), kind="even")
    for value in (0.0, 0.5, 1.0):
        told = f"{value:.0%}".replace("%", " %")
        inner += LINE.format(
            x1=across(0), y1=down(value), x2=across(1), y2=down(value), kind="grid"
        )
        inner += TEXT.format(x=LEFT - 6, y=down(value) + 4, anchor="end", told=told)
        inner += TEXT.format(x=across(value), y=TOP + SIDE + 18, anchor="middle", told=told)
    inner += TEXT.format(
        x=across(0.5), y=TOP + SIDE + 38, anchor="middle", told="told to come by then"
    )
    inner += UP.format(x=14, y=down(0.5), told="came by then")
    path = " ".join(f"{across(level)},{down(share)}" for level, share in pairs)
    inner += Markup('<polyline points="{}" class="found"/>').format(path)
    for level, share in pairs:
        told = f"{100 * level:.1f} % told, {100 * share:.1f} % came"
        inner += POINT.format(x=across(level), y=down(share), told=told)
    worst = max(pairs, key=lambda pair: abs(pair[0] - pair[1]))
    label = (
        f"Share of deliveries below each quantile. Farthest from the line: {100 * worst[0]:.1f} % "
        f"told, {100 * worst[1]:.1f} % came."
    )
    return PICTURE.format(wide=LEFT + SIDE + 24, high=TOP + SIDE + 46, inner=inner, label=label)
