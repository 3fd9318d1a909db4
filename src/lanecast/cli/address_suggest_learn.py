"""``lanecast fit suggest``: the order in which addresses are suggested."""

from pathlib import Path
from typing import Any

import narwhals as nw
import polars as pl

from lanecast import artifact
from lanecast.address.gazetteer.stored import gazetteer
from lanecast.address.suggest.given import orders
from lanecast.address.suggest.learnt import FEWEST, learn
from lanecast.address.suggest.popular import named
from lanecast.address.suggest.stored import index
from lanecast.tables.commerce import ORDERS

from .address import typed
from .address_suggest import INDEXING
from .address_verify import READING
from .learnt_from import SUGGEST
from .options import AsofOption, JsonOption, LakeOption, ModelOption, opened
from .talk import makeable, note, progress, show, tell, writable, write_json


def fit(
    lake: LakeOption = Path("lake"),
    model: ModelOption = Path("model"),
    asof: AsofOption = None,
    json: JsonOption = None,
) -> None:
    """Learn from orders how much the streets count that they go to, and save the model.

    Needs typed_addresses, orders, and the lake's gazetteer with streets.

    Example:

      lanecast fit suggest --lake lake --model order
    """
    makeable("model", model)
    writable(json=json)
    known, now = opened(lake, asof, needed=ORDERS)
    typed(known)
    with progress(quiet=json is not None) as say:
        say(READING, 0.0)
        register = gazetteer(known)
        say(INDEXING, 0.0)
        held = index(known, register)
        rows = orders(known, now, register, held, say)
        if rows.height < FEWEST:
            raise ValueError(
                f"--asof: by {now:%Y-%m-%d} the addresses of {rows.height:,} orders are streets of "
                f"the gazetteer; expected at least {FEWEST}."
            )
        learnt, held_out = learn(rows, register, held)
        context = {"popular": nw.from_native(named(learnt.popular, register, held))}
        about = {"problem": "suggest", "trained_until": now.isoformat()}
        metrics: dict[str, Any] = {
            "rows": rows.height,
            "weight": learnt.fitted.weight,
            "held_out": held_out,
        }
        artifact.save(model, learnt.fitted, context, metrics=metrics, tables=SUGGEST, about=about)
    if json is not None:
        told = {"model": str(model), **about, "metrics": metrics}
        write_json(json, told, f"the model is saved in {model}")
        return
    table = {
        "order": ["learnt", "plain"],
        "first": [held_out["first"], held_out["first_plain"]],
        "among ten": [held_out["among_ten"], held_out["among_ten_plain"]],
        "1 - MRR": [held_out["loss"]["model"], held_out["loss"]["baseline"]],
    }
    title = f"Learnt on four fifths of {rows.height:,} orders; {held_out['n']:,} questions later"
    show(pl.DataFrame(table), title)
    if held_out["loss"]["model"] >= held_out["loss"]["baseline"]:
        note("the plain order was as good: these orders say nothing more, leave --model out.")
    tell(f"Log(1 + orders) of a street weighs {learnt.fitted.weight:g}.")
    tell(f'Model: {model}. Next: lanecast address suggest "..." --lake {lake} --model {model}')
