"""Which pieces to move between places tonight, where one has too many and another too few."""

import hashlib
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl

from lanecast.optimize.plan import Plan
from lanecast.optimize.transfer import transfer

from .costs import Costs, Limits
from .items import checked
from .known import outlooks, split
from .outlook import Array
from .plan import TABLE


@dataclass(frozen=True)
class Ways:
    """What moving costs [currency]: a piece, and any pieces at all, and how many days it takes.

    ``zone`` says which places may send to each other: those with the same text (a country); places
    that it does not name send to nobody. None: all to all. ``seconds`` bounds each product.
    """

    per_unit: float = 0.5
    per_move: float = 5.0
    days: int = 1
    zone: dict[str, str] | None = None
    seconds: float = 5.0

    def __post_init__(self) -> None:
        for name in ("per_unit", "per_move"):
            value = getattr(self, name)
            if not 0 <= value < np.inf:
                raise ValueError(f"{name}: expected a finite cost of at least 0, got {value}.")
        if self.days < 1:
            raise ValueError(f"days: expected 1 or more, got {self.days}.")


def moves(
    predictions: pl.DataFrame, costs: Costs, limits: Limits, ways: Ways
) -> Plan[pl.DataFrame]:
    """Say what to move tonight, product by product, so that lost sales and moves cost least.

    Parameters
    ----------
    predictions, costs, limits
        As in ``decide``.

    Returns
    -------
    Plan
        ``table`` has rows of ``replenishment_plans`` whose ``source_id`` is the place that gives:
        ``up_to_units`` is the stock of the receiver afterwards. ``objective`` is what moves cost
        and what is expected to be lost or to lie until new stock can come; ``bound`` the least that
        any moves could cost. ``skipped`` names items without a forecast that is long enough.

    Notes
    -----
    A place needs what is asked for until an order of tonight could come; what is under way and
    comes before counts as there. Days that a move takes are left out of the need.
    """
    items = checked(limits.items)
    if predictions.is_empty() or items.is_empty():
        skipped = items.select("unique_id", reason=pl.lit("no forecast"))
        return Plan(pl.DataFrame(schema=TABLE), 0.0, {}, 0.0, "empty", skipped)
    asof = predictions.select(pl.col("asof").max().cast(pl.Datetime("us", "UTC"))).item()
    today: date = asof.date()
    todo, forecasts, skipped = split(predictions, items, limits, today)
    rows: list[dict[str, object]] = []
    total = bound = moving = 0.0
    for product, places in _needs(todo, forecasts, costs, limits).items():
        if len(places) < 2:
            continue
        names = [place.name for place in places]
        per_unit = np.full((len(places), len(places)), ways.per_unit)
        if ways.zone is not None:
            zone = [ways.zone.get(name, f"\0{name}") for name in names]
            per_unit[np.not_equal.outer(zone, zone)] = np.inf
        stock, demand = np.array([p.stock for p in places]), np.stack([p.demand for p in places])
        found = transfer(
            np.floor(stock), demand, [p.short for p in places], [p.over for p in places], per_unit,
            ways.per_move, seconds=ways.seconds,
        )  # fmt: skip
        total, bound, moving = total + found.cost, bound + found.bound, moving + found.moving
        rows += [
            {
                "product_id": product,
                "facility_id": names[end],
                "source_id": names[start],
                "units": int(found.units[start, end]),
                "up_to_units": float(found.stock[end]),
            }
            for start, end in np.argwhere(found.units > 0)
        ]
    name = hashlib.sha256(f"{costs}{ways}{rows}{asof}".encode()).hexdigest()[:16]
    table = pl.DataFrame(rows, schema_overrides={"units": pl.Int64, "up_to_units": pl.Float64})
    if table.is_empty():
        table = pl.DataFrame(schema=TABLE)
    else:
        table = table.select(
            pl.lit(f"mov_{name}").alias("plan_id"), "product_id", "facility_id", "source_id",
            order_date=pl.lit(today), asof=pl.lit(asof).cast(pl.Datetime("us", "UTC")),
            units="units", cases=pl.lit(None, pl.Int64),
            due_date=pl.lit(today + timedelta(days=ways.days)), reorder_units=pl.lit(None),
            up_to_units="up_to_units", cost=pl.lit(None), reason=pl.lit(None),
        ).cast(pl.Schema(TABLE))  # fmt: skip
    parts = {"moving": moving, "expected": total - moving}
    status = "optimal" if total - bound <= 1e-6 * max(abs(total), 1) else "feasible"
    return Plan(table, total, parts, min(bound, total), status, skipped)


def moved(items: pl.DataFrame, table: pl.DataFrame) -> pl.DataFrame:
    """Return items with the stock that they have once the moves of ``table`` are made."""
    name = pl.concat_str("product_id", "facility_id", separator="/")
    gone = pl.concat_str("product_id", "source_id", separator="/")
    change = pl.concat(
        [
            table.select(unique_id=name, by=pl.col("units")),
            table.select(unique_id=gone, by=-pl.col("units")),
        ]
    )
    by = change.group_by("unique_id").agg(pl.col("by").sum())
    return (
        items.join(by, on="unique_id", how="left", maintain_order="left")
        .with_columns(on_hand=pl.col("on_hand") + pl.col("by").fill_null(0))
        .drop("by")
    )


@dataclass(frozen=True)
class _Place:
    """A place of a product: stock, drawn demand until new stock can come, and what units cost."""

    name: str
    stock: float
    demand: Array
    short: float
    over: float


def _needs(
    todo: pl.DataFrame, forecasts: pl.DataFrame, costs: Costs, limits: Limits
) -> dict[str, list[_Place]]:
    """Return the places of each product; only whole stock that is there tonight can be moved."""
    found: dict[str, list[_Place]] = {}
    for rows, outlook in outlooks(todo, forecasts, costs, limits):
        day = np.arange(outlook.horizon)
        wait = np.maximum(outlook.first, 1)
        asked = (outlook.demand * (day < wait[:, :, None])).sum(axis=2)
        comes = (outlook.coming[:, None, :] * (day < wait[:, :, None])).sum(axis=2)
        need = np.maximum(asked - comes, 0)  # what is under way is used first
        for i, name in enumerate(rows["unique_id"]):
            product, place = str(name).split("/", 1)
            over = float(outlook.price.holding[i] * wait[i].mean())
            found.setdefault(product, []).append(
                _Place(place, float(outlook.stock[i]), need[i], float(outlook.price.short[i]), over)
            )
    return found
