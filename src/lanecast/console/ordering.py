"""The order and the page of a list: they stand in the query, and heads and buttons turn them."""

from collections.abc import Collection
from dataclasses import dataclass

from markupsafe import Markup

from .drawing.pieces import NUMBER
from .people import count
from .query import Query

HEAD = Markup('<th scope="col"{sorted}{number}>{told}</th>')
SORT = Markup(
    '<a href="{query}" data-turn id="sort-{name}">{told} <i aria-hidden="true">{mark}</i></a>'
)
TURN = Markup('<a class="button" href="{query}" data-turn id="{id}">{told}</a>')
PAGER = Markup('<div class="pager"><span class="muted" role="status">{}</span>{}</div>')
WAYS = ("ascending", "descending")
LAST = 1_000_000  # page that anybody may ask for


@dataclass(frozen=True)
class Order:
    """By which of ``valid`` a list is sorted, and whether the most comes first."""

    query: Query
    valid: Collection[str]
    by: str
    down: bool

    @classmethod
    def read(cls, query: Query, valid: Collection[str], default: str) -> "Order":
        """Return the order that a query asks for."""
        is_down = query.one_of("order", WAYS, "descending") == "descending"
        return cls(query, valid, query.one_of("sort", valid, default), is_down)

    def head(self, name: str, told: str, is_number: bool) -> Markup:
        """Return the head of a column, which sorts by it or turns the order if it may."""
        aside = NUMBER if is_number else ""
        if name not in self.valid:
            return HEAD.format(told=told, sorted="", number=aside)
        mine = name == self.by
        link = SORT.format(
            query=self.query.with_(
                sort=name, order="ascending" if mine and self.down else None, page=None
            ),
            name=name,
            told=told,
            mark=("↓" if self.down else "↑") if mine else "",
        )
        said = Markup(' aria-sort="{}"').format(WAYS[self.down]) if mine else ""
        return HEAD.format(told=link, sorted=said, number=aside)


def pager(query: Query, size: int, shown: int, total: int, what: str) -> Markup:
    """Return which rows are shown, and the ways to those before and after.

    Parameters
    ----------
    size, shown, total
        Rows of a page, of this page, and of all.
    what
        What the rows are.
    """
    number = query.count("page", 0, LAST)
    first = number * size
    told = f"{count(first + 1)} to {count(first + shown)} of {count(total)} {what}"
    if not shown:
        told = f"{count(total)} {what}; this page is behind the last."
    turns = Markup("")
    if number:
        turns += TURN.format(query=query.with_(page=number - 1 or None), id="before", told="Before")
    if first + size < total:
        turns += TURN.format(query=query.with_(page=number + 1), id="next", told="Next")
    return PAGER.format(told, turns)
