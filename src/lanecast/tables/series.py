"""Canonical tables of time series: what was observed, what goes with it, what it is of."""

import narwhals as nw

from .columns import INSTANT, RECORDED, key
from .schema import Column, Table

EVERY = "*"  # all series, where a covariate names what it is about
MEASURE, EVENT = "measure", "event"
LARGEST = 1e15  # beyond it squares of sums are no numbers any more

DS = Column(
    INSTANT,
    "UTC",
    "Period. Of hours and minutes: the instant at which it begins. Of days and longer: its civil "
    "date, at 00:00 UTC.",
)
ABOUT = "Series; or `name=value` for all series with that attribute; or `*` for all series."

SERIES = Table(
    "series",
    "What was observed in a period: sales, parcels, calls. A period without a row is unknown, not "
    "zero.",
    key=("unique_id", "ds"),
    clock="recorded_at",
    columns={
        "unique_id": key("Series."),
        "ds": DS,
        "y": Column(
            nw.Float64(), "units of the series", "What was observed.", low=-LARGEST, high=LARGEST
        ),
        "recorded_at": RECORDED,
    },
)

COVARIATES = Table(
    "covariates",
    "What goes with a series in a period: price, promotion, holiday, weather. The clock says what "
    "it may be used for: a value of a later period is used only if it was recorded by then.",
    key=("unique_id", "ds", "name"),
    clock="recorded_at",
    columns={
        "unique_id": Column(nw.String(), "", ABOUT),
        "ds": DS,
        "name": Column(nw.String(), "", "Name of the covariate."),
        "kind": Column(
            nw.String(),
            "",
            "Of a measure, a period without a row is unknown; of an event, it is 0.",
            allowed=(MEASURE, EVENT),
        ),
        "value": Column(
            nw.Float64(), "units of the covariate", "Value.", low=-LARGEST, high=LARGEST
        ),
        "recorded_at": RECORDED,
    },
)

ATTRIBUTES = Table(
    "attributes",
    "What a series is, as long as it lasts: item, category, store, region, size.",
    key=("unique_id", "name"),
    clock="recorded_at",
    columns={
        "unique_id": key("Series."),
        "name": Column(nw.String(), "", "Name of the attribute."),
        "value": Column(nw.String(), "", "Value, as text."),
        "level": Column(
            nw.Int16(),
            "1",
            "Place in the hierarchy, 1 next to the total; empty if it is not part of it.",
            False,
            1,
        ),
        "recorded_at": RECORDED,
    },
)

TABLES = (SERIES, COVARIATES, ATTRIBUTES)
