"""Addresses pasted with their HTML: what is left without it, and where that stood."""

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass

BLOCKS = (
    *("address", "article", "aside", "blockquote", "body", "br", "center", "dd", "div", "dl", "dt"),
    *("fieldset", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "head", "header"),
    *("hr", "html", "li", "main", "nav", "ol", "option", "p", "pre", "section", "select", "table"),
    *("tbody", "td", "tfoot", "th", "thead", "title", "tr", "ul"),
)
INLINE = (
    *("a", "abbr", "b", "big", "button", "cite", "code", "col", "del", "em", "font", "i", "iframe"),
    *("img", "input", "label", "link", "meta", "noscript", "object", "s", "script", "small"),
    *("span", "strong", "style", "sub", "sup", "svg", "textarea", "time", "u", "var"),
)
NAMES = "|".join(sorted((*BLOCKS, *INLINE), key=len, reverse=True))
MARKUP = re.compile(
    r"<(?:script|style)\b[^<>]{0,500}>[^<]{0,5000}"  # what no reader of the page sees
    rf"|</?(?P<name>{NAMES})(?:[\s/][^<>]{{0,500}})?>"
    r"|<!(?:--|doctype)[^<>]{0,500}>"
    r"|&(?:\#\d{1,7}|\#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,31});",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Unmarked:
    """A text without tags and entities.

    Attributes
    ----------
    text
        What is left; a tag leaves a blank, one that ends a line a line break.
    at
        For each of its characters the index in the text as given, and at its end the length of
        that.
    """

    text: str
    at: Sequence[int]


def unmarked(given: str) -> Unmarked | None:
    """Return ``given`` without HTML; None where it has none.

    Only names of HTML are tags, so that ``<flat 5>`` stays, and only entities that there are.
    """
    if "<" not in given and "&" not in given:
        return None
    letters: list[str] = []
    at: list[int] = []
    before = 0
    for match in MARKUP.finditer(given):
        left = _left(match)
        if left is None:
            continue
        letters += [given[before : match.start()], left]
        at += [*range(before, match.start()), *[match.start()] * len(left)]
        before = match.end()
    if not before:
        return None
    letters.append(given[before:])
    return Unmarked("".join(letters), (*at, *range(before, len(given) + 1)))


def _left(match: re.Match[str]) -> str | None:
    """Return what stands for a tag or an entity; None: it is neither."""
    said = match.group()
    if said[0] == "&":
        meant = html.unescape(said)
        return None if meant == said else meant
    return "\n" if (match["name"] or "").lower() in BLOCKS else " "
