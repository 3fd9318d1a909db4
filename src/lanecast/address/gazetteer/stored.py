"""The compiled gazetteer beside its tables: made once per edition, then mapped, not read."""

import errno
import json
import os
import shutil
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any, TypeVar, cast, get_type_hints

import narwhals as nw
import numpy as np
import polars as pl

from lanecast.tables.address import KNOWN
from lanecast.tables.lake import Lake, collect

from .arrays import Gazetteer
from .compile import compiled

FOLDER, FORM = "_gazetteer", 10
MANIFEST = "manifest.json"
ABANDONED_S = 3600.0  # after which nobody fills a folder any more
T = TypeVar("T")


def gazetteer(lake: Lake) -> Gazetteer:
    """Return the gazetteer of ``lake``; it is compiled first where its tables have changed.

    A lake without one gives an empty gazetteer: nothing is confirmed then, and nothing suspicious.
    Of a lake as of a moment before its newest edition, the one of that moment is compiled anew.
    """
    held = versions(lake)
    if not held or later(lake):
        return compiled(lake)
    wanted = {"form": FORM, "tables": held}
    return kept(lake.path / FOLDER, wanted, Gazetteer, lambda: compiled(lake))


def versions(lake: Lake) -> dict[str, int]:
    """Return the tables of a gazetteer that ``lake`` has, and their versions."""
    held = lake.pinned.versions
    return {table.name: held[table.name] for table in KNOWN if table.name in held}


def later(lake: Lake) -> bool:
    """Return whether ``lake`` holds rows of a gazetteer that were not known at its moment."""
    if lake.until is None:
        return False
    whole, clock = replace(lake, until=None), nw.col("recorded_at")
    later = (
        whole.versions(table).filter(clock > lake.until).select(nw.len())
        for table in KNOWN
        if whole.has(table)
    )
    return any(collect(rows).item() for rows in later)


def kept(folder: Path, wanted: dict[str, Any], kind: type[T], make: Callable[[], T]) -> T:
    """Return what lies in ``folder`` under the manifest ``wanted``, mapped; made where it is not.

    ``kind`` is a dataclass of arrays, strings, tables and further such dataclasses.
    """
    for each in sorted(folder.glob("*/" + MANIFEST)) if folder.is_dir() else []:
        with suppress(FileNotFoundError):  # another process has just put a newer one there
            if json.loads(each.read_text()) == wanted:
                return cast("T", _get(each.parent, "", kind))
    _save(folder, make(), wanted)
    return kept(folder, wanted, kind, make)


def _save(folder: Path, made: Any, manifest: dict[str, Any]) -> None:
    """Fill a neighbour and rename it, so that a reader sees all or nothing; drop older ones.

    One of the same manifest stays: another process made it meanwhile and is reading it.

    Raises
    ------
    OSError
        When the disk is full; nothing is left there then.
    """
    partial = folder / f".{uuid.uuid4().hex[:8]}.partial"
    partial.mkdir(parents=True)
    try:
        _put(partial, "", made)
        (partial / MANIFEST).write_text(json.dumps(manifest))
        older = [each for each in folder.iterdir() if _done_with(each, manifest)]
        partial.rename(folder / uuid.uuid4().hex[:12])
        for each in older:
            shutil.rmtree(each, ignore_errors=True)
    except BaseException as error:
        shutil.rmtree(partial, ignore_errors=True)
        if isinstance(error, OSError) and error.errno is None:  # numpy: so and so much was written
            full = errno.ENOSPC
            raise OSError(full, os.strerror(full), str(folder)) from error
        raise


def _done_with(each: Path, manifest: dict[str, Any]) -> bool:
    """Return whether nobody reads a folder: of other tables, or left behind half-made."""
    with suppress(OSError, ValueError):
        if each.name.startswith("."):
            return time.time() - each.stat().st_mtime > ABANDONED_S
        return bool(json.loads((each / MANIFEST).read_text()) != manifest)
    return False


def _put(folder: Path, name: str, value: Any) -> None:
    if is_dataclass(value):
        for each in fields(value):
            _put(folder, f"{name}.{each.name}".lstrip("."), getattr(value, each.name))
    elif isinstance(value, np.ndarray):
        np.save(folder / f"{name}.npy", value)
    elif isinstance(value, pl.DataFrame):
        value.write_parquet(folder / f"{name}.parquet")
    else:
        (folder / f"{name}.json").write_text(json.dumps(value))


def _get(folder: Path, name: str, kind: Any) -> Any:
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        names = [(each.name, f"{name}.{each.name}".lstrip(".")) for each in fields(kind)]
        return kind(**{each: _get(folder, file, hints[each]) for each, file in names})  # type: ignore[operator]
    if kind is pl.DataFrame:
        return pl.read_parquet(folder / f"{name}.parquet")
    if (folder / f"{name}.json").is_file():
        return tuple(json.loads((folder / f"{name}.json").read_text()))
    return np.asarray(np.load(folder / f"{name}.npy", mmap_mode="r"))  # views of it are plain
