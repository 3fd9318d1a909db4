"""``lanecast fit | decide address``: which addresses a courier does not find, and what to do."""

import json as lines
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import polars as pl
import typer

from lanecast import artifact
from lanecast.address.gazetteer.stored import gazetteer
from lanecast.address.verify.checks import history
from lanecast.address.verify.decide import Costs
from lanecast.address.verify.decide import decide as decided
from lanecast.address.verify.evaluate import evaluate
from lanecast.address.verify.models.deliverable import (
    PARTS,
    Deliverable,
    FittedDeliverable,
    marked,
    signs,
)
from lanecast.tables.address import TYPED_ADDRESSES

from .learnt_from import ADDRESS
from .options import AsofOption, JsonOption, LakeOption, ModelOption, opened
from .saved import loaded
from .talk import makeable, note, progress, show, tell, whole, writable, write_json

FEWEST = 20  # deliveries that did not find their address, to learn from
LEARNT = 0.75  # of the parcels come before those by which the model is judged


def fit(
    lake: LakeOption = Path("lake"),
    model: ModelOption = Path("model"),
    asof: AsofOption = None,
    json: JsonOption = None,
) -> None:
    """Learn from deliveries which addresses couriers do not find, and save the model.

    Needs typed_addresses, parcels, orders and scans, and the gazetteer of the lake.

    Example:

      lanecast fit address --lake lake --model found --asof 2025-04-01
    """
    makeable("model", model)
    writable(json=json)
    known, now = opened(lake, asof)
    if not known.has(TYPED_ADDRESSES):
        raise ValueError(
            f"--lake: {lake} holds no typed_addresses, so it is not known what was typed; ingest "
            "them (docs/tables.md)."
        )
    with progress(quiet=json is not None) as say:
        register = gazetteer(known)
        if not register.countries:
            note(f"{lake} has no gazetteer, so little can be said of an address.")
        rows = history(known, now, register, say)
        lost = int(rows["not_found"].sum())
        if lost < FEWEST:
            raise ValueError(
                f"--asof: by {now:%Y-%m-%d} {lost} of {rows.height:,} first attempts are known "
                f"not to have found their address; expected at least {FEWEST}."
            )
        scores = later(rows)
        fitted = Deliverable().fit(marked(rows["signs"].to_list()), rows["not_found"].to_numpy())
        about = {"problem": "address", "trained_until": now.isoformat()}
        metrics = {"rows": rows.height, "not_found": lost, "later": scores}
        artifact.save(model, fitted, {}, metrics=metrics, tables=ADDRESS, about=about)
    if json is not None:
        told = {"model": str(model), **about, "metrics": metrics}
        write_json(json, told, f"the model is saved in {model}")
        return
    tell(f"{rows.height:,} deliveries, {lost:,} of them not found at the first attempt.")
    if scores is None:
        note("too few of the first three quarters failed to judge by the last quarter.")
    else:
        show(pl.DataFrame([scores]), "Learnt on the first three quarters, judged by the last")
    tell(f"Model: {model}. Next: lanecast address verify --in FILE --out FILE --model {model}")


def later(rows: pl.DataFrame) -> dict[str, Any] | None:
    """Return how good a model is that knows what was recorded until the last quarter was asked.

    None where too few of what it knows was not found.
    """
    cut = rows["asof_h"].quantile(LEARNT)
    past, ahead = rows.filter(pl.col("known_h") <= cut), rows.filter(pl.col("asof_h") > cut)
    if past["not_found"].sum() < FEWEST or ahead.is_empty():
        return None
    fitted = Deliverable().fit(marked(past["signs"].to_list()), past["not_found"].to_numpy())
    chance = fitted.predict(marked(ahead["signs"].to_list()))
    return evaluate(chance, ahead["not_found"].to_numpy()).row(0, named=True)


@dataclass(frozen=True)
class Line:
    """What ``lanecast address verify`` said of one row."""

    faults: tuple[str, ...]
    candidates: tuple[str, ...]
    coverage: dict[str, Any]


def decide(
    file: Annotated[Path, typer.Option("--in", help="JSON lines of lanecast address verify.")],
    model: ModelOption = Path("model"),
    out: Annotated[
        Path | None, typer.Option("--out", help="JSON lines to write, one decision per row.")
    ] = None,
    failed: Annotated[float, typer.Option(help="Cost of a delivery that fails.", min=0)] = 8.0,
    order: Annotated[float, typer.Option(help="Margin of an order that is lost.", min=0)] = 12.0,
    confirm: Annotated[
        float, typer.Option(help="Buyers who leave when shown a correction.", min=0, max=1)
    ] = 0.01,
    ask: Annotated[
        float, typer.Option(help="Buyers who leave when asked for a part.", min=0, max=1)
    ] = 0.02,
    pickup: Annotated[
        float, typer.Option(help="Buyers who leave for a pickup point.", min=0, max=1)
    ] = 0.08,
    heeded: Annotated[
        float, typer.Option(help="Part of a fault's risk that asking removes.", min=0, max=1)
    ] = 0.8,
    looked: Annotated[
        float, typer.Option(help="Part of all other risk that asking removes.", min=0, max=1)
    ] = 0.2,
    json: JsonOption = None,
) -> None:
    """Choose for each address, by expected cost: accept, confirm, ask for a part, pickup point.

    Nothing is stored; the costs are yours to give.

    Example:

      lanecast decide address --in verified.jsonl --model found --out decided.jsonl --failed 9
    """
    writable(json=json, out=out)
    costs = Costs(failed, order, confirm, ask, pickup, heeded, looked)
    said = read(file)
    fitted, _, _ = loaded(model, "address", FittedDeliverable, ADDRESS)
    x = signs(said)
    chance = fitted.predict(x)
    without = {part: fitted.without(x, part) for part in PARTS}
    ids = [str(row) for row in range(1, len(said) + 1)]
    plan = decided(ids, chance, fitted.repaired(x), without, costs)
    table = plan.table.rename({"id": "row"}).with_columns(pl.col("row").cast(pl.Int64))
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


def read(file: Path) -> list[Line]:
    """Return what was said of each row.

    Raises
    ------
    ValueError
        When the file is missing, empty, or a line is no reply.
    """
    if not file.is_file():
        raise ValueError(f"--in: {file} is missing; make it with lanecast address verify.")
    found = []
    with file.open(encoding="utf-8") as given:
        for number, text in enumerate(given, 1):
            try:
                row = lines.loads(text)
                faults, candidates = (tuple(map(str, row[n])) for n in ("faults", "candidates"))
                found.append(Line(faults, candidates, dict(row["coverage"])))
            except (ValueError, KeyError, TypeError) as error:
                raise ValueError(
                    f"--in: {file.name}, line {number}: expected a reply of lanecast address "
                    f"verify with faults, candidates and coverage; got {text.strip()[:60]!r}."
                ) from error
    if not found:
        raise ValueError(f"--in: {file.name} is empty; expected replies, one per line.")
    return found
