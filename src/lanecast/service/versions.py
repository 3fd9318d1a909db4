"""Fitted models that a service keeps: a folder for each version, there whole or not at all."""

import os
import re
import shutil
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from fcntl import LOCK_EX, flock
from pathlib import Path
from typing import Any

from lanecast import artifact
from lanecast.artifact.manifest import MANIFEST, digest

from .kinds import PROBLEMS, TABLES, kind

VERSION = re.compile(r"[0-9]{1,9}-[0-9a-f]{8}")
MODELS = "models"


def name_of(manifest: Mapping[str, Any]) -> str:
    """Return the version of a model, as its predictions carry it: learnt until [h], digest."""
    until = datetime.fromisoformat(manifest["about"]["trained_until"])
    return f"{until.timestamp() / 3600:.0f}{digest(manifest)}"


def folder(home: Path, problem: str, version: str) -> Path:
    """Return where a version lies, or would.

    Raises
    ------
    ValueError
        When one of the names is none; nothing outside of ``home`` can be named.
    """
    if problem not in PROBLEMS:
        raise ValueError(f"problem: {problem!r}; expected one of {', '.join(PROBLEMS)}.")
    if not VERSION.fullmatch(version):
        raise ValueError(f"version: {version!r}; expected a version such as 484512-0a1b2c3d.")
    return home / MODELS / problem / version


def listed(home: Path, problem: str) -> list[str]:
    """Return the versions that are kept, the one that learnt last first."""
    there = (home / MODELS / problem).glob("*")
    names = [each.name for each in there if VERSION.fullmatch(each.name) and each.is_dir()]
    return sorted(names, key=lambda name: (int(name.partition("-")[0]), name), reverse=True)


def load(home: Path, problem: str, version: str) -> tuple[Any, dict[str, Any], dict[str, Any]]:
    """Return the model of a version, its context and its manifest.

    Raises
    ------
    ValueError
        When it is missing, broken, or was learnt from other tables than those of today.
    """
    return read(folder(home, problem, version), problem)


def manifest(home: Path, problem: str, version: str) -> dict[str, Any]:
    """Return what a version says of itself.

    Raises
    ------
    ValueError
        When it is missing or broken.
    """
    return artifact.describe(folder(home, problem, version))


def intact(home: Path, problem: str, version: str) -> bool:
    """Return whether a version is as it was when it was adopted, and its tables still are.

    It was read as a model then; to build it again takes seconds, which a rollback has not.
    """
    try:
        artifact.verify(folder(home, problem, version), TABLES.values())
    except ValueError:
        return False
    return True


def read(path: Path, problem: str) -> tuple[Any, dict[str, Any], dict[str, Any]]:
    """Return the model of a folder, its context and its manifest; raises as ``load``."""
    said = artifact.describe(path)
    return *artifact.load(path, kind(problem).fitted, tables=TABLES.values()), said


def adopt(home: Path, source: Path) -> tuple[str, str]:
    """Copy the model of ``source`` to its place, and return its problem and version.

    A neighbour is filled, forced to the disk, read as a model, and then renamed. A version that is
    there stays, unless it cannot be read any more: then the copy takes its place.

    Raises
    ------
    ValueError
        When ``source`` is no model that a service keeps.
    """
    said = artifact.describe(source)
    problem = said["about"].get("problem")
    if problem not in PROBLEMS:
        raise ValueError(
            f"{source}: is a model of {problem}; expected one of {', '.join(PROBLEMS)}."
        )
    if "trained_until" not in said["about"]:
        raise ValueError(f"{source}: does not say until when it learnt; train again.")
    version = name_of(said)
    goal = folder(home, problem, version)
    with _alone(goal.parent):
        if goal.exists() and _reads(goal, problem):
            return problem, version
        partial = goal.with_name(f".{version}.{uuid.uuid4().hex[:8]}.partial")
        partial.mkdir()
        for name in (*said["sha256"], MANIFEST):
            shutil.copyfile(source / name, partial / name)
        for each in [*partial.iterdir(), partial]:
            _force(each)
        read(partial, problem)  # what was copied, not what it was copied from
        if goal.exists():
            goal.rename(goal.with_name(f".{version}.{uuid.uuid4().hex[:8]}.partial"))
        partial.rename(goal)
        _force(goal.parent)
    return problem, version


@contextmanager
def _alone(models: Path) -> Iterator[None]:
    """Hold the right to add to a folder, and clear away what a kill has left in it."""
    models.mkdir(parents=True, exist_ok=True)
    with (models / ".lock").open("w") as lock:
        flock(lock, LOCK_EX)
        try:
            yield
        finally:
            for left in models.glob(".*.partial"):
                shutil.rmtree(left, ignore_errors=True)


def _reads(path: Path, problem: str) -> bool:
    try:
        read(path, problem)
    except ValueError:
        return False
    return True


def _force(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
