"""Erase a person's data wherever a service keeps any, and keep a receipt that names nobody.

First what lies beside the lake: events on their way into it, models, and the service's own state.
Then the lake, whose orders are changed last. A service that is killed half-way says
``interrupted``; the same erasure asked for again goes on.
"""

import hashlib
import json
import os
import re
import secrets
import sqlite3
import threading
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
import structlog

from lanecast.artifact.manifest import MANIFEST
from lanecast.tables.commits import LakeBusyError
from lanecast.tables.erasure import Person, erase, person

from .clock import wall
from .keys import said
from .state import State
from .tenants import Tenant

NOTE = "erasure"
PATIENCE_S = 30.0  # until events that were accepted are in the lake
STOP_S = 5.0  # that the end of the service waits for an erasure
TRIES, PAUSE_S = 60, 0.5  # while others write to the lake
TEXTS = (("notes", ("id", "value", "why")), ("jobs", ("arguments", "result", "error")))
SHORTEST = 3  # characters of what is looked for in free text


class RunningError(Exception):
    """Another erasure is being done."""


@dataclass
class Erasures:
    """The erasures of one company, one after the other.

    Parameters
    ----------
    home
        Of the service.
    forget
        Lets go of what is held in memory.
    """

    state: State
    tenant: Tenant
    home: Path
    forget: Callable[[], None]
    _doing: str | None = None
    _thread: threading.Thread | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def begin(self, buyer_id: str, who: str) -> dict[str, Any]:
        """Begin to erase a buyer, and return the receipt as it is by now.

        Raises
        ------
        RunningError
            When another erasure is being done.
        """
        with self._lock:
            if self._doing is not None:
                raise RunningError
            self._doing = name = secrets.token_hex(8)
        receipt: dict[str, Any] = {"erasure_id": name, "who": who, "status": "doing"}
        receipt["begun_at"] = said(wall())
        receipt |= {"ended_at": None, "tables": {}, "models": 0, "notes": 0, "digest": None}
        self._keep(receipt)
        self._thread = threading.Thread(target=self._run, args=(buyer_id, receipt), daemon=True)
        self._thread.start()
        return receipt

    def stop(self) -> None:
        """Give an erasure that is being done a little time to end before the service does."""
        if self._thread is not None:
            self._thread.join(STOP_S)

    def get(self, erasure_id: str) -> dict[str, Any] | None:
        """Return a receipt."""
        return next((each for each in self.listed() if each["erasure_id"] == erasure_id), None)

    def listed(self) -> list[dict[str, Any]]:
        """Return all receipts, the newest first."""
        rows = self.state.read(
            "select id, value from notes where tenant = ? and kind = ? order by at",
            (self.tenant.name, NOTE),
        )
        last = {row["id"]: json.loads(row["value"]) for row in rows}
        for name, receipt in last.items():
            if receipt["status"] == "doing" and name != self._doing:
                receipt["status"] = "interrupted"
        return sorted(last.values(), key=lambda each: str(each["begun_at"]), reverse=True)

    def _run(self, buyer_id: str, receipt: dict[str, Any]) -> None:
        try:
            done = receipt | self._erased(buyer_id, receipt["erasure_id"])
            done |= {"status": "done", "ended_at": said(wall())}
        except Exception as error:  # told in the receipt, without the words, which may name a value
            kind = type(error).__name__
            structlog.get_logger().error("erasure", erasure=receipt["erasure_id"], error=kind)
            done = receipt | {"status": "failed", "ended_at": said(wall())}
        done["digest"] = digest(done)
        try:
            self._keep(done)
        except sqlite3.ProgrammingError:  # the service has ended; the receipt says interrupted
            structlog.get_logger().warning("erasure", erasure=receipt["erasure_id"], error="ended")
            return
        self._doing = None
        self.forget()

    def _erased(self, buyer_id: str, name: str) -> dict[str, Any]:
        if not self.tenant.events.settled(PATIENCE_S):
            raise TimeoutError("events wait to be moved into the lake")
        who = person(self.tenant.lake(), buyer_id)
        notes = _from_state(self.state, self.tenant.name, {buyer_id, *who.texts})
        models = sum(_from_model(each.parent, who) for each in self._models())
        tables = self._from_lake(who, f"erased-{name}")
        return {"tables": tables, "models": models, "notes": notes}

    def _from_lake(self, who: Person, name: str) -> dict[str, int]:
        pause = threading.Event()
        for _ in range(TRIES):
            try:
                return erase(self.tenant.path, who, name)
            except LakeBusyError:
                pause.wait(PAUSE_S)
        return erase(self.tenant.path, who, name)

    def _models(self) -> Iterator[Path]:
        """Yield the manifests of all copies of this company's models."""
        yield from self.tenant.home.rglob(MANIFEST)
        for folder in (self.home / "mlflow").glob(f"{self.tenant.name}.*"):
            yield from folder.rglob(MANIFEST)

    def _keep(self, receipt: dict[str, Any]) -> None:
        self.state.write(
            "insert into notes values (?, ?, ?, ?, ?, '', ?)",
            (
                *(self.tenant.name, NOTE, receipt["erasure_id"], json.dumps(receipt)),
                *(receipt["who"], said(wall())),
            ),
        )


