"""The manifest of a saved model, read as what it must be or refused by key and value."""

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .. import __version__

FORMAT = "lanecast.artifact"
VERSION = 1
MANIFEST = "manifest.json"
SAFE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
NUMBERED = re.compile(rf"{re.escape(FORMAT)}/([0-9]{{1,9}})")
RELEASE = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})*([a-z.+-][a-z0-9.+-]*)?")
OBJECTS = ("fields", "context", "metrics", "about", "schemas", "sha256")


def describe(folder: Path) -> dict[str, Any]:
    """Return the manifest: type, metrics, tables, what it is about; nothing else is read.

    Raises
    ------
    ValueError
        When ``folder`` is no saved model, a file of it is missing, or it is of a newer version;
        the message names the key, its value, and what would be valid.
    """
    file = folder / MANIFEST
    manifest = _object(folder, file)
    _of_this_format(file, manifest)
    for key in OBJECTS:
        demand(file, key, manifest[key], isinstance(manifest[key], dict), "an object")
    for name, digest in manifest["sha256"].items():
        if not SAFE.fullmatch(name) or (folder / name).is_symlink():
            raise ValueError(f"{folder}: {name!r} is not the name of a file inside the folder.")
        valid = "the digest of the file as text"
        demand(file, f"sha256.{name}", digest, isinstance(digest, str), valid)
    for name, then in manifest["schemas"].items():
        valid = "an object with the texts sha256 and columns, and the list key"
        demand(file, f"schemas.{name}", then, _is_form(then), valid)
    if lost := [name for name in manifest["sha256"] if not (folder / name).is_file()]:
        raise ValueError(f"{folder}: not a complete saved model: {', '.join(lost)} missing.")
    return manifest


def demand(file: Path, key: str, value: Any, right: bool, valid: str) -> None:
    """Refuse what ``file`` holds under ``key`` unless it is ``right``.

    Raises
    ------
    ValueError
        When it is not; the message says what would be ``valid``.
    """
    if not right:
        raise ValueError(
            f"{file}: {key} is {told(value)}; expected {valid}. Restore the file from a copy, or "
            "train again."
        )


def digest(manifest: Mapping[str, Any]) -> str:
    """Return what tells models apart that learnt until the same moment, such as by their seed.

    What was learnt takes part, and frames do not: the engine sums them in any order, so that their
    last digits differ where nothing else does.
    """
    files = {name: of for name, of in manifest["sha256"].items() if not name.endswith(".parquet")}
    said = json.dumps(files, sort_keys=True)
    return f"-{hashlib.sha256(said.encode()).hexdigest()[:8]}"


def told(value: Any) -> str:
    """Return ``value`` as it stands in the file, cut to what a sentence can hold."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _object(folder: Path, file: Path) -> dict[str, Any]:
    try:
        manifest = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        what = "no such folder" if not folder.exists() else f"half-written, {MANIFEST} is missing"
        raise ValueError(f"{folder}: not a complete saved model: {what}.") from error
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{file}: is not JSON: {error}. Restore it, or train again.") from error
    if not isinstance(manifest, dict):
        raise ValueError(f"{file}: holds {told(manifest)}; expected an object with format, type.")
    return manifest


def _of_this_format(file: Path, manifest: Mapping[str, Any]) -> None:
    stated = manifest.get("format")
    number = NUMBERED.fullmatch(stated) if isinstance(stated, str) else None
    valid = f"{FORMAT}/1" if VERSION == 1 else f"{FORMAT}/1 to {FORMAT}/{VERSION}"
    demand(file, "format", stated, bool(number and int(number[1])), valid)
    saver = manifest.get("lanecast")
    right = isinstance(saver, str) and bool(RELEASE.fullmatch(saver))
    demand(file, "lanecast", saver, right, f"a version such as {__version__}")
    if (number and int(number[1]) > VERSION) or _numbers(str(saver)) > _numbers(__version__):
        raise ValueError(
            f"{file.parent}: was saved by Lanecast {saver} as {stated}; this is {__version__} and "
            f"reads {valid}. Update Lanecast or train again."
        )
    wanted = ("type", *OBJECTS)
    if lost := [key for key in wanted if key not in manifest]:
        raise ValueError(
            f"{file}: has no {', '.join(lost)}; expected {', '.join(wanted)}. Restore the file "
            "from a copy, or train again."
        )
    demand(file, "type", manifest["type"], isinstance(manifest["type"], str), "a class as text")


def _is_form(then: Any) -> bool:
    return (
        isinstance(then, dict)
        and isinstance(then.get("sha256"), str)
        and isinstance(columns := then.get("columns"), dict)
        and all(isinstance(each, str) for each in columns.values())
        and isinstance(key := then.get("key"), list)
        and all(isinstance(each, str) for each in key)
    )


def _numbers(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"[0-9]+", version)[:3]]
