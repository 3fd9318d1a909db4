"""The rules of a table, tried on every row in one pass: good rows, and the rest with a reason.

A row is set aside under the first rule that it breaks: cells that cannot be read, the rules of the
table's columns (`tables.schema.rules`), those of `oddities`, keys that nothing explains, keys that
occur twice with other values. What is odd but possible is kept and told as a warning.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import narwhals as nw
import polars as pl

from lanecast.tables.schema import Table, rules

from . import oddities
from .files import first_line
from .offsets import with_offsets
from .quarantine import quarantined
from .report import KEPT, ONCE, SET_ASIDE, Finding, RefusedError, Severity, Share
from .types import cast, naive

Known = Mapping[str, pl.DataFrame]


@dataclass
class Linted:
    """One batch of a table, judged: ``read`` = good rows + ``set_aside`` + ``again``."""

    read: int
    good: pl.DataFrame
    set_aside: int = 0
    again: int = 0
    bad: list[pl.DataFrame] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    shares: list[Share] = field(default_factory=list)


@dataclass(frozen=True)
class Linter:
    """Judges batches of one file.

    Parameters
    ----------
    source, file
        Names that quarantine and findings quote.
    zone
        IANA zone of times without offset; None sets such rows aside.
    now
        Moment of the ingest.
    """

    source: str
    file: str
    zone: str | None
    now: datetime

    def lint(self, table: Table, raw: pl.DataFrame, known: Known) -> Linted:
        """Return the rows of ``raw`` that are rows of ``table``, and what is wrong with the rest.

        Parameters
        ----------
        known
            For each column that refers to another table, the keys there in a column ``key`` (and,
            for places, their ``zone``).

        Raises
        ------
        RefusedError
            When no time of a column has an offset and no zone is given.
        """
        self._refuse_naive(table, raw)
        values, unread = cast(table, raw.schema, self.zone)
        try:
            cells = with_offsets(table, raw, raw.select(values), known, self.zone)
        except pl.exceptions.PolarsError as error:
            raise RefusedError(
                f"{self.file}: cannot become {table.name}: {first_line(error)}."
            ) from error
        if table.name == "scans":
            cells = oddities.known_codes(raw, cells)
        out = Linted(raw.height, cells)
        stands = self._judge(table, raw, cells, known, unread, out)
        self._repeated(table, raw, stands, out)
        self._tell(table, out)
        return out

    def set_aside(self, table: str, rows: pl.DataFrame, rule: oddities.Odd, out: Linted) -> None:
        """Move ``rows``, which broke ``rule``, to the quarantine."""
        what = {"column": rule.column, "code": rule.code, "valid": rule.valid}
        out.bad.append(
            quarantined(rows, source=self.source, file=self.file, table=table, at=self.now, **what)
        )
        out.set_aside += rows.height
        self.found(table, rule, "error", rows, out)

    def found(
        self, table: str, rule: oddities.Odd, how: Severity, rows: pl.DataFrame, out: Linted
    ) -> None:
        """Tell of ``rows``, which broke ``rule``."""
        if rows.height:
            again = ONCE if rule.code == "repeated_row" else KEPT
            action = SET_ASIDE if how == "error" else again
            example = _example(rows, rule)
            out.findings.append(
                Finding(self.file, table, rule.column, rule.code, how, rows.height, example, action)
            )

    def _refuse_naive(self, table: Table, raw: pl.DataFrame) -> None:
        if self.zone is not None:
            return
        for name, column in table.columns.items():
            given = raw.schema.get(name)
            if column.unit != "UTC" or not isinstance(given, pl.String | pl.Datetime):
                continue
            if isinstance(given, pl.Datetime) and given.time_zone is not None:
                continue
            told = raw.filter(pl.col(name).is_not_null())
            if told.height and told.select(naive(name, given).all()).item():
                raise RefusedError(
                    f"{self.file}: column {name!r} has times without offset, for example "
                    f"{told[name][0]}; write an offset (2026-03-01T08:30:00-03:00), or say whose "
                    "clock it is with --zone, for example --zone America/Sao_Paulo."
                )

    def _judge(
        self,
        table: Table,
        raw: pl.DataFrame,
        cells: pl.DataFrame,
        known: Known,
        unread: list[oddities.Odd],
        out: Linted,
    ) -> pl.Series | None:
        """Set aside what breaks a rule; return which rows do not, or None when all are good."""
        why, broken = judge(table, raw, cells, known, unread, self.now)
        if not broken:
            return None
        for i, rule in enumerate(broken):
            rows = raw.filter((why == i).fill_null(False))
            if rows.height:
                odd = oddities.Odd(*rule, pl.lit(True))
                self.set_aside(table.name, rows, odd, out)
        out.good = cells.filter(why.is_null())
        return why.is_null()

    def _repeated(
        self, table: Table, raw: pl.DataFrame, stands: pl.Series | None, out: Linted
    ) -> None:
        key = list(table.identity)
        if not out.good.select(key).is_duplicated().any():
            return
        values = [c for c in table.columns if table.versions or c != table.clock]
        number = pl.int_range(raw.height, eager=True)
        numbered = out.good.with_columns(
            (number if stands is None else number.filter(stands)).alias("#")
        )
        kept = numbered.unique(key, keep="first", maintain_order=True)
        others = numbered.join(kept.select("#"), on="#", how="anti")
        clash = others.join(kept, on=values, how="anti", nulls_equal=True)["#"]
        again = others.join(kept, on=values, how="semi", nulls_equal=True).drop("#")
        out.good, out.again = kept.drop("#"), again.height
        told = ", ".join(oddities.given(table))
        rule = oddities.Odd(told, "repeated_row", "each row once", pl.lit(True))
        self.found(table.name, rule, "note", again, out)
        if len(clash):
            valid = f"one row per {told}; the first was stored"
            odd = oddities.Odd(told, "duplicate_key", valid, pl.lit(True))
            self.set_aside(table.name, raw[clash], odd, out)

    def _tell(self, table: Table, out: Linted) -> None:
        for odd in oddities.warnings(table):
            self.found(table.name, odd, "warning", out.good.filter(odd.rows), out)
        for odd, of, limit, silent in oddities.proportions(table, out.good):
            rows = out.good.filter(odd.rows)
            finding = Finding(
                self.file,
                table.name,
                odd.column,
                odd.code,
                "note",
                rows.height,
                _example(rows, odd),
                KEPT,
            )
            out.shares.append(Share(finding, of, limit, silent))


def judge(
    table: Table,
    raw: pl.DataFrame,
    cells: pl.DataFrame,
    known: Known,
    unread: list[oddities.Odd],
    now: datetime,
) -> tuple[pl.Series, list[tuple[str, str, str]]]:
    """Return for each row the number of the first rule that it breaks, and those rules.

    Parameters
    ----------
    raw, cells
        Rows as they came, and in the types of ``table``.
    unread
        Rules that ``raw`` broke on the way to ``cells`` (`types.cast`), and others on ``raw``.

    Returns
    -------
    A number per row, null for good ones; and column, code and what would be valid per rule.
    """
    each = list(rules(table))
    before, after = list(oddities.swapped(table)), list(oddities.errors(table, now))
    after += _unexplained(table, known)
    flags = pl.concat(
        [
            raw.select(_named("cell", [b.rows for b in unread])),
            cells.select(_named("before", [o.rows for o in before])),
            nw.from_native(cells)
            .select(rule.broken.alias(f"rule{i}") for i, rule in enumerate(each))
            .to_native(),
            cells.select(_named("after", [o.rows for o in after])),
        ],
        how="horizontal",
    )
    told = [(r.column, r.code, r.valid) for r in (*unread, *before)]
    told += [(r.column, r.code, r.valid) for r in each]
    told += [(r.column, r.code, r.valid) for r in after]
    counts = zip(flags.columns, told, flags.sum().row(0), strict=True)
    broken = [(name, rule) for name, rule, count in counts if count]
    if not broken:
        return pl.repeat(None, raw.height, dtype=pl.Int32, eager=True), []
    why = flags.select(
        pl.coalesce(pl.when(pl.col(n)).then(i) for i, (n, _) in enumerate(broken))
    ).to_series()
    return why, [rule for _, rule in broken]


def _named(prefix: str, each: list[pl.Expr]) -> list[pl.Expr]:
    return [expr.fill_null(False).alias(f"{prefix}{i}") for i, expr in enumerate(each)]


def _unexplained(table: Table, known: Known) -> list[oddities.Odd]:
    return [
        oddities.Odd(
            column,
            "unknown_key",
            f"a {table.references[column]} of this ingest or of the lake",
            ~pl.col(column).is_in(keys["key"].implode()),
        )
        for column, keys in known.items()
    ]


def _example(rows: pl.DataFrame, rule: oddities.Odd) -> str:
    names = [name for name in rule.column.split(", ") if name in rows.columns]
    if not rows.height or not names:
        return ""
    return ", ".join(str(value) for value in rows.select(names).row(0))
