"""What was saved as JSON and files becomes values again, each checked against its annotation."""

import importlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, get_args

import polars as pl

from .hints import fits, hints_of, worded
from .manifest import MANIFEST, demand, told
from .parts import dotted
from .trees import booster


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
            When the class has other fields by now, or one of them holds what it may not.
        """
        now = {each.name for each in fields(kind) if each.init}
        if now != set(parts):
            raise ValueError(
                f"{self.folder}: {dotted(kind)} was saved with fields {', '.join(sorted(parts))}; "
                f"it now has {', '.join(sorted(now))}. Train again."
            )
        hints = hints_of(kind)
        return kind(
            **{
                name: self.part(f"{kind.__name__}.{name}", part, hints.get(name, Any))
                for name, part in parts.items()
            }
        )

    def part(self, where: str, part: Any, hint: Any) -> Any:
        """Return what ``part`` stands for; ``where`` names it in messages.

        Raises
        ------
        ValueError
            When it is not what ``hint`` annotates.
        """
        file = self.folder / MANIFEST
        try:
            value = self.get(part)
        except Exception as error:
            if isinstance(error, ValueError) and str(self.folder) in str(error):
                raise  # of a part inside, which has said so
            raise ValueError(
                f"{file}: {where} is {told(part)}, which cannot be read back: {error}. Restore the "
                "file from a copy, or train again."
            ) from error
        demand(file, where, part, fits(value, hint), f"a value of type {worded(hint)}")
        return value

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
                return booster(self._open(name))
            case {"tensors": name}:
                from safetensors.torch import load_file

                return load_file(self._open(name))
            case {"arrays": name}:
                from safetensors import numpy as safe

                return safe.load_file(self._open(name))
        raise ValueError(
            f"{self.folder / MANIFEST}: holds {told(part)}, which means nothing; expected a plain "
            'value, or what it is, such as {"frame": "lanes.parquet"}.'
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
            waiting += hints_of(each).values()
        waiting += get_args(each)