def digest(receipt: dict[str, Any]) -> str:
    """Return the SHA-256 of a receipt, which tells whether it was changed."""
    told = {name: value for name, value in receipt.items() if name != "digest"}
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def _from_model(folder: Path, who: Person) -> int:
    """Take a person out of the frames of a model; return how many rows those were.

    The digest of a frame is that of what it holds now, also where a kill came before it was told.
    """
    file = folder / MANIFEST
    manifest = json.loads(file.read_text(encoding="utf-8"))
    of = {"buyer_id": [who.buyer_id], "address_id": list(who.addresses)}
    gone, changed = 0, False
    for name in [each for each in manifest.get("sha256", {}) if each.endswith(".parquet")]:
        path = folder / name
        keys = of.keys() & set(pl.read_parquet_schema(path))
        if not keys:
            continue
        frame = pl.read_parquet(path)
        ours = pl.any_horizontal(pl.col(key).is_in(of[key]) for key in keys).fill_null(False)
        kept = frame.filter(~ours)
        if kept.height < frame.height:
            gone += frame.height - kept.height
            partial = path.with_name(f".{name}.partial")
            kept.write_parquet(partial)
            partial.replace(path)
        now = hashlib.sha256(path.read_bytes()).hexdigest()
        changed = changed or now != manifest["sha256"][name]
        manifest["sha256"][name] = now
    if changed:
        partial = file.with_name(f".{MANIFEST}.partial")
        with partial.open("w", encoding="utf-8") as told:
            json.dump(manifest, told, indent=1)
            told.flush()
            os.fsync(told.fileno())
        partial.replace(file)
    return gone


def _from_state(state: State, tenant: str, words: Collection[str]) -> int:
    """Take words out of what people typed and out of kept replies; return how many rows."""
    words = [each for each in words if len(each) >= SHORTEST]
    if not words:
        return 0
    pattern = re.compile("|".join(rf"(?<!\w){re.escape(each)}(?!\w)" for each in words))
    changed = 0
    with state.writing() as write:
        for table, columns in TEXTS:
            asked = f"select rowid as n, {', '.join(columns)} from {table} where tenant = ?"
            for row in write.execute(asked, (tenant,)).fetchall():
                old = {name: row[name] for name in columns}
                new = {k: v if v is None else pattern.sub("***", v) for k, v in old.items()}
                if new != old:
                    names = ", ".join(f"{each} = ?" for each in columns)
                    write.execute(
                        f"update {table} set {names} where rowid = ?", (*new.values(), row["n"])
                    )
                    changed += 1
        for row in write.execute("select rowid as n, body from replies").fetchall():
            if row["body"] and pattern.search(bytes(row["body"]).decode("utf-8", "replace")):
                write.execute("delete from replies where rowid = ?", (row["n"],))
                changed += 1
    state.compact()
    return changed
