"""Errors as RFC 9457 problem details: what is wrong, in which field, and what would be valid."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

TITLES = {
    400: "The request cannot be read",
    401: "Who is asking is not known",
    403: "This key may not do that",
    404: "There is no such thing",
    405: "That is not done here",
    406: "That form is not spoken here",
    408: "The request took too long to arrive",
    409: "It stands against what is there",
    413: "The request is too long",
    415: "That kind of content is not read here",
    422: "A value is not valid",
    429: "Too many requests",
    431: "The head of the request is too long",
    500: "A fault of Lanecast",
    503: "Not ready",
    504: "It took too long",
}
KIND = "application/problem+json"


class Problem(BaseModel):
    """An error (RFC 9457)."""

    type: str = Field(examples=["urn:lanecast:problem:not_found"])
    title: str
    status: int
    detail: str = Field(description="What is wrong and what would be valid.")
    code: str = Field(description="The same for every such error; for programs.")
    field: str | None = Field(None, description="Field of the request that is not valid.")
    hint: str | None = Field(None, description="What to do next.")
    instance: str = Field(description="Id of the request, as in the log.")


@dataclasses.dataclass(eq=False)
class Refused(Exception):  # noqa: N818  # it is raised to refuse, and is no fault
    """What a route raises to refuse a request."""

    status: int
    code: str
    detail: str
    field: str | None = None
    hint: str | None = None
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return what OpenAPI says of the errors that a route may answer with."""
    body = (415,) if 413 in statuses else ()  # what may be too long may be packed, too
    return {
        status: {"description": TITLES[status], "content": {KIND: {"schema": _REFERENCE}}}
        for status in (*statuses, *body)
    }


_REFERENCE = {"$ref": "#/components/schemas/Problem"}


def worded(request_id: str, refused: Refused) -> dict[str, Any]:
    """Return a problem as it is told."""
    body = Problem(
        type=f"urn:lanecast:problem:{refused.code}",
        title=TITLES.get(refused.status, "Refused"),
        status=refused.status,
        detail=refused.detail,
        code=refused.code,
        field=refused.field,
        hint=refused.hint,
        instance=request_id,
    )
    return body.model_dump(exclude_none=True)


def answer(request_id: str, refused: Refused) -> Response:
    """Return a problem as a response."""
    told = worded(request_id, refused)
    return JSONResponse(told, refused.status, dict(refused.headers), media_type=KIND)


def install(app: FastAPI) -> None:
    """Let every error of ``app`` be answered as a problem."""
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _fault)


def _id(request: Request) -> str:
    return str(request.scope.get("state", {}).get("request_id", ""))


async def _refused(request: Request, error: Any) -> Response:
    return answer(_id(request), error)


async def _invalid(request: Request, error: Any) -> Response:
    first = error.errors()[0]
    where = [str(each) for each in first["loc"]]
    name = ".".join(where[1:]) or where[0]
    if first["type"] == "json_invalid":
        why = f"The body is no JSON, at character {name}: {first['ctx']['error']}."
        return answer(_id(request), Refused(400, "not_json", why))
    if isinstance(first.get("input"), bytes):  # so it is left where no JSON is announced
        kind = request.headers.get("content-type")
        why = f"Content-Type: {repr(kind)[:80]} is not read; expected application/json."
        return answer(_id(request), Refused(422, "not_valid", why, "Content-Type"))
    given = repr(first.get("input"))
    got = "" if first["type"] == "missing" else f"; got {given[:80]}"
    more = len(error.errors()) - 1
    also = f" {more} more {'value is' if more == 1 else 'values are'} not valid." if more else ""
    detail = f"{name}: {first['msg']}{got}.{also}"
    return answer(_id(request), Refused(422, "not_valid", detail, name))


async def _http(request: Request, error: Any) -> Response:
    codes = {404: "not_found", 405: "not_allowed", 400: "not_json"}
    detail = {
        404: f"There is no {request.url.path} here; see /openapi.json.",
        405: f"{request.url.path} does not take {request.method}.",
        400: "The body cannot be read as JSON.",
    }.get(error.status_code, str(error.detail))
    code = codes.get(error.status_code, "refused")
    refused = Refused(error.status_code, code, detail, headers=error.headers or {})
    return answer(_id(request), refused)


async def _fault(request: Request, error: Exception) -> Response:
    structlog.get_logger().error("fault", request_id=_id(request), error=type(error).__name__)
    detail = "Something went wrong in Lanecast; the log tells more under this request's id."
    return answer(_id(request), Refused(500, "fault", detail))
