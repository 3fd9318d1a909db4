"""``lanecast graph export | import | query | vocabulary``: the graph for other programs."""

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from lanecast.graph import Graph, graphml, load, neo4j, rdf
from lanecast.graph.exchange import keep
from lanecast.graph.sparql import MISSING, SECONDS, ask
from lanecast.graph.vocabulary import reference
from lanecast.tables.lake import Lake

from .graph import DataOption
from .options import JsonOption, folder_of, named_as_a_lake
from .talk import fillable, makeable, show, tell, whole, writable, write_json

Form = Literal["turtle", "ntriples", "graphml", "neo4j"]
FormOption = Annotated[
    Form | None,
    typer.Option(
        "--format",
        help="Format; by default as the name ends: .ttl .nt .graphml, or a folder for neo4j.",
    ),
]
MOST_ROWS = 50  # that are shown to a person; --json has all
ENDINGS: dict[str, Form] = {".ttl": "turtle", ".nt": "ntriples", ".graphml": "graphml"}


def export(
    out: Annotated[Path, typer.Option("--out", help="File to write; for neo4j a new folder.")],
    data: DataOption = Path("lake"),
    form: FormOption = None,
    json: JsonOption = None,
) -> None:
    """Write the newest graph of a lake to a file that other programs read; nothing is lost.

    Examples
    --------
      lanecast graph export --data lake --out graph.ttl

      lanecast graph export --data lake --format neo4j --out graph_csv
    """
    kind = form or ENDINGS.get(out.suffix.lower())
    if kind is None and out.suffix:
        raise ValueError(
            f"--out: {out.name} does not say its format; expected a name that ends in "
            f"{', '.join(ENDINGS)}, a folder without ending for neo4j, or --format."
        )
    kind = kind or "neo4j"
    writable(json=json)
    if kind == "neo4j":
        makeable("out", out)
    else:
        writable(out=out)
    graph = load(Lake(folder_of("data", data)))
    with whole(out) as part:
        _write(graph, part, kind)
    result = _sizes(graph) | {"format": kind, "file": str(out)}
    if json is not None:
        write_json(json, result, f"the graph is written to {out}")
        return
    tell(f"{result['nodes']:,} nodes and {result['edges']:,} edges written to {out}.")
    if kind == "neo4j":
        tell(f"In that folder: {neo4j.IMPORT}")


def _write(graph: Graph, path: Path, kind: Form) -> None:
    if kind == "neo4j":
        neo4j.write(graph, path)
    elif kind == "graphml":
        graphml.write(graph, path)
    else:
        rdf.write(graph, path, kind)


def _sizes(graph: Graph) -> dict[str, Any]:
    parts = ("nodes", "edges", "days", "proofs")
    return {part: getattr(graph, part).height for part in parts} | {"asof": graph.asof.isoformat()}


def bring(
    file: Annotated[Path, typer.Argument(help="File, or folder of neo4j, that export has made.")],
    data: DataOption = Path("lake"),
    form: FormOption = None,
    json: JsonOption = None,
) -> None:
    """Store a graph from a file as the newest of a lake; what is not valid is refused whole.

    Example:

      lanecast graph import graph.ttl --data other
    """
    writable(json=json)
    if not file.exists():
        raise ValueError(f"FILE: there is no {file}.")
    kind = form or ("neo4j" if file.is_dir() else ENDINGS.get(file.suffix.lower()))
    if kind is None or (kind == "neo4j") != file.is_dir():
        raise ValueError(
            f"--format: expected that of {file}, one of {', '.join(ENDINGS.values())} "
            f"for a file and neo4j for a folder; got {form}."
        )
    if data.exists():
        folder_of("data", data)
    else:
        fillable("data", data)
    lake = Lake(named_as_a_lake("data", data))
    try:
        graph = _read(file, kind)
        rows = keep(graph, lake)
    except ValueError as error:
        named = "" if str(file) in str(error) or str(error).startswith(MISSING) else f"{file}: "
        raise ValueError(f"{named}{error}") from error
    if json is not None:
        told = _sizes(graph) | {"rows_written": rows}
        write_json(json, told, f"{rows:,} rows are stored in {data}")
        return
    tell(f"The graph of {graph.asof:%Y-%m-%d %H:%M} UTC: {rows:,} rows written to {data}.")


def _read(file: Path, kind: Form) -> Graph:
    if kind == "neo4j":
        return neo4j.read(file)
    if kind == "graphml":
        return graphml.read(file)
    try:
        return rdf.read(file, kind)
    except ModuleNotFoundError as error:
        raise ValueError(f"{MISSING}.") from error


def query(
    sparql: Annotated[str, typer.Option("--sparql", help="SPARQL 1.1; lc: and rel: are known.")],
    data: DataOption = Path("lake"),
    seconds: Annotated[
        float, typer.Option("--seconds", help="How long it may take.", min=1, max=86_400)
    ] = SECONDS,
    json: JsonOption = None,
) -> None:
    """Answer a question in SPARQL about the newest graph of a lake.

    Example:

      lanecast graph query --sparql "SELECT ?a ?b { ?a rel:hands_over_to ?b }"
    """
    writable(json=json)
    graph = load(Lake(folder_of("data", data)))
    try:
        found = ask(graph, sparql, seconds)
    except ModuleNotFoundError as error:
        raise ValueError(f"{MISSING}.") from error
    if json is not None:
        write_json(json, {"variables": found.columns, "rows": found.to_dicts()})
        return
    if found.is_empty():
        tell("No answer.")
        return
    show(found.head(MOST_ROWS), f"{found.height} rows")


def vocabulary() -> None:
    """Print the words in which the graph is told as RDF, as Markdown.

    Example:

      lanecast graph vocabulary > docs/graph-vocabulary.md
    """
    print(reference(), end="")
