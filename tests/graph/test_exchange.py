"""Laws of files: whatever a graph holds comes back, in every format, and nonsense is refused."""

import re
import socket
from dataclasses import replace
from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from lanecast.graph import graphml, neo4j, rdf, sparql
from lanecast.graph.build import Graph
from lanecast.graph.exchange import PARTS, keep
from lanecast.graph.index import index
from lanecast.graph.sparql import ask
from lanecast.graph.store import load, stored
from lanecast.graph.usable import LONGEST_S
from lanecast.graph.vocabulary import reference
from lanecast.tables.graph import MEASURES, NODE_KINDS, RELATIONS
from lanecast.tables.lake import Batch, Lake
from lanecast.tables.network import CALENDARS

from ..conftest import ROOT
from .conftest import same
from .networks import random_graph

ODD = ["", " ", "'\"", "\\n", "\n", "\r\n", "\t", "\x00", "\x1f", "\x7f", "\x85", "null", "%7C"]
ODD += ["_x0001_", "_x_", "_x005F_", "&amp;", "<a>", "]]>", "中文 站", "\ue000", "\ufffe", "\uffff"]
ODD += ["\U0001f69a", "\U0010ffff", "é", "e\u0301", "|", ",", ";", "1e5", "true", "\ufeff"]
texts = st.sampled_from(ODD) | st.text(max_size=6)
names = st.builds("".join, st.lists(texts, min_size=1, max_size=3)).filter(len)
EXTREME = [5e-324, 1.7976931348623157e308, 0.1, 0.0, 123456789.12345679]
floats = st.sampled_from(EXTREME) | st.floats(0, allow_nan=False, allow_infinity=False)
wholes = st.integers(0, 2**63 - 1)
instants = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001
moments = st.datetimes(datetime(1970, 1, 1), datetime(2199, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
some = {
    pl.String: texts,
    pl.Boolean: st.booleans(),
    pl.Float64: floats,
    pl.Int64: wholes,
    pl.Int16: st.integers(0, 255),
    pl.Date: st.dates(),
    pl.Datetime: instants,
}
DEGREES = {"lat": st.floats(-90, 90), "lon": st.floats(-180, 180)}
FREE = {"country": st.sampled_from(["DE", "BR"]), "mode": st.sampled_from(["road", "air"])}
FREE["carrier_id"] = names
FREE["zone"] = st.sampled_from(["UTC", "Asia/Kolkata"])
FREE["weekdays"] = st.sampled_from(["", "1", "1111100"])
TIMES = ("duration_s", "first_departure_s", "headway_s", "cutoff_s")
FREE |= dict.fromkeys(TIMES, st.floats(0, LONGEST_S))


def rows(part, number, **fixed):
    """Return so many rows of a part, with these columns and any values elsewhere."""
    needed = {"label", "is_planned", "scans", "parcels", "date", "hour", "bin", "n", "seen_at"}

    def column(name, kind):
        if name in fixed:
            return fixed[name]
        value = (DEGREES | FREE).get(name, some[kind.base_type()])
        return st.lists(
            value if name in needed else st.none() | value, min_size=number, max_size=number
        )

    return {name: column(name, kind) for name, kind in PARTS[part].items()}


@st.composite
def graphs(draw):
    """Return a graph that the tables allow, as odd as can be."""
    ids = draw(st.lists(names, min_size=1, max_size=5, unique=True))

    def made(part, number, **fixed):
        given = {key: st.just(value) for key, value in fixed.items()}
        columns = {key: draw(value) for key, value in rows(part, number, **given).items()}
        return pl.DataFrame(columns, schema=PARTS[part])

    any_of = lambda among, many: draw(  # noqa: E731
        st.lists(st.sampled_from(among), min_size=many, max_size=many)
    )
    some_edges = draw(st.lists(names, max_size=4, unique=True))
    ends = {name: any_of(ids, len(some_edges)) for name in ("head_id", "tail_id")}
    ends["relation"] = any_of(RELATIONS, len(some_edges))
    ends["lane_id"] = any_of([None, *ids], len(some_edges))
    of = any_of(some_edges, 3) if some_edges else []
    edges = made("edges", len(some_edges), edge_id=some_edges, **ends)
    days = made("days", len(of), edge_id=of, measure=any_of(MEASURES, len(of)))
    volume = days.filter(pl.col("measure") == "volume")["edge_id"]
    shown = {"scans": pl.Series(of, dtype=pl.String), "parcels": volume}
    return Graph(
        draw(moments),
        made("nodes", len(ids), node_id=ids, kind=any_of(NODE_KINDS, len(ids))).sort("node_id"),
        edges.with_columns(
            pl.when(pl.col("edge_id").is_in(names.implode())).then(count).otherwise(0).alias(count)
            for count, names in shown.items()
        ).sort("edge_id"),
        days.unique(["edge_id", "date", "hour", "measure", "bin"]).sort(
            "edge_id", "date", "hour", "measure", "bin"
        ),
        made("proofs", len(of), edge_id=of, event_id=[f"{n}{i}" for i, n in enumerate(of)]).sort(
            "edge_id", "event_id"
        ),
        made("holidays", 2, region=any_of(ids, 2)).drop_nulls().unique().sort("region", "date"),
    )


@pytest.fixture(scope="module")
def few():
    """A graph of a dozen places."""
    return replace(random_graph(1), proofs=pl.DataFrame(schema=PARTS["proofs"]))


def there_and_back(graph, folder, form):
    if form == "graphml":
        graphml.write(graph, folder / "g")
        return graphml.read(folder / "g")
    if form == "neo4j":
        target = folder / f"neo{len(list(folder.iterdir()))}"
        neo4j.write(graph, target)
        return neo4j.read(target)
    pytest.importorskip("pyoxigraph", reason="needs pyoxigraph: pip install lanecast[graph]")
    rdf.write(graph, folder / "g", form)
    return rdf.read(folder / "g", form)


@pytest.mark.parametrize("form", ["turtle", "ntriples", "graphml", "neo4j"])
@settings(max_examples=25, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@given(graph=graphs())
def test_what_is_written_is_read_back_whatever_it_is(form, graph, tmp_path):
    back = there_and_back(graph, tmp_path, form)
    assert back.asof == graph.asof
    for part in PARTS:
        if part != "graph":
            assert getattr(back, part).to_dict(as_series=False) == getattr(graph, part).to_dict(
                as_series=False
            )
    assert same(back, graph)


@pytest.mark.parametrize("form", ["turtle", "ntriples", "graphml", "neo4j"])
def test_a_real_graph_comes_back_and_answers_alike(form, graph, tmp_path):
    back = there_and_back(graph, tmp_path, form)
    assert same(back, graph) and back.days.height > 1000 and back.proofs.height > 1000
    lake = Lake(tmp_path / "lake")
    keep(back, lake)
    stored = load(Lake(lake.path))
    assert same(stored, graph) and graph.holidays.height
    assert index(stored).roads.lanes.equals(index(graph).roads.lanes)


def damaged(graph, folder, file, change):
    """Write the neo4j files, change one, and return the folder."""
    neo4j.write(graph, folder / "g")
    path = folder / "g" / file
    path.write_text(change(path.read_text()))
    return folder / "g"


@pytest.mark.parametrize(
    ("file", "change", "said"),
    [
        ("nodes.csv", lambda text: text.replace('"region:', '"planet:'), "name what is not there"),
        ("days.csv", lambda text: text.replace('"volume"', '"mood"'), r"graph_days\.measure"),
        ("days.csv", lambda text: text.replace('"2025-0', '"May 2025'), r"days\.date: .*'May"),
        ("days.csv", lambda text: text + text.splitlines()[-1] + "\n", "occur twice"),
        ("graph.csv", lambda text: text.splitlines()[0] + "\n", r"graph\.asof"),
        ("graph.csv", lambda text: text + text.splitlines()[1] + "\n", r"graph\.asof"),
        ("relationships.csv", lambda text: text.replace('"lane"', '"line"'), r"edges\.relation"),
        (
            "nodes.csv",
            lambda text: text.split("\n", 1)[1],
            r"nodes\.csv: column '.*' is there twice",
        ),
        ("holidays.csv", lambda text: text.replace("region:", "date:", 1), "'date' is there twice"),
        (
            "holidays.csv",
            lambda text: re.sub(r'\n"[^"]*"', "\n", text, count=1),
            "calendars.region",
        ),
        (
            "nodes.csv",
            lambda text: text.replace('"America/New_York"', '"Mars/Base"'),
            r"nodes\.zone: .*Mars/Base",
        ),
        ("graph.csv", lambda text: re.sub("2025-", "0001-", text), r"graph\.asof: .* 1970"),
        ("graph.csv", lambda text: re.sub("2025-", "2201-", text), r"graph\.asof: .* 2199"),
        (
            "days.csv",
            lambda text: text.split("\n", 1)[0] + "\n",
            r"edges\.parcels: .* rows in days",
        ),
        ("proofs.csv", lambda text: text.split("\n", 1)[0] + "\n", r"edges\.scans: .* rows in pro"),
    ],
)
def test_what_is_no_graph_is_refused_with_its_place(file, change, said, graph, tmp_path):
    with pytest.raises(ValueError, match=said):
        neo4j.read(damaged(graph, tmp_path, file, change))


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("weekdays", "workdays", r"edges\.weekdays: .*'workdays'.* 1111100"),
        ("weekdays", "11111111", r"edges\.weekdays"),
        *((name, LONGEST_S + 1, rf"edges\.{name}: .* at most") for name in TIMES),
    ],
)
def test_a_lane_that_cannot_be_planned_with_is_refused(column, value, said, graph, tmp_path):
    wrong = replace(graph, edges=graph.edges.with_columns(pl.lit(value).alias(column)))
    graphml.write(wrong, tmp_path / "g")
    with pytest.raises(ValueError, match=said):
        graphml.read(tmp_path / "g")


@pytest.mark.parametrize("end", ["source", "target"])
def test_an_edge_of_graphml_that_ends_at_no_node_is_refused_by_name(end, graph, tmp_path):
    file = tmp_path / "g"
    graphml.write(graph, file)
    first = graph.edges["edge_id"][0]
    file.write_text(
        re.sub(rf' {end}="[^"]*"', f' {end}="facility:gone"', file.read_text(), count=1)
    )
    with pytest.raises(ValueError) as told:
        graphml.read(file)
    assert repr(first) in str(told.value) and f"{end} 'facility:gone'" in str(told.value)


def test_an_edge_of_graphml_without_a_name_is_refused(graph, tmp_path):
    file = tmp_path / "g"
    graphml.write(graph, file)
    file.write_text(re.sub(r'<edge id="[^"]*"', "<edge", file.read_text(), count=1))
    with pytest.raises(ValueError, match=r"graph_edges\.edge_id: 1 rows.* expected a value"):
        graphml.read(file)


def test_what_is_imported_appears_whole_or_not_at_all(graph, tmp_path, monkeypatch):
    def broken(batch, table, rows, real=Batch.append):
        if table is CALENDARS:
            raise ValueError("no holidays")
        return real(batch, table, rows)

    monkeypatch.setattr(Batch, "append", broken)
    with pytest.raises(ValueError, match="no holidays"):
        keep(graph, Lake(tmp_path / "lake"))
    assert stored(Lake(tmp_path / "lake")) is None


def test_files_of_other_formats_are_refused(tmp_path):
    file = tmp_path / "g"
    file.write_text("a,b\n1,2\n")
    with pytest.raises(ValueError, match="not GraphML"):
        graphml.read(file)
    with pytest.raises(ValueError, match="not turtle"):
        rdf.read(file, "turtle")
    file.write_text("<urn:a> <urn:b> <urn:c> .\n")
    with pytest.raises(ValueError, match="asof"):
        rdf.read(file, "ntriples")
    with pytest.raises(ValueError, match="missing"):
        neo4j.read(tmp_path)


def test_a_question_in_sparql_is_answered_as_the_tables_are(graph):
    pytest.importorskip("pyoxigraph", reason="needs pyoxigraph: pip install lanecast[graph]")
    graph = replace(graph, days=graph.days.head(300), proofs=graph.proofs.head(300))
    edges = graph.edges.filter(pl.col("relation") == "lane")
    ends = "?x rel:lane ?y . ?x lc:node_id ?a . ?y lc:node_id ?b"
    found = ask(graph, f"SELECT DISTINCT ?a ?b {{ {ends} }}")
    assert set(found.rows()) == set(edges.select("head_id", "tail_id").rows())
    total = ask(graph, "SELECT (SUM(?n) AS ?all) { ?d a lc:Day ; lc:n ?n }")
    assert int(total["all"][0]) == graph.days["n"].sum()
    assert ask(graph, "ASK { ?a rel:lane ?a }")["answer"].to_list() == ["false"]
    assert ask(graph, "CONSTRUCT WHERE { ?g a lc:Graph }").height == 1
    unbound = ask(graph, "SELECT ?a ?c { ?a a lc:Graph OPTIONAL { ?a lc:label ?c } }")
    assert unbound["c"].to_list() == [None]
    for wrong in ("which hub?", "DELETE WHERE { ?a ?b ?c }"):
        with pytest.raises(ValueError, match="--sparql"):
            ask(graph, wrong)


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("SELECT * " + "{" * 20_000 + "}" * 20_000, "broke off .*SIG"),
        ("SELECT (" + "(" * 20_000 + "1" + ")" * 20_000 + " AS ?x) {}", "broke off .*SIG"),
        ("SELECT * { " + "?a ?b ?c . " * 10_000 + "}", "at most 65536 bytes; got 110012"),
        ("SELECT (<urn:f>(1) AS ?x) {}", "function <urn:f> is not supported"),
        ("SELECT * { SERVICE <http://127.0.0.1:9999/> {?a ?b ?c} }", "SERVICE would ask another"),
        ("ASK { ?a ?b 1service SILENT?x{?a ?b ?c} }", "SERVICE would ask another"),
        ("ASK { ?a ?b '\udcff' }", "UTF-8"),
    ],
)
def test_a_question_that_would_do_harm_is_refused_in_a_sentence(question, said, few):
    pytest.importorskip("pyoxigraph", reason="needs pyoxigraph: pip install lanecast[graph]")
    with pytest.raises(ValueError, match=f"^--sparql: .*{said}"):
        ask(few, question)


