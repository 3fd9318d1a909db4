"""``lanecast fit | predict inventory``: demand of items and times of suppliers, learnt and told."""

from pathlib import Path
from typing import Any

from lanecast import artifact
from lanecast.planning.inventory.features import items
from lanecast.planning.inventory.learnt import LEAST_ORDERS, learnt, until_the_next
from lanecast.tables.lake import collect

from .options import AsofOption, JsonOption, LakeOption, ModelOption, OutOption
from .stocked import LEARNT_FROM, stocked, usable
from .talk import makeable, note, progress, show, tell, writable, write_json, write_rows

TOLD = (
    "unique_id", "on_hand", "on_order", "lead_d", "cover_d", "mean", "q100", "q500", "q900",
    "enough",
)  # fmt: skip


def fit(
    lake: LakeOption = Path("lake"),
    model: ModelOption = Path("model"),
    asof: AsofOption = None,
    json: JsonOption = None,
) -> None:
    """Learn demand of each item and how long suppliers take, and save it.

    Example:

      lanecast fit inventory --lake lake --model stock-model
    """
    makeable("model", model)
    writable(json=json)
    known, now = stocked(lake, asof)
    with progress(quiet=json is not None) as say:
        say("fitting", 0.2)
        on_sale = collect(items(known, now).lazy())["unique_id"].to_list()
        fitted = learnt(known, now, on_sale)
        if fitted is None:
            raise ValueError(
                f"--asof: no item had been on sale for 14 days by {now:%Y-%m-%d}; choose a later "
                "moment, or ingest more sales."
            )
        say("saving", 0.9)
        about = {"problem": "inventory", "trained_until": now.isoformat()}
        orders = int(fitted.late["orders"].item())
        metrics = {"items": len(fitted.names), "orders": orders, "drift": fitted.demand.drift}
        tables = [each for each in LEARNT_FROM if known.has(each)]
        artifact.save(model, fitted, {}, metrics=metrics, tables=tables, about=about)
    if orders < LEAST_ORDERS:
        note(f"{orders} orders had come: lead times are those that suppliers state.")
    if json is not None:
        told = {"model": str(model), **about, "metrics": metrics}
        write_json(json, told, f"the model is saved in {model}")
        return
    tell(
        f"{len(fitted.names):,} items, {orders:,} orders that have come; levels move by "
        f"{fitted.demand.drift:.0%} in a month."
    )
    tell(f"Model: {model}. Next: lanecast decide inventory --lake {lake} --model {model}")


def predict(
    lake: LakeOption = Path("lake"),
    model: ModelOption = Path("model"),
    asof: AsofOption = None,
    out: OutOption = None,
    json: JsonOption = None,
) -> None:
    """Say how much is asked for of each item until an order of the next review could come.

    Nothing is stored: `lanecast decide inventory` draws demand itself.

    Example:

      lanecast predict inventory --lake lake --model stock-model --out cover.parquet
    """
    writable(json=json, out=out)
    known, now = stocked(lake, asof)
    with progress(quiet=json is not None) as say:
        say("loading the model", 0.1)
        fitted = usable(model, known, now)
        say("predicting", 0.3)
        rows = until_the_next(fitted, known, now, collect(items(known, now).lazy()))
    write_rows(out, rows)
    bare = rows.sort("enough", "unique_id")
    if json is not None:
        told: dict[str, Any] = {"items": rows.height, "asof": now.isoformat()}
        write_json(json, told | {"rows": rows.drop("asof").to_dicts()})
        return
    show(bare.head(10).select(TOLD), "Demand until an order of the next review comes: least cover")
    tell(f"{rows.height:,} items" + (f"; all are in {out}." if out else "; --out writes all."))
