"""Models: versions with what was measured, what was live when, promote, shadow and roll back."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, Field
from starlette.responses import JSONResponse

from .. import kept, live, promoting, promotion, registry
from ..access import audited, needs, parts, tenant_of
from ..asking import CARRIER
from ..keys import Caller
from ..kinds import PROBLEMS, kind
from ..messages import Strict, says_something
from ..problems import Refused, documented
from ..promotion import STOPPED, NotPromotedError
from ..versions import VERSION
from .jobs import Job

routes = APIRouter(prefix="/v1/models", tags=["models"])
Reader = Annotated[Caller, needs("models:read")]
Writer = Annotated[Caller, needs("models:write")]
ProblemName = Annotated[Literal[PROBLEMS], Path(description="What the models answer.")]  # type: ignore[valid-type]
VersionName = Annotated[
    str, Path(pattern=f"^{VERSION.pattern}$", description="Version, as predictions carry it.")
]
TELL_S = 3.0  # that an answer waits for the tracking server; it is told all the same
WAIT_S = 20.0  # that an answer waits for gates; then it says where to look
READS = documented(401, 403, 404, 422, 429, 504)
WRITES = documented(400, 401, 403, 404, 409, 413, 422, 429, 504)


class Gate(BaseModel):
    """What a model was held against before it went live."""

    name: str
    passed: bool
    said: str
    value: float | None
    limit: float | None
    unit: str


class Version(BaseModel):
    """A model that is kept."""

    problem: str
    version: str
    role: Literal["live", "shadow", "registered"]
    trained_until: datetime | None = None
    created_at: datetime | None = None
    seed: int | None = None
    metrics: dict[str, Any] = Field(
        default_factory=dict,
        description="As it was measured; slices, and held_out: beside the baseline, calibration.",
    )
    broken: str | None = Field(None, description="Why it cannot be read.")


class Done(BaseModel):
    """A row of what was done, and what was live since."""

    id: int
    problem: str
    version: str
    action: Literal["register", "shadow", "unshadow", "promote", "rollback"]
    at: datetime
    who: str
    why: str
    gates: list[Gate]


class Answering(BaseModel):
    """What answers the questions of a problem now."""

    problem: str
    live: str | None = Field(description="The version that should answer.")
    shadow: str | None
    answers: str | None = Field(description="What does answer; none is the carrier's date.")
    fallback: str | None = Field(description="Why, if it is not the live one.")


class AllAnswering(BaseModel):
    """Every problem."""

    items: list[Answering]


class Versions(BaseModel):
    """The versions of a problem, the one that learnt last first, and what was done with them."""

    items: list[Version]
    log: list[Done]


class Gates(BaseModel):
    """All gates of a version."""

    items: list[Gate]


class Beside(BaseModel):
    """A shadow beside what was live."""

    version: str | None = Field(description="The shadow.")
    n: int = Field(0, description="Questions that both have answered and time has too.")
    unit: str | None = Field(None, description="Of the loss; less is better.")
    shadow: float | None = None
    live: float | None = None


class Why(Strict):
    """A reason, which the log keeps."""

    why: str = Field("", max_length=500, examples=["arrivals are told too early"])


class Promotion(Why):
    """Whether the gates decide."""

    force: bool = Field(False, description="Promote whatever the gates say; needs why.")


class Changed(BaseModel):
    """What answers from now on."""

    problem: str
    version: str
    role: Literal["live", "shadow"]
    gates: list[Gate]
    tracking: str = Field(description="`recorded`, or why the tracking server does not know yet.")


@routes.get("", response_model=AllAnswering, responses=READS)
def answering(request: Request, caller: Reader) -> AllAnswering:
    """Say for each problem which version is live, and what answers."""
    made, tenant = parts(request), tenant_of(request, caller)
    items = []
    for problem in PROBLEMS:
        serving = made.models.serving(tenant, problem)
        items.append(
            Answering(
                problem=problem,
                live=live.live_at(made.state, tenant.name, problem),
                shadow=live.shadow(made.state, tenant.name, problem),
                answers=serving.version if serving else None,
                fallback=serving.fallback if serving else _promised(problem),
            )
        )
    return AllAnswering(items=items)


def _promised(problem: str) -> str | None:
    """Return what is left without a model: the carrier's date, of what a baseline could answer."""
    return None if kind(problem).baseline is None else CARRIER


@routes.get("/{problem}", response_model=Versions, responses=READS)
def listed(
    request: Request,
    caller: Reader,
    problem: ProblemName,
    limit: Annotated[int, Query(ge=1, le=1000, description="Rows of the log.")] = 100,
) -> Versions:
    """List the versions of a problem, with what was measured, and what was live when."""
    state, tenant = parts(request).state, tenant_of(request, caller)
    found = {
        "items": promotion.told(state, tenant, problem),
        "log": live.entries(state, tenant.name, problem, limit),
    }
    return Versions.model_validate(found)


@routes.get("/{problem}/versions/{version}/gates", response_model=Gates, responses=READS)
def gates(request: Request, caller: Reader, problem: ProblemName, version: VersionName) -> Gates:
    """Hold a version against its gates now, without changing anything; takes seconds."""
    tenant = _known(request, caller, problem, version)
    try:
        found = promotion.examine(parts(request).state, tenant, problem, version)
    except ValueError as error:
        raise Refused(422, "not_valid", str(error), "version") from error
    return Gates.model_validate({"items": [each.told() for each in found]})


