"""Registered, shadow, live, and back: what people and programs may do with models.

The command line and the REST API call the same functions, on the state and the folders of a home;
a running service notices within a second or two.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from lanecast.tables.lake import Lake
from lanecast.tables.parcel import PARCELS

from . import gates, live, versions
from .gates import Gate, Model
from .kinds import Kind, baseline, kind
from .messages import says_something
from .state import State
from .tenants import Tenant

STOPPED = "model not promoted"  # as the audit calls a promotion that a gate stopped


@dataclass(eq=False)
class NotPromotedError(ValueError):
    """A gate was not passed, and nothing has changed."""

    version: str
    gates: Sequence[Gate]

    def __str__(self) -> str:
        """Say which and why."""
        failed = " ".join(f"{each.name}: {each.said}" for each in self.gates if not each.passed)
        return f"{self.version} did not pass. {failed}"


def register(
    state: State, tenant: Tenant, source: Path, who: str, why: str = ""
) -> tuple[str, str]:
    """Copy the model of a folder to the home, and return its problem and version.

    Raises
    ------
    ValueError
        When it is no model that a service keeps, or cannot be read.
    """
    problem, version = versions.adopt(tenant.home, source)
    known = {each["version"] for each in live.entries(state, tenant.name, problem, 10**6)}
    if version not in known:
        live.record(state, tenant.name, problem, version, "register", who, why)
    return problem, version


def examine(state: State, tenant: Tenant, problem: str, version: str) -> list[Gate]:
    """Return all gates of a version; takes seconds, and changes nothing.

    Raises
    ------
    ValueError
        When there is no such version, or it cannot be read.
    """
    of, lake = kind(problem), tenant.lake()
    model = _model(tenant, problem, version)
    found = [gates.schema(model)]
    now = tenant.now()
    current = live.live_at(state, tenant.name, problem)
    try:
        old = None if current is None else _model(tenant, problem, current)
    except ValueError:
        old = None  # what is broken is no measure
    if of.later is not None:  # it is not asked about single parcels
        found.append(gates.baseline(model, of.unit))
        if problem == "workforce":
            found.append(gates.baseline(model, "pinball loss [pieces an hour]", "volumes"))
        return [*found, _incumbent(of, lake, now, model, old)]
    if not lake.has(PARCELS):
        said = "The lake holds no parcels to hold it against; ingest some first."
        return [*found, Gate("baseline", False, said, unit=of.unit)]
    if problem == "eta" or "held_out" in model.manifest["metrics"]:
        found.append(gates.baseline(model, of.unit))
    else:
        found.append(_later(lake, now, problem, model))
    if problem == "eta":
        found.append(gates.coverage(model))
    found.append(gates.incumbent(of, lake, now, model, old))
    found.append(gates.latency(of, lake, now, model))
    return found


def promote(
    state: State,
    tenant: Tenant,
    problem: str,
    version: str,
    who: str,
    why: str = "",
    force: bool = False,
) -> list[Gate]:
    """Let a version be live, if it passes its gates; return them.

    Parameters
    ----------
    force
        Promote whatever the gates say; ``why`` must say why, and the log keeps both.

    Raises
    ------
    NotPromotedError
        When a gate was not passed.
    ValueError
        When there is no such version, it cannot be read, or a forced one comes without a reason.
    """
    if force and not says_something(why):
        raise ValueError("why: expected a reason, since the gates are to be passed by force.")
    found = examine(state, tenant, problem, version)
    if not force and not all(each.passed for each in found):
        raise NotPromotedError(version, found)
    said = f"forced: {why}" if force else why
    told = [each.told() for each in found]
    live.record(state, tenant.name, problem, version, "promote", who, said, told)
    return found


def begin_shadow(
    state: State, tenant: Tenant, problem: str, version: str, who: str, why: str = ""
) -> None:
    """Let a version answer beside the live one; its answers are stored apart.

    Raises
    ------
    ValueError
        When there is no such version, it cannot be read, or it is live.
    """
    if version == live.live_at(state, tenant.name, problem):
        raise ValueError(f"version: {version} is live; expected another one.")
    _model(tenant, problem, version)
    live.record(state, tenant.name, problem, version, "shadow", who, why)


def roll_back(state: State, tenant: Tenant, problem: str, who: str, why: str = "") -> str:
    """Go back to the version that was live before and is intact; return it.

    Raises
    ------
    ValueError
        When there is none; nothing has changed.
    """
    before = live.stack(state, tenant.name, problem)[1:]
    for version in before:
        if versions.intact(tenant.home, problem, version):
            live.record(state, tenant.name, problem, version, "rollback", who, why)
            return version
    tried = f"{', '.join(before)} is not intact any more" if before else "none was live before"
    raise ValueError(f"problem: {problem} has nothing to go back to: {tried}.")


def told(state: State, tenant: Tenant, problem: str) -> list[dict[str, Any]]:
    """Return what is known of each version of a problem, the one that learnt last first."""
    now, shadow = (
        live.live_at(state, tenant.name, problem),
        live.shadow(state, tenant.name, problem),
    )
    found = []
    for version in versions.listed(tenant.home, problem):
        role = {now: "live", shadow: "shadow"}.get(version, "registered")
        row: dict[str, Any] = {"problem": problem, "version": version, "role": role}
        try:
            manifest = versions.manifest(tenant.home, problem, version)
        except ValueError as error:
            found.append(row | {"broken": str(error)})
            continue
        about = {key: manifest["about"].get(key) for key in ("trained_until", "seed")}
        found.append(
            row | about | {"created_at": manifest["created_at"], "metrics": manifest["metrics"]}
        )
    return found


def _model(tenant: Tenant, problem: str, version: str) -> Model:
    return Model(version, *versions.load(tenant.home, problem, version))


def _incumbent(of: Kind, lake: Lake, now: datetime, model: Model, old: Model | None) -> Gate:
    """Compare with the live one; a lake that lost what both are asked about compares nothing."""
    try:
        return gates.incumbent(of, lake, now, model, old)
    except (ValueError, FileNotFoundError) as error:
        said = f"Not comparable: the lake cannot be asked ({error})."
        return Gate("incumbent", False, said, unit=of.unit)


def _later(lake: Lake, now: datetime, problem: str, model: Model) -> Gate:
    """Compare with a baseline that knew no more than the model did."""
    try:
        plain = Model("baseline", *baseline(problem, lake, model.until), {})
    except ValueError as error:
        return Gate("baseline", False, f"The baseline cannot be counted: {error}")
    return gates.later(kind(problem), lake, now, model, plain)
