"""``lanecast address verify``: each row of a file, judged, with the proof."""

import json
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Annotated, Any

import polars as pl
import typer

from lanecast.address.fold import LONGEST
from lanecast.address.gazetteer.arrays import Gazetteer
from lanecast.address.gazetteer.stored import gazetteer
from lanecast.address.verify import verify as one
from lanecast.address.verify.arbiter import Arbiter, Endpoint
from lanecast.address.verify.corrector import Corrector
from lanecast.address.verify.models.deliverable import FittedDeliverable
from lanecast.address.verify.record import place_of
from lanecast.sources.files import first_line
from lanecast.sources.tabular import scan
from lanecast.tables.lake import Lake

from .learnt_from import ADDRESS
from .options import LakeOption
from .saved import loaded
from .talk import note, progress, show, tell, whole, writable

READING = "reading the gazetteer; the first time it is compiled, half a minute or so"
InOption = Annotated[Path, typer.Option("--in", help="CSV or Parquet with one address per row.")]
TextOption = Annotated[
    str, typer.Option("--text-column", help="Column of the address, in one line or several.")
]
CountryColumn = Annotated[
    str | None, typer.Option("--country-column", help="Column of ISO 3166-1 alpha-2 countries.")
]


def verify(
    file: InOption,
    out: Annotated[Path, typer.Option("--out", help="JSON lines to write, one reply per row.")],
    text_column: TextOption = "text",
    country_column: CountryColumn = None,
    lake: LakeOption = Path("lake"),
    model: Annotated[
        Path | None,
        typer.Option("--model", help="Folder of lanecast fit address: gives p_deliverable."),
    ] = None,
    llm_url: Annotated[
        str | None,
        typer.Option(
            "--llm-url", help="OpenAI-compatible base URL, asked where places fit equally well."
        ),
    ] = None,
    llm_model: Annotated[str, typer.Option("--llm-model", help="Model there.")] = "",
    llm_key: Annotated[
        str, typer.Option("--llm-key", envvar="LANECAST_LLM_KEY", help="Its key.", show_envvar=True)
    ] = "",
    llm_budget: Annotated[
        int, typer.Option("--llm-budget", help="Questions to it at most.", min=0)
    ] = 1000,
    correct: Annotated[
        bool,
        typer.Option(
            "--corrector", help="Propose streets for those that the register lacks as written."
        ),
    ] = False,
) -> None:
    """Verify addresses: their parts, what confirms each, what is wrong, and what to do next.

    Examples
    --------
      lanecast address verify --in orders.csv --out verified.jsonl

      lanecast address verify --in a.csv --country-column country --out a.jsonl
    """
    writable(out=out)
    apart(file, out)
    rows = asked(file, text_column, country_column)
    arbiter = None
    if llm_url is not None:
        arbiter = Arbiter(_endpoint(llm_url, llm_model, llm_key, llm_budget))
    elif llm_model:
        raise ValueError("--llm-model: is asked nowhere; give its --llm-url too.")
    corrector = Corrector() if correct else None
    known = register(lake)
    if not known.countries:
        note(f"{lake} has no gazetteer, so nothing can be confirmed; see lanecast address import.")
    fitted = None
    if model is not None:
        fitted, _, _ = loaded(model, "address", FittedDeliverable, ADDRESS)
    counts: dict[str, int] = {}
    started = perf_counter()
    with whole(out) as partial, partial.open("w", encoding="utf-8") as lines, progress() as say:
        for done, (text, country) in enumerate(rows.iter_rows(), 1):
            reply = _reply(text, country, known, arbiter, corrector, fitted)
            action = reply["verdict"]["possible_next_action"]
            counts[action] = counts.get(action, 0) + 1
            lines.write(json.dumps(reply, ensure_ascii=False) + "\n")
            if done % 500 == 0:
                say(f"{done:,} addresses", done / rows.height)
    seconds = perf_counter() - started
    order = sorted(counts, key=lambda action: -counts[action])
    table = {"next action": order, "addresses": [counts[action] for action in order]}
    show(pl.DataFrame(table), f"Verified, in {out}")
    if arbiter is not None:
        tell(f"The language model was asked {arbiter.asked} times, {arbiter.failed} in vain.")
    if corrector is not None:
        many = f"{corrector.asked} streets, and proposed {corrector.proposed} with a proof."
        tell(f"The corrector was asked about {many}")
    tell(f"{rows.height:,} addresses in {seconds:.1f} s, {rows.height / seconds:,.0f} per second.")


