"""``lanecast fit | predict address``: which addresses couriers do not find."""

from datetime import datetime
from pathlib import Path
from typing import Any

import narwhals as nw
import polars as pl

from lanecast import artifact
from lanecast.address.gazetteer.stored import gazetteer
from lanecast.address.verify.checks import checked, due, history, risks
from lanecast.address.verify.later import FEWEST, held_out
from lanecast.address.verify.models.deliverable import FittedDeliverable
from lanecast.address.verify.record import learnt
from lanecast.tables.address import ADDRESS_CHECKS, TYPED_ADDRESSES
from lanecast.tables.lake import Lake

from .address_verify import READING
from .learnt_from import ADDRESS
from .options import AsofOption, JsonOption, LakeOption, ModelOption, opened
from .saved import loaded, version
from .talk import makeable, note, progress, show, tell, writable, write_json


def fit(
    lake: LakeOption = Path("lake"),
    model: ModelOption = Path("model"),
    asof: AsofOption = None,
    json: JsonOption = None,
) -> None:
    """Learn from deliveries which addresses couriers do not find, and save the model.

    Needs typed_addresses, parcels, orders, scans, and the lake's gazetteer.

    Example:

      lanecast fit address --lake lake --model found --asof 2025-04-01
    """
    makeable("model", model)
    writable(json=json)
    known, now = opened(lake, asof)
    typed(known)
    with progress(quiet=json is not None) as say:
        say(READING, 0.0)
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
        scores = held_out(rows)
        fitted = learnt(rows)
        about = {"problem": "address", "trained_until": now.isoformat()}
        metrics: dict[str, Any] = {
            "rows": rows.height,
            "not_found": lost,
            **({"held_out": scores} if scores is not None else {}),
        }
        artifact.save(model, fitted, {}, metrics=metrics, tables=ADDRESS, about=about)
    if json is not None:
        told = {"model": str(model), **about, "metrics": metrics}
        write_json(json, told, f"the model is saved in {model}")
        return
    tell(f"{rows.height:,} deliveries, {lost:,} of them not found at the first attempt.")
    if scores is None:
        note("too few of the first three quarters failed to judge by the last quarter.")
    else:
        plain = {key: value for key, value in scores.items() if not isinstance(value, dict)}
        show(pl.DataFrame([plain]), "Learnt on the first three quarters, judged by the last")
        if scores["loss"]["model"] >= scores["loss"]["baseline"]:
            note(
                f"that is no better than saying the same of each ({lost / rows.height:.1%} are not "
                "found): do not decide by it yet; more failures are needed."
            )
    tell(f"Model: {model}. Next: lanecast predict address --lake {lake} --model {model}")


def predict(
    lake: LakeOption = Path("lake"),
    model: ModelOption = Path("model"),
    asof: AsofOption = None,
    json: JsonOption = None,
) -> None:
    """Verify the addresses that were typed, say how likely each is not found, and store that.

    Addresses that this model has checked as they stand are left out. Events
    of parcels are predicted with what is stored here before they are asked.

    Example:

      lanecast predict address --lake lake --model found
    """
    writable(json=json)
    known, now = opened(lake, asof)
    typed(known)
    fitted, _, about = loaded(model, "address", FittedDeliverable, ADDRESS)
    until = about["about"].get("trained_until")
    if until and now < datetime.fromisoformat(until):
        raise ValueError(
            f"--asof: {model} learnt until {until[:10]}, so at {now:%Y-%m-%d} it would know what "
            "came later; expected a moment from then on, or a model fitted before."
        )
    with progress(quiet=json is not None) as say:
        rows = due(known, now, version(about))
        say(READING, 0.0)
        said = rows.join(checked(rows, gazetteer(known), say), on=["text", "country"])
        found = risks(said, fitted, now, version(about))
        stored = Lake(lake).write(ADDRESS_CHECKS, nw.from_native(found), source="predict")
    by = found.group_by("next_action").agg(
        addresses=pl.len(),
        mean_chance=pl.col("not_found").mean(),
        highest=pl.col("not_found").max(),
    )
    by = by.sort("addresses", "next_action", descending=[True, False])
    if json is not None:
        told = {"rows": found.height, "stored": stored, "next_actions": by.to_dicts()}
        write_json(json, told, f"{stored:,} rows are stored in {lake}")
        return
    show(by, f"Addresses as typed by {now:%Y-%m-%d}, and the chance that each is not found")
    tell(
        f"{stored:,} stored in {lake}. Next: lanecast decide address --lake {lake} --model {model}"
    )


def typed(known: Lake, option: str = "lake") -> None:
    """Refuse a lake in which nothing was typed.

    Raises
    ------
    ValueError
        When it has no table of typed addresses.
    """
    if not known.has(TYPED_ADDRESSES):
        raise ValueError(
            f"--{option}: {known.path} holds no typed_addresses, so it is not known what was "
            "typed; ingest them (docs/tables.md)."
        )
