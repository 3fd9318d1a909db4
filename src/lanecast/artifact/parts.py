"""Values as JSON, and what is too large for it as files beside it."""

import math
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

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


def _all(value: Mapping[Any, Any], kind: type) -> bool:
    return all(isinstance(k, str) and isinstance(v, kind) for k, v in value.items())


def dotted(kind: type) -> str:
    """Return the path by which a class is known."""
    return f"{kind.__module__}.{kind.__qualname__}"
