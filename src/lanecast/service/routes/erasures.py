"""Erasures: take a person's data out of everything that is kept, and give a receipt."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from ..access import audited, needs, parts
from ..erasures import RunningError
from ..keys import Caller
from ..messages import Strict
from ..problems import Refused, documented

routes = APIRouter(prefix="/v1/erasures", tags=["personal data"])
Eraser = Annotated[Caller, needs("personal:erase")]
ErasureId = Annotated[str, Path(pattern="^[0-9a-f]{16}$", description="Id of a receipt.")]


class Whom(Strict):
    """Whose data are to be erased."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"buyer_id": "buy_0007385"}]})

    buyer_id: str = Field(min_length=1, max_length=128, examples=["buy_0007385"])


class Receipt(BaseModel):
    """What was erased; it names nobody."""

    erasure_id: str
    who: str = Field(description="Name of the key that asked.")
    status: Literal["doing", "done", "failed", "interrupted"] = Field(
        description="Of all but `done`: ask for the same erasure again."
    )
    begun_at: datetime
    ended_at: datetime | None
    tables: dict[str, int] = Field(description="Rows of the lake that were changed or deleted.")
    models: int = Field(description="Rows taken out of models.")
    notes: int = Field(description="Notes, jobs and kept replies that were changed or deleted.")
    digest: str | None = Field(description="SHA-256 of the receipt.")


class Receipts(BaseModel):
    """Receipts, the newest first."""

    items: list[Receipt]


@routes.post(
    "",
    status_code=202,
    response_model=Receipt,
    responses={
        **documented(400, 401, 403, 409, 413, 422, 429),
        202: {"headers": {"Location": {"schema": {"type": "string"}}}},
    },
)
def erase(request: Request, response: Response, caller: Eraser, whom: Whom) -> Receipt:
    """Erase a buyer: name, addresses, places, also of the past; ``Location`` has the receipt."""
    try:
        receipt = parts(request).erasures[caller.tenant].begin(whom.buyer_id, caller.name)
    except RunningError as error:
        detail = "Another erasure is being done; ask again when it has ended."
        raise Refused(409, "busy", detail, headers={"Retry-After": "5"}) from error
    audited(request, caller, "person erased", receipt["erasure_id"])
    response.headers["Location"] = f"/v1/erasures/{receipt['erasure_id']}"
    return Receipt.model_validate(receipt)


@routes.get("", response_model=Receipts, responses=documented(401, 403, 429))
def receipts(request: Request, caller: Eraser) -> Receipts:
    """List the receipts of all erasures."""
    return Receipts.model_validate({"items": parts(request).erasures[caller.tenant].listed()})


@routes.get("/{erasure_id}", response_model=Receipt, responses=documented(401, 403, 404, 422, 429))
def receipt(request: Request, caller: Eraser, erasure_id: ErasureId) -> Receipt:
    """Read a receipt."""
    found = parts(request).erasures[caller.tenant].get(erasure_id)
    if found is None:
        detail = f"erasure_id: there is no receipt {erasure_id}."
        raise Refused(404, "not_found", detail, "erasure_id")
    return Receipt.model_validate(found)
