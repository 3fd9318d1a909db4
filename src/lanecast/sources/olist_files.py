"""The files of the public Olist data set, read and cleaned of rows that nothing can be made of."""

from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
import polars.selectors as cs

from lanecast.tables.schema import Table

from . import files
from .oddities import Odd
from .piece import Piece
from .report import Finding, RefusedError

CLOCK = pl.Datetime("us")
SHAPES: dict[str, tuple[str, tuple[str, ...], dict[str, pl.DataType]]] = {
    "orders": (
        "olist_orders_dataset",
        ("order_id",),
        {
            "order_id": pl.String(),
            "customer_id": pl.String(),
            "order_status": pl.String(),
            "order_purchase_timestamp": CLOCK,
            "order_approved_at": CLOCK,
            "order_delivered_carrier_date": CLOCK,
            "order_delivered_customer_date": CLOCK,
            "order_estimated_delivery_date": CLOCK,
        },
    ),
    "customers": (
        "olist_customers_dataset",
        ("customer_id",),
        {
            "customer_id": pl.String(),
            "customer_unique_id": pl.String(),
            "customer_zip_code_prefix": pl.String(),
            "customer_city": pl.String(),
            "customer_state": pl.String(),
        },
    ),
    "items": (
        "olist_order_items_dataset",
        ("order_id", "order_item_id"),
        {
            "order_id": pl.String(),
            "order_item_id": pl.Int32(),
            "product_id": pl.String(),
            "seller_id": pl.String(),
            "shipping_limit_date": CLOCK,
            "price": pl.Float64(),
            "freight_value": pl.Float64(),
        },
    ),
    "products": (
        "olist_products_dataset",
        ("product_id",),
        {
            "product_id": pl.String(),
            "product_category_name": pl.String(),
            "product_weight_g": pl.Float64(),
            "product_length_cm": pl.Float64(),
            "product_height_cm": pl.Float64(),
            "product_width_cm": pl.Float64(),
        },
    ),
    "sellers": (
        "olist_sellers_dataset",
        ("seller_id",),
        {
            "seller_id": pl.String(),
            "seller_zip_code_prefix": pl.String(),
            "seller_city": pl.String(),
            "seller_state": pl.String(),
        },
    ),
    "geolocation": (
        "olist_geolocation_dataset",
        (),
        {
            "geolocation_zip_code_prefix": pl.String(),
            "geolocation_lat": pl.Float64(),
            "geolocation_lng": pl.Float64(),
        },
    ),
    "payments": (
        "olist_order_payments_dataset",
        (),
        {
            "order_id": pl.String(),
            "payment_type": pl.String(),
            "payment_installments": pl.Int32(),
            "payment_value": pl.Float64(),
        },
    ),
    "reviews": (
        "olist_order_reviews_dataset",
        (),
        {
            "review_id": pl.String(),
            "order_id": pl.String(),
            "review_score": pl.Int32(),
            "review_comment_title": pl.String(),
            "review_comment_message": pl.String(),
            "review_answer_timestamp": CLOCK,
        },
    ),
    "translation": (
        "product_category_name_translation",
        ("product_category_name",),
        {"product_category_name": pl.String(), "product_category_name_english": pl.String()},
    ),
}
OPTIONAL = {
    "payments": "payment is not known",
    "reviews": "claims are not known",
    "translation": "categories stay Portuguese",
}
BECOMES = {
    "orders": "orders",
    "customers": "addresses",
    "items": "order_lines",
    "products": "products",
    "sellers": "merchants",
    "geolocation": "addresses",
    "payments": "orders",
    "reviews": "claims",
    "translation": "products",
}


