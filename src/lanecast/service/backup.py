"""A copy of a service while it runs, from which it starts again as of when the copy began.

The order makes it whole: first the journal, then the log of commits of each lake, then its data.
An event is moved from the journal to the lake, so that one which has left the journal meanwhile is
in the lake that is copied afterwards; one in both is stored once. Data that a commit names were on
the disk before it.
"""

import json
import os
import shutil
import sqlite3
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from lanecast import __version__
from lanecast.tables import commits

BASES = ("service.db", "mlflow.db")
LAKES = "lakes"
JOURNAL = "journal"
ABOUT = "backup.json"


def back_up(home: Path, lakes: Mapping[str, Path], out: Path) -> dict[str, int]:
    """Copy ``home`` and the ``lakes`` of its tenants to the new folder ``out``.

    Returns
    -------
    dict
        ``files`` and ``bytes``.

    Raises
    ------
    ValueError
        When ``home`` is none of a service, ``out`` exists, or one lies within the other.
    """
    if not (home / BASES[0]).is_file():
        raise ValueError(f"--home: {home} has no {BASES[0]}; expected the home of a service.")
    if out.exists():
        raise ValueError(f"--out: {out} exists already; choose another name.")
    for name, inner in (("home", home), *lakes.items()):
        if out.resolve().is_relative_to(inner.resolve()):
            raise ValueError(f"--out: {out} lies within {name} ({inner}); choose a place outside.")
    partial = out.with_name(f".{out.name}.{uuid.uuid4().hex[:8]}.partial")
    partial.mkdir(parents=True)
    try:
        for journal in sorted((home / "tenants").glob(f"*/{JOURNAL}")):
            _copied(journal, partial / journal.relative_to(home))
        for name in BASES:
            _base(home / name, partial / name)
        for each in sorted(home.iterdir()):
            if each.name.startswith(BASES) or each.name.endswith(("-wal", "-shm")):
                continue
            _copied(each, partial / each.name)
        for tenant, lake in lakes.items():
            _copied(lake / commits.FOLDER, partial / LAKES / tenant / commits.FOLDER)
            _copied(lake, partial / LAKES / tenant)
        files = [each for each in partial.rglob("*") if each.is_file()]
        told = {"files": len(files), "bytes": sum(each.stat().st_size for each in files)}
        about = {"lanecast": __version__, "made_at": datetime.now(UTC).isoformat(), **told}
        (partial / ABOUT).write_text(json.dumps(about, indent=1))
        for file in [*files, partial / ABOUT]:
            _force(file)
        partial.rename(out)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return told


def _base(source: Path, goal: Path) -> None:
    """Copy a SQLite file as of one moment, while others write."""
    if not source.is_file():
        return
    with sqlite3.connect(source) as old, sqlite3.connect(goal) as new:
        old.backup(new)
    old.close()
    new.close()


def _copied(source: Path, goal: Path) -> None:
    """Copy a file, or those of a folder that are not there yet; what goes meanwhile is left out.

    A journal is copied once: segments that are newer than its copy would stand behind one that was
    copied while it was written to, and whose end is torn.
    """
    if source.is_dir() and not (source.name == JOURNAL and goal.exists()):
        goal.mkdir(parents=True, exist_ok=True)
        for each in sorted(source.iterdir()):
            _copied(each, goal / each.name)
    elif source.is_file() and not goal.exists() and source.name != ".lock":
        goal.parent.mkdir(parents=True, exist_ok=True)
        try:
            shutil.copy2(source, goal)
        except FileNotFoundError:
            goal.unlink(missing_ok=True)


def _force(file: Path) -> None:
    handle = os.open(file, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
