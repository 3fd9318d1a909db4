"""Events as they are sent: JSON to columns, judged all at once by the rules of the tables."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from difflib import get_close_matches
from typing import Any

import narwhals as nw
import polars as pl

from lanecast.sources.lint import judge
from lanecast.sources.oddities import Odd
from lanecast.sources.types import cast, polars_type
from lanecast.tables.parcel import SCANS
from lanecast.tables.schema import LONGEST_ID, Column, Table
from lanecast.tables.status import CROSSWALK

SYSTEMS = tuple(sorted({system for system, *_ in CROSSWALK} - {"lanecast"}))
_OF = SCANS.columns
EVENT = Table(
    "events",
    "What was observed of a parcel, as somebody sends it.",
    key=("source", "event_id"),
    clock="recorded_at",
    columns={
        "source": Column(
            nw.String(),
            "",
            "Who says so; source and event_id together name the event.",
            pattern="[A-Za-z0-9][A-Za-z0-9._-]{0,31}",
        ),
        **_OF,
        "status": replace(_OF["status"], required=False, doc="What happened; or send raw_code."),
        "raw_code": replace(_OF["raw_code"], pattern=r"[^\x00-\x1f]{1,128}"),
        "recorded_at": replace(
            _OF["recorded_at"],
            required=False,
            doc="When the sender recorded it; the moment of arrival if not given, or if later.",
        ),
        "system": Column(
            nw.String(), "", "Whose code raw_code is, if one of these.", False, allowed=SYSTEMS
        ),
    },
    versions=False,
)
RAW = {
    name: pl.Float64() if polars_type(column.dtype).is_numeric() else pl.String()
    for name, column in EVENT.columns.items()
}
"""Columns of events that were read and not judged: text as it came, and numbers."""
NAME = "name"  # under which the lake will know the event
TEXT, NUMBER = {str, type(None)}, {int, float, type(None)}


@dataclass(frozen=True)
class Fault:
    """What is wrong with one event of a request: ``index`` counts from 0."""

    index: int
    field: str
    code: str
    hint: str
    value: str | None = None


@dataclass(frozen=True)
class Read:
    """Events that could be read, as columns of ``RAW`` and ``NAME``.

    Attributes
    ----------
    of
        Index in the request of each row.
    faults
        Those that could not be read.
    """

    rows: pl.DataFrame
    of: list[int]
    faults: list[Fault]


def read(sent: Sequence[Any]) -> Read:
    """Return the columns of events that came as JSON values."""
    faults: dict[int, Fault] = {}
    for i, each in enumerate(sent):
        if type(each) is not dict:
            faults[i] = Fault(i, "", "not_an_object", "expected an object", _short(each))
    of = [i for i in range(len(sent)) if i not in faults] if faults else list(range(len(sent)))
    rows = [sent[i] for i in of] if faults else sent
    if set().union(*rows) - RAW.keys():
        for i, row in zip(of, rows, strict=True):
            for name in row.keys() - RAW.keys():
                faults.setdefault(i, Fault(i, name, "unknown_field", _meant(name)))
    columns = {}
    for name, kind in RAW.items():
        values = [row.get(name) for row in rows]
        right = TEXT if kind == pl.String else NUMBER
        if set(map(type, values)) - right:
            code = "not_text" if kind == pl.String else "not_a_number"
            hint = "expected text" if kind == pl.String else "expected a number"
            for at, value in enumerate(values):
                if type(value) not in right:
                    i, values[at] = of[at], None
                    faults.setdefault(i, Fault(i, name, code, hint, _short(value)))
        columns[name] = pl.Series(name, values, kind, strict=False)
    pairs = zip(columns["source"], columns["event_id"], strict=True)
    names = [f"{source}:{name}" if source and name else None for source, name in pairs]
    frame = pl.DataFrame({**columns, NAME: short(names)})
    if faults:
        stands = [i not in faults for i in of]
        frame, of = frame.filter(stands), [i for i in of if i not in faults]
    return Read(frame, of, list(faults.values()))


def short(names: Sequence[str | None]) -> pl.Series:
    """Return names, those that are too long for an identifier as digests."""
    fit = [n if n is None or len(n) <= LONGEST_ID else _digest(n) for n in names]
    return pl.Series(NAME, fit, pl.String)


def verdict(rows: pl.DataFrame, now: datetime) -> tuple[pl.Series, list[tuple[str, str, str]]]:
    """Return for each row the number of the first rule that it breaks, and the rules."""
    values, unread = cast(EVENT, rows.schema, None)
    silent = pl.col("status").is_null() & pl.col("raw_code").is_null()
    unread.append(Odd("status", "missing", "a status, or a raw_code", silent))
    return judge(EVENT, rows, rows.select(values), {}, unread, now)


def faults(
    rows: pl.DataFrame,
    why: Sequence[int | None],
    rules: Sequence[tuple[str, str, str]],
    of: Sequence[int],
) -> list[Fault]:
    """Return what is wrong with the rows whose ``why`` is the number of a rule."""
    found = []
    for at, number in enumerate(why):
        if number is None:
            continue
        column, code, valid = rules[number]
        value = rows[column.split(", ")[0]][at]
        found.append(Fault(of[at], column, code, f"expected {valid}", _short(value)))
    return found


def _short(value: Any) -> str | None:
    return None if value is None else str(value)[:80]


def _meant(name: str) -> str:
    near = get_close_matches(name, RAW, 1, 0.6)
    return f"is {near[0]} meant?" if near else f"expected {', '.join(RAW)}"


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:32]
