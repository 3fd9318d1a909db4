"""``lanecast decide address``: accept, confirm, ask for a part, or send to a pickup point."""

import json as lines
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import polars as pl
import typer

from lanecast.address.verify.decide import Costs
from lanecast.address.verify.decide import decide as decided
from lanecast.address.verify.models.deliverable import (
    PARTS,
    FittedDeliverable,
    marked,
    signs_of,
)
from lanecast.address.verify.record import Array, place_of
from lanecast.tables.address import ADDRESS_CHECKS
from lanecast.tables.lake import collect

from .address_verify import apart
from .learnt_from import ADDRESS
from .options import AsofOption, JsonOption, LakeOption, ModelOption, opened
from .saved import loaded, version
from .talk import show, tell, whole, writable, write_json

FailedOption = Annotated[float, typer.Option(help="Cost of a delivery that fails.", min=0)]
OrderOption = Annotated[float, typer.Option(help="Margin of an order that is lost.", min=0)]
ConfirmOption = Annotated[
    float, typer.Option(help="Buyers who leave when shown a correction.", min=0, max=1)
]
AskOption = Annotated[
    float, typer.Option(help="Buyers who leave when asked for a part.", min=0, max=1)
]
PickupOption = Annotated[
    float, typer.Option(help="Buyers who leave for a pickup point.", min=0, max=1)
]
HeededOption = Annotated[
    float, typer.Option(help="Part of a fault's risk that asking removes.", min=0, max=1)
]
LookedOption = Annotated[
    float, typer.Option(help="Part of all other risk that asking removes.", min=0, max=1)
]


@dataclass(frozen=True)
class Line:
    """What ``lanecast address verify`` said of one row."""

    faults: tuple[str, ...]
    candidates: tuple[str, ...]
    coverage: dict[str, Any]


@dataclass(frozen=True)
class Asked:
    """Addresses to decide on: their names, what is wrong with each, and where each lies.

    ``chance`` is what was stored, that each is not found; None where nothing was.
    """

    ids: list[str]
    signs: list[tuple[str, ...]]
    places: list[str]
    chance: Array | None = None


def decide(
    file: Annotated[
        Path | None,
        typer.Option(
            "--in", help="JSON lines of lanecast address verify; else what predict stored."
        ),
    ] = None,
    lake: LakeOption = Path("lake"),
    model: ModelOption = Path("model"),
    asof: AsofOption = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="JSON lines to write, one decision per row.")
    ] = None,
    failed: FailedOption = 8.0,
    order: OrderOption = 12.0,
    confirm: ConfirmOption = 0.01,
    ask: AskOption = 0.02,
    pickup: PickupOption = 0.08,
    heeded: HeededOption = 0.8,
    looked: LookedOption = 0.2,
    json: JsonOption = None,
) -> None:
    """Choose for each address, by expected cost: accept, confirm, ask for a part, pickup point.

    Nothing is stored; the costs are yours to give.

    Examples
    --------
      lanecast decide address --lake lake --model found --failed 9

      lanecast decide address --in verified.jsonl --out decided.jsonl
    """
    writable(json=json, out=out)
    if file is not None and out is not None:
        apart(file, out)
    costs = Costs(failed, order, confirm, ask, pickup, heeded, looked)
    fitted, _, about = loaded(model, "address", FittedDeliverable, ADDRESS)
    name = "row" if file else "address_id"
    asked = read(file) if file else stored(lake, asof, version(about))
    x = marked(asked.signs)
    chance = fitted.predict(x, asked.places) if asked.chance is None else asked.chance
    without = {part: fitted.without(x, chance, part) for part in PARTS}
    plan = decided(asked.ids, chance, fitted.repaired(x, chance), without, costs)
    kind = pl.Int64 if name == "row" else pl.String
    table = plan.table.rename({"id": name}).with_columns(pl.col(name).cast(kind))
    if out is not None:
        with whole(out) as partial:
            table.write_ndjson(partial)
    ways = table.group_by("action", "part").agg(
        addresses=pl.len(), mean_chance=pl.col("chance").mean(), saving=pl.col("saving").sum()
    )
    ways = ways.sort("addresses", "action", "part", descending=[True, False, False])
    result: dict[str, Any] = {
        "addresses": table.height,
        "objective": plan.objective,
        "parts": dict(plan.parts),
        "bound": plan.bound,
        "gap": plan.gap,
        "status": plan.status,
        "accept_all": float(costs.failed * np.sum(chance)),
        "ways": ways.to_dicts(),
    }
    if json is not None:
        write_json(json, result)
        return
    show(ways, "What to do")
    tell(
        f"Expected cost {plan.objective:,.2f}, against {result['accept_all']:,.2f} if all were "
        "accepted as they are."
    )


def stored(lake: Path, asof: str | None, version: str) -> Asked:
    """Return the addresses whose checks are stored, by the model of ``version``.

    Raises
    ------
    ValueError
        When there are none, or some are of another model.
    """
    known, now = opened(lake, asof)
    rows = collect(known.read(ADDRESS_CHECKS)) if known.has(ADDRESS_CHECKS) else pl.DataFrame()
    if rows.is_empty():
        raise ValueError(
            f"--lake: by {now:%Y-%m-%d} {lake} holds no checks of addresses; run lanecast predict "
            "address first, or give --in FILE."
        )
    if others := rows.filter(pl.col("version") != version).height:
        raise ValueError(
            f"--model: {others:,} of the {rows.height:,} checks in {lake} are of another model; "
            "run lanecast predict address with this one first, or give the other."
        )
    rows = rows.sort("address_id")
    held = [tuple(filter(None, each.split(","))) for each in rows["signs"]]
    return Asked(rows["address_id"].to_list(), held, [], rows["not_found"].to_numpy())


def read(file: Path) -> Asked:
    """Return the number of each row, from 1, what is wrong with it, and where it lies.

    Raises
    ------
    ValueError
        When the file is missing, empty, or a line is no reply.
    """
    if not file.is_file():
        what = "is no file" if file.exists() else "is missing"
        raise ValueError(f"--in: {file} {what}; make it with lanecast address verify.")
    found, places = [], []
    with file.open(encoding="utf-8", errors="replace") as given:
        for number, text in enumerate(given, 1):
            try:
                row = lines.loads(text)
                faults, candidates = (tuple(map(str, row[n])) for n in ("faults", "candidates"))
                found.append(Line(faults, candidates, dict(row["coverage"])))
                places.append(place_of(row["country"], row["components"]))
            except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
                raise ValueError(  # without the line, which may be somebody's address
                    f"--in: {file.name}, line {number}: expected a reply of lanecast address "
                    "verify with faults, candidates, coverage, country and components; got "
                    "something else."
                ) from None
    if not found:
        raise ValueError(f"--in: {file.name} is empty; expected replies, one per line.")
    ids = [str(row) for row in range(1, len(found) + 1)]
    return Asked(ids, [signs_of(row) for row in found], places)
