"""An identity provider that vouches for people at the console, and what its claims grant them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from .keys import ADMIN, SCOPES

ALL = "admin"  # in grants: every scope of an administrator
HERE = ("localhost", "127.0.0.1", "::1")
Grants = Mapping[str, Mapping[str, frozenset[str]]]


@dataclass(frozen=True)
class Provider:
    """What the service knows of an OpenID Connect provider; without ``grants`` nobody comes in.

    Parameters
    ----------
    issuer
        URL of the provider, exactly as it calls itself; its discovery document lies below it.
    client_id, client_secret
        Of this service at the provider; without a secret it is a public client.
    claim
        Claim of the ID token that ``grants`` is about: a text, or a list of texts.
    grants
        For each value of the claim the scopes in each tenant.
    scopes
        What is asked of the provider; ``openid`` is always among it.
    redirect_uri
        Where the provider sends people back to, ``.../console/sign-in/back``; made of the address
        that the browser asked if not given.
    """

    issuer: str
    client_id: str
    client_secret: str | None = field(default=None, repr=False)
    claim: str = "groups"
    grants: Grants = field(default_factory=dict)
    scopes: tuple[str, ...] = ("openid",)
    redirect_uri: str | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be meant.

        Raises
        ------
        ValueError
            With the setting, its value and what would be valid.
        """
        for name in ("issuer", "redirect_uri"):
            if (url := getattr(self, name)) is not None and not secure(url):
                raise ValueError(f"oidc_{name}: expected an https URL, got {url!r}.")
        if not self.client_id:
            raise ValueError("oidc_client_id: expected the id of this service at the provider.")
        if "openid" not in self.scopes:
            raise ValueError(f"oidc_scopes: expected openid among them, got {self.scopes}.")

    @property
    def name(self) -> str:
        """Return the issuer as people read it."""
        return self.issuer.partition("://")[2].rstrip("/")

    def granted(self, claims: Mapping[str, Any]) -> dict[str, frozenset[str]]:
        """Return the scopes that verified ``claims`` grant in each tenant; empty for nothing.

        An e-mail address counts only where the provider says that it has verified it.
        """
        if self.claim == "email" and claims.get("email_verified") is not True:
            return {}
        held = claims.get(self.claim)
        found: dict[str, frozenset[str]] = {}
        values = [each for each in (held if isinstance(held, list) else [held]) if _text(each)]
        for value in values:
            for tenant, scopes in self.grants.get(str(value), {}).items():
                found[tenant] = found.get(tenant, frozenset()) | scopes
        return found


def secure(url: Any) -> bool:
    """Return whether ``url`` is one that nobody on the way can read: https, or this machine."""
    if not isinstance(url, str):
        return False
    parts = urlsplit(url)
    return bool(parts.hostname) and (
        parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in HERE)
    )


def grants(text: str) -> Grants:
    """Return grants from JSON: ``{"planners": {"main": ["planning:read"]}}``.

    Raises
    ------
    ValueError
        When it is none, or a scope does not exist.
    """
    try:
        given = json.loads(text)
        found = {
            value: {tenant: _scopes(scopes) for tenant, scopes in tenants.items()}
            for value, tenants in given.items()
        }
    except (AttributeError, TypeError, json.JSONDecodeError) as error:
        expected = '{"planners": {"main": ["planning:read"]}}'
        raise ValueError(f"expected JSON such as {expected}") from error
    return found


def _scopes(given: Any) -> frozenset[str]:
    if not isinstance(given, list) or not all(map(_text, given)):
        raise TypeError
    if unknown := sorted(set(given) - set(SCOPES) - {ALL}):
        raise ValueError(f"unknown {', '.join(unknown)}; expected {ALL} or {', '.join(SCOPES)}")
    return frozenset(given) - {ALL} | (ADMIN if ALL in given else frozenset())


def _text(value: Any) -> bool:
    return isinstance(value, str)
