"""How the command line talks: tables that fit, progress on long work, moments as people write."""

from __future__ import annotations

import errno
import json
import math
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any, Literal
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from .columns import layout

if TYPE_CHECKING:  # so that doctor can speak where Polars is missing
    import polars as pl

TOLD_TO: ContextVar[Path | None] = ContextVar("progress", default=None)
console = Console()
errors = Console(stderr=True)
UNITS = {"h": 1, "d": 24, "w": 168}
FIRST, LAST = 1970, 2200  # years that a parcel may be of
LONGEST_H = 366 * 24
LARGE = 1e15  # a number that is told by its power of ten


def moment(name: str, text: str, zone: str = "UTC") -> datetime:
    """Return an instant from RFC 3339 with offset, or from a date: its midnight in ``zone``.

    Raises
    ------
    ValueError
        When it is neither, has no offset, or is of another age.
    """
    try:
        if len(text) == 10:
            found = datetime.combine(date.fromisoformat(text), time(), ZoneInfo(zone))
        else:
            found = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(
            f"--{name}: expected a date such as 2018-03-01, or an instant such as "
            f"2018-03-01T12:00:00-03:00; got {text!r}."
        ) from error
    if found.tzinfo is None:
        raise ValueError(f"--{name}: {text!r} has no offset; write for example {text}Z.")
    if not FIRST <= found.year < LAST:
        raise ValueError(f"--{name}: expected a year from {FIRST} to {LAST - 1}; got {text!r}.")
    return found.astimezone(UTC)


def span(name: str, text: str) -> timedelta:
    """Return a duration such as ``7d``, ``12h`` or ``2w``, of at most a year."""
    match = re.fullmatch(r"(\d{1,9})([hdw])", text, re.ASCII)
    hours = int(match[1]) * UNITS[match[2]] if match else 0
    if not 0 < hours <= LONGEST_H:
        raise ValueError(
            f"--{name}: expected a duration such as 7d, 12h or 2w, up to 366d; got {text!r}."
        )
    return timedelta(hours=hours)


@contextmanager
def progress(quiet: bool = False) -> Iterator[Callable[[str, float], None]]:
    """Show a bar with what is being done; silent when the output is read by a program.

    With ``lanecast --progress FILE`` every step is a line of JSON there instead.
    """
    if (file := TOLD_TO.get()) is not None:
        with file.open("a", buffering=1) as lines:
            yield lambda what, done: print(json.dumps({"step": what, "share": done}), file=lines)
        return
    if quiet or not errors.is_terminal:
        yield lambda what, done: None
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=errors, transient=True) as bar:
        task = bar.add_task("", total=1.0)
        yield lambda what, done: bar.update(task, description=what, completed=done)


def tell(sentence: str) -> None:
    """Say something on standard output, on one line that can be copied."""
    console.print(Text(sentence), soft_wrap=True)


def note(sentence: str) -> None:
    """Say something worth knowing on standard error."""
    errors.print(Text(f"note: {sentence}"), soft_wrap=True)


def show(frame: pl.DataFrame, title: str = "") -> None:
    """Print a frame as a table; numbers to three digits, instants to the minute, texts cut.

    What is wider than the screen is told in parts, each with the columns that name a row; of one
    row only, line by line.
    """
    kinds = list(frame.schema.values())
    heads = [
        f"{name} (UTC)" if getattr(kind, "time_zone", None) == "UTC" else name
        for name, kind in frame.schema.items()
    ]
    columns = [[head, *map(_cell, frame[:, i])] for i, head in enumerate(heads)]
    right, whole = [k.is_numeric() for k in kinds], [k.is_temporal() for k in kinds]
    keys = right.index(True) if any(right) else 1
    parts = layout(columns, whole, keys, console.width)
    if frame.height == 1 and len(parts) > 1:
        columns, right = [["", *heads], ["", *(texts[1] for texts in columns)]], [False, False]
        parts = layout(columns, [False, False], 1, console.width)
    for number, part in enumerate(parts):
        named = Text(title) if title and not number else None
        table = Table(title=named, title_justify="left", header_style="bold")
        for i, width in part.items():
            side: Literal["left", "right"] = "right" if right[i] else "left"
            table.add_column(Text(columns[i][0]), justify=side, overflow="fold", width=width)
        for row in zip(*(columns[i][1:] for i in part), strict=True):
            table.add_row(*map(Text, row))
        console.print(table)


