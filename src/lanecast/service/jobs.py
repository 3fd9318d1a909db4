"""Long work as processes of our own command line: one at a time for each company, in order.

The state says what became of each. What a process says of its progress stands in a file of the
job's folder, and its result in another, so that nothing is lost when the service ends first.
"""

import hashlib
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog
from pydantic import TypeAdapter

from . import promotion
from .clock import wall
from .keys import said
from .orders import MODEL, RESULT, Order
from .state import State
from .tenants import Tenant

ENDED = ("done", "failed", "cancelled", "lost")
WAITING = 100  # jobs of a company that may wait
BUSY, TRIES, PAUSE_S = 3, 5, 3.0  # exit code of a lake that another process writes to
STOP_S = 10.0  # from asking a process to end to ending it
LOOK_S = 0.2
PROGRESS, ERRORS = "progress.jsonl", "errors.txt"
FOLDERS = re.compile(r"(?<![\w.])/(?:[^\s/:,;'\"()]+/)+")  # of an absolute path
ORDER: TypeAdapter[Any] = TypeAdapter(Order)


@dataclass
class Jobs:
    """The jobs of one company.

    Parameters
    ----------
    who
        Name under which fitted models are registered.
    """

    state: State
    tenant: Tenant
    who: str = "job"
    _wake: threading.Event = field(default_factory=threading.Event)
    _stop: bool = False
    _thread: threading.Thread | None = None
    _cancelled: set[str] = field(default_factory=set)

    def start(self) -> int:
        """Begin to work; return how many jobs were lost with the last process."""
        lost = self._lost()
        self._thread = threading.Thread(target=self._run, name="jobs", daemon=True)
        self._thread.start()
        return lost

    def stop(self) -> None:
        """End; a job that runs is ended too, and is lost."""
        self._stop = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join(2 * STOP_S)

    def add(self, order: Any, key_id: str, idempotency_key: str | None = None) -> dict[str, Any]:
        """Let an order wait for its turn, and return its job.

        The id is made of the idempotency key where there is one: the same key, the same job.

        Raises
        ------
        ValueError
            When too many jobs wait.
        """
        made = hashlib.sha256(f"{self.tenant.name}:{idempotency_key}".encode()).hexdigest()[:32]
        job_id = uuid.uuid4().hex if idempotency_key is None else made
        with self.state.writing() as write:
            (waiting,) = write.execute(
                "select count(*) from jobs where tenant = ? and status = 'queued'",
                (self.tenant.name,),
            ).fetchone()
            if waiting >= WAITING:
                raise ValueError(f"jobs: {WAITING} are waiting already; send it again later.")
            write.execute(
                "insert or ignore into jobs (job_id, tenant, key_id, kind, arguments, status, "
                "step, share, made_at) values (?, ?, ?, ?, ?, 'queued', 'waiting', 0, ?)",
                (
                    *(job_id, self.tenant.name, key_id, order.kind),
                    *(order.model_dump_json(), said(wall())),
                ),
            )
        self._wake.set()
        job = self.get(job_id)
        assert job is not None
        return job

    def get(self, job_id: str) -> dict[str, Any] | None:
        """Return a job of this company, with its progress as it is now."""
        rows = self.state.read(
            "select * from jobs where job_id = ? and tenant = ?", (job_id, self.tenant.name)
        )
        return self._told(rows[0]) if rows else None

    def listed(self, limit: int) -> list[dict[str, Any]]:
        """Return the newest jobs, newest first."""
        rows = self.state.read(
            "select * from jobs where tenant = ? order by made_at desc, rowid desc limit ?",
            (self.tenant.name, limit),
        )
        return [self._told(row) for row in rows]

    def last_plan(self, site: str) -> dict[str, Any] | None:
        """Return the result of the last plan of a site that was made as a job; None without one."""
        rows = self.state.read(
            "select result from jobs where tenant = ? and kind = 'plan' and status = 'done' "
            "and json_extract(arguments, '$.site') = ? order by ended_at desc limit 1",
            (self.tenant.name, site),
        )
        return json.loads(rows[0]["result"]) if rows else None

    def cancel(self, job_id: str) -> bool:
        """End a job that waits or runs; return whether there was one."""
        waited = self.state.write(
            "update jobs set status = 'cancelled', ended_at = ? "
            "where job_id = ? and tenant = ? and status = 'queued'",
            (said(wall()), job_id, self.tenant.name),
        )
        if waited:
            return True
        job = self.get(job_id)
        if job is None or job["status"] != "running" or job["kind"] == "promote":
            return False
        self._cancelled.add(job_id)
        self._wake.set()
        return True

    def folder(self, job_id: str) -> Path:
        """Return where a job keeps its files."""
        return self.tenant.home.resolve() / "jobs" / job_id  # its process runs elsewhere

    def _told(self, row: dict[str, Any]) -> dict[str, Any]:
        if row["status"] == "running":
            row |= _progress(self.folder(row["job_id"]) / PROGRESS)
        for name in ("arguments", "result", "error"):
            row[name] = json.loads(row[name]) if row[name] else None
        return row

    def _run(self) -> None:
        while not self._stop:
            rows = self.state.read(
                "select job_id, arguments from jobs where tenant = ? and status = 'queued' "
                "order by made_at, rowid limit 1",
                (self.tenant.name,),
            )
            if not rows:
                self._wake.wait(5)
                self._wake.clear()
                continue
            job_id = rows[0]["job_id"]
            try:
                self._do(job_id, ORDER.validate_json(rows[0]["arguments"]))
            except Exception as error:  # the next job must have its turn
                structlog.get_logger().error("job", job=job_id, error=type(error).__name__)
                self._gave_up(job_id)

    def _gave_up(self, job_id: str) -> None:
        """End a job that could not be run, once the state takes it: the disk may be full."""
        while not self._stop:
            try:
                self.failed(job_id, "fault", "The job could not be run.")
                return
            except sqlite3.Error:
                self._wake.wait(PAUSE_S)
                self._wake.clear()

    def _do(self, job_id: str, order: Any) -> None:
        folder = self.folder(job_id)
        folder.mkdir(parents=True, exist_ok=True)
        words = [*order.words(self.tenant.path.resolve(), folder), f"--json={folder / RESULT}"]
        code = BUSY
        for attempt in range(TRIES):
            code = self._process(job_id, words)
            if code != BUSY or self._stop or job_id in self._cancelled:
                break
            self._wake.wait(PAUSE_S * (attempt + 1))
        if job_id in self._cancelled:
            self._cancelled.discard(job_id)
            self.end(job_id, "cancelled")
        elif self._stop and code != 0:
            self.end(job_id, "lost", error=_error("lost", "The service ended before the job."))
        elif code == 0:
            self.end(job_id, "done", result=self._result(order, folder))
        elif code < 0:
            said_ = f"The process of the job was ended by signal {-code}."
            self.end(job_id, "lost", error=_error("lost", said_))
        else:
            known = (folder, self.tenant.home.resolve(), self.tenant.path.resolve())
            self.failed(job_id, f"exit_{code}", pathless(_last(folder / ERRORS), known))

    def _process(self, job_id: str, words: list[str]) -> int:
        """Run our command line once, and return its exit code."""
        folder = self.folder(job_id)
        line = [sys.executable, "-m", "lanecast", f"--progress={folder / PROGRESS}", *words]
        with (folder / ERRORS).open("wb") as errors:
            process = subprocess.Popen(
                line,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                start_new_session=True,
                cwd=folder,
            )
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, process.pid, 10)  # answers come first
        self.state.write(
            "update jobs set status = 'running', pid = ?, started_at = coalesce(started_at, ?) "
            "where job_id = ?",
            (process.pid, said(wall()), job_id),
        )
        while (code := process.poll()) is None:
            if self._stop or job_id in self._cancelled:
                return _ended(process)
            self._wake.wait(LOOK_S)
            self._wake.clear()
        return code

    def _result(self, order: Any, folder: Path) -> dict[str, Any]:
        result: dict[str, Any] = json.loads((folder / RESULT).read_text())
        if order.kind == "fit":
            problem, version = promotion.register(self.state, self.tenant, folder / MODEL, self.who)
            result |= {"problem": problem, "version": version}
            result.pop("model", None)  # a path of this machine
        return result

    def end(
        self,
        job_id: str,
        status: str,
        result: dict[str, Any] | None = None,
        error: dict[str, Any] | None = None,
    ) -> None:
        """Write down how a job ended."""
        last = _progress(self.folder(job_id) / PROGRESS)
        share = 1.0 if status == "done" else last.get("share", 0.0)
        self.state.write(
            "update jobs set status = ?, step = ?, share = ?, ended_at = ?, result = ?, error = ?, "
            "pid = null where job_id = ?",
            (
                *(status, last.get("step", "") if status != "done" else "done", share),
                *(said(wall()), json.dumps(result) if result else None),
                *(json.dumps(error) if error else None, job_id),
            ),
        )

    def failed(self, job_id: str, code: str, detail: str) -> None:
        """Write down why a job did not end well."""
        self.end(job_id, "failed", error=_error(code, detail))

    def _lost(self) -> int:
        """End what ran under a service that is gone, also what it had not written down yet."""
        rows = self.state.read(
            "select job_id, status from jobs where tenant = ? and status in ('running', 'queued')",
            (self.tenant.name,),
        )
        for pid in _left({row["job_id"] for row in rows}):
            with suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
        lost = [row["job_id"] for row in rows if row["status"] == "running"]
        for job_id in lost:
            self.end(job_id, "lost", error=_error("lost", "The service ended first."))
        return len(lost)


