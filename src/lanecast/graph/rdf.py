"""A graph as RDF, in Turtle or N-Triples; read by pyoxigraph, written by Polars."""

from array import array
from collections import defaultdict
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

import polars as pl

from .build import Graph
from .exchange import PARTS, parts, text, whole
from .vocabulary import CLASSES, LINKS, NAMED, RELATED, TERMS, TYPE, XSD, datatype, term

Form = Literal["turtle", "ntriples"]
ROWS = 50_000  # that are written at once
_SAFE = "-._~:"
_UNSAFE = [chr(i) for i in range(128) if not chr(i).isalnum() and chr(i) not in _SAFE]
_ODD = r"[\x{80}-\x{9f}\x{fff0}-\x{ffff}]|\p{Cn}|\p{Co}"
_LITERAL = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r"} | {
    chr(i): f"\\u{i:04X}" for i in (*range(10), 11, 12, *range(14, 32), 127)
}
_PREFIXES = f"@prefix lc: <{TERMS}> .\n@prefix rel: <{RELATED}> .\n@prefix xsd: <{XSD}> .\n"


def write(graph: Graph, path: Path, form: Form) -> None:
    """Write ``graph`` to a file; the page of the vocabulary says in which words."""
    row_of = _turtle if form == "turtle" else _triples
    with path.open("w", encoding="utf-8", newline="") as file:
        if form == "turtle":
            file.write(_PREFIXES)
        for part, rows in parts(graph).items():
            links = LINKS.get(part, {})
            for first, chunk in enumerate(rows.iter_slices(ROWS)):
                said = chunk.with_columns(
                    _object(name, kind, links.get(name), form) for name, kind in PARTS[part].items()
                ).with_columns(_subject(part, chunk, first))
                file.writelines(said.select(row_of(part)).to_series())


def _subject(part: str, rows: pl.DataFrame, first: int) -> pl.Series:
    if part in NAMED:
        return _iri(part, rows[NAMED[part]]).alias("subject")
    label = pl.int_range(first * ROWS, first * ROWS + rows.height, eager=True).cast(pl.String)
    return ("_:" + part + label).alias("subject")


def _iri(part: str, names: pl.Series) -> pl.Series:
    """Return names as IRIs; only characters that an IRI may not hold are taken one by one."""
    safe = names.str.replace_many(_UNSAFE, [f"%{ord(each):02X}" for each in _UNSAFE])
    odd = names.str.contains(_ODD)
    if odd.any():
        quoted = names.filter(odd).map_elements(lambda each: quote(each, safe=_SAFE), pl.String)
        safe = safe.scatter(odd.arg_true(), quoted)
    return "<urn:lanecast:" + part.removesuffix("s") + ":" + safe + ">"


def _object(name: str, kind: pl.DataType, goal: str | None, form: Form) -> pl.Expr:
    if goal is not None:
        value = pl.col(name)
        return value.map_batches(lambda names: _iri(goal, names), pl.String)
    said = datatype(kind)
    value = text(name, kind)
    if said is None:
        value = value.str.replace_many(list(_LITERAL), list(_LITERAL.values()))
        return pl.concat_str(pl.lit('"'), value, pl.lit('"')).alias(name)
    mark = f"xsd:{said}" if form == "turtle" else f"<{XSD}{said}>"
    return pl.concat_str(pl.lit('"'), value, pl.lit(f'"^^{mark}')).alias(name)


def _turtle(part: str) -> pl.Expr:
    values = [pl.concat_str(pl.lit(f" ;\n  lc:{term(part, name)} "), name) for name in PARTS[part]]
    start = pl.concat_str("subject", pl.lit(f" a lc:{CLASSES[part]}"))
    row = pl.concat_str(start, *values, pl.lit(" .\n"), ignore_nulls=True)
    if part != "edges":
        return row
    relation = pl.col("relation").str.strip_chars('"')
    plain = pl.concat_str("head_id", pl.lit(" rel:"), relation, pl.lit(" "), "tail_id")
    return pl.concat_str(row, plain, pl.lit(" .\n"))


def _triples(part: str) -> pl.Expr:
    start = pl.concat_str("subject", pl.lit(f" <{TYPE}> <{TERMS}{CLASSES[part]}> .\n"))
    values = [
        pl.concat_str("subject", pl.lit(f" <{TERMS}{term(part, name)}> "), name, pl.lit(" .\n"))
        for name in PARTS[part]
    ]
    if part == "edges":
        relation = pl.concat_str(pl.lit(f"<{RELATED}"), pl.col("relation").str.strip_chars('"'))
        end = pl.concat_str(pl.lit("> "), "tail_id", pl.lit(" .\n"))
        values.append(pl.concat_str("head_id", pl.lit(" "), relation, end))
    return pl.concat_str(start, *values, ignore_nulls=True)


def read(path: Path, form: Form) -> Graph:
    """Return the graph of a file; statements in other words than ours are passed over.

    Raises
    ------
    ModuleNotFoundError
        When pyoxigraph is not there.
    ValueError
        When the file is not of that form, or holds no graph; as ``exchange.whole``.
    """
    number, said, classes = _statements(path, form)
    named = {"name": list(number), "subject": list(number.values())}
    subjects = pl.DataFrame(named, schema={"name": pl.String, "subject": pl.Int64})
    found: dict[str, pl.DataFrame] = {}
    for part, name in CLASSES.items():
        found[part] = pl.DataFrame({"subject": classes[name]}, schema={"subject": pl.Int64})
        for column in PARTS[part]:
            rows = pl.DataFrame(
                said[term(part, column)], schema={"subject": pl.Int64, column: pl.String}
            )
            goal = LINKS.get(part, {}).get(column)
            if goal is not None:
                ids = found[goal].select("subject", id=NAMED[goal])
                ids = ids.join(subjects, on="subject").select("name", "id")
                rows = rows.join(ids, left_on=column, right_on="name", how="left")
                rows = rows.select("subject", pl.col("id").fill_null(pl.col(column)).alias(column))
            found[part] = found[part].join(rows, on="subject", how="left")
    return whole(found)


def _statements(
    path: Path, form: Form
) -> tuple[dict[str, int], defaultdict[str, Any], defaultdict[str, Any]]:
    """Return numbers of subjects, (subjects, texts) of each property, subjects of each class."""
    from pyoxigraph import RdfFormat, parse

    number: dict[str, int] = {}
    said: defaultdict[str, Any] = defaultdict(lambda: (array("q"), []))
    classes: defaultdict[str, Any] = defaultdict(lambda: array("q"))
    kind = RdfFormat.TURTLE if form == "turtle" else RdfFormat.N_TRIPLES
    skip = len(TERMS)
    try:
        for quad in parse(path=path, format=kind):
            predicate, value = quad.predicate.value, quad.object.value
            if predicate == TYPE and value.startswith(TERMS):
                at = number.setdefault(quad.subject.value, len(number))
                classes[value[skip:]].append(at)
            elif predicate.startswith(TERMS):
                at = number.setdefault(quad.subject.value, len(number))
                of, values = said[predicate[skip:]]
                of.append(at)
                values.append(value)
    except SyntaxError as error:
        raise ValueError(f"{path}: this is not {form}: {error}.") from error
    return number, said, classes
