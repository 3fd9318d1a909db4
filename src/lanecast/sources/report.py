"""What an ingest tells: how many rows of which table, and what was wrong with them."""

from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass, field, replace
from typing import Literal

import polars as pl

Severity = Literal["error", "warning", "note"]
SET_ASIDE = "set aside in the quarantine table"
KEPT = "kept as it is"
ONCE = "kept once"

ROWS = {
    "table": pl.String,
    "read": pl.Int64,
    "new": pl.Int64,
    "known": pl.Int64,
    "quarantined": pl.Int64,
}
FINDINGS = {
    "file": pl.String,
    "table": pl.String,
    "column": pl.String,
    "code": pl.String,
    "severity": pl.String,
    "count": pl.Int64,
    "example": pl.String,
    "action": pl.String,
}


class RefusedError(ValueError):
    """The whole ingest was refused; nothing was changed."""


@dataclass(frozen=True)
class Finding:
    """One kind of trouble in one column: how often, an example, and what happens to the rows."""

    file: str
    table: str
    column: str
    code: str
    severity: Severity
    count: int
    example: str
    action: str


@dataclass(frozen=True)
class Share:
    """A finding that is trouble only when more than ``limit`` of all rows have it."""

    finding: Finding
    of: int
    limit: float
    silent: bool = False  # say nothing below the limit, instead of a note


@dataclass(frozen=True)
class Report:
    """The result of an ingest.

    Attributes
    ----------
    rows
        ``table, read, new, known, quarantined``; read is the sum of the other three. Known are
        rows that were stored before or that occur twice in the files.
    findings
        ``file, table, column, code, severity, count, example, action``. An error set rows aside,
        a warning kept them, a note is only said.
    """

    rows: pl.DataFrame
    findings: pl.DataFrame

    def ok(self) -> bool:
        """Return whether no row was set aside."""
        return self.rows["quarantined"].sum() == 0


@dataclass
class Tally:
    """Counts that grow batch by batch until they become a report."""

    rows: dict[str, list[int]] = field(default_factory=dict)
    findings: dict[tuple[str, ...], Finding] = field(default_factory=dict)
    shares: dict[tuple[str, ...], Share] = field(default_factory=dict)

    def count(self, table: str, read: int, new: int, known: int, quarantined: int) -> None:
        """Add the numbers of one batch of ``table``."""
        before = self.rows.get(table, [0, 0, 0, 0])
        self.rows[table] = [
            old + more for old, more in zip(before, (read, new, known, quarantined), strict=True)
        ]

    def find(self, findings: Iterable[Finding]) -> None:
        """Add findings; equal ones of several batches become one."""
        for new in findings:
            if new.count:
                self.findings[_key(new)] = _sum(self.findings.get(_key(new)), new)

    def share(self, shares: Iterable[Share]) -> None:
        """Add findings that count only in proportion."""
        for new in shares:
            old = self.shares.get(_key(new.finding))
            both = _sum(old.finding if old else None, new.finding)
            total = new.of + (old.of if old else 0)
            self.shares[_key(both)] = replace(new, finding=both, of=total)

    def report(self) -> Report:
        """Return what was counted, worst findings first."""
        found = [*self.findings.values(), *_judged(self.shares.values())]
        found.sort(key=lambda f: (("error", "warning", "note").index(f.severity), -f.count))
        rows = [(name, *numbers) for name, numbers in self.rows.items()]
        return Report(
            pl.DataFrame(rows, ROWS, orient="row"),
            pl.DataFrame([astuple(f) for f in found], FINDINGS, orient="row"),
        )


def _key(finding: Finding) -> tuple[str, ...]:
    return finding.file, finding.table, finding.column, finding.code


def _sum(old: Finding | None, new: Finding) -> Finding:
    if old is None:
        return new
    return replace(old, count=old.count + new.count, example=old.example or new.example)


def _judged(shares: Iterable[Share]) -> Iterator[Finding]:
    for share in shares:
        if share.finding.count > share.limit * share.of:
            yield replace(share.finding, severity="warning")
        elif share.finding.count and not share.silent:
            yield replace(share.finding, severity="note")