@dataclass
class Raw:
    """The files as frames; rows of which nothing can be made are in ``spoiled``."""

    orders: pl.DataFrame
    customers: pl.DataFrame
    items: pl.DataFrame
    products: pl.DataFrame
    sellers: pl.DataFrame
    geolocation: pl.DataFrame
    payments: pl.DataFrame
    reviews: pl.DataFrame
    translation: pl.DataFrame
    names: dict[str, str] = field(default_factory=dict)
    spoiled: dict[str, list[tuple[pl.DataFrame, Odd]]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def category(self) -> pl.Expr:
        """Return the English name of a product's category, or the Portuguese one."""
        names = self.translation.drop_nulls()
        local = pl.col("product_category_name")
        return local.replace(names["product_category_name"], names["product_category_name_english"])

    def piece(self, table: Table, which: str, rows: pl.DataFrame) -> Piece:
        """Return a piece with what was spoiled in its files, which is handed over once."""
        bad = [
            each
            for name, target in BECOMES.items()
            if target == table.name
            for each in self.spoiled.pop(name, [])
        ]
        found, self.findings = self.findings, []
        return Piece(table, self.names[which], rows, bad, found)

    def say(self, which: str, column: str, code: str, rows: pl.DataFrame, action: str) -> None:
        """Tell of rows of a file to which a rule of this source was applied."""
        if rows.height:
            example = str(rows.row(0)[0])
            what = (self.names[which], BECOMES[which], column, code)
            self.findings.append(Finding(*what, "note", rows.height, example, action))


def load(path: Path) -> Raw:
    """Read the files in folder ``path``; each cell as its type, or its row is spoiled.

    Raises
    ------
    RefusedError
        When a file or a column is missing or not readable.
    """
    frames, names, spoiled, lost = {}, {}, {}, []
    for which, (stem, key, types) in SHAPES.items():
        file = files.find(path, stem)
        if file is None:
            if which not in OPTIONAL:
                raise RefusedError(
                    f"{path}: no {stem}.csv nor {stem}.parquet; Olist needs "
                    f"{', '.join(s for w, (s, _, _) in SHAPES.items() if w not in OPTIONAL)}."
                )
            names[which], frames[which] = stem, pl.DataFrame(schema=types)
            what = (stem, BECOMES[which], "", "no_file")
            lost.append(Finding(*what, "warning", 1, f"{stem}.csv", OPTIONAL[which]))
            continue
        names[which] = file.name
        frames[which], spoiled[which] = _clean(file, key, types)
    return Raw(**frames, names=names, spoiled=spoiled, findings=lost)


def _clean(
    file: Path, key: tuple[str, ...], types: dict[str, pl.DataType]
) -> tuple[pl.DataFrame, list[tuple[pl.DataFrame, Odd]]]:
    raw, rows = files.read(file, types)
    spoiled = []
    bad = pl.repeat(False, raw.height, dtype=pl.Boolean, eager=True)
    for name, dtype in types.items():
        lost = raw[name].is_not_null() & rows[name].is_null() & ~bad
        if lost.any():
            valid = "a local time like 2017-10-02 10:56:33" if dtype == CLOCK else "a number"
            code = "not_a_time" if dtype == CLOCK else "not_a_number"
            spoiled.append((raw.filter(lost), Odd(name, code, valid, pl.lit(True))))
            bad |= lost
    for name in key:
        lost = rows[name].is_null() & ~bad
        if lost.any():
            spoiled.append((raw.filter(lost), Odd(name, "missing", "a value", pl.lit(True))))
            bad |= lost
    rows = rows.filter(~bad).with_columns(cs.ends_with("zip_code_prefix").str.zfill(5))
    if key and rows.select(key).is_duplicated().any():
        numbered = rows.with_row_index("#")
        kept = numbered.unique(key, keep="first", maintain_order=True)
        others = numbered.join(kept.select("#"), on="#", how="anti")
        clash = others.join(kept, on=rows.columns, how="anti", nulls_equal=True).drop("#")
        if clash.height:
            valid = f"one row per {', '.join(key)}; the first was taken"
            spoiled.append((clash, Odd(", ".join(key), "duplicate_key", valid, pl.lit(True))))
        rows = kept.drop("#")
    return rows, spoiled
