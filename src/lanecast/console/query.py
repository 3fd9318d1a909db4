"""What of a view stands in its address: filters, order, selection, moment."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl, urlencode

from lanecast.service.messages import EARLIEST, LATEST
from lanecast.service.problems import Refused

LONGEST = 512  # characters of a value


@dataclass(frozen=True)
class Query:
    """The query string of a page, each name once; unknown names are kept and mean nothing."""

    values: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def read(cls, text: str) -> "Query":
        """Return the query of a query string, with or without ``?``; empty values are left out."""
        pairs = parse_qsl(text.removeprefix("?"), max_num_fields=64)
        return cls({name: value.strip()[:LONGEST] for name, value in pairs if value.strip()})

    def text(self, name: str, default: str = "") -> str:
        """Return a value."""
        return self.values.get(name, default)

    def one_of(self, name: str, valid: Any, default: str) -> str:
        """Return a value, or ``default`` where it is none of ``valid``."""
        value = self.text(name, default)
        return value if value in valid else default

    def count(self, name: str, default: int, most: int) -> int:
        """Return a whole number from 0 to ``most``, or ``default``."""
        value = self.text(name)
        return min(int(value), most) if value.isascii() and value.isdigit() else default

    def share(self, name: str) -> float | None:
        """Return a number from 0 to 1, or None."""
        try:
            value = float(self.text(name))
        except ValueError:
            return None
        return value if 0 <= value <= 1 else None

    def instant(self, name: str) -> datetime | None:
        """Return an instant, or None where none is named.

        Raises
        ------
        Refused
            When it is none, has no offset, or lies before 1970 or after 2199.
        """
        if not (value := self.text(name)):
            return None
        found = None
        with suppress(ValueError):
            found = datetime.fromisoformat(value)
        if found is None or found.tzinfo is None:
            detail = f"{name}: expected an instant with offset, such as 2026-11-21T13:30:00+01:00."
            raise Refused(422, "not_valid", f"{detail} Got {value!r}.", name)
        if not EARLIEST <= found < LATEST:
            detail = f"{name}: expected an instant from 1970 to 2199. Got {value!r}."
            raise Refused(422, "not_valid", detail, name)
        return found

    def with_(self, **changes: object) -> "Query":
        """Return this query with other values; None and "" take a name out."""
        told = {name: str(value) for name, value in changes.items() if value not in (None, "")}
        kept = {name: value for name, value in self.values.items() if name not in changes}
        return Query(kept | told)

    def __str__(self) -> str:
        """Return the query string, which starts with ``?``, so that it empties one in a link."""
        return f"?{urlencode(self.values)}"
