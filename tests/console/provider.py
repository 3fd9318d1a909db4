"""A small OpenID Connect provider: it signs with RSA by hand, and can be told to err."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote, urlencode

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from fastapi import FastAPI, Request
from starlette.responses import JSONResponse, RedirectResponse, Response

CLIENT, SECRET, SUBJECT = "lanecast", "s3cret/with:signs", "248289761001"


class IdentityProvider:
    """What it says of itself, whom it signs in, and how its tokens are made.

    Attributes
    ----------
    change
        Changes the claims before they are signed.
    client
        How the client must say who it is: the scheme, its name, its secret.
    sign
        Makes a token of a header and claims.
    """

    def __init__(self) -> None:
        self.url = ""
        self.key, self.kid = rsa.generate_private_key(65537, 2048), "one"
        self.change: Callable[[dict[str, Any]], dict[str, Any]] = dict
        self.sign: Callable[[dict[str, Any]], str] = self.signed
        self.metadata: dict[str, Any] = {}
        self.error: str | None = None
        self.client = ("Basic", CLIENT, SECRET)
        self.codes: dict[str, dict[str, str]] = {}
        self.app = FastAPI()
        self.app.add_api_route("/.well-known/openid-configuration", self.discovery)
        self.app.add_api_route("/keys", self.keys)
        self.app.add_api_route("/authorize", self.authorize)
        self.app.add_api_route("/token", self.token, methods=["POST"])

    def discovery(self) -> dict[str, Any]:
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
        } | self.metadata

    def keys(self) -> dict[str, Any]:
        numbers = self.key.public_key().public_numbers()
        n, e = (
            number.to_bytes((number.bit_length() + 7) // 8, "big")
            for number in (numbers.n, numbers.e)
        )
        named = {"kty": "RSA", "use": "sig", "kid": self.kid, "n": coded(n), "e": coded(e)}
        return {"keys": [{"kty": "of-tomorrow", "kid": "two"}, named]}

    def authorize(self, request: Request) -> Response:
        asked = dict(request.query_params)
        assert asked["response_type"] == "code"
        assert asked["client_id"] == CLIENT
        assert "openid" in asked["scope"].split()
        assert asked["code_challenge_method"] == "S256"
        code = f"code-{len(self.codes)}"
        self.codes[code] = asked
        back = {"error": self.error} if self.error else {"code": code}
        return RedirectResponse(
            f"{asked['redirect_uri']}?{urlencode(back | {'state': asked['state']})}", 303
        )

    async def token(self, request: Request) -> Response:
        form = {name: str(value) for name, value in (await request.form()).items()}
        kind, _, given = request.headers.get("authorization", "").partition(" ")
        name, _, secret = base64.b64decode(given).decode().partition(":")
        told = (kind, unquote(name), unquote(secret))
        if not kind:
            told = ("", form["client_id"], form.get("client_secret", ""))
        asked = self.codes.pop(form["code"], None)
        proof = coded(hashlib.sha256(form["code_verifier"].encode()).digest())
        if (
            asked is None
            or told != self.client
            or form["grant_type"] != "authorization_code"
            or form["redirect_uri"] != asked["redirect_uri"]
            or proof != asked["code_challenge"]
        ):
            return JSONResponse({"error": "invalid_grant"}, 400)
        now = int(time.time())
        claims = {
            "iss": self.url,
            "sub": SUBJECT,
            "aud": CLIENT,
            "nonce": asked["nonce"],
            "iat": now,
            "exp": now + 300,
            "email": "ada@example.com",
            "groups": ["planners"],
        }
        token = self.sign(self.change(claims))
        return JSONResponse({"access_token": "a", "token_type": "Bearer", "id_token": token})

    def signed(self, claims: dict[str, Any], key: rsa.RSAPrivateKey | None = None) -> str:
        start = parts({"alg": "RS256", "kid": self.kid}, claims)
        made = (key or self.key).sign(start.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{start}.{coded(made)}"

    def signed_by_another(self, claims: dict[str, Any]) -> str:
        return self.signed(claims, rsa.generate_private_key(65537, 2048))

    def unsigned(self, claims: dict[str, Any]) -> str:
        return parts({"alg": "none"}, claims) + "."

    def confused(self, claims: dict[str, Any]) -> str:
        """Sign with what everybody knows, as though the public key were a shared secret."""
        public = self.key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        start = parts({"alg": "HS256", "kid": self.kid}, claims)
        return f"{start}.{coded(hmac.digest(public, start.encode(), 'sha256'))}"


def coded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def parts(header: dict[str, Any], claims: dict[str, Any]) -> str:
    return ".".join(coded(json.dumps(each).encode()) for each in (header, claims))
