"""Jobs: real processes of the command line, in order; none runs for ever, none is done twice."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
from pydantic import ValidationError

from lanecast.cli import app
from lanecast.service import versions
from lanecast.service.clock import wall
from lanecast.service.jobs import ORDER, PROGRESS, Jobs, pathless
from lanecast.service.keys import said
from lanecast.service.settings import Settings
from lanecast.service.state import State
from lanecast.service.tenants import Tenant
from lanecast.tables.lake import Lake

FIT = {"kind": "fit", "problem": "trajectory", "asof": "2025-02-01T00:00:00Z", "days": 3}


def waited(true: Callable[[], Any], seconds: float = 240) -> Any:
    """Return what ``true`` returns once it is something."""
    until = time.monotonic() + seconds
    while not (found := true()) and time.monotonic() < until:
        time.sleep(0.1)
    return found


def test_a_fit_is_accepted_followed_registered_and_not_done_twice(
    service: Any, holder: Any
) -> None:
    key = holder("jobs:read", "jobs:write", "models:read")
    once = key | {"Idempotency-Key": "one"}
    first = service.post("/v1/jobs", json=FIT, headers=once)
    assert first.status_code == 202, first.text
    path = first.headers["location"]
    state = service.app.state.parts.state
    state.write("delete from replies")  # as if the answer had been lost with the process
    assert service.post("/v1/jobs", json=FIT, headers=once).headers["location"] == path
    second = service.post("/v1/jobs", json={"kind": "solve", "problem": "events"}, headers=key)

    def seen(where: str) -> Any:
        return service.get(where, headers=key).json()

    assert waited(lambda: seen(path)["share"] > 0)
    assert seen(second.headers["location"])["status"] == "queued"
    done = waited(lambda: (job := seen(path))["ended_at"] and job)
    assert done["status"] == "done", done
    version = done["result"]["version"]
    tenant = service.app.state.parts.tenants["main"]
    assert versions.listed(tenant.home, "trajectory") == [version]
    assert str(tenant.home) not in json.dumps(done)
    failed = waited(lambda: (job := seen(second.headers["location"]))["ended_at"] and job)
    assert (failed["status"], failed["error"]["code"]) == ("failed", "job_exit_2")
    assert "holds no risks" in failed["error"]["detail"]
    assert len(seen("/v1/jobs")["items"]) == 2
    theirs = holder("jobs:read", "jobs:write", tenant="other")
    assert service.get(path, headers=theirs).status_code == 404
    assert service.post(f"{path}/cancel", headers=theirs).status_code == 404
    assert service.post(f"{path}/cancel", headers=key).status_code == 409


@pytest.mark.parametrize(
    "order",
    [
        {"kind": "fit", "problem": "../x"},
        {"kind": "fit", "problem": "eta", "model": "/etc/passwd"},
        {"kind": "fit", "problem": "eta", "asof": "2025-02-01T00:00:00"},
        {"kind": "fit", "problem": "demand", "days": 30},
        {"kind": "plan", "site": "--help"},
        {"kind": "plan", "site": "a b"},
        {"kind": "solve", "problem": "eta", "budget": 5},
        {"kind": "backtest", "problem": "eta", "since": "2025-03-02", "until": "2025-03-02"},
        {"kind": "backtest", "problem": "eta", "since": "2025-03-02", "until": "2025-03-03"}
        | {"every": "$(id)"},
        {"kind": "rm"},
    ],
)
def test_only_what_a_message_names_can_be_ordered(order: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ORDER.validate_python(order)


def test_what_could_only_fail_is_refused_at_once(service: Any, holder: Any) -> None:
    key = holder("jobs:read", "jobs:write")
    for order, field in (
        (FIT | {"asof": "0001-01-01T00:00:00Z"}, "fit.asof"),
        (FIT | {"asof": "2199-01-01T00:00:00Z"}, "asof"),
        ({"kind": "solve", "problem": "eta", "asof": "2199-01-01T00:00:00Z"}, "asof"),
        ({"kind": "plan", "site": "nowhere"}, "site"),
    ):
        answer = service.post("/v1/jobs", json=order, headers=key)
        assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert service.get("/v1/jobs", headers=key).json()["items"] == []


def test_an_error_names_no_path_of_the_server(tmp_path: Path) -> None:
    place = tmp_path / "of mine" / "lake"
    text = f"{place} knows no sales; '/opt/x/y.csv': No such file; prd_1/whs_1 of /srv/a/b-1.json."
    told = pathless(text, [place])
    assert told == "lake knows no sales; 'y.csv': No such file; prd_1/whs_1 of b-1.json."


def test_every_word_is_an_option_with_its_value(tmp_path: Path) -> None:
    for order in (FIT, {"kind": "plan", "site": "whs_1"}, {"kind": "solve", "problem": "eta"}):
        words = ORDER.validate_python(order).words(tmp_path / "lake", tmp_path)
        rest = words[2:] if order["kind"] != "plan" else words[1:]
        assert all(word.startswith("--") for word in rest)


@pytest.mark.parametrize("problem", ["eta", "events", "trajectory", "demand", "address"])
def test_what_can_be_replayed_is_what_the_command_line_takes(tmp_path: Path, problem: str) -> None:
    period = {"since": "2025-03-01", "until": "2025-03-15", "every": "7d"}
    order = ORDER.validate_python({"kind": "backtest", "problem": problem, **period})
    command: Any = typer.main.get_command(app)
    words = order.words(tmp_path / "lake", tmp_path)
    for _ in range(2):  # backtest, and the problem
        name, command, words = command.resolve_command(typer.Context(command), words)
    assert command.make_context(name, list(words)).params


@pytest.fixture
def jobs(tmp_path: Path, world_lake: Lake) -> Jobs:
    settings = Settings({"main": world_lake.path}, tmp_path)
    tenant = Tenant.open("main", world_lake.path, settings)
    return Jobs(State(tmp_path / "service.db"), tenant)


def running(jobs: Jobs) -> tuple[str, int]:
    """Return a job that has just begun to run, and its process."""
    jobs.start()
    job_id = jobs.add(ORDER.validate_python(FIT), "key")["job_id"]
    pid = waited(lambda: (job := jobs.get(job_id)) and job["pid"])
    assert pid
    return job_id, pid


def test_cancelled_killed_and_stopped(jobs: Jobs) -> None:
    job_id, pid = running(jobs)
    waits = jobs.add(ORDER.validate_python(FIT), "key")["job_id"]
    assert jobs.cancel(waits) and jobs.get(waits)["status"] == "cancelled"  # type: ignore[index]
    assert jobs.cancel(job_id)
    assert waited(lambda: jobs.get(job_id)["status"] == "cancelled")  # type: ignore[index]
    assert not Path(f"/proc/{pid}").exists() and not jobs.cancel(job_id)

    killed = jobs.add(ORDER.validate_python(FIT), "key")["job_id"]
    pid = waited(lambda: jobs.get(killed)["pid"])  # type: ignore[index]
    os.kill(pid, signal.SIGKILL)
    assert waited(lambda: jobs.get(killed)["ended_at"])  # type: ignore[index]
    lost = jobs.get(killed)
    assert lost is not None and (lost["status"], lost["error"]["code"]) == ("lost", "job_lost")

    stopped = jobs.add(ORDER.validate_python(FIT), "key")["job_id"]
    assert waited(lambda: jobs.get(stopped)["pid"])  # type: ignore[index]
    jobs.stop()
    assert jobs.get(stopped)["status"] == "lost"  # type: ignore[index]


def test_a_home_beside_the_caller_is_found_from_the_folder_of_a_job(
    tmp_path: Path, world_lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    tenant = Tenant.open("main", world_lake.path, Settings({"main": world_lake.path}, Path("home")))
    jobs = Jobs(State(tmp_path / "service.db"), tenant)
    assert jobs.folder("1") == tmp_path / "home" / "tenants" / "main" / "jobs" / "1"


def test_what_ran_when_the_service_died_is_lost_and_the_next_goes_on(jobs: Jobs) -> None:
    states = ("running", "queued")
    for job_id, status in zip(("1" * 32, "2" * 32), states, strict=True):
        order = json.dumps({"kind": "solve", "problem": "events"})
        jobs.state.write(
            "insert into jobs (job_id, tenant, key_id, kind, arguments, status, step, share, "
            "made_at, pid) values (?, 'main', 'key', 'solve', ?, ?, '', 0, ?, ?)",
            (job_id, order, status, said(wall()), os.getpid()),  # a number that is used again
        )
    assert jobs.start() == 1
    assert jobs.get("1" * 32)["status"] == "lost"  # type: ignore[index]
    assert waited(lambda: jobs.get("2" * 32)["status"] == "failed")  # type: ignore[index]
    jobs.stop()


def test_a_process_that_was_not_written_down_yet_does_not_outlive_its_service(jobs: Jobs) -> None:
    job_id = "3" * 32
    order = json.dumps({"kind": "solve", "problem": "events"})
    jobs.state.write(
        "insert into jobs (job_id, tenant, key_id, kind, arguments, status, step, share, made_at) "
        "values (?, 'main', 'key', 'solve', ?, 'queued', '', 0, ?)",
        (job_id, order, said(wall())),
    )

    def asleep(job: str) -> "subprocess.Popen[bytes]":
        line = [sys.executable, "-c", "import time; time.sleep(60)"]
        line.append(f"--progress={jobs.folder(job) / PROGRESS}")
        return subprocess.Popen(line, start_new_session=True)

    ours, other = asleep(job_id), asleep("4" * 32)
    try:
        assert jobs.start() == 0
        assert ours.wait(30) == -signal.SIGKILL
        assert other.poll() is None
        assert waited(lambda: jobs.get(job_id)["status"] == "failed")  # type: ignore[index]
    finally:
        jobs.stop()
        other.kill()
        other.wait()
