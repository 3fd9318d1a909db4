"""``lanecast backup``: a copy of a running service, to start from again."""

from pathlib import Path
from typing import Annotated

import typer

from lanecast.service.backup import back_up
from lanecast.service.settings import named_lakes

from .talk import fillable, tell


def backup(
    out: Annotated[Path, typer.Option("--out", help="New folder for the copy.")],
    lake: Annotated[
        list[str] | None, typer.Option(help="Lake, or tenant=lake; as given to serve.")
    ] = None,
    home: Annotated[Path, typer.Option(help="Folder of the service.")] = Path("lanecast-home"),
) -> None:
    """Copy a service, its lakes included, while it runs; put the folders back to restore it.

    Example:

      lanecast backup --lake demo/lake --home demo/service --out backup
    """
    fillable("out", out)
    told = back_up(home, named_lakes(lake or ["lake"]), out)
    tell(f"{told['files']:,} files, {told['bytes'] / 1e6:,.0f} MB, in {out}.")
    tell(f"Try it: lanecast serve --lake {out}/lakes/main --home {out} --port 8001")