def write_json(path: Path | None, value: Mapping[str, Any], done: str = "") -> None:
    """Write ``value`` as JSON to a file, whole or not at all; ``-`` and None are the screen.

    Numbers that JSON does not know, such as NaN, become null.

    Raises
    ------
    OSError
        When that fails; the message says what was ``done`` before, which stays.
    """
    text = json.dumps(_finite(value), indent=1, allow_nan=False, default=str) + "\n"
    try:
        if path is None or str(path) == "-":
            sys.stdout.write(text)
            sys.stdout.flush()
        else:
            with whole(path) as partial:
                partial.write_text(text)
    except OSError as error:
        stays = f"; {done}, and only this was not written" if done else ""
        raise OSError(error.errno, f"{error.strerror}{stays}", f"--json: {path or '-'}") from error


def write_rows(path: Path | None, rows: pl.DataFrame) -> None:
    """Write ``rows`` as the Parquet file of ``--out``, whole or not at all; None is no file.

    Raises
    ------
    OSError
        When that fails.
    """
    if path is None:
        return
    try:
        with whole(path) as partial:
            rows.write_parquet(partial)
    except Exception as error:  # Polars tells a full disk as an error of the format
        full = "os error 28" in str(error)
        code = errno.ENOSPC if full else getattr(error, "errno", None) or errno.EIO
        said = os.strerror(code) if full else f"cannot be written ({error})"
        raise OSError(code, said, f"--out: {path}") from error


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Yield a path to fill, file or folder, which then becomes ``path``; a device is filled itself.

    What is half-done lies in a folder of our own beside ``path``, so that nothing else is removed.
    A link stays one: what it names is replaced.
    """
    if path.exists() and not path.is_file():
        yield path
        return
    goal = path.resolve()
    own = Path(mkdtemp(prefix=f".lanecast.{os.getpid()}.", dir=goal.parent))
    try:
        yield own / goal.name
        (own / goal.name).replace(goal)
    finally:
        rmtree(own, ignore_errors=True)


def writable(**paths: Path | None) -> None:
    """Refuse options that name files which cannot be written, before any work is done.

    Raises
    ------
    ValueError
        When a path is a folder, or in a folder that is missing.
    OSError
        When the system does not let us write there.
    """
    for option, path in paths.items():
        if path is None or (option == "json" and str(path) == "-"):
            continue
        _not_the_screen(option, path)
        if path.is_dir():
            raise ValueError(f"--{option}: {path} is a folder; give the name of a file in it.")
        if not path.parent.is_dir():
            raise ValueError(f"--{option}: there is no folder {path.parent} for {path.name}.")
        if path.is_file() or not path.exists():
            _probe(option, path, path.parent)


def makeable(option: str, folder: Path) -> None:
    """Refuse an option that names a new folder which cannot be made, before any work is done.

    Raises
    ------
    ValueError
        When something of that name exists, or a file stands in the way.
    OSError
        When the system does not let us write there.
    """
    if folder.exists() or folder.is_symlink():
        raise ValueError(f"--{option}: {folder} exists already; choose another folder.")
    fillable(option, folder)


def fillable(option: str, folder: Path) -> None:
    """Refuse an option that names a folder in which nothing can be made, before any work is done.

    Raises
    ------
    ValueError
        When a file stands in the way.
    OSError
        When the system does not let us write there.
    """
    _not_the_screen(option, folder)
    there = next(each for each in (folder, *folder.parents) if each.exists() or each.is_symlink())
    if not there.is_dir():
        what = "" if there == folder else f" for {folder}"
        raise ValueError(f"--{option}: {there} is a file; expected a folder, or a new name{what}.")
    _probe(option, folder, there)


def _not_the_screen(option: str, path: Path) -> None:
    if str(path) == "-":
        raise ValueError(f"--{option}: expected a name, got -; only --json - prints its result.")


def _probe(option: str, path: Path, folder: Path) -> None:
    """Try to make a file in ``folder``; what fails is told of ``path``."""
    probe = folder / f".{path.name}.{os.getpid()}.probe"
    try:
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise OSError(error.errno, error.strerror, f"--{option}: {path}") from error


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _finite(each) for key, each in value.items()}
    return [_finite(each) for each in value] if isinstance(value, list | tuple) else value


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        if abs(value) >= LARGE:
            return f"{value:.3g}"
        return f"{value:,.3f}" if abs(value) < 100 else f"{value:,.0f}"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    text = "".join(c if c.isprintable() else " " for c in str(value))
    return text if len(text) <= 60 else text[:57] + "..."
