"""The command line: ``lanecast doctor | demo | ingest | fit | predict | backtest | decide``."""

from __future__ import annotations

import sys

import typer

from lanecast import __version__
from lanecast.tables.commits import LakeBusyError

from .demo import demo
from .doctor import doctor
from .ingest import ingest
from .problems import backtest, decide, fit, predict
from .tables import tables
from .talk import errors

EXITS = (
    "Exit codes: 0 done; 2 the input was refused, nothing changed; 3 another process is writing to "
    "the lake; 4 the disk or a file failed; 5 rows were set aside in quarantine (ingest)."
)

app = typer.Typer(
    help=f"Lanecast {__version__}: when a parcel arrives, and which date to promise.\n\n{EXITS}",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for command in (doctor, demo, ingest, fit, predict, backtest, decide, tables):
    app.command()(command)


def main() -> None:
    """Run a command; what is refused is one sentence on standard error."""
    try:
        app()
    except LakeBusyError as error:
        _stop(error, 3)
    except (ValueError, TypeError, FileNotFoundError, FileExistsError, NotADirectoryError) as error:
        _stop(error, 2)
    except OSError as error:
        _stop(error, 4)


def _stop(error: Exception, code: int) -> None:
    errors.print(f"[bold red]lanecast:[/] {str(error).strip()}", highlight=False, soft_wrap=True)
    sys.exit(code)