@routes.get("/{problem}/shadow", response_model=Beside, responses=READS)
def beside(request: Request, caller: Reader, problem: ProblemName) -> Beside:
    """Compare the shadow with what was live, on the same questions, as far as they are answered."""
    state, tenant = parts(request).state, tenant_of(request, caller)
    version = live.shadow(state, tenant.name, problem)
    found = None
    if version is not None and problem in kept.PROBLEMS:
        found = kept.compared(tenant, problem, version, tenant.now())
    return Beside.model_validate({"version": version, **(found or {})})


@routes.post(
    "/{problem}/versions/{version}/promote",
    response_model=Changed,
    responses={
        **WRITES,
        202: {
            "model": Job,
            "description": "The gates take longer; the job says what becomes of it.",
            "headers": {"Location": {"schema": {"type": "string"}}},
        },
    },
)
def promote(
    request: Request,
    response: Response,
    caller: Writer,
    problem: ProblemName,
    version: VersionName,
    wanted: Promotion,
) -> Any:
    """Let a version be live if it passes its gates, or by force with a reason.

    Gates that take longer than an answer may are gone through all the same: `202`, and `Location`
    of the job that says what became of it.
    """
    tenant = _known(request, caller, problem, version)
    made, who = parts(request), _who(caller)
    if wanted.force and not says_something(wanted.why):
        raise Refused(422, "not_valid", "why: expected a reason, since force is set.", "why")

    def work() -> dict[str, Any]:
        subject = f"{problem} {version}"
        try:
            found = promotion.promote(
                *(made.state, tenant, problem, version, who, wanted.why, wanted.force)
            )
        except NotPromotedError as error:
            stopped = [each.told() for each in error.gates]
            audited(request, caller, STOPPED, subject, why=wanted.why, gates=stopped)
            raise
        told = [each.told() for each in found]
        audited(request, caller, "model promoted", subject, force=wanted.force)
        changed = _changed(request, caller, problem, version, "live", told)
        return changed.model_dump(mode="json")

    jobs, about = made.jobs[tenant.name], {"problem": problem, "version": version}
    job_id, future = promoting.begin(jobs, about | wanted.model_dump(), caller.key_id, work)
    try:
        return Changed.model_validate(future.result(min(WAIT_S, made.settings.timeout_s / 2)))
    except TimeoutError:
        return _later(response.headers, jobs.get(job_id), job_id)
    except NotPromotedError as error:
        hint = "Send force with a reason in why to promote it all the same."
        raise Refused(409, "gates", str(error), "version", hint) from error
    except ValueError as error:
        raise Refused(422, "not_valid", str(error), "version") from error


@routes.post("/{problem}/versions/{version}/shadow", response_model=Changed, responses=WRITES)
def shadow(
    request: Request, caller: Writer, problem: ProblemName, version: VersionName, wanted: Why
) -> Changed:
    """Let a version answer beside the live one; its answers are stored apart and compared."""
    tenant = _known(request, caller, problem, version)
    state = parts(request).state
    try:
        promotion.begin_shadow(state, tenant, problem, version, _who(caller), wanted.why)
    except ValueError as error:
        raise Refused(409, "conflict", str(error), "version") from error
    audited(request, caller, "model shadowed", f"{problem} {version}")
    return _changed(request, caller, problem, version, "shadow", [])


@routes.post("/{problem}/rollback", response_model=Changed, responses=WRITES)
def rollback(request: Request, caller: Writer, problem: ProblemName, wanted: Why) -> Changed:
    """Go back to the version that was live before; nothing is learnt anew."""
    state, tenant = parts(request).state, tenant_of(request, caller)
    try:
        version = promotion.roll_back(state, tenant, problem, _who(caller), wanted.why)
    except ValueError as error:
        raise Refused(409, "conflict", str(error), "problem") from error
    audited(request, caller, "model rolled back", f"{problem} {version}")
    return _changed(request, caller, problem, version, "live", [])


def _later(headers: Mapping[str, str], job: Any, job_id: str) -> Response:
    """Return that it goes on, and where to look."""
    told = Job.model_validate(job).model_dump(mode="json")
    location = {"Location": f"/v1/jobs/{job_id}"}
    return JSONResponse(told, 202, {**dict(headers), **location})


def _known(request: Request, caller: Caller, problem: str, version: str) -> Any:
    """Return the caller's company, if it keeps that version."""
    state, tenant = parts(request).state, tenant_of(request, caller)
    if version not in {each["version"] for each in promotion.told(state, tenant, problem)}:
        raise Refused(404, "not_found", f"version: {problem} has no {version}.", "version")
    return tenant


def _changed(
    request: Request,
    caller: Caller,
    problem: str,
    version: str,
    role: Literal["live", "shadow"],
    gates: list[dict[str, Any]],
) -> Changed:
    """Let it answer at once, tell the tracking server, and say how that went."""
    made, tenant = parts(request), tenant_of(request, caller)
    made.models.refresh(tenant, problem)
    home, tracking = made.settings.home, made.settings.tracking
    said = registry.mirror(made.state, tenant, home, tracking, TELL_S)
    found = {"problem": problem, "version": version, "role": role, "gates": gates}
    return Changed.model_validate(found | {"tracking": said})


def _who(caller: Caller) -> str:
    return f"{caller.name} ({caller.key_id})"
