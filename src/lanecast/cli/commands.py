"""All commands together, and what their exit codes mean."""

from pathlib import Path
from typing import Annotated

import typer

from lanecast import __version__

from .late import group
from .talk import TOLD_TO

COMMANDS = {
    **{
        name: (name, name)
        for name in ("doctor", "demo", "ingest", "plan", "serve", "backup", "key")
    },
    **{name: ("promote", name) for name in ("promote", "rollback", "models")},
    "tables": ("tables", "tables"),
}
VERBS = {  # by verb, the problems that have it, and what it does
    "fit": (
        (
            *("eta", "trajectory", "events", "journey", "demand", "inventory", "workforce"),
            *("address", "suggest"),
        ),
        "Learn a model from what was recorded, and save it in a folder.",
    ),
    "predict": (
        ("eta", "trajectory", "events", "demand", "inventory", "workforce", "address"),
        "Answer every question asked in a period, and store the answers.",
    ),
    "backtest": (
        ("eta", "trajectory", "events", "demand", "inventory", "workforce", "address"),
        "Replay a period: refit, predict what was asked next, and score it when it was known.",
    ),
    "decide": (
        ("eta", "events", "demand", "inventory", "workforce", "address"),
        "Decide what to do, on what was predicted.",
    ),
    "factors": (("demand",), "Say what drives what was recorded, how strongly and how surely."),
}
APART = {  # verbs of a problem that have a file of their own
    ("decide", "demand"): "demand_decide",
    ("fit", "inventory"): "inventory_learn",
    ("predict", "inventory"): "inventory_learn",
    ("fit", "suggest"): "address_suggest_learn",
    ("backtest", "address"): "address_backtest",
    ("decide", "address"): "address_decide",
    ("factors", "demand"): "demand_factors",
}
GRAPH = {
    **{name: ("graph", name) for name in ("build", "path", "facts")},
    **{name: ("graph_changes", name) for name in ("depends", "whatif", "bottlenecks", "changes")},
    **{name: ("graph_files", name) for name in ("export", "query", "vocabulary")},
    "import": ("graph_files", "bring"),
}
ADDRESS = {
    "import": ("address_import", "bring"),
    "verify": ("address_verify", "verify"),
    "suggest": ("address_suggest", "suggest"),
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

address = typer.Typer(
    cls=group(ADDRESS),
    help="Addresses: verify them with proof, and suggest the right one while it is typed.",
    no_args_is_help=True,
)


def _nothing() -> None:
    """Take nothing: that there is a callback makes a group of the commands."""


for verb, (problems, line) in VERBS.items():
    where = {each: (APART.get((verb, each), each), verb) for each in problems}
    of_verb = typer.Typer(cls=group(where), help=line)
    of_verb.callback()(_nothing)
    app.add_typer(of_verb, name=verb)
graph.callback()(_nothing)
app.add_typer(graph, name="graph")
address.callback()(_nothing)
app.add_typer(address, name="address")


@app.callback()
def program(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which it is.")
    ] = False,
    progress: Annotated[
        Path | None,
        typer.Option("--progress", help="Append progress to this file, as lines of JSON."),
    ] = None,
) -> None:
    """Take what comes before a command."""
    TOLD_TO.set(progress)
