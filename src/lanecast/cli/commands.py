"""All commands together, and what their exit codes mean."""

import typer

from lanecast import __version__

from .demo import demo
from .doctor import doctor
from .graph import build, facts, path
from .graph_changes import bottlenecks, changes, depends, whatif
from .graph_files import bring, export, query, vocabulary
from .ingest import ingest
from .problems import backtest, decide, fit, predict
from .tables import tables

EXITS = (
    "Exit codes: 0 done; 2 the input was refused, nothing changed; 3 another process is writing to "
    "the lake; 4 the disk or a file failed; 5 rows were set aside in quarantine (ingest); 1 a "
    "fault of Lanecast itself; 130 stopped by Ctrl-C."
)

app = typer.Typer(
    help=f"Lanecast {__version__}: when a parcel arrives, and which date to promise.\n\n{EXITS}",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for command in (doctor, demo, ingest, fit, predict, backtest, decide, tables):
    app.command()(command)
graph = typer.Typer(
    help="The knowledge graph of the network: build it from a lake, then ask it.",
    no_args_is_help=True,
)
for question in (build, path, facts, depends, whatif, bottlenecks, changes):
    graph.command()(question)
for files in (export, query, vocabulary):
    graph.command()(files)
graph.command("import")(bring)
app.add_typer(graph, name="graph")
