"""A group of commands that imports each when it runs: torch and trees take seconds to import."""

import ast
import importlib
import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from . import undisturbed

Where = Mapping[str, tuple[str, str]]  # by command, module of this package and function


def group(where: Where) -> type[TyperGroup]:
    """Return a kind of group that has the commands of ``where``, beside those added to it."""

    class Late(TyperGroup):
        def list_commands(self, ctx: Any) -> list[str]:
            return [*where, *super().list_commands(ctx)]

        def get_command(self, ctx: Any, cmd_name: str) -> Any:
            """Return what ``--help`` lists: the name, and what it does."""
            if cmd_name in where:
                return TyperCommand(cmd_name, help=_line(*where[cmd_name]))
            return super().get_command(ctx, cmd_name)

        def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
            if not args and not self.no_args_is_help:
                ctx.fail(f"Missing command; expected one of {', '.join(self.list_commands(ctx))}")
            return super().parse_args(ctx, args)

        def resolve_command(self, ctx: Any, args: list[str]) -> Any:
            """Return the command that is to run, with its options."""
            if args[0] in where:
                return args[0], _imported(args[0], *where[args[0]]), args[1:]
            valid = self.list_commands(ctx)
            if args[0] not in valid and not args[0].startswith("-"):
                ctx.fail(f"No such command {args[0]!r}; expected one of {', '.join(valid)}")
            return super().resolve_command(ctx, args)

    return Late


def _imported(name: str, module: str, function: str) -> Any:
    """Return the real command."""
    with undisturbed():
        found = importlib.import_module(f"{__package__}.{module}")
    one = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    one.command(name)(getattr(found, function))
    return typer.main.get_command(one)


def _line(module: str, function: str) -> str:
    """Return the first line of a function's docstring, without importing what it needs."""
    found = importlib.util.find_spec(f"{__package__}.{module}")
    assert found is not None and found.origin is not None, module
    for each in ast.parse(Path(found.origin).read_text(encoding="utf-8")).body:
        if isinstance(each, ast.FunctionDef) and each.name == function:
            return (ast.get_docstring(each) or "").split("\n\n")[0]
    raise AttributeError(f"{module} has no function {function}.")
