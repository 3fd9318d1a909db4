"""Bad rows as rows of the quarantine table: whole, as JSON, with the rule that they broke."""

import hashlib
from datetime import datetime

import polars as pl

COLUMNS = ("row_id", "source", "file", "table", "column", "code", "value", "valid", "row")


def whole(rows: pl.DataFrame) -> pl.Series:
    """Return each row as JSON text; NaN and infinity, which JSON lacks, become text."""
    text = [
        pl.col(name).cast(pl.String)
        for name, dtype in rows.schema.items()
        if dtype.is_temporal()
        or (dtype.is_float() and not rows[name].is_finite().fill_null(True).all())
    ]
    return rows.with_columns(text).select(pl.struct(pl.all()).struct.json_encode()).to_series()


def quarantined(
    rows: pl.DataFrame,
    *,
    source: str,
    file: str,
    table: str,
    column: str,
    code: str,
    valid: str,
    at: datetime,
) -> pl.DataFrame:
    """Return the quarantine rows of ``rows`` that all broke one rule in one column.

    A row has the same ``row_id`` each time it comes, so that a repeated ingest adds nothing.
    """
    seen = [name for name in column.split(", ") if name in rows.columns]
    value = pl.concat_str(
        [pl.col(name).cast(pl.String).fill_null("") for name in seen] or [pl.lit("")],
        separator=", ",
    )
    out = rows.select(value=value).with_columns(
        whole(rows).alias("row"),
        *(
            pl.lit(text).alias(name)
            for name, text in (
                ("source", source),
                ("file", file),
                ("table", table),
                ("column", column),
                ("code", code),
                ("valid", valid),
            )
        ),
        pl.lit(at).dt.convert_time_zone("UTC").dt.cast_time_unit("us").alias("recorded_at"),
    )
    digest = hashlib.sha256(f"{file}\0{table}\0{column}\0{code}\0".encode())

    def name_of(row: str) -> str:  # only bad rows come here, about 1 us each
        each = digest.copy()
        each.update(row.encode())
        return each.hexdigest()[:32]

    ids = pl.Series("row_id", [name_of(row) for row in out["row"]], pl.String)
    return out.with_columns(ids).select(*COLUMNS, "recorded_at").unique("row_id", keep="first")
