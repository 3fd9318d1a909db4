"""What a canonical table is, and how its rows are checked."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import narwhals as nw
from narwhals.typing import FrameT

LONGEST_ID = 128  # characters; longer ones are free text in the wrong column


@dataclass(frozen=True)
class Column:
    """One column: its type, its unit, what it says, and which values are valid.

    ``required`` columns hold no nulls; ``low`` and ``high`` are inclusive; ``allowed`` closes an
    enumeration and ``pattern`` is what the whole text must match. Numbers are finite and
    identifiers at most 128 characters without saying so; ``longest`` says otherwise.
    """

    dtype: Any
    unit: str
    doc: str
    required: bool = True
    low: float | None = None
    high: float | None = None
    allowed: Sequence[str] | None = None
    pattern: str | None = None
    longest: int = LONGEST_ID


@dataclass(frozen=True)
class Table:
    """One canonical table, the only contract that two packages share.

    ``key`` names a fact and ``clock`` the instant at which a version of it became known: a
    correction is a new row with the same key and a later clock, so the past stays readable.
    A table without ``versions`` only ever grows (scan events), and reading it is cheaper.
    ``references`` maps a column to the ``table.column`` in which its values must occur.
    """

    name: str
    doc: str
    key: tuple[str, ...]
    clock: str
    columns: Mapping[str, Column]
    versions: bool = True
    references: Mapping[str, str] = field(default_factory=dict)

    @property
    def identity(self) -> tuple[str, ...]:
        """Return the columns in which no two rows agree."""
        return (*self.key, self.clock) if self.versions else self.key


@dataclass(frozen=True)
class Rule:
    """One thing a row can break: where, a short code, what would be valid, and the test."""

    column: str
    code: str
    valid: str
    broken: nw.Expr


def rules(table: Table) -> Iterator[Rule]:
    """Yield every rule that one row of ``table`` can break by itself."""
    for name, column in table.columns.items():
        value = nw.col(name)
        if column.required:
            yield Rule(name, "missing", "a value", value.is_null())
        if column.dtype in (nw.Float64, nw.Float32):
            yield Rule(name, "not_finite", "a finite number", ~value.is_finite())
        if column.low is not None:
            yield Rule(name, "too_low", f"at least {column.low:g}", value < column.low)
        if column.high is not None:
            yield Rule(name, "too_high", f"at most {column.high:g}", value > column.high)
        if column.allowed is not None:
            valid = "one of " + ", ".join(column.allowed)
            yield Rule(name, "not_allowed", valid, ~value.is_in(list(column.allowed)))
        if column.pattern is not None:
            valid = f"text like {column.pattern}"
            yield Rule(name, "bad_format", valid, ~value.str.contains(f"^{column.pattern}$"))
        if column.dtype == nw.String and name.endswith("_id"):
            valid = f"an identifier of 1 to {column.longest} characters"
            length = value.str.len_chars()
            yield Rule(name, "bad_id", valid, (length > column.longest) | (length < 1))


def conform(table: Table, frame: FrameT) -> FrameT:
    """Return the columns of ``table``, in its order and types; further columns are dropped.

    Raises
    ------
    ValueError
        When a required column is missing, when an instant has no time zone, when a column of whole
        numbers holds a fraction, or when a column cannot be cast. The message names table and
        column.
    """
    given = frame.collect_schema()
    if lost := [name for name, c in table.columns.items() if c.required and name not in given]:
        raise ValueError(f"{table.name}: no column {', '.join(lost)}; got {', '.join(given)}.")
    for name, column in table.columns.items():
        if name in given and isinstance(column.dtype, nw.Datetime):
            kind = given[name]
            aware = isinstance(kind, nw.Datetime) and kind.time_zone
            if not aware and kind != nw.Unknown:  # the type of nulls alone
                raise ValueError(f"{table.name}.{name}: an instant needs a time zone; got {kind}.")
    for rule in _fractions(table, given):
        broken = frame.lazy().filter(rule.broken).select(rule.column).collect()
        if count := len(broken):
            raise ValueError(
                f"{table.name}.{rule.column}: {count} rows, for example {broken.row(0)[0]}; "
                f"expected {rule.valid}."
            )
    return frame.select(
        (nw.col(name) if name in given else nw.lit(None)).cast(column.dtype).alias(name)
        for name, column in table.columns.items()
    )


def _fractions(table: Table, given: Mapping[str, Any]) -> Iterator[Rule]:
    """Yield a rule per column of whole numbers that is given in a type which may hold others."""
    for name, column in table.columns.items():
        kind = given.get(name)
        if column.dtype.is_integer() and kind and (kind.is_float() or kind.is_decimal()):
            unit = f" in {column.unit}" if column.unit not in ("", "1") else ""
            exact = nw.col(name).cast(nw.Float64())
            yield Rule(name, "not_a_number", f"a whole number{unit}", exact != exact.round())


def check(table: Table, frame: FrameT) -> FrameT:
    """Return ``frame`` as rows of ``table``, or refuse it; one pass for all rules together.

    Raises
    ------
    ValueError
        As ``conform``; and when a value breaks a rule of its column, or two rows share key and
        clock (of a table without versions: the key). The message names table, column, count, an
        example and what would be valid.
    """
    rows = conform(table, frame)
    each = list(rules(table))
    broken = rows.lazy().select(
        rule.broken.fill_null(False).cast(nw.Int64()).sum().alias(str(i))
        for i, rule in enumerate(each)
    )
    for rule, count in zip(each, broken.collect().row(0), strict=True):
        if count:
            example = first(rows.lazy().filter(rule.broken).head(1).collect())
            raise ValueError(
                f"{table.name}.{rule.column}: {count} rows, for example {example}; "
                f"expected {rule.valid}."
            )
    version = table.identity
    twice = rows.lazy().group_by(*version).agg(rows=nw.len()).filter(nw.col("rows") > 1).collect()
    if count := len(twice):
        what = f"{table.name}.({', '.join(version)})"
        raise ValueError(f"{what}: {count} keys occur twice, for example {first(twice)}.")
    return rows


def first(frame: nw.DataFrame[Any]) -> dict[str, str]:
    """Return the first row as text, as error messages quote it."""
    return {name: str(value) for name, value in zip(frame.columns, frame.row(0), strict=True)}
