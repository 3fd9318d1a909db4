"""What a page tells to type is a command that there is."""

import shlex
from typing import Any

import pytest
import typer

from lanecast.cli.commands import app
from lanecast.console import commands
from lanecast.service.kinds import PROBLEMS

TOLD = [told for name, told in vars(commands).items() if name.isupper()]
LINES = "\n".join([*TOLD, *map(commands.model, PROBLEMS)]).splitlines()


@pytest.mark.parametrize("line", sorted(set(LINES)))
def test_a_command_that_is_told_can_be_typed(line: str) -> None:
    program, *words = shlex.split(line)
    group: Any = typer.main.get_command(app)
    assert program == "lanecast"
    while words and hasattr(group, "resolve_command"):
        name, group, words = group.resolve_command(typer.Context(group), words)
    group.make_context(name, list(words))