def test_no_other_address_is_asked_even_if_a_question_could(few, monkeypatch):
    pytest.importorskip("pyoxigraph", reason="needs pyoxigraph: pip install lanecast[graph]")
    monkeypatch.setattr(sparql, "_check", lambda question: None)
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        there = f"<http://127.0.0.1:{server.getsockname()[1]}/>"
        with pytest.raises(ValueError, match="--sparql: the store cannot answer"):
            ask(few, f"SELECT * {{ SERVICE {there} {{?a ?b ?c}} }}", 10)
        with pytest.raises(TimeoutError):
            server.accept()


def test_a_service_of_the_vocabulary_or_in_a_text_is_no_address(few):
    pytest.importorskip("pyoxigraph", reason="needs pyoxigraph: pip install lanecast[graph]")
    asked = """ASK { ?service lc:service <urn:x#SERVICE> , 'a "service"', "b 'SERVICE" # SERVICE
    }"""
    assert ask(few, asked)["answer"].to_list() == ["false"]


def test_a_question_without_end_ends_when_its_time_is_over(few):
    pytest.importorskip("pyoxigraph", reason="needs pyoxigraph: pip install lanecast[graph]")
    every = " ".join(f"?a{i} ?b{i} ?c{i} ." for i in range(4))
    endless = f"ASK {{ {every} FILTER(CONCAT(STR(?a0), STR(?a1), STR(?a2), STR(?a3)) = '') }}"
    with pytest.raises(ValueError, match=r"--sparql: .* within 1 seconds.* --seconds"):
        ask(few, endless, 1.0)


def test_the_page_of_the_vocabulary_is_up_to_date():
    assert (ROOT / "docs" / "graph-vocabulary.md").read_text() == reference()


def test_every_word_that_is_written_is_in_the_vocabulary(graph, tmp_path):
    rdf.write(graph, tmp_path / "g", "turtle")
    words = set(re.findall(r"\b(?:lc|rel):\w+", (tmp_path / "g").read_text()))
    page = reference()
    assert len(words) > 40
    assert [each for each in words if f"`{each}`" not in page and f"## {each}\n" not in page] == []
