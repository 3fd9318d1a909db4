"""``lanecast promote | rollback | models``: which model a service answers with."""

import getpass
from pathlib import Path
from typing import Annotated, Any

import polars as pl
import typer

from lanecast.service import live, promotion, registry
from lanecast.service.kinds import PROBLEMS
from lanecast.service.settings import Settings
from lanecast.service.state import State
from lanecast.service.tenants import Tenant

from .options import JsonOption, LakeOption, folder_of, named_as_a_lake
from .talk import progress, show, tell, writable, write_json

ProblemArgument = Annotated[str, typer.Argument(help=f"One of {', '.join(PROBLEMS)}.")]
HomeOption = Annotated[Path, typer.Option("--home", help="Folder of the service.")]
TenantOption = Annotated[str, typer.Option("--tenant", help="Company, as lanecast serve names it.")]
WhyOption = Annotated[str, typer.Option("--why", help="Reason, which the log keeps.")]
TrackingOption = Annotated[
    str | None,
    typer.Option("--tracking", help="MLflow tracking server; default: SQLite in --home."),
]
HOME = Path("lanecast-home")


def promote(
    problem: ProblemArgument,
    model: Annotated[
        Path | None, typer.Option("--model", help="Folder of a fitted model, to be registered.")
    ] = None,
    version: Annotated[
        str | None, typer.Option("--version", help="A version that is registered already.")
    ] = None,
    lake: LakeOption = Path("lake"),
    home: HomeOption = HOME,
    tenant: TenantOption = "main",
    shadow: Annotated[
        bool, typer.Option("--shadow", help="Let it answer beside the live one, unseen.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Promote whatever the gates say; needs --why.")
    ] = False,
    why: WhyOption = "",
    tracking: TrackingOption = None,
    json: JsonOption = None,
) -> None:
    """Register a model, hold it against its gates, and let the service answer with it.

    Examples
    --------
      lanecast promote eta --model model --lake lake --home lanecast-home

      lanecast promote eta --version 484512-0a1b2c3d --force --why "the carrier has changed"
    """
    if (model is None) == (version is None):
        raise ValueError("--model: expected either a folder or --version with a registered one.")
    if shadow and force:
        raise ValueError("--force: a shadow passes no gates; leave one of --shadow, --force out.")
    if force and not why.strip():
        raise ValueError("--why: expected a reason, since --force passes the gates by.")
    writable(json=json)
    state, company = opened(home, tenant, lake)
    with progress(quiet=json is not None) as say:
        if model is not None:
            say("registering", 0.1)
            if not model.is_dir():
                raise ValueError(f"--model: {model} is no folder; make one with lanecast fit.")
            found, version = promotion.register(state, company, model, _who(), why)
            if found != problem:
                raise ValueError(f"--model: {model} answers {found}; expected {problem}.")
        assert version is not None
        if shadow:
            promotion.begin_shadow(state, company, problem, version, _who(), why)
            gates: list[dict[str, Any]] = []
        else:
            say("gates", 0.4)
            done = promotion.promote(state, company, problem, version, _who(), why, force)
            gates = [each.told() for each in done]
        say("tracking", 0.9)
        tracked = registry.mirror(state, company, home, tracking)
    role = "shadow" if shadow else "live"
    if json is not None:
        told = {"problem": problem, "version": version, "role": role, "gates": gates}
        write_json(json, told | {"tracking": tracked})
        return
    if gates:
        passed = pl.when("passed").then(pl.lit("yes")).otherwise(pl.lit("no")).alias("passed")
        show(pl.DataFrame(gates).select("name", passed, "value", "limit", "unit"), "Gates")
    tell(f"{problem} {version} is {role} for {tenant}. Tracking: {tracked}.")


def rollback(
    problem: ProblemArgument,
    home: HomeOption = HOME,
    tenant: TenantOption = "main",
    why: WhyOption = "",
    tracking: TrackingOption = None,
    json: JsonOption = None,
) -> None:
    """Go back to the model that was live before, without learning anything anew.

    Example:

      lanecast rollback eta --home lanecast-home --why "arrivals are told too early"
    """
    writable(json=json)
    state, company = _there(home, tenant)
    version = promotion.roll_back(state, company, problem, _who(), why)
    tracked = registry.mirror(state, company, home, tracking)
    if json is not None:
        told = {"problem": problem, "version": version, "role": "live", "tracking": tracked}
        write_json(json, told)
        return
    tell(f"{problem} {version} is live again for {tenant}. Tracking: {tracked}.")


def models(home: HomeOption = HOME, tenant: TenantOption = "main", json: JsonOption = None) -> None:
    """List the models that a service keeps, and what was live when.

    Example:

      lanecast models --home lanecast-home
    """
    writable(json=json)
    state, company = _there(home, tenant)
    known = [each for name in PROBLEMS for each in promotion.told(state, company, name)]
    log = live.entries(state, tenant)
    if json is not None:
        write_json(json, {"models": known, "log": log})
        return
    if not known:
        tell(f"No models for {tenant} in {home}. Next: lanecast promote eta --model model")
        return
    names = ("problem", "version", "role", "trained_until")
    rows = [{name: each.get(name) for name in names} for each in known]
    show(pl.DataFrame(_minutes(rows, "trained_until")), "Models")
    rows = [{name: row[name] for name in ("at", *names[:2], "action", "who", "why")} for row in log]
    show(pl.DataFrame(_minutes(rows, "at")), "What was done, newest first")


def opened(home: Path, tenant: str, lake: Path) -> tuple[State, Tenant]:
    """Return the state of a home and one of its companies.

    Raises
    ------
    ValueError
        When a name is none, or the lake is no folder.
    """
    named_as_a_lake("lake", folder_of("lake", lake))
    settings = Settings({tenant: lake}, home)
    return State(home / "service.db"), Tenant.open(tenant, lake, settings)


def _there(home: Path, tenant: str) -> tuple[State, Tenant]:
    """Return the state of a home and one of its companies, which needs no lake.

    Raises
    ------
    ValueError
        When the home has no such company.
    """
    if not (home / "service.db").is_file():
        raise ValueError(f"--home: {home} is no folder of a service; make one with lanecast serve.")
    known = sorted(each.name for each in (home / "tenants").glob("*"))
    if tenant not in known:
        raise ValueError(f"--tenant: {tenant!r}; expected one of {', '.join(known) or 'none'}.")
    settings = Settings({tenant: home}, home)
    return State(home / "service.db"), Tenant.open(tenant, home, settings)


def _minutes(rows: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    """Return rows whose instants are told to the minute, in UTC."""
    return [row | {name: (row[name] or "")[:16].replace("T", " ")} for row in rows]


def _who() -> str:
    try:
        return f"{getpass.getuser()} (command line)"
    except (KeyError, OSError):  # a user without a name
        return "command line"
