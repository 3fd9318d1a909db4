"""MLflow as the register of versions: metrics, files and tags, and which one is live.

It follows what a home holds and is never asked to serve: where it cannot be reached, promotion and
answers go on, and it is told what it has missed with the next promotion, or by the monitor.
"""

import logging
import os
import threading
from collections.abc import Iterator, Mapping
from datetime import datetime
from fcntl import LOCK_EX, flock
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from . import live, versions
from .kinds import PROBLEMS
from .state import State
from .tenants import Tenant

KNOCK_S = 3.0  # to find out whether a server is there
TIMEOUT_S = 30.0  # to be told everything
OWN = "mlflow.db"
LIVE, SHADOW, TAG = "live", "shadow", "lanecast_version"
TOLD = "mlflow.told"  # in the folder of a tenant: the last row of the log that which server knows


def default(home: Path) -> str:
    """Return the URI of the SQLite file that is used if no tracking server is named."""
    return f"sqlite:///{home.resolve() / OWN}"


def mirror(
    state: State,
    tenant: Tenant,
    home: Path,
    tracking: str | None = None,
    timeout_s: float = TIMEOUT_S,
) -> str:
    """Tell MLflow all versions that it does not know, and which are live; return how that went.

    The result is ``recorded``, or why it is not: within ``timeout_s``, whatever the server does.
    """
    uri, newest = tracking or default(home), _newest(state, tenant)
    if (why := _away(uri)) is not None:
        return f"not recorded: {_shown(uri)} cannot be reached ({why}); told again next time"
    said: list[str] = []

    def tell() -> None:
        try:
            with (home / ".mlflow.lock").open("w") as lock:  # two at once would tell things twice
                flock(lock, LOCK_EX)
                _told(state, tenant, home, uri)
            (tenant.home / TOLD).write_text(f"{newest} {_shown(uri)}")
            said.append("recorded")
        except Exception as error:  # of whichever library speaks to the server
            words = " ".join(str(error).split())[:200] or type(error).__name__
            said.append(f"not recorded: {_shown(uri)}: {words}; told again next time")

    thread = threading.Thread(target=tell, name="mlflow", daemon=True)
    thread.start()
    thread.join(timeout_s)
    late = f"not recorded within {timeout_s:g} s: {_shown(uri)}; told again next time"
    return said[0] if said else late


def due(state: State, tenant: Tenant, home: Path, tracking: str | None = None) -> bool:
    """Return whether something was done with models that the server has not been told."""
    try:
        told = (tenant.home / TOLD).read_text()
    except OSError:
        told = "0 "
    newest = _newest(state, tenant)
    return newest > 0 and told != f"{newest} {_shown(tracking or default(home))}"


def _newest(state: State, tenant: Tenant) -> int:
    query = "select max(id) as newest from live where tenant = ?"
    return int(state.read(query, (tenant.name,))[0]["newest"] or 0)


def _told(state: State, tenant: Tenant, home: Path, uri: str) -> None:
    from mlflow import MlflowClient

    logging.getLogger("mlflow").setLevel(logging.WARNING)  # it tells of every table that it makes
    own = home.resolve() / OWN
    if uri == default(home) and not own.exists():  # made beside, so that a kill leaves no half
        partial = own.with_name(f".{OWN}.{os.getpid()}")
        MlflowClient(f"sqlite:///{partial}", f"sqlite:///{partial}").search_experiments()
        partial.replace(own)
    client = MlflowClient(uri, uri)
    for problem in PROBLEMS:
        kept = versions.listed(tenant.home, problem)
        if not kept:
            continue
        name = f"{tenant.name}.{problem}"
        if not client.search_registered_models(f"name = '{name}'"):
            client.create_registered_model(name)
        known = _known(client, name)
        for version in reversed(kept):
            if version not in known:
                known[version] = _add(client, home, uri, tenant, problem, version)
        for alias, named in (
            (LIVE, live.live_at(state, tenant.name, problem)),
            (SHADOW, live.shadow(state, tenant.name, problem)),
        ):
            if named in known:
                client.set_registered_model_alias(name, alias, known[named])
            else:
                client.delete_registered_model_alias(name, alias)


def _known(client: Any, name: str) -> dict[str, str]:
    """Return the number that MLflow gave each of our versions."""
    found = client.search_model_versions(f"name = '{name}'", max_results=1000)
    return {each.tags[TAG]: str(each.version) for each in found if TAG in each.tags}


def _add(client: Any, home: Path, uri: str, tenant: Tenant, problem: str, version: str) -> str:
    """Log one version as a run with its folder, and return MLflow's number of it."""
    folder = versions.folder(tenant.home, problem, version)
    manifest = versions.manifest(tenant.home, problem, version)
    name = f"{tenant.name}.{problem}"
    experiment = client.get_experiment_by_name(name)
    if experiment is None:
        own = (home / "mlflow" / name).resolve().as_uri() if uri.startswith("sqlite") else None
        experiment = client.get_experiment(client.create_experiment(name, own))
    tags = {TAG: version, "problem": problem, "tenant": tenant.name}
    told = {key: str(value) for key, value in manifest["about"].items()}
    learnt = datetime.fromisoformat(manifest["created_at"]).timestamp()
    run = client.create_run(
        experiment.experiment_id, int(1000 * learnt), tags | told, f"{problem} {version}"
    )
    for metric, value in numbers(manifest["metrics"]):
        client.log_metric(run.info.run_id, metric, value)
    client.log_artifacts(run.info.run_id, str(folder), "model")
    client.set_terminated(run.info.run_id)
    source = f"{run.info.artifact_uri}/model"
    made = client.create_model_version(name, source, run.info.run_id, tags=tags)
    return str(made.version)


def numbers(metrics: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, float]]:
    """Yield every number of nested metrics with the names that lead to it."""
    for key, value in metrics.items():
        if isinstance(value, Mapping):
            yield from numbers(value, f"{before}{key}.")
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield f"{before}{key}", float(value)
        elif isinstance(value, list) and value and isinstance(value[0], Mapping):
            for row in value:
                named = str(row.get("slice") or row.get("level"))
                rest = {k: v for k, v in row.items() if k not in ("slice", "level")}
                yield from numbers(rest, f"{before}{key}.{named}.")


def _away(uri: str) -> str | None:
    """Return why a server does not answer; None if it does, or there is none to ask."""
    if not uri.startswith(("http://", "https://")):
        return None
    import httpx

    try:
        answer = httpx.get(f"{uri.rstrip('/')}/health", timeout=KNOCK_S)
    except httpx.HTTPError as error:
        return type(error).__name__
    return None if answer.status_code < 500 else f"status {answer.status_code}"


def _shown(uri: str) -> str:
    """Return a URI without what would let anybody in."""
    parts = urlsplit(uri)
    return f"{parts.scheme}://{parts.hostname or ''}{parts.path}"
