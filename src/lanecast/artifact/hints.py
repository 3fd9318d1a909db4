"""Annotations of fields, and whether a value is what they say."""

import types
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Union, get_args, get_origin, get_type_hints


def fits(value: Any, hint: Any) -> bool:
    """Return whether ``value`` may stand where ``hint`` is annotated; unknown hints fit.

    A whole number is a float too, as in Python; a truth value is no number.
    """
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return any(fits(value, each) for each in inner)
    if hint is Any:
        return True
    if hint is None:
        return value is None
    if hint in (int, float):
        return isinstance(value, int | hint) and not isinstance(value, bool)
    if origin is tuple and inner[1:] != (...,):
        whole = isinstance(value, tuple) and len(value) == len(inner)
        return whole and all(map(fits, value, inner))
    kind = origin or hint
    if not isinstance(kind, type):
        return True
    if not isinstance(value, kind):
        return False
    if inner and isinstance(value, Mapping):
        return all(fits(k, inner[0]) and fits(v, inner[1]) for k, v in value.items())
    return not (inner and isinstance(value, list | tuple)) or all(
        fits(each, inner[0]) for each in value
    )


def hints_of(kind: Any) -> dict[str, Any]:
    """Return the annotations of a class; none if one of them is imported by type checkers only."""
    with suppress(NameError):
        return get_type_hints(kind)
    return {}


def worded(hint: Any) -> str:
    """Return an annotation as it is written."""
    return str(hint) if get_args(hint) else getattr(hint, "__name__", str(hint))
