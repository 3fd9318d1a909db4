"""Ask the models about parcels: the live ones, or what stands in for them, with its label."""

from datetime import datetime
from typing import Any

import narwhals as nw
import polars as pl

from lanecast.parcel import eta, events
from lanecast.tables.events import EVENTS, RISKS
from lanecast.tables.parcel import PREDICTIONS

from .models import Models, Serving
from .tenants import Tenant

CARRIER = "carrier"  # nothing could answer: the promise is all there is
US_PER_H = 3_600_000_000


def etas(
    models: Models, tenant: Tenant, asked: pl.DataFrame, instant: datetime | None = None
) -> pl.DataFrame:
    """Return rows of ``predictions`` for questions, in their order.

    Parameters
    ----------
    instant
        Ask the model that was live then; None is the one that is live now.
    """
    serving = _serving(models, tenant, "eta", instant)
    if serving is None:
        return _promised(asked)
    x = eta.assemble(nw.from_native(asked), serving.context).to_native()
    return _labelled(serving.fitted.predict(x), serving)


def risks(
    models: Models, tenant: Tenant, asked: pl.DataFrame, instant: datetime | None = None
) -> pl.DataFrame:
    """Return rows of ``risks``; none where no model and no base rate can answer."""
    serving = _serving(models, tenant, "events", instant)
    if serving is None or asked.is_empty():
        return pl.DataFrame(schema=_schema(RISKS))
    x = events.assemble(nw.from_native(asked), serving.context).to_native()
    return _labelled(serving.fitted.predict(x), serving).filter(pl.col("event").is_in(EVENTS))


def who(models: Models, tenant: Tenant) -> tuple[tuple[str, str | None] | None, ...]:
    """Return which versions answer now, and why if they are not the live ones."""
    found = (models.live(tenant, problem) for problem in ("eta", "events"))
    return tuple((each.version, each.fallback) if each else None for each in found)


def _serving(
    models: Models, tenant: Tenant, problem: str, instant: datetime | None
) -> Serving | None:
    if instant is None:
        return models.live(tenant, problem)
    return models.at(tenant, problem, instant)


def _labelled(answers: pl.DataFrame, serving: Serving) -> pl.DataFrame:
    """Return answers with the version that gave them, and why it did if it is not the live one."""
    why = pl.lit(serving.fallback, pl.String)
    return answers.with_columns(
        version=pl.lit(serving.version), fallback=pl.coalesce(why, "fallback")
    )


def _promised(asked: pl.DataFrame) -> pl.DataFrame:
    """Return the promise as the only forecast: a date, and no range."""
    names = {name: pl.lit(None, kind) for name, kind in _schema(PREDICTIONS).items()}
    known = asked.select(
        "parcel_id",
        "moment",
        model=pl.lit(CARRIER),
        version=pl.lit("none"),
        asof=_instant("asof_h"),
        eta_at=_instant("promised_h"),
        asof_to_delivered_h=pl.col("promised_h") - pl.col("asof_h"),
        quality=pl.lit("no_model"),
        fallback=pl.lit(CARRIER),
    )
    rest = {name: of for name, of in names.items() if name not in known.columns}
    return known.with_columns(**rest).select(*PREDICTIONS.columns)


def _instant(hours: str) -> pl.Expr:
    micros = (pl.col(hours) * US_PER_H).round().cast(pl.Int64)
    return micros.cast(pl.Datetime("us", "UTC"))


def _schema(table: Any) -> dict[str, Any]:
    empty = {name: [] for name in table.columns}  # type: dict[str, list[Any]]
    kinds = {name: column.dtype for name, column in table.columns.items()}
    frame: pl.DataFrame = nw.from_dict(empty, kinds, backend="polars").to_native()
    return dict(frame.schema)
