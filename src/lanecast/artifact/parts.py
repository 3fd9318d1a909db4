"""Values as JSON, and what is too large for it as files beside it."""

import importlib
import math
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, get_args, get_type_hints

import numpy as np
import polars as pl

NUMBERS = "biuf"  # kinds of numpy arrays that are kept


@dataclass
class Writer:
    """Turns values into JSON, and what is too large for it into files of ``folder``.

    File names are made of the names of fields and keys; what a name may not hold becomes a dash.
    """

    folder: Path
    taken: set[str] = field(default_factory=set)

    def record(self, where: str, value: Any) -> dict[str, Any]:
        """Return type and fields of a dataclass; ``where`` names it in files and messages."""
        names = [each.name for each in fields(value) if each.init]
        prefix = f"{where}-" if where else ""
        parts = {name: self.put(prefix + name, getattr(value, name)) for name in names}
        return {"type": dotted(type(value)), "fields": parts}

    def put(self, where: str, value: Any) -> Any:
        """Return ``value`` as JSON: itself, or an object whose only key says what it is.

        Raises
        ------
        TypeError
            When there is no such form; the message names ``where`` and the type.
        """
        torch, lgb = sys.modules.get("torch"), sys.modules.get("lightgbm")
        if isinstance(value, float) and not math.isfinite(value):
            return {"float": str(float(value))}
        if isinstance(value, str | int | float | bool | None):
            return value
        if isinstance(value, datetime):
            return {"datetime": value.isoformat()}
        if isinstance(value, date):
            return {"date": value.isoformat()}
        if is_dataclass(value) and not isinstance(value, type):
            return {"dataclass": self.record(where, value)}
        if isinstance(value, pl.DataFrame):
            file = self._file(where, "parquet")
            value.write_parquet(file)
            return {"frame": file.name}
        if lgb and isinstance(value, lgb.Booster):
            file = self._file(where, "txt")
            value.save_model(file)
            return {"booster": file.name}
        if isinstance(value, np.ndarray) or (torch and isinstance(value, torch.Tensor)):
            return {"one": self.put(where, {"value": value})}
        if isinstance(value, dict) and value and torch and _all(value, torch.Tensor):
            return {"tensors": self._tensors(where, value)}
        if isinstance(value, dict) and value and _all(value, np.ndarray):
            return {"arrays": self._arrays(where, value)}
        if type(value) in (tuple, list):
            parts = [self.put(f"{where}-{i}", each) for i, each in enumerate(value)]
            return {type(value).__name__: parts}
        if isinstance(value, dict) and all(isinstance(key, str) for key in value):
            return {"dict": {key: self.put(f"{where}-{key}", value[key]) for key in value}}
        hint = " with keys that are no text" if isinstance(value, dict) else ""
        raise TypeError(f"{where}: cannot be saved, because it is a {type(value).__name__}{hint}.")

    def _tensors(self, where: str, value: Mapping[str, Any]) -> str:
        from safetensors.torch import save_file

        file = self._file(where, "safetensors")
        save_file({k: v.detach().cpu().contiguous().clone() for k, v in value.items()}, file)
        return file.name

    def _arrays(self, where: str, value: Mapping[str, Any]) -> str:
        from safetensors.numpy import save_file

        for name, array in value.items():
            if array.dtype.kind not in NUMBERS:
                raise TypeError(f"{where}: cannot save {name}, an array of {array.dtype}.")
        file = self._file(where, "safetensors")
        native = {k: v.astype(v.dtype.newbyteorder("="), order="C") for k, v in value.items()}
        save_file(native, file)
        return file.name

    def _file(self, where: str, suffix: str) -> Path:
        stem = re.sub(r"[^A-Za-z0-9_]+", "-", where).strip("-")[:80] or "part"
        name, number = stem, 1
        while f"{name}.{suffix}".lower() in self.taken:
            number += 1
            name = f"{stem}-{number}"
        self.taken.add(f"{name}.{suffix}".lower())
        return self.folder / f"{name}.{suffix}"


@dataclass(frozen=True)
class Reader:
    """Undoes ``Writer``: ``files`` may be opened, ``known`` classes may be built."""

    folder: Path
    files: Mapping[str, str]
    known: Mapping[str, type]

    def build(self, kind: Any, parts: Mapping[str, Any]) -> Any:
        """Return a ``kind`` with the fields that were saved.

        Raises
        ------
        ValueError
            When the class has other fields by now.
        """
        now = {each.name for each in fields(kind) if each.init}
        if now != set(parts):
            raise ValueError(
                f"{self.folder}: {dotted(kind)} was saved with fields {', '.join(sorted(parts))}; "
                f"it now has {', '.join(sorted(now))}. Train again."
            )
        return kind(**{name: self.get(part) for name, part in parts.items()})

    def get(self, part: Any) -> Any:
        """Return what ``Writer.put`` was given.

        Raises
        ------
        ValueError
            When ``part`` is none of its forms, or names a file or class that it may not.
        """
        match part:
            case None | str() | int() | float():
                return part
            case {"float": value}:
                return float(value)
            case {"datetime": value}:
                return datetime.fromisoformat(value)
            case {"date": value}:
                return date.fromisoformat(value)
            case {"tuple": values}:
                return tuple(self.get(each) for each in values)
            case {"list": values}:
                return [self.get(each) for each in values]
            case {"dict": values}:
                return {key: self.get(each) for key, each in values.items()}
            case {"dataclass": value}:
                return self.build(self._class(value["type"]), value["fields"])
            case {"one": value}:
                return self.get(value)["value"]
            case {"frame": name}:
                return pl.read_parquet(self._open(name))
            case {"booster": name}:
                import lightgbm

                return lightgbm.Booster(model_file=self._open(name))
            case {"tensors": name}:
                from safetensors.torch import load_file

                return load_file(self._open(name))
            case {"arrays": name}:
                from safetensors import numpy as safe

                return safe.load_file(self._open(name))
        raise ValueError(
            f"{self.folder}: the manifest holds {str(part)[:80]}, which means nothing."
        )

    def _open(self, name: str) -> Path:
        if name not in self.files:
            raise ValueError(f"{self.folder}: {name!r} is not a file of this saved model.")
        return self.folder / name

    def _class(self, path: str) -> Any:
        if path in self.known:
            return self.known[path]
        if not path.startswith("lanecast."):
            raise ValueError(f"{self.folder}: {path} is no class of Lanecast.")
        module, _, name = path.rpartition(".")
        try:
            found = getattr(importlib.import_module(module), name)
        except (ImportError, AttributeError) as error:
            raise ValueError(f"{self.folder}: {path} does not exist any more.") from error
        if not (isinstance(found, type) and is_dataclass(found) and dotted(found) == path):
            raise ValueError(f"{self.folder}: {path} is no dataclass.")
        return found


def named(kind: type) -> Iterator[Any]:
    """Yield ``kind`` and every dataclass that its annotations name, however deep."""
    waiting: list[Any] = [kind]
    seen: set[Any] = set()
    while waiting:
        each = waiting.pop()
        if is_dataclass(each) and each not in seen:
            seen.add(each)
            yield each
            with suppress(NameError):  # a name that only type checkers import
                waiting += get_type_hints(each).values()
        waiting += get_args(each)


def _all(value: Mapping[Any, Any], kind: type) -> bool:
    return all(isinstance(k, str) and isinstance(v, kind) for k, v in value.items())


def dotted(kind: type) -> str:
    """Return the path by which a class is known."""
    return f"{kind.__module__}.{kind.__qualname__}"
