"""Typed messages made from canonical tables, so that REST and the lake cannot drift apart."""

from collections.abc import Collection
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

import narwhals as nw
import orjson
import polars as pl
from fastapi import Query
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    create_model,
)
from starlette.responses import Response

from lanecast.tables.schema import Column, Table

from .problems import Refused

EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


def _within(instant: datetime) -> datetime:
    if not EARLIEST <= instant < LATEST:
        raise ValueError("expected an instant from 1970 to 2199")
    return instant.astimezone(UTC)


Instant = Annotated[AwareDatetime, AfterValidator(_within)]
Asof = Annotated[
    Instant | None,
    Query(description="Answer as it would have been answered then, by the model live then."),
]


def _legible(text: str) -> str:
    if not text.strip():
        raise ValueError("expected more than spaces")
    if not text.isprintable():  # nor what turns the direction of a text
        raise ValueError("expected characters that can be printed")
    return text.strip()


def says_something(text: str) -> bool:
    """Return whether there is anything to see in a text: spaces of no width are none."""
    return any(each.isprintable() and not each.isspace() for each in text)


def _more_than_spaces(text: str) -> str:
    if not says_something(text):
        raise ValueError("expected more than spaces")
    return text


Legible = Annotated[str, AfterValidator(_legible)]
Why = Annotated[str, Field(min_length=1, max_length=500), AfterValidator(_more_than_spaces)]


def _kept(given: Any, check: ValidatorFunctionWrapHandler) -> Any:
    try:
        return check(given)
    except ValidationError as error:
        return error


Kept = WrapValidator(_kept)
"""Keeps what is wrong with one row of many in its place, so that the others are answered."""


def wrong_with(row: ValidationError, field: str) -> Refused:
    """Return why a row that was ``Kept`` is refused; what was sent is not told again."""
    first = row.errors(include_input=False, include_url=False)[0]
    name = ".".join((field, *map(str, first["loc"])))
    return Refused(422, "not_valid", f"{name}: {first['msg']}.", name)


class Strict(BaseModel):
    """A message that refuses fields which it does not know."""

    model_config = ConfigDict(extra="forbid")


def message(
    table: Table,
    name: str,
    *,
    without: Collection[str] = (),
    base: type[BaseModel] = BaseModel,
    **more: Any,
) -> Any:
    """Return a message with the columns of ``table``: types, limits, units and descriptions.

    Parameters
    ----------
    without
        Columns that it has not.
    more
        Further fields, as pydantic wants them: (type, default).
    """
    fields: dict[str, Any] = {
        column: _field(column, of) for column, of in table.columns.items() if column not in without
    }
    return create_model(name, __base__=base, __doc__=table.doc, **fields, **more)


def _field(name: str, column: Column) -> tuple[Any, Any]:
    kind: Any = _kind(column)
    limits: dict[str, Any] = {"description": column.doc}
    if column.low is not None:
        limits["ge"] = column.low
    if column.high is not None:
        limits["le"] = column.high
    if column.dtype == nw.String and not column.allowed:
        if name.endswith("_id"):
            limits |= {"min_length": 1, "max_length": column.longest}
        if column.pattern is not None:
            limits["pattern"] = f"^{column.pattern}$"
    if column.unit not in ("", "1"):
        limits["json_schema_extra"] = {"unit": column.unit}
    if not column.required:
        return Annotated[kind | None, Field(**limits)], None
    return Annotated[kind, Field(**limits)], ...


def _kind(column: Column) -> Any:
    if column.allowed is not None:
        return Literal[tuple(column.allowed)]
    if isinstance(column.dtype, nw.Datetime):
        return AwareDatetime
    if column.dtype == nw.Date:
        return date
    if column.dtype == nw.Boolean:
        return bool
    if column.dtype.is_integer():
        return int
    return float if column.dtype.is_float() else str


def rows(frame: pl.DataFrame) -> list[dict[str, Any]]:
    """Return a frame as messages: instants in UTC with offset, no NaN."""
    floats = [name for name, kind in frame.schema.items() if kind.is_float()]
    clean = frame.with_columns(pl.col(floats).replace([float("nan")], None)) if floats else frame
    return clean.to_dicts()


def reply(value: Any, status: int = 200) -> Response:
    """Return ``value`` as JSON; it is not checked again, since our own code made it."""
    body = orjson.dumps(value, default=_other, option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_UTC_Z)
    return Response(body, status, media_type="application/json")


def _other(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no form in JSON.")
