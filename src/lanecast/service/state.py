"""What the service itself remembers, in one SQLite file: it survives a kill at any moment.

Keys, sessions, what was live when, jobs, replies that may be asked for again, and the audit. Facts
about parcels are in the lake, and accepted events in the journal, never here.
"""

import errno
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import RLock
from typing import Any

VERSION = 1
SCHEMA = """
create table keys (
    key_id text primary key, tenant text not null, name text not null, scopes text not null,
    salt blob not null, digest blob not null, made_at text not null, expires_at text,
    revoked_at text, replaces text
);
create table replies (
    key_id text not null, place text not null, idempotency_key text not null, digest text not null,
    status integer, headers text, body blob, at text not null,
    primary key (key_id, place, idempotency_key)
);
create table live (
    id integer primary key autoincrement, tenant text not null, problem text not null,
    version text not null, action text not null, at text not null, who text not null,
    why text not null, gates text not null
);
create table jobs (
    job_id text primary key, tenant text not null, key_id text not null, kind text not null,
    arguments text not null, status text not null, step text not null, share real not null,
    pid integer, made_at text not null, started_at text, ended_at text, result text, error text
);
create table audit (
    id integer primary key autoincrement, tenant text not null, at text not null, who text not null,
    action text not null, subject text not null, detail text not null, request_id text not null,
    before text not null, digest text not null
);
create table sessions (
    session_id text primary key, digest blob not null, key_id text not null, csrf text not null,
    made_at text not null, seen_at text not null, ended_at text
);
create table notes (
    tenant text not null, kind text not null, id text not null, value text not null,
    who text not null, why text not null, at text not null, primary key (tenant, kind, id, at)
);
"""


@dataclass
class State:
    """The SQLite file ``path``; every write is on the disk before the call returns."""

    path: Path
    _lock: RLock = field(default_factory=RLock, repr=False)

    def __post_init__(self) -> None:
        """Open the file, or make it.

        Raises
        ------
        ValueError
            When a newer Lanecast made it, or it is no such file.
        OSError
            When the disk does not let it be opened, such as a full one.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._open()
        except sqlite3.OperationalError as error:
            said = f"the state of a service cannot be opened ({error}); is the disk full?"
            raise OSError(errno.EIO, said, str(self.path)) from error
        except sqlite3.DatabaseError as error:
            raise ValueError(
                f"{self.path}: is not the state of a service ({error}); restore it from a copy."
            ) from error

    def _open(self) -> None:
        self._connection = sqlite3.connect(
            self.path, timeout=30, check_same_thread=False, isolation_level=None
        )
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("pragma journal_mode = wal")
        self._connection.execute("pragma synchronous = full")
        with self.writing() as write:
            (version,) = write.execute("pragma user_version").fetchone()
            if version > VERSION:
                raise ValueError(
                    f"{self.path}: has form {version}, and this Lanecast knows up to {VERSION}; "
                    "install the newer one."
                )
            if version == 0:
                for statement in SCHEMA.split(";"):
                    write.execute(statement)
                write.execute(f"pragma user_version = {VERSION}")

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Give the connection within one transaction, which is kept whole or not at all."""
        with self._lock:
            self._connection.execute("begin immediate")
            try:
                yield self._connection
                self._connection.execute("commit")
            except BaseException:
                if self._connection.in_transaction:  # a full disk may have ended it already
                    self._connection.execute("rollback")
                raise

    def write(self, statement: str, values: Sequence[Any] = ()) -> int:
        """Run one statement that changes something, and return how many rows it changed."""
        with self.writing() as write:
            return write.execute(statement, values).rowcount

    def read(self, statement: str, values: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """Return the rows of a question."""
        with self._lock:
            return [dict(row) for row in self._connection.execute(statement, values)]

    def compact(self) -> None:
        """Write the file anew, so that nothing of what was deleted is left in it."""
        with self._lock:
            self._connection.execute("vacuum")
            self._connection.execute("pragma wal_checkpoint(truncate)").fetchall()

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()
