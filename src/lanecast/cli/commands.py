"""All commands together, and what their exit codes mean."""

from typing import Annotated

import typer

from lanecast import __version__

from .late import group

COMMANDS = {
    **{name: (name, name) for name in ("doctor", "demo", "ingest")},
    **{name: ("problems", name) for name in ("fit", "predict", "backtest", "decide")},
    "tables": ("tables", "tables"),
}
GRAPH = {
    **{name: ("graph", name) for name in ("build", "path", "facts")},
    **{name: ("graph_changes", name) for name in ("depends", "whatif", "bottlenecks", "changes")},
    **{name: ("graph_files", name) for name in ("export", "query", "vocabulary")},
    "import": ("graph_files", "bring"),
}
EXITS = (
    "Exit codes: 0 done; 2 the input was refused, nothing changed; 3 another process is writing to "
    "the lake; 4 the disk or a file failed; 5 rows were set aside in quarantine (ingest); 1 a "
    "fault of Lanecast itself; 130 stopped by Ctrl-C."
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"lanecast {__version__}")
        raise typer.Exit


app = typer.Typer(
    cls=group(COMMANDS),
    help=f"Lanecast {__version__}: when a parcel arrives, and which date to promise.\n\n{EXITS}",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
graph = typer.Typer(
    cls=group(GRAPH),
    help="The knowledge graph of the network: build it from a lake, then ask it.",
    no_args_is_help=True,
)
app.add_typer(graph, name="graph")


@app.callback()
def program(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which it is.")
    ] = False,
) -> None:
    """Take what comes before a command."""


@graph.callback()
def of_graph() -> None:
    """Take nothing: that there is a callback makes a group of the commands."""
