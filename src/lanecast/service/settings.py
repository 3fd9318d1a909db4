"""What a service is told at its start; the one file that reads the environment."""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, get_args

from .provider import Provider, grants

PREFIX = "LANECAST_"
TENANT = re.compile(r"[a-z][a-z0-9-]{0,31}")
Clock = Literal["auto", "wall", "data"]


@dataclass(frozen=True)
class Settings:
    """Where a service finds things, and how much it lets through.

    Parameters
    ----------
    lakes
        The lake of each tenant, by its name.
    home
        Folder of the service: its state, the journal of accepted events, models.
    clock
        What "now" means: ``wall``; ``data``, the last moment that was recorded (for a lake that
        ended in the past); ``auto``, the latter when nothing was recorded for a day.
    tracking
        URI of an MLflow tracking server; a SQLite file in ``home`` if not given.
    requests_per_s, burst
        What one key may ask, on average and at once.
    body_bytes
        Longest body of a request.
    proxies
        Addresses of proxies whose ``X-Forwarded-Proto`` and ``X-Forwarded-For`` are believed.
    oidc
        Who vouches for people at the console; if not given, they sign in with a key.
    """

    lakes: Mapping[str, Path]
    home: Path = Path("lanecast-home")
    host: str = "127.0.0.1"
    port: int = 8000
    clock: Clock = "auto"
    tracking: str | None = None
    requests_per_s: float = 200.0
    burst: int = 400
    body_bytes: int = 8 * 2**20
    timeout_s: float = 30.0
    proxies: tuple[str, ...] = field(default=())
    oidc: Provider | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be meant.

        Raises
        ------
        ValueError
            With the setting, its value and what would be valid.
        """
        if not self.lakes:
            raise ValueError("lakes: expected at least one, such as main=lake.")
        for tenant in self.lakes:
            if not TENANT.fullmatch(tenant):
                raise ValueError(
                    f"lakes: {tenant!r} is no name of a tenant; expected {TENANT.pattern}."
                )
        if not 0 <= self.port < 65536:
            raise ValueError(f"port: expected 0 to 65535, got {self.port}.")
        if self.clock not in get_args(Clock):
            raise ValueError(f"clock: expected {', '.join(get_args(Clock))}, got {self.clock!r}.")
        for name in ("requests_per_s", "burst", "body_bytes", "timeout_s"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name}: expected more than 0, got {getattr(self, name)}.")
        for tenants in self.oidc.grants.values() if self.oidc is not None else ():
            if unknown := sorted(set(tenants) - set(self.lakes)):
                told = f"{unknown[0]!r} is no tenant; expected one of {', '.join(self.lakes)}"
                raise ValueError(f"oidc_grants: {told}.")


def from_environment(
    told: Mapping[str, object], environment: Mapping[str, str] = os.environ
) -> Settings:
    """Return settings: what was ``told`` wins over ``LANECAST_...`` of the environment.

    ``LANECAST_LAKES`` holds ``name=folder`` pairs with commas between them; the other names are
    those of ``Settings`` in capitals.

    Raises
    ------
    ValueError
        When a value is not what its setting wants; the message names it.
    """
    kinds = {
        "home": Path,
        "host": str,
        "port": int,
        "clock": str,
        "tracking": str,
        "requests_per_s": float,
        "burst": int,
        "body_bytes": int,
        "timeout_s": float,
        "lakes": _lakes,
        "proxies": lambda text: tuple(text.split(",")),
    }
    given: dict[str, object] = {}
    for name, kind in kinds.items():
        text = environment.get(PREFIX + name.upper())
        if text is None:
            continue
        try:
            given[name] = kind(text)  # type: ignore[operator]
        except ValueError as error:
            raise ValueError(f"{PREFIX}{name.upper()}: {error}; got {text!r}.") from error
    given["oidc"] = _provider(environment)
    given |= {name: value for name, value in told.items() if value is not None}
    return Settings(**given)  # type: ignore[arg-type]


def named_lakes(given: Sequence[str]) -> dict[str, Path]:
    """Return lakes by tenant, from ``tenant=folder``; a folder alone is that of ``main``.

    Raises
    ------
    ValueError
        When two have one name, or one has none.
    """
    pairs = [each.partition("=") if "=" in each else ("main", "=", each) for each in given]
    names = [name for name, _, _ in pairs]
    if len(set(names)) < len(names) or not all(name and path for name, _, path in pairs):
        raise ValueError(f"lake: {', '.join(given)}; expected tenant=folder, each tenant once.")
    return {name: Path(path) for name, _, path in pairs}


def _provider(environment: Mapping[str, str]) -> Provider | None:
    """Return the identity provider of ``LANECAST_OIDC_...``; None where no issuer is named."""
    start = f"{PREFIX}OIDC_"
    texts = {
        name.removeprefix(start).lower(): text
        for name, text in environment.items()
        if name.startswith(start) and text
    }
    kinds: dict[str, Any] = {each.name: str for each in fields(Provider)}
    kinds |= {"grants": grants, "scopes": lambda text: tuple(text.split())}
    if unknown := sorted(set(texts) - set(kinds)):
        names = ", ".join(f"{start}{name.upper()}" for name in kinds)
        raise ValueError(f"{start}{unknown[0].upper()}: is no setting; expected one of {names}.")
    if not texts:
        return None
    if missing := sorted({"issuer", "client_id"} - set(texts)):
        raise ValueError(f"{start}{missing[0].upper()}: expected it, beside the others.")
    given: dict[str, Any] = {}
    for name, text in texts.items():
        try:
            given[name] = kinds[name](text)
        except ValueError as error:
            raise ValueError(f"{start}{name.upper()}: {error}.") from error
    return Provider(**given)


def _lakes(text: str) -> dict[str, Path]:
    return named_lakes([each for each in text.split(",") if each])
