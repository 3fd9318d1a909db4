"""Fitted models on disk: read back, or refused in a sentence that says why."""

from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import narwhals as nw

from lanecast import artifact
from lanecast.artifact.manifest import MANIFEST, demand
from lanecast.artifact.manifest import digest as digest
from lanecast.tables.schema import Table

from .talk import note

Fitted = TypeVar("Fitted")


def loaded(
    model: Path,
    problem: str,
    kind: type[Fitted],
    tables: tuple[Table, ...],
    option: str = "--model",
) -> tuple[Fitted, dict[str, nw.DataFrame[Any]], dict[str, Any]]:
    """Return the model of a folder, its context and its manifest.

    Raises
    ------
    ValueError
        When it cannot be used, or answers another question than ``problem``.
    """
    if not model.is_dir():
        what = "is a file; expected a folder" if model.exists() else "is missing"
        raise ValueError(f"{option}: {model} {what}; make one with lanecast fit.")
    try:
        manifest = artifact.describe(model)
        learnt = manifest["about"].get("trained_until")
        valid = "an instant with offset, such as 2025-04-01T00:00:00+00:00"
        demand(model / MANIFEST, "about.trained_until", learnt, _is_instant(learnt), valid)
        asked = manifest["about"].get("problem", problem)
        demand(model / MANIFEST, "about.problem", asked, asked == problem, problem)
        return *artifact.load(model, kind, tables=tables), manifest
    except Exception as error:
        named = "" if str(model) in str(error) else f"{model}: cannot be read back: "
        raise ValueError(f"{option}: {named}{error}") from error


def version(manifest: dict[str, Any]) -> str:
    """Return what tells a model from others: until when it learnt, and what."""
    return f"{manifest['about'].get('trained_until') or ''}{digest(manifest)}"


def warn(model: Path, manifest: dict[str, Any], asked: datetime) -> None:
    """Say so when the model has learnt from what came after ``asked``."""
    learnt = manifest["about"].get("trained_until")
    if learnt and asked < datetime.fromisoformat(learnt):
        note(f"{model} learnt until {learnt[:10]}, so it may know how some of these ended.")


def _is_instant(learnt: Any) -> bool:
    """Return whether a manifest says until when it learnt, or nothing of it."""
    try:
        return learnt is None or datetime.fromisoformat(learnt).tzinfo is not None
    except (TypeError, ValueError):
        return False
