"""Canonical tables about the ingestion itself: what came in, and what was set aside."""

import narwhals as nw

from .columns import RECORDED, key
from .schema import Column, Table

QUARANTINE = Table(
    "quarantine",
    "Rows that broke a rule, whole, with the rule: nothing is dropped in silence.",
    key=("row_id",),
    clock="recorded_at",
    columns={
        "row_id": key("Digest of file, table, row and reason."),
        "source": Column(nw.String(), "", "Source that read it."),
        "file": Column(nw.String(), "", "File name, without folders."),
        "table": Column(nw.String(), "", "Canonical table it was meant for."),
        "column": Column(nw.String(), "", "Column that is wrong."),
        "code": Column(nw.String(), "", "Rule that it broke, for example naive_time."),
        "value": Column(nw.String(), "", "The value.", False),
        "valid": Column(nw.String(), "", "What would have been valid."),
        "row": Column(nw.String(), "", "The whole row as JSON."),
        "recorded_at": RECORDED,
    },
    versions=False,
)
