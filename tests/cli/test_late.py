"""Commands are imported when they run, and help says the same without importing them."""

import importlib
import subprocess
import sys

import pytest
import typer

from lanecast import __version__
from lanecast.cli.commands import COMMANDS, GRAPH, app
from lanecast.cli.late import group

HEAVY = {"torch", "lightgbm", "scipy", "rustworkx", "deltalake"}


@pytest.mark.parametrize("name, where", [*COMMANDS.items(), *GRAPH.items()])
def test_help_lists_the_first_line_of_the_real_command(name, where):
    module, function = where
    real = getattr(importlib.import_module(f"lanecast.cli.{module}"), function)
    top = typer.main.get_command(app)
    listing = top if name in COMMANDS else top.commands["graph"]
    first = " ".join(real.__doc__.split("\n\n")[0].split())
    assert " ".join(listing.get_command(None, name).help.split()) == first


@pytest.mark.parametrize("words", [["--help"], ["graph", "--help"], ["--version"]])
def test_help_imports_nothing_heavy(words):
    code = (
        "import sys; from lanecast.cli import run; code = run(sys.argv[1:]); "
        f"print(sorted({HEAVY!r} & set(sys.modules)), code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[] 0", done.stderr


def test_the_version_is_told(lanecast):
    assert lanecast("--version").out.strip() == f"lanecast {__version__}"


def test_a_command_that_does_not_exist_is_refused(lanecast):
    said = lanecast("fitt", "eta")
    assert said.code == 2 and "'fitt'" in said.err


def test_a_place_without_the_function_is_a_fault():
    listing = group({"none": ("late", "nothing")})(name="x")
    with pytest.raises(AttributeError, match="late has no function nothing"):
        listing.get_command(None, "none")
