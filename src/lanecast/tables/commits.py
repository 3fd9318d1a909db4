"""The log of a lake: which version of each table belongs together, and who may write.

A commit is one JSON file that appears whole or not at all. Readers pin the table versions that
the newest one names, so that they never see half an ingest; a writer that was killed leaves
versions that no commit names, and the next writer takes them back.
"""

import fcntl
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import unquote

FOLDER = "_commits"
HINT = ".newest"
RESTORE = "Restore the file from a copy of the lake."


class LakeBusyError(RuntimeError):
    """Somebody else is writing to the lake."""


@dataclass(frozen=True)
class Commit:
    """Table versions that belong together; ``number`` counts from 1, 0 is the empty lake."""

    number: int = 0
    versions: dict[str, int] = field(default_factory=dict)
    source: str = ""
    at: str = ""
    rows: dict[str, int] = field(default_factory=dict)


def history(lake: Path) -> list[int]:
    """Return the numbers of all commits, oldest first."""
    found = (file.stem for file in (lake / FOLDER).glob("*.json"))
    return sorted(int(stem) for stem in found if stem.isdigit())


def load(lake: Path, number: int | None = None) -> Commit:
    """Return commit ``number``, or the newest.

    Raises
    ------
    ValueError
        When there is no such commit, or its file is not one; the message names the key, its value,
        and what would be valid.
    """
    if number is None:
        number = newest(lake)
    if number == 0:
        return Commit()
    file = lake / FOLDER / f"{number:08d}.json"
    if not file.exists():
        has = len(history(lake))
        raise ValueError(f"commit: {lake} has no commit {number}; it has 1 to {has}.")
    return _read(file, number)


def newest(lake: Path) -> int:
    """Return the number of the newest commit, 0 where there is none.

    A service makes tens of thousands a day, so they are not listed: a hint, which may be old or
    lost, says where to look.
    """
    folder = lake / FOLDER
    try:
        number = int((folder / HINT).read_text())
    except (OSError, ValueError):
        number = 0
    if not (folder / f"{number:08d}.json").exists():
        number = max(history(lake), default=0)
    while (folder / f"{number + 1:08d}.json").exists():
        number += 1
    return number


def _read(file: Path, number: int) -> Commit:
    try:
        said = json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{file}: is not JSON: {error}. {RESTORE}") from error
    names = [each.name for each in fields(Commit)]
    if not isinstance(said, dict) or set(said) != set(names):
        got = ", ".join(said) if isinstance(said, dict) else json.dumps(said)[:80]
        wanted = ", ".join(names)
        raise ValueError(f"{file}: is not a commit; expected {wanted}, got {got}. {RESTORE}")
    table = 'an object of table and {}, such as {{"scans": {}}}'
    valid = {
        "number": (str(number), said["number"] == number and _counts(said["number"])),
        "versions": (table.format("version", 4), _by_table(said["versions"])),
        "source": ("text", isinstance(said["source"], str)),
        "at": ("text", isinstance(said["at"], str)),
        "rows": (table.format("number of rows", 1200), _by_table(said["rows"])),
    }
    for name, (wanted, right) in valid.items():
        if not right:
            value = json.dumps(said[name])[:80]
            raise ValueError(f"{file}: {name} is {value}; expected {wanted}. {RESTORE}")
    return Commit(**said)


def _by_table(value: Any) -> bool:
    return isinstance(value, dict) and all(map(_counts, value.values()))


def _counts(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def publish(lake: Path, commit: Commit) -> None:
    """Make ``commit`` the newest; it survives a power cut once this returns."""
    folder = lake / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f".{commit.number:08d}.partial"
    with partial.open("w") as file:
        json.dump(asdict(commit), file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    partial.rename(folder / f"{commit.number:08d}.json")
    force([folder, lake])
    with suppress(OSError):  # a hint may be lost, and the commit is made
        hint = folder / f"{HINT}.partial"
        hint.write_text(str(commit.number))
        hint.rename(folder / HINT)


def settle(table: Path, first: int, last: int) -> None:
    """Force to the disk what versions ``first`` to ``last`` of a Delta table added.

    The library that writes them leaves that to the system, which may take half a minute.
    """
    log = table / "_delta_log"
    told = [log / f"{version:020d}.json" for version in range(first, last + 1)]
    added = [
        table / unquote(line["add"]["path"])
        for file in told
        for line in map(json.loads, file.read_text(encoding="utf-8").splitlines())
        if "add" in line
    ]
    points = [each for file in told for each in log.glob(f"{file.stem}.checkpoint*")]
    if points:
        points.append(log / "_last_checkpoint")
    force([*added, *told, *points, table, log])


def force(paths: Iterable[Path]) -> None:
    """Force files and folders to the disk."""
    for path in paths:
        opened = os.open(path, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


@contextmanager
def locked(lake: Path) -> Iterator[None]:
    """Hold the right to write; the system takes it back from a process that dies.

    Raises
    ------
    LakeBusyError
        When another process holds it.
    """
    lake.mkdir(parents=True, exist_ok=True)
    with (lake / ".lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise LakeBusyError(
                f"{lake}: another process is writing to this lake; try again when it has ended."
            ) from error
        yield
