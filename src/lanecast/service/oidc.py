"""OpenID Connect: the authorization code flow with PKCE, and an ID token that is verified.

A person goes to the provider with a state, a nonce and the digest of a secret; what comes back is
taken once, from the browser that set out, and counts only as a token for this service that the
provider signed just now. Nothing but the ID token is looked at, and nothing of it is kept.
"""

import base64
import hashlib
import hmac
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

import httpx
import structlog
from joserfc import jwt
from joserfc.errors import ExpiredTokenError, JoseError
from joserfc.jwk import KeySet

from .provider import Provider, secure

WAY_S = 600.0  # that a person may spend at the provider
UNDERWAY = 1000  # people; the one that set out first is forgotten
PATIENCE_S = 5.0  # for one answer of the provider
FRESH_S = 3600.0  # that its discovery document and its keys are not asked for again
AGAIN_S = 10.0  # between two looks for a key that was not there
LEEWAY_S = 60  # that clocks may differ
SIGNED_BY = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
PLACES = ("authorization_endpoint", "token_endpoint", "jwks_uri")
LONGEST = 255  # characters of a subject (OpenID Connect Core, section 2)


@dataclass(eq=False)
class NotSignedInError(Exception):
    """Why somebody was not signed in: a status and a sentence without anything of theirs."""

    status: int
    said: str


@dataclass(frozen=True)
class Way:
    """Somebody who is at the provider: what their browser holds, and what must come back."""

    cookie: bytes
    nonce: str
    verifier: str
    redirect_uri: str
    wanted: str
    tenant: str | None
    began: float


@dataclass(frozen=True)
class Person:
    """Whom the provider vouches for: the subject, and scopes in each tenant."""

    subject: str
    grants: Mapping[str, frozenset[str]]
    wanted: str
    tenant: str | None


