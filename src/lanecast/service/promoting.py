"""A promotion over HTTP: a job in a thread of the service, for gates may take longer than answers.

Whoever asked waits for it a while, and is then told where to look what becomes of it.
"""

import json
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import structlog

from .clock import wall
from .jobs import Jobs
from .keys import said
from .promotion import NotPromotedError

KIND = "promote"
STEP = "gates"


def begin(
    jobs: Jobs, arguments: dict[str, Any], key_id: str, work: Callable[[], dict[str, Any]]
) -> tuple[str, "Future[dict[str, Any]]"]:
    """Begin ``work``, and return its job and what will be its result."""
    job_id, now = uuid.uuid4().hex, said(wall())
    jobs.state.write(
        "insert into jobs (job_id, tenant, key_id, kind, arguments, status, step, share, made_at, "
        "started_at) values (?, ?, ?, ?, ?, 'running', ?, 0, ?, ?)",
        (job_id, jobs.tenant.name, key_id, KIND, json.dumps(arguments), STEP, now, now),
    )
    future: Future[dict[str, Any]] = Future()

    def run() -> None:
        try:
            result = work()
        except BaseException as error:  # whoever waits is told, and so is who looks later
            _failed(jobs, job_id, error)
            future.set_exception(error)
        else:
            jobs.end(job_id, "done", result)
            future.set_result(result)

    threading.Thread(target=run, name="promote", daemon=True).start()
    return job_id, future


def _failed(jobs: Jobs, job_id: str, error: BaseException) -> None:
    code = "gates" if isinstance(error, NotPromotedError) else "not_valid"
    detail = str(error)
    if not isinstance(error, ValueError):
        structlog.get_logger().error("job", job=job_id, error=type(error).__name__)
        code, detail = "fault", "The promotion could not be carried out."
    jobs.failed(job_id, code, detail)
