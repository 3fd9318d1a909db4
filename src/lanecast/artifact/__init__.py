"""A fitted model and its context as a folder that anybody may open; never pickle.

``manifest.json`` says what it is, what it was learnt from and how good it was; frames lie beside
it as Parquet, trees as LightGBM text, tensors and arrays as safetensors. A model of torch keeps
its weights as ``dict[str, Tensor]`` and rebuilds the module in its own code.
"""

import hashlib
import json
import os
import shutil
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import is_dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import narwhals as nw
import polars as pl

from .. import __version__
from .manifest import FORMAT, MANIFEST, VERSION
from .manifest import describe as describe
from .parts import Writer, dotted
from .reader import Reader, named
from .schemas import Schema, changes, form

T = TypeVar("T")


def save(
    folder: Path,
    fitted: Any,
    context: Mapping[str, nw.LazyFrame[Any] | nw.DataFrame[Any]],
    *,
    metrics: Mapping[str, Any] | None = None,
    tables: Iterable[Schema] = (),
    about: Mapping[str, Any] | None = None,
) -> None:
    """Write the dataclass ``fitted`` and ``context`` to a new ``folder``.

    A neighbour is filled, forced to the disk and then renamed, so that a reader sees all of it or
    nothing, also after a power cut.

    Parameters
    ----------
    folder
        Where; its parents are made.
    fitted
        Frozen dataclass. Its fields are plain JSON, instants, Polars frames, boosters, tensors,
        arrays of numbers, dataclasses, and tuples, lists and dicts of these.
    context
        Small frames that ``assemble`` joins to a row.
    metrics
        How good the model was, plain JSON.
    tables
        Canonical tables that it was learnt from: their form is kept.
    about
        Anything else worth knowing, plain JSON, for example ``trained_until``.

    Raises
    ------
    FileExistsError
        When ``folder`` exists.
    TypeError
        When something cannot be written without pickle; the message names the field.
    """
    if folder.exists():
        raise FileExistsError(f"{folder}: exists already; choose another name.")
    if not is_dataclass(fitted) or isinstance(fitted, type):
        raise TypeError(f"fitted: expected a fitted dataclass, got {fitted!r}.")
    partial = folder.with_name(f".{folder.name}.{uuid.uuid4().hex[:8]}.partial")
    partial.mkdir(parents=True)
    try:
        writer = Writer(partial)
        manifest = {
            "format": f"{FORMAT}/{VERSION}",
            "lanecast": __version__,
            "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
            **writer.record("", fitted),
            "context": {
                name: writer.put(f"context-{name}", _rows(context[name])) for name in context
            },
            "metrics": _plain("metrics", metrics or {}),
            "about": _plain("about", about or {}),
            "schemas": {table.name: form(table) for table in tables},
            "sha256": {file.name: _digest(file) for file in sorted(partial.iterdir())},
        }
        (partial / MANIFEST).write_text(json.dumps(manifest, indent=1, allow_nan=False))
        for file in [*partial.iterdir(), partial]:
            _force(file)
        try:
            partial.rename(folder)
        except OSError as error:
            if not folder.exists():
                raise
            raise FileExistsError(f"{folder}: exists already; another save was faster.") from error
        _force(folder.parent)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


def load(
    folder: Path, kind: type[T], *, tables: Iterable[Schema] = ()
) -> tuple[T, dict[str, nw.DataFrame[Any]]]:
    """Return the fitted model of type ``kind`` and its context, both in memory.

    Parameters
    ----------
    folder
        What ``save`` wrote.
    kind
        Class that is expected; dataclasses inside it may be those that its annotations name, and
        those of Lanecast.
    tables
        Canonical tables as they are now: a model that knows one of them in another form is
        refused.

    Raises
    ------
    ValueError
        When ``folder`` is half-written, changed, foreign, of a newer version, learnt from tables
        of another form, or holds another type; and when a value in it is not what its field wants.
        A frame that the context has not is refused when it is asked for.
    """
    manifest = describe(folder)
    if manifest["type"] != dotted(kind):
        raise ValueError(f"{folder}: holds a {manifest['type']}, not a {dotted(kind)}.")
    verify(folder, tables)
    reader = Reader(folder, manifest["sha256"], {dotted(each): each for each in named(kind)})
    fitted = reader.build(kind, manifest["fields"])
    context = Context(
        (name, nw.from_native(reader.part(f"context.{name}", part, pl.DataFrame)))
        for name, part in manifest["context"].items()
    )
    context.file = folder / MANIFEST
    used = json.dumps([manifest["fields"], manifest["context"]])
    if lost := [name for name in manifest["sha256"] if json.dumps(name) not in used]:
        raise ValueError(
            f"{folder / MANIFEST}: no field and no key of context uses {', '.join(lost)}; expected "
            "one that does. Restore the file from a copy, or train again."
        )
    return fitted, context


def verify(folder: Path, tables: Iterable[Schema] = ()) -> dict[str, Any]:
    """Return the manifest if every file is as it was saved; nothing is built, so it takes no time.

    Raises
    ------
    ValueError
        When ``folder`` is half-written, changed, of a newer version, or learnt from ``tables`` of
        another form.
    """
    manifest = describe(folder)
    for table in tables:
        then = manifest["schemas"].get(table.name)
        if then and (found := changes(table, then)):
            what = f"was learnt from another form of {table.name}: {', '.join(found)}"
            raise ValueError(f"{folder}: {what}. Train again.")
    for name, digest in manifest["sha256"].items():
        if _digest(folder / name) != digest:
            raise ValueError(f"{folder}: {name} has changed since it was saved.")
    return manifest


class Context(dict[str, nw.DataFrame[Any]]):
    """Frames by name as they stand in ``file``; one that is not there is refused in words."""

    file: Path

    def __missing__(self, name: str) -> nw.DataFrame[Any]:
        """Refuse a name.

        Raises
        ------
        ValueError
            Always; the message names the file and the key.
        """
        raise ValueError(
            f"{self.file}: context has no key {name}; expected one with its frame. Restore the "
            "file from a copy, or train again."
        )


def _rows(frame: Any) -> pl.DataFrame:
    return nw.from_native(frame).lazy().collect("polars").to_native()  # type: ignore[no-any-return]


def _plain(name: str, value: Mapping[str, Any]) -> Any:
    try:
        return json.loads(json.dumps(value, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise TypeError(f"{name}: expected plain JSON with finite numbers: {error}.") from error


def _digest(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _force(path: Path) -> None:
    """Make the system write ``path``, a file or a folder, to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
