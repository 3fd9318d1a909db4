"""Whether the service lives and is ready, and what Prometheus reads."""

from typing import Any

from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel
from starlette.responses import Response

from .. import figures
from ..access import parts
from ..problems import documented

routes = APIRouter(tags=["service"])


class Ready(BaseModel):
    """Whether questions can be answered."""

    ready: bool
    tenants: dict[str, dict[str, Any]]


@routes.get("/healthz", summary="Whether the process lives.")
async def lives() -> dict[str, str]:
    """Answer, which is all."""
    return {"status": "ok"}


@routes.get(
    "/readyz",
    summary="Whether questions can be answered.",
    response_model=Ready,
    responses=documented(503),
)
def ready(request: Request) -> Ready:
    """Say for each tenant whether it has data."""
    found = {
        name: {"tables": len(tenant.lake().pinned.versions)}
        for name, tenant in parts(request).tenants.items()
    }
    return Ready(ready=all(each["tables"] for each in found.values()), tenants=found)


@routes.get("/metrics", summary="Figures for Prometheus.", response_class=Response)
async def metrics() -> Response:
    """Return all figures."""
    return Response(generate_latest(figures.REGISTRY), media_type=CONTENT_TYPE_LATEST)
