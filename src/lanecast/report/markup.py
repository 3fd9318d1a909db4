"""Markup that cannot be broken by the text in it: whatever is not ``Html`` is escaped."""

import html
import re

CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
Attribute = str | float | None


class Html(str):
    """Text that is markup already."""

    __slots__ = ()


def escaped(text: str) -> Html:
    """Return ``text`` as markup that shows just that text."""
    if isinstance(text, Html):
        return text
    return Html(html.escape(CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)))


def joined(*parts: str | None) -> Html:
    """Return the parts one after the other; None is nothing."""
    return Html("".join(escaped(part) for part in parts if part is not None))


def tag(name: str, *children: str | None, **attributes: Attribute) -> Html:
    """Return an element.

    An underscore in an attribute's name becomes a hyphen, one at its end goes (``class_``), and
    None leaves the attribute out. Numbers are written to a tenth: a picture needs no more.
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_value(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    return Html(f"<{name}{written}>{joined(*children)}</{name}>")


def _value(value: str | float) -> str:
    if isinstance(value, str):
        return escaped(value)
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text