@dataclass
class Oidc:
    """The way to one provider and back."""

    provider: Provider
    clock: Callable[[], float] = time.time
    _ways: OrderedDict[str, Way] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _told: tuple[float, dict[str, Any]] | None = None
    _keys: tuple[float, KeySet] | None = None

    def begin(self, redirect_uri: str, wanted: str, tenant: str | None) -> tuple[str, str]:
        """Return where to send a browser, and what to let it hold meanwhile.

        Raises
        ------
        NotSignedInError
            When the provider cannot be asked.
        """
        place = self._discovered()["authorization_endpoint"]
        cookie, state, nonce = (secrets.token_urlsafe(32) for _ in range(3))
        verifier = secrets.token_urlsafe(48)
        back = self.provider.redirect_uri or redirect_uri
        way = Way(_digest(cookie), nonce, verifier, back, wanted, tenant, self.clock())
        with self._lock:
            self._ways[state] = way
            while len(self._ways) > UNDERWAY:
                self._ways.popitem(last=False)
        asked = {
            "response_type": "code",
            "client_id": self.provider.client_id,
            "redirect_uri": back,
            "scope": " ".join(self.provider.scopes),
            "state": state,
            "nonce": nonce,
            "code_challenge": base64.urlsafe_b64encode(_digest(verifier)).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        return f"{place}{'&' if '?' in place else '?'}{urlencode(asked)}", cookie

    def finish(self, back: Mapping[str, str], cookie: str) -> Person:
        """Return who has come back with the query ``back``.

        Raises
        ------
        NotSignedInError
            When they did not set out from this browser, the provider refused them or cannot be
            asked, or what it says of them does not hold.
        """
        with self._lock:
            way = self._ways.pop(back.get("state", ""), None)
        late = way is None or self.clock() - way.began > WAY_S
        if way is None or late or not hmac.compare_digest(_digest(cookie), way.cookie):
            raise NotSignedInError(400, "This sign-in was not begun here, or too long ago.")
        if back.get("iss", self.provider.issuer) != self.provider.issuer:  # RFC 9207
            raise NotSignedInError(400, "Another provider has answered.")
        if "code" not in back:
            raise NotSignedInError(403, f"{self.provider.name} has not signed you in.")
        claims = self._verified(self._token(back["code"], way), way.nonce)
        return Person(claims["sub"], self.provider.granted(claims), way.wanted, way.tenant)

    def _token(self, code: str, way: Way) -> str:
        """Return the ID token that the provider gives for ``code``."""
        told, ours = self._discovered(), self.provider
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": way.redirect_uri,
            "code_verifier": way.verifier,
        }
        ways = told.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        auth = None
        if ours.client_secret is None:
            form |= {"client_id": ours.client_id}
        elif "client_secret_basic" in ways:  # RFC 6749 section 2.3.1 encodes both before
            auth = httpx.BasicAuth(quote(ours.client_id, ""), quote(ours.client_secret, ""))
        else:
            form |= {"client_id": ours.client_id, "client_secret": ours.client_secret}
        answer = self._asked("post", told["token_endpoint"], data=form, auth=auth)
        if not isinstance(token := answer.get("id_token"), str):
            raise self._strange("its token endpoint gives no ID token")
        return token

    def _verified(self, token: str, nonce: str) -> dict[str, Any]:
        """Return the claims of an ID token (OpenID Connect Core, section 3.1.3.7)."""
        ours = self.provider
        rules = jwt.JWTClaimsRegistry(
            now=int(self.clock()),
            leeway=LEEWAY_S,
            iss={"essential": True, "value": ours.issuer},
            aud={"essential": True, "value": ours.client_id},
            nonce={"essential": True, "value": nonce},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
        )
        try:
            claims = self._opened(token)
            rules.validate(claims)
        except ExpiredTokenError as error:
            raise self._strange("its token has expired; do the clocks agree?") from error
        except (JoseError, ValueError) as error:
            why = getattr(error, "description", None) or type(error).__name__
            raise self._strange(f"its token does not hold: {why}") from error
        alone = isinstance(claims["aud"], str) or len(claims["aud"]) == 1
        if claims.get("azp", ours.client_id if alone else None) != ours.client_id:
            raise self._strange("its token is for another service")
        if len(claims["sub"]) > LONGEST or not claims["sub"].isprintable():
            raise self._strange("its token names a subject that is none")
        return claims

    def _opened(self, token: str) -> dict[str, Any]:
        """Return the claims of a token that a key of the provider has signed."""
        try:
            return jwt.decode(token, self._signers(FRESH_S), SIGNED_BY).claims
        except JoseError:  # perhaps by a key that is new
            return jwt.decode(token, self._signers(AGAIN_S), SIGNED_BY).claims

    def _signers(self, fresh_s: float) -> KeySet:
        held = self._keys
        if held is None or self.clock() - held[0] > fresh_s:
            told = self._asked("get", self._discovered()["jwks_uri"])
            try:
                held = self._keys = self.clock(), KeySet.import_key_set(told)  # type: ignore[arg-type]
            except (JoseError, ValueError, KeyError, TypeError) as error:
                raise self._strange("its keys cannot be read") from error
        return held[1]

    def _discovered(self) -> dict[str, Any]:
        """Return what the provider says of itself."""
        held = self._told
        if held is None or self.clock() - held[0] > FRESH_S:
            place = f"{self.provider.issuer.rstrip('/')}/.well-known/openid-configuration"
            told = self._asked("get", place)
            if told.get("issuer") != self.provider.issuer:
                raise self._strange(f"it calls itself {told.get('issuer')!r}")
            if missing := [name for name in PLACES if not secure(told.get(name))]:
                raise self._strange(f"its {missing[0]} is no https URL")
            held = self._told = self.clock(), told
        return held[1]

    def _asked(self, method: str, url: str, **more: Any) -> dict[str, Any]:
        """Return an answer of the provider, which must be a JSON object."""
        try:
            answer = httpx.request(method, url, timeout=PATIENCE_S, **more)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            name, why = self.provider.name, type(error).__name__
            structlog.get_logger().warning("sign-in", provider=name, why=why)
            said = f"{name} cannot be reached. Sign in with a key, or try again later."
            raise NotSignedInError(503, said) from error
        try:
            told = answer.json() if answer.status_code == 200 else None
        except ValueError:
            told = None
        if not isinstance(told, dict):
            place = httpx.URL(url).path
            raise self._strange(f"{place} answers with status {answer.status_code} and no object")
        return told

    def _strange(self, why: str) -> NotSignedInError:
        """Return what is told of an answer that does not hold; the log says why."""
        structlog.get_logger().warning("sign-in", provider=self.provider.name, why=why)
        said = f"What {self.provider.name} answered does not hold; the log says why."
        return NotSignedInError(502, said)


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
