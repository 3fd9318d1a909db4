"""``lanecast key``: a key of the service from whoever has its machine, with any scopes."""

import getpass
from pathlib import Path
from typing import Annotated

import typer

from lanecast.service import audit, keys
from lanecast.service.clock import wall
from lanecast.service.settings import TENANT
from lanecast.service.state import State

from .promote import HOME, HomeOption, TenantOption
from .talk import errors, tell


def key(
    name: Annotated[str, typer.Option("--name", help="What the key is for.")],
    scope: Annotated[
        list[str] | None,
        typer.Option("--scope", help="Scope; repeatable. Without: all of an administrator."),
    ] = None,
    days: Annotated[
        float | None, typer.Option("--days", help="Days that it lives.", min=0.01, max=3650)
    ] = None,
    home: HomeOption = HOME,
    tenant: TenantOption = "main",
) -> None:
    """Issue a key, also one that no key may grant, such as for personal data; it is audited.

    Example:

      lanecast key --name "data protection" --scope personal:erase --home demo/service
    """
    file = Path(home) / "service.db"
    if not file.is_file():
        raise ValueError(f"--home: {home} has no {file.name}; start lanecast serve there first.")
    if not TENANT.fullmatch(tenant):
        raise ValueError(f"--tenant: {tenant!r} is no name of a tenant.")
    if not 1 <= len(name := name.strip()) <= 80 or not name.isprintable():
        raise ValueError(
            f"--name: {name[:80]!r}; expected 1 to 80 characters that can be printed, not only "
            "spaces, such as warehouse."
        )
    state, scopes = State(file), sorted(scope or keys.ADMIN)
    try:
        key_id, made = keys.issue(state, tenant, name, scopes, wall(), days)
        who = f"{getpass.getuser()} (command line)"
        told = {"name": name, "scopes": scopes}
        audit.record(state, tenant, wall(), who, "key issued", key_id, told)
    finally:
        state.close()
    errors.print("Shown this once; keep it:", highlight=False)
    tell(made)
