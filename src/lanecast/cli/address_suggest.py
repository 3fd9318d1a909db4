"""``lanecast address suggest``: what may be meant, of one text or of each row of a file."""

import json
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import Annotated, Any

import polars as pl
import typer

from lanecast.address.country_names import country_of
from lanecast.address.fold import LONGEST, unseen
from lanecast.address.gazetteer.arrays import Gazetteer
from lanecast.address.suggest import Session
from lanecast.address.suggest.index import Index
from lanecast.address.suggest.learnt import Learnt
from lanecast.address.suggest.models import FittedPopularity
from lanecast.address.suggest.popular import placed
from lanecast.address.suggest.reply import Candidate
from lanecast.address.suggest.stored import index
from lanecast.tables.lake import Lake

from .address_verify import (
    CountryColumn,
    TextOption,
    apart,
    asked,
    register,
)
from .learnt_from import SUGGEST
from .options import LakeOption
from .saved import loaded
from .talk import note, progress, show, tell, whole, writable

INDEXING = "reading the index; the first time it is made, a minute or so"


def suggest(
    text: Annotated[str | None, typer.Argument(help="What was typed; instead of --in.")] = None,
    file: Annotated[
        Path | None, typer.Option("--in", help="CSV or Parquet with one text per row.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="JSON lines to write, one reply per row.")
    ] = None,
    text_column: TextOption = "text",
    country_column: CountryColumn = None,
    country: Annotated[
        str | None, typer.Option("--country", help="ISO 3166-1 alpha-2 that is likelier.")
    ] = None,
    near: Annotated[
        str | None, typer.Option("--near", help="LAT,LON: what lies near is likelier.")
    ] = None,
    earlier: Annotated[
        list[str] | None,
        typer.Option("--earlier", help="Address that the customer gave before; repeatable."),
    ] = None,
    limit: Annotated[int, typer.Option("--limit", help="At most so many.", min=1, max=50)] = 10,
    lake: LakeOption = Path("lake"),
    model: Annotated[
        Path | None, typer.Option("--model", help="Order learnt by lanecast fit suggest.")
    ] = None,
) -> None:
    """Suggest addresses while they are typed: unfinished, misspelt, parts in any order.

    Examples
    --------
      lanecast address suggest "107 harv" --country US

      lanecast address suggest --in typed.csv --out suggested.jsonl

      lanecast address suggest "rua augus" --country BR --near=-23.55,-46.63
    """
    if (text is None) == (file is None) or (file is None) != (out is None):
        raise ValueError("expected a text, or --in FILE with --out FILE.")
    place = _place(near)
    writable(out=out)
    if file is not None and out is not None:
        apart(file, out)
    rows = None if file is None else asked(file, text_column, country_column)
    given = country
    country, unknown = country_of(given)
    if unknown:
        raise ValueError(
            f"--country: {given!r} is no country; expected ISO 3166-1 alpha-2, for example DE."
        )
    known = register(lake)
    if country is not None and known.countries and country not in known.numbers:
        note(f"the gazetteer of {lake} does not cover {country}, so no country is likelier.")
    if not known.countries:
        note(f"{lake} has no gazetteer, so nothing can be suggested; see lanecast address import.")
    with progress() as say:
        say(INDEXING, 0.0)
        held = index(Lake(lake), known)
    learnt = None if model is None else _learnt(model, known, held)
    sessions: dict[str | None, Session] = {}

    def session(code: str | None) -> Session:
        code = (code or country or "").strip().upper() or None
        code = code if code in known.numbers else None
        if code not in sessions:
            sessions[code] = Session(known, held, code, place, earlier or (), learnt)
        return sessions[code]

    if rows is None or out is None:
        _one(text or "", session(None).suggest(_read(text or ""), limit))
        return
    counts: dict[str, int] = {}
    started = perf_counter()
    with whole(out) as partial, partial.open("w", encoding="utf-8") as lines, progress() as say:
        for done, (typed, code) in enumerate(rows.iter_rows(), 1):
            reply = _reply(typed, session(code), limit)
            named, wrong = country_of(code)
            if named is not None and named not in known.numbers:
                wrong = ("country_not_covered",)
            reply["faults"] += wrong
            first = reply["candidates"][0]["granularity"] if reply["candidates"] else "nothing"
            counts[first] = counts.get(first, 0) + 1
            lines.write(json.dumps(reply, ensure_ascii=False) + "\n")
            if done % 500 == 0:
                say(f"{done:,} texts", done / rows.height)
    seconds = perf_counter() - started
    order = sorted(counts, key=lambda level: -counts[level])
    table = {"first candidate": order, "texts": [counts[level] for level in order]}
    show(pl.DataFrame(table), f"Suggested, in {out}")
    tell(f"{rows.height:,} texts in {seconds:.1f} s, {rows.height / seconds:,.0f} per second.")


def _place(near: str | None) -> tuple[float, float] | None:
    if near is None:
        return None
    try:
        lat, lon = (float(part) for part in near.split(","))
    except ValueError as error:
        raise ValueError(
            f"--near: {near!r}; expected LAT,LON in degrees, e.g. 38.8,-77.05."
        ) from error
    return lat, lon


def _read(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def _reply(text: str, session: Session, limit: int) -> dict[str, Any]:
    """Return the reply of one row; what cannot be read is a reply too."""
    text = _read(text)
    if len(text.encode()) > LONGEST:
        return {"text": text[:80], "candidates": [], "ordered_by": None, "faults": ["too_long"]}
    found = session.suggest(text, limit)
    faults = list(unseen(text))
    order = "plain" if session.learnt is None else "learnt"
    told = [each.row() for each in found]
    return {"text": text, "candidates": told, "ordered_by": order, "faults": faults}


def _learnt(model: Path, known: Gazetteer, held: Index) -> Learnt | None:
    """Return the learnt order; None, the plain one, where orders weigh nothing in it."""
    fitted, context, _ = loaded(model, "suggest", FittedPopularity, SUGGEST)
    if not fitted.weight:
        return None
    return Learnt(fitted, placed(context["popular"].to_native(), known, held))


def _one(text: str, found: Sequence[Candidate]) -> None:
    if not found:
        tell(f"Nothing fits {text!r}.")
        return
    houses = [_house(each) for each in found]
    table = {
        "address": [each.label for each in found],
        "granularity": [each.granularity for each in found],
        "house": houses,
        "record": [" ".join(r["record_id"] for r in each.records) for each in found],
        "score": [each.score for each in found],
    }
    shown = pl.DataFrame(table)
    show(shown if any(houses) else shown.drop("house"), "Suggested")


def _house(found: Candidate) -> str:
    """Return what lies beside a house that is not known."""
    if found.house is None:
        return ""
    sides = [found.house["below"], found.house["above"]]
    return f"{found.house['how']} {' - '.join(filter(None, sides))}".strip()
