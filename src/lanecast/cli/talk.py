"""How the command line talks: tables that fit, progress on long work, moments as people write."""

import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

console = Console()
errors = Console(stderr=True)
UNITS = {"h": 1, "d": 24, "w": 168}


def moment(name: str, text: str, zone: str = "UTC") -> datetime:
    """Return an instant from RFC 3339 with offset, or from a date: its midnight in ``zone``.

    Raises
    ------
    ValueError
        When it is neither, or has no offset.
    """
    try:
        if len(text) == 10:
            day = date.fromisoformat(text)
            return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(
            f"--{name}: expected a date such as 2018-03-01, or an instant such as "
            f"2018-03-01T12:00:00-03:00; got {text!r}."
        ) from error
    if found.tzinfo is None:
        raise ValueError(f"--{name}: {text!r} has no offset; write for example {text}Z.")
    return found.astimezone(UTC)


def span(name: str, text: str) -> timedelta:
    """Return a duration such as ``7d``, ``12h`` or ``2w``."""
    match = re.fullmatch(r"(\d+)([hdw])", text)
    if not match or int(match[1]) == 0:
        raise ValueError(f"--{name}: expected a duration such as 7d, 12h or 2w; got {text!r}.")
    return timedelta(hours=int(match[1]) * UNITS[match[2]])


@contextmanager
def progress(quiet: bool = False) -> Iterator[Callable[[str, float], None]]:
    """Show a bar with what is being done; silent when the output is read by a program."""
    if quiet or not errors.is_terminal:
        yield lambda what, done: None
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=errors, transient=True) as bar:
        task = bar.add_task("", total=1.0)
        yield lambda what, done: bar.update(task, description=what, completed=done)


def show(frame: pl.DataFrame, title: str = "") -> None:
    """Print a frame as a table; numbers to three digits, long texts cut."""
    table = Table(title=title or None, title_justify="left", header_style="bold")
    for name, dtype in frame.schema.items():
        table.add_column(name, justify="right" if dtype.is_numeric() else "left", overflow="fold")
    for row in frame.iter_rows():
        table.add_row(*(_cell(value) for value in row))
    console.print(table)


def write_json(path: Path | None, value: Mapping[str, Any]) -> None:
    """Write ``value`` as JSON to a file, whole or not at all; ``-`` and None are the screen."""
    text = json.dumps(value, indent=1, allow_nan=False, default=str)
    if path is None or str(path) == "-":
        sys.stdout.write(text + "\n")
        return
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(text + "\n")
    partial.rename(path)


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:,.3f}" if abs(value) < 100 else f"{value:,.0f}"
    if isinstance(value, int):
        return f"{value:,}"
    return str(value) if len(str(value)) <= 60 else str(value)[:57] + "..."