def apart(file: Path, out: Path) -> None:
    """Refuse to write over what is read."""
    if file.exists() and out.exists() and out.samefile(file):
        raise ValueError(f"--out: {out} is the file that --in reads; give another name.")


def register(lake: Path) -> Gazetteer:
    """Return the gazetteer of ``lake``; an empty one of a lake that has none.

    Raises
    ------
    ValueError
        When there is no such folder.
    """
    if not lake.is_dir():
        what = "is a file; expected the folder of a lake" if lake.exists() else "is missing"
        raise ValueError(
            f"--lake: {lake} {what}. Name the folder of a lake, or make one: lanecast address "
            "import fills it with a gazetteer."
        )
    with progress() as say:
        say(READING, 0.0)
        return gazetteer(Lake(lake))


def asked(file: Path, text: str, country: str | None) -> pl.DataFrame:
    """Return text and country of each row."""
    if not file.is_file():
        what = "is a folder" if file.is_dir() else "is no file" if file.exists() else "is missing"
        raise ValueError(f"--in: {file} {what}; give a CSV or Parquet file.")
    rows = scan(file)
    held = rows.collect_schema()
    for option, column in (("--text-column", text), ("--country-column", country)):
        if column is not None:
            _usable(option, column, held, file.name)
    code = pl.lit(None, pl.String) if country is None else pl.col(country).cast(pl.String)
    asked = rows.select(text=pl.col(text).cast(pl.String).fill_null(""), country=code)
    try:
        return asked.collect()
    except pl.exceptions.PolarsError as error:
        raise ValueError(
            f"--in: {file.name} cannot be read to its end: {first_line(error)}."
        ) from error


def _usable(option: str, column: str, held: pl.Schema, file: str) -> None:
    """Refuse a column that is not there, stands twice, or holds no text."""
    if column not in held:
        split = " Separate them by commas." if len(held) == 1 and ";" in next(iter(held)) else ""
        raise ValueError(
            f"{option}: {file} has no column {column!r}; it has {_heads(held.names())}.{split}"
        )
    if f"{column}_duplicated_0" in held:
        raise ValueError(f"{option}: {file} has {column!r} twice; expected each name once.")
    kind = held[column]
    if kind.is_nested() or kind in (pl.Binary, pl.Object):
        raise ValueError(f"{option}: {column!r} of {file} holds {kind}; expected text.")


def _heads(held: list[str]) -> str:
    """Return names of columns; of a file without a header they would be somebody's address."""
    if any(any(c.isdigit() for c in name) or len(name) > 30 for name in held):
        return f"{len(held)} columns with other names; is its first line no header"
    return ", ".join(held)


def _endpoint(url: str, model: str, key: str, budget: int) -> Endpoint:
    try:
        return Endpoint(url, model, key, budget=budget)
    except ValueError as error:
        raise ValueError(f"--llm-{error}") from error


def _reply(
    text: str,
    country: str | None,
    known: Gazetteer,
    arbiter: Arbiter | None,
    corrector: Corrector | None,
    fitted: FittedDeliverable | None,
) -> dict[str, Any]:
    """Return the reply; what cannot be read is a reply too."""
    if len(text) > LONGEST or len(text.encode("utf-8", "replace")) > LONGEST:
        reply = replace(one("", known, country), text=text[:80], faults=("too_long",))
    else:
        reply = one(text, known, country, arbiter=arbiter, corrector=corrector)
    if fitted is not None:
        place = place_of(reply.country, reply.components)
        reply = replace(reply, p_deliverable=round(fitted.found(reply, place), 4))
    return reply.row()
