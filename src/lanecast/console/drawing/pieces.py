"""Pieces of markup that the screens share: cards, figures, pairs, chips, tables, drawers."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from markupsafe import Markup

CARD = Markup('<section class="card"><h2>{}</h2>{}</section>')
FIGURE = Markup(
    '<{tag} class="figure"{href}><span class="name">{name}</span>'
    '<div class="value {kind}">{value}</div><div class="more">{more}</div></{tag}>'
)
FIGURES = Markup('<div class="figures">{}</div>')
PAIR = Markup("<dt>{}</dt><dd>{}</dd>")
PAIRS = Markup('<dl class="{}">{}</dl>')
CHIP = Markup('<a class="chip" href="{query}" data-turn id="{id}"{current}>{name}</a>')
CHIPS = Markup('<div class="chips" role="group" aria-label="{}">{}</div>')
CURRENT = Markup(' aria-current="true"')
HIDDEN = Markup('<input type="hidden" name="{}" value="{}">')
OPTION = Markup('<option value="{}"{}>{}</option>')
TABLE = Markup(
    '<section class="card table"><div class="heading"><h2>{title}</h2>{more}</div>'
    '<table class="rows {kind}"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>'
    "</section>"
)
HEAD = Markup('<th scope="col"{}>{}</th>')
CELL = Markup("<td{}>{}</td>")
NUMBER = Markup(' class="number"')
PASSED = Markup(
    '<span class="very">{} <span aria-hidden="true">▲</span>'
    '<span class="unseen">has passed</span></span>'
)
NAMED = Markup('<td class="number" data-name="{}">{}</td>')
MUTED = Markup('<span class="muted small">{}</span>')
DRAWER = Markup("""
<aside class="drawer" aria-label="{title}"><div class="heading tight"><h2>{title}</h2>
<a class="button" href="{close}" data-turn data-close id="close-drawer">Close</a></div>{inner}
</aside>""")


def joined(pieces: Iterable[Markup]) -> Markup:
    """Return pieces one after the other."""
    return Markup("").join(pieces)


def card(title: str, inner: Markup) -> Markup:
    """Return a card."""
    return CARD.format(title, inner)


def figure(name: str, value: Any, more: Any, kind: str = "", href: str = "") -> Markup:
    """Return a figure with its name and what to know beside it; ``kind`` is a class of its value.

    With ``href`` all of it is a link.
    """
    tag = Markup("a" if href else "div")
    link = Markup(' href="{}"').format(href) if href else ""
    return FIGURE.format(tag=tag, href=link, name=name, value=value, kind=kind, more=more)


def figures(*each: Markup) -> Markup:
    """Return figures in a row."""
    return FIGURES.format(joined(each))


def pairs(told: Iterable[tuple[Any, Any]], kind: str = "pairs") -> Markup:
    """Return names with their values."""
    return PAIRS.format(kind, joined(PAIR.format(*each) for each in told))


def chip(name: Any, id_: str, query: Any, is_here: bool = False) -> Markup:
    """Return a link that changes the query, marked where it leads to what is seen."""
    return CHIP.format(name=name, id=id_, query=query, current=CURRENT if is_here else "")


def chips(label: str, *each: Markup) -> Markup:
    """Return chips in a row; ``label`` says what they choose."""
    return CHIPS.format(label, joined(each))


def kept(values: Mapping[str, str], but: Collection[str]) -> Markup:
    """Return the values of a query that a form keeps, without those that it asks for."""
    return joined(HIDDEN.format(name, each) for name, each in values.items() if name not in but)


def options(told: Mapping[str, Any], chosen: str) -> Markup:
    """Return the options of a choice: what each value is called."""
    here = Markup(" selected")
    return joined(OPTION.format(v, here if v == chosen else "", name) for v, name in told.items())


def table(title: Any, heads: Markup, rows: Markup, more: Any = "", kind: str = "") -> Markup:
    """Return a table in a card."""
    return TABLE.format(title=title, heads=heads, rows=rows, more=more, kind=kind)


def heads(names: Iterable[str], numbers: Collection[str] = ()) -> Markup:
    """Return the heads of columns; those of ``numbers`` stand to the right."""
    return joined(HEAD.format(NUMBER if name in numbers else "", name) for name in names)


def cell(told: Any) -> Markup:
    """Return a cell with words."""
    return CELL.format("", told)


def number(told: Any) -> Markup:
    """Return a cell with a number."""
    return CELL.format(NUMBER, told)


def named(name: str, told: Any) -> Markup:
    """Return a cell with a number that has its name beside it where a row is a card."""
    return NAMED.format(name, told)


def muted(told: Any) -> Markup:
    """Return something that is said beside something else."""
    return MUTED.format(told)


def passed(told: Any, has_passed: bool) -> Any:
    """Return an instant, marked where it has passed and should not have."""
    return PASSED.format(told) if has_passed else told


def drawer(title: str, close: Any, inner: Markup) -> Markup:
    """Return what slides over the right side; ``close`` is the query without it."""
    return DRAWER.format(title=title, close=close, inner=inner)
