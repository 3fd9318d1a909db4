"""One request to the service, and requests for a list page by page."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Generic, Literal, TypeVar
from urllib.parse import quote

T = TypeVar("T")
Json = Mapping[str, Any]


@dataclass(frozen=True)
class Call(Generic[T]):
    """A request, whose answer is a ``T``."""

    method: Literal["GET", "POST", "DELETE"]
    path: str
    params: Mapping[str, Any] = field(default_factory=dict)
    body: Any = None


@dataclass(frozen=True)
class Paged(Generic[T]):
    """Requests for a list of ``T``, page after page: by ``offset``, or by ``before``."""

    call: Call[Any]
    by: Literal["offset", "before"]


def get(*path: str, **params: Any) -> Call[Any]:
    """Return a request that reads; a parameter that is None is left out."""
    told = {name: said(value) for name, value in params.items() if value is not None}
    return Call("GET", place(*path), told)


def post(*path: str, **body: Any) -> Call[Any]:
    """Return a request with a body; a field that is None is left out."""
    told = {name: said(value) for name, value in body.items() if value is not None}
    return Call("POST", place(*path), {}, told)


def place(*parts: str) -> str:
    """Return the path of parts, in which any character may be."""
    return "/v1/" + "/".join(quote(part, safe="") for part in parts)


def said(value: Any) -> Any:
    """Return a value as JSON has it.

    Raises
    ------
    ValueError
        When an instant has no time zone.
    """
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError(f"{value}: has no time zone; give one, for example +00:00.")
        return value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {name: said(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [said(each) for each in value]
    return value
