"""The compiled gazetteer beside its tables: made once per edition, then mapped, not read."""

import json
import shutil
import uuid
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, get_type_hints

import numpy as np
import polars as pl

from lanecast.tables.address import KNOWN
from lanecast.tables.lake import Lake

from .arrays import Gazetteer
from .compile import compiled

FOLDER, FORM = "_gazetteer", 1
MANIFEST = "manifest.json"


def gazetteer(lake: Lake) -> Gazetteer:
    """Return the gazetteer of ``lake``; it is compiled first where its tables have changed.

    A lake without one gives an empty gazetteer: nothing is confirmed then, and nothing suspicious.
    """
    wanted = {"form": FORM, "tables": _versions(lake)}
    if not wanted["tables"]:
        return compiled(lake)
    folder = lake.path / FOLDER
    for each in sorted(folder.glob("*/" + MANIFEST)) if folder.is_dir() else []:
        if {k: v for k, v in json.loads(each.read_text()).items() if k in wanted} == wanted:
            return _open(each.parent)
    made = compiled(lake)
    _save(folder, made, wanted)
    return gazetteer(lake)


def _versions(lake: Lake) -> dict[str, int]:
    held = lake.pinned.versions
    return {table.name: held[table.name] for table in KNOWN if table.name in held}


def _save(folder: Path, made: Gazetteer, manifest: dict[str, Any]) -> None:
    """Fill a neighbour and rename it, so that a reader sees all or nothing; drop older ones."""
    partial = folder / f".{uuid.uuid4().hex[:8]}.partial"
    partial.mkdir(parents=True)
    try:
        _put(partial, "", made)
        manifest = manifest | {"countries": list(made.countries)}
        (partial / MANIFEST).write_text(json.dumps(manifest))
        older = [each for each in folder.iterdir() if not each.name.startswith(".")]
        partial.rename(folder / uuid.uuid4().hex[:12])
        for each in older:
            shutil.rmtree(each, ignore_errors=True)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


def _put(folder: Path, name: str, value: Any) -> None:
    if is_dataclass(value):
        for each in fields(value):
            _put(folder, f"{name}.{each.name}".lstrip("."), getattr(value, each.name))
    elif isinstance(value, np.ndarray):
        np.save(folder / f"{name}.npy", value)
    elif isinstance(value, pl.DataFrame):
        value.write_parquet(folder / f"{name}.parquet")


def _open(folder: Path) -> Gazetteer:
    countries = tuple(json.loads((folder / MANIFEST).read_text())["countries"])
    parts = {
        name: _get(folder, name, kind)
        for name, kind in _kinds(Gazetteer).items()
        if name != "countries"
    }
    return Gazetteer(countries=countries, **parts)


def _get(folder: Path, name: str, kind: Any) -> Any:
    if is_dataclass(kind):
        return kind(**{n: _get(folder, f"{name}.{n}", k) for n, k in _kinds(kind).items()})  # type: ignore[operator]
    if kind is pl.DataFrame:
        return pl.read_parquet(folder / f"{name}.parquet")
    return np.load(folder / f"{name}.npy", mmap_mode="r")


def _kinds(kind: Any) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {each.name: hints[each.name] for each in fields(kind)}
