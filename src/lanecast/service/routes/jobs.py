"""Jobs: fit, backtest, solve and plan; accepted at once, done one after the other."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Path, Query, Request, Response
from pydantic import BaseModel, Field

from lanecast.planning.chain import sites

from ..access import audited, needs, parts, tenant_of
from ..clock import wall
from ..keys import Caller
from ..orders import Order
from ..problems import Refused, documented
from ..tenants import Tenant

routes = APIRouter(prefix="/v1/jobs", tags=["jobs"])
Reader = Annotated[Caller, needs("jobs:read")]
Writer = Annotated[Caller, needs("jobs:write")]
JobId = Annotated[str, Path(pattern="^[0-9a-f]{32}$", description="Job.")]
EXAMPLES = {
    "fit": {"value": {"kind": "fit", "problem": "eta"}},
    "backtest": {
        "value": {
            "kind": "backtest",
            "problem": "eta",
            "since": "2025-03-01",
            "until": "2025-03-15",
        }
    },
    "solve": {"value": {"kind": "solve", "problem": "events", "budget": 200}},
}


class JobError(BaseModel):
    """Why a job did not end well."""

    type: str
    code: str
    detail: str


class Job(BaseModel):
    """A job, and what became of it."""

    job_id: str
    kind: Literal["fit", "backtest", "solve", "plan", "promote"]
    arguments: dict[str, Any]
    status: Literal["queued", "running", "done", "failed", "cancelled", "lost"] = Field(
        description="`lost`: its process ended without saying how, or the service did."
    )
    step: str = Field(description="What is being done.")
    share: float = Field(ge=0, le=1, description="Of the work that is done.")
    made_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    result: dict[str, Any] | None = Field(description="Once it is done.")
    error: JobError | None


class ListedJobs(BaseModel):
    """Jobs, newest first."""

    items: list[Job]


@routes.post(
    "",
    status_code=202,
    response_model=Job,
    responses={
        **documented(400, 401, 403, 409, 413, 422, 429, 503, 504),
        202: {"headers": {"Location": {"schema": {"type": "string"}}}},
    },
)
def add(
    request: Request,
    response: Response,
    caller: Writer,
    order: Annotated[Order, Body(openapi_examples=EXAMPLES)],
) -> Job:
    """Accept a job; ``Location`` says where to look what becomes of it."""
    _possible(order, tenant_of(request, caller))
    jobs = parts(request).jobs[caller.tenant]
    key = getattr(request.state, "idempotency_key", None)
    try:
        job = jobs.add(order, caller.key_id, key)
    except ValueError as error:
        headers = {"Retry-After": "60"}
        raise Refused(503, "too_many_jobs", str(error), headers=headers) from error
    response.headers["Location"] = f"/v1/jobs/{job['job_id']}"
    audited(request, caller, "job added", job["job_id"], kind=order.kind, problem=_about(order))
    return Job.model_validate(job)


@routes.get("", response_model=ListedJobs, responses=documented(401, 403, 422, 429, 504))
def listed(
    request: Request, caller: Reader, limit: Annotated[int, Query(ge=1, le=500)] = 50
) -> ListedJobs:
    """List the jobs of the caller's company."""
    jobs = parts(request).jobs[tenant_of(request, caller).name]
    return ListedJobs.model_validate({"items": jobs.listed(limit)})


@routes.get("/{job_id}", response_model=Job, responses=documented(401, 403, 404, 422, 429, 504))
def one(request: Request, caller: Reader, job_id: JobId) -> Job:
    """Say how far a job is, and its result or error once it has ended."""
    job = parts(request).jobs[caller.tenant].get(job_id)
    if job is None:
        raise Refused(404, "not_found", f"job_id: there is no job {job_id}.", "job_id")
    return Job.model_validate(job)


@routes.post(
    "/{job_id}/cancel",
    status_code=202,
    response_model=Job,
    responses=documented(401, 403, 404, 409, 422, 429, 504),
)
def cancel(request: Request, caller: Writer, job_id: JobId) -> Job:
    """End a job that waits or runs; what it stored before stays."""
    jobs = parts(request).jobs[caller.tenant]
    job = jobs.get(job_id)
    if job is None:
        raise Refused(404, "not_found", f"job_id: there is no job {job_id}.", "job_id")
    if not jobs.cancel(job_id):
        what = f"a promotion that is {job['status']}" if job["kind"] == "promote" else job["status"]
        detail = f"job_id: {job_id} is {what}; only one that waits or runs can be ended."
        raise Refused(409, "conflict", detail, "job_id")
    audited(request, caller, "job cancelled", job_id)
    return Job.model_validate(jobs.get(job_id))


def _possible(order: Any, tenant: Tenant) -> None:
    """Refuse what could only fail, as far as that is known at once."""
    asof, site = getattr(order, "asof", None), getattr(order, "site", None)
    if asof is not None and asof > (now := wall()):
        detail = f"asof: {asof.isoformat()} is later than now, {now.isoformat(timespec='seconds')}."
        raise Refused(422, "not_valid", detail, "asof")
    if site is not None and site not in (known := sites(tenant.lake())):
        some = f"expected one of {len(known)}, such as {', '.join(known[:3])}"
        told = some if known else "no place is; ingest sales or workers first"
        detail = f"site: {site!r} is no place with sales or workers; {told}."
        raise Refused(422, "not_valid", detail, "site")


def _about(order: Any) -> str:
    return str(getattr(order, "problem", None) or order.site)