def _ended(process: "subprocess.Popen[bytes]") -> int:
    """End a process: first by asking, then without."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    try:
        return process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        return process.wait()


def _left(jobs: set[str]) -> list[int]:
    """Return the processes of ``jobs`` that a service before has left; each leads its group."""
    found = []
    for each in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            words = each.read_bytes().decode(errors="replace").split("\0")
            files = (Path(word) for word in words if word.startswith("--progress="))
            if any(file.name == PROGRESS and file.parent.name in jobs for file in files):
                found.append(int(each.parent.name))
    return found


def _progress(file: Path) -> dict[str, Any]:
    """Return the last whole line of what a process said of its progress."""
    try:
        lines = file.read_text().splitlines()
    except OSError:
        return {}
    for line in reversed(lines):
        with suppress(ValueError):
            found = json.loads(line)
            return {"step": str(found["step"]), "share": float(found["share"])}
    return {}


def _last(file: Path) -> str:
    """Return the sentence in which our command line says what went wrong."""
    lines = [each for each in file.read_text(errors="replace").splitlines() if each.strip()]
    found = next((each for each in reversed(lines) if each.startswith("lanecast: ")), "")
    return found.removeprefix("lanecast: ") or "The command failed and did not say why."


def pathless(text: str, known: Iterable[Path] = ()) -> str:
    """Return a text in which paths of this machine are the names of their files only."""
    for each in known:  # those may hold spaces
        text = text.replace(str(each), each.name)
    return FOLDERS.sub("", text)


def _error(code: str, detail: str) -> dict[str, Any]:
    return {"type": f"urn:lanecast:problem:job_{code}", "code": f"job_{code}", "detail": detail}
