"""Sign-in at an identity provider that speaks the protocol over HTTP, and errs when it is told."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest
import structlog
from cryptography.hazmat.primitives.asymmetric import rsa

from lanecast.console.door import COOKIE
from lanecast.console.vouching import WAY
from lanecast.service import audit, keys, oidc
from lanecast.service.clock import wall
from lanecast.service.provider import Provider

from ..service.conftest import serving
from .provider import CLIENT, SECRET, SUBJECT, IdentityProvider

READS = ["parcels:read", "network:read"]
GRANTS = {
    "planners": {"main": frozenset(READS)},
    "everywhere": {"main": frozenset(READS), "post": frozenset(["address:read"])},
    "nowhere": {"main": frozenset[str]()},
}


@dataclass
class Signing:
    """A browser without a script, the console it asks, and the provider."""

    console: Any
    idp: IdentityProvider
    client: httpx.Client
    sign_in: oidc.Oidc

    def leave(self, rest: str = "") -> str:
        """Return where the provider sends the browser back to."""
        away = self.client.get(f"/console/sign-in/provider{rest}")
        assert away.status_code == 303, away.text
        return httpx.get(away.headers["location"]).headers["location"]

    def come(self, rest: str = "") -> httpx.Response:
        return self.client.get(self.leave(rest))


@pytest.fixture(scope="module")
def running() -> Iterator[IdentityProvider]:
    idp = IdentityProvider()
    with serving(idp.app) as client:
        idp.url = str(client.base_url).rstrip("/")
        yield idp


@pytest.fixture
def signing(console: Any, running: IdentityProvider) -> Iterator[Signing]:
    import nicegui

    idp = running
    idp.change, idp.sign, idp.metadata, idp.error = dict, idp.signed, {}, None
    idp.client = ("Basic", CLIENT, SECRET)
    made = oidc.Oidc(Provider(idp.url, CLIENT, SECRET, grants=GRANTS))
    before = nicegui.app.state.parts
    nicegui.app.state.parts = replace(before, oidc=made, buckets=Generous())
    with httpx.Client(base_url=console.url) as client:
        yield Signing(console, idp, client, made)
    nicegui.app.state.parts = before


class Generous:
    def take(self, key: str, cost: float = 1.0) -> tuple[bool, dict[str, str]]:
        return True, {}


def test_who_is_vouched_for_comes_in_as_what_the_claim_grants(signing: Signing) -> None:
    form = signing.client.get("/console/sign-in?next=/console/parcels").text
    assert "/console/sign-in/provider?next=%2Fconsole%2Fparcels" in form
    with structlog.testing.capture_logs() as logs:
        back = signing.come("?next=/console/parcels?x=1")
    assert back.status_code == 200
    assert "url=/console/parcels?x=1" in back.text
    cookie = next(each for each in back.headers.get_list("set-cookie") if COOKIE in each).lower()
    for flag in ("httponly", "samesite=strict", "path=/console", "max-age=604800"):
        assert flag in cookie
    assert WAY not in signing.client.cookies
    assert signing.client.get("/console/parcels").status_code == 200
    assert "lacks the scope models:read" in signing.client.get("/console/models").text
    state = signing.console.app.state.parts.state
    (entry,) = audit.entries(state, "main", None, 1)
    name = f"{signing.idp.url.partition('://')[2]}#{SUBJECT}"
    assert entry["action"] == "signed in"
    assert entry["who"] == f"{name} ({entry['subject']})"
    assert "ada@" not in json.dumps([entry, logs])
    assert SUBJECT not in json.dumps(logs)

    page = signing.client.get("/console/parcels").text
    csrf = page.split('name="csrf" value="')[1].split('"')[0]
    here = {"Origin": signing.console.url}
    wrong = signing.client.post("/console/sign-out", data={"csrf": "guess"}, headers=here)
    assert wrong.status_code == 403
    signing.client.post("/console/sign-out", data={"csrf": csrf}, headers=here)
    assert signing.client.get("/console/parcels").status_code == 303


def test_after_a_failed_sign_in_a_key_still_opens(signing: Signing) -> None:
    signing.idp.change = lambda claims: claims | {"groups": ["strangers"]}
    form = signing.come("?next=/console/parcels")
    assert form.status_code == 403
    there = form.url.join(form.text.split('method="post" action="')[1].split('"')[0])
    asked = {"key": signing.console.key, "next": "/console/parcels"}
    origin = {"Origin": signing.console.url}
    answer = signing.client.post(there, data=asked, headers=origin)
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/parcels")


def test_each_sign_in_stands_on_one_key_that_nobody_holds(signing: Signing) -> None:
    state = signing.console.app.state.parts.state
    signing.come()
    (entry,) = audit.entries(state, "main", None, 1)
    key_id = entry["subject"]
    signing.idp.change = lambda claims: claims | {"groups": ["planners", "everywhere"]}
    signing.come("?tenant=main")
    assert audit.entries(state, "main", None, 1)[0]["subject"] == key_id
    for secret in ("", "a"):
        asked = f"Bearer lc_{key_id}_{secret}"
        answer = httpx.get(f"{signing.console.url}/v1/keys", headers={"Authorization": asked})
        assert answer.status_code == 401
    holder = keys.holder(state, key_id, wall())
    assert holder is not None
    assert keys.rotate(state, key_id, holder, wall()) is None
    keys.revoke(state, key_id, "main", wall())
    assert signing.client.get("/console/parcels").status_code == 303
    signing.come("?tenant=main")
    assert signing.client.get("/console/parcels").status_code == 200
    keys.unvouched(state, wall())
    assert signing.client.get("/console/parcels").status_code == 303


def test_only_the_browser_that_set_out_comes_back_and_once(signing: Signing) -> None:
    there = signing.leave()
    wrong = there.replace("state=", "state=x")
    assert signing.client.get(wrong).status_code == 400
    with httpx.Client(base_url=signing.console.url) as other:
        assert other.get(there).status_code == 400
    assert signing.client.get(there).status_code == 400  # somebody else has tried with it
    there = signing.leave()
    assert signing.client.get(there).status_code == 200
    signing.client.cookies.delete(COOKIE)
    again = signing.client.get(there)
    assert again.status_code == 400
    assert "was not begun here" in again.text
    there = signing.leave()
    signing.sign_in.clock = lambda: time.time() + oidc.WAY_S + 1
    assert signing.client.get(there).status_code == 400
    assert COOKIE not in signing.client.cookies


def claimed(**changes: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda claims: {k: v for k, v in (claims | changes).items() if v is not None}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (claimed(nonce="another"), "nonce"),
        (claimed(nonce=None), "nonce"),
        (claimed(aud="another"), "aud"),
        (claimed(aud=[CLIENT, "another"]), "another service"),
        (claimed(azp="another"), "another service"),
        (claimed(iss="https://evil.example"), "iss"),
        (claimed(exp=int(time.time()) - 120), "expired"),
        (claimed(exp=None), "exp"),
        (claimed(iat=int(time.time()) + 3600), "future"),
        (claimed(sub=None), "sub"),
        (claimed(sub="a\nb"), "subject"),
    ],
)
def test_a_token_that_does_not_hold_opens_nothing(
    signing: Signing, change: Callable[[dict[str, Any]], dict[str, Any]], why: str
) -> None:
    signing.idp.change = change
    with structlog.testing.capture_logs() as logs:
        answer = signing.come()
    assert answer.status_code == 502
    assert "does not hold" in answer.text
    assert COOKIE not in signing.client.cookies
    assert why in next(each["why"] for each in logs if each["event"] == "sign-in")


@pytest.mark.parametrize("how", ["signed_by_another", "unsigned", "confused"])
def test_only_what_a_key_of_the_provider_signed_counts(signing: Signing, how: str) -> None:
    signing.idp.sign = getattr(signing.idp, how)
    assert signing.come().status_code == 502
    assert COOKIE not in signing.client.cookies


def test_a_new_key_of_the_provider_is_found(signing: Signing) -> None:
    assert signing.come().status_code == 200
    signing.idp.key, signing.idp.kid = rsa.generate_private_key(65537, 2048), "three"
    assert signing.come().status_code == 502  # the keys were read just now
    signing.sign_in.clock = lambda: time.time() + oidc.AGAIN_S + 1
    assert signing.come().status_code == 200


def test_where_the_provider_is_away_a_key_still_opens(signing: Signing) -> None:
    provider = replace(signing.sign_in.provider, issuer="http://127.0.0.1:9")
    signing.sign_in.provider = provider
    answer = signing.client.get("/console/sign-in/provider")
    assert answer.status_code == 503
    assert "127.0.0.1:9 cannot be reached. Sign in with a key" in answer.text
    here = {"Origin": signing.console.url}
    form = {"key": signing.console.key}
    assert signing.client.post("/console/sign-in", data=form, headers=here).status_code == 303
    assert signing.client.get("/console/").status_code == 200


@pytest.mark.parametrize(
    "metadata",
    [{"issuer": "https://evil.example"}, {"token_endpoint": "http://evil.example/token"}],
)
def test_what_a_provider_says_of_itself_must_hold(
    signing: Signing, metadata: dict[str, str]
) -> None:
    signing.idp.metadata = metadata
    assert signing.client.get("/console/sign-in/provider").status_code == 502


def test_the_service_says_who_it_is_as_the_provider_wants(signing: Signing) -> None:
    signing.idp.client = ("", CLIENT, SECRET)
    assert signing.come().status_code == 502  # it expected another way
    signing.sign_in._told = None
    signing.idp.metadata = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    assert signing.come().status_code == 200
    signing.idp.client = ("", CLIENT, "")  # a public client has no secret, and PKCE alone
    signing.sign_in.provider = replace(signing.sign_in.provider, client_secret=None)
    assert signing.come().status_code == 200


def test_who_is_granted_nothing_is_told_so(signing: Signing) -> None:
    for groups in ([], ["strangers"], ["nowhere"], None, {"planners": 1}, [["planners"]]):
        signing.idp.change = claimed(groups=groups)
        answer = signing.come()
        assert answer.status_code == 403
        assert "Nothing is granted to your account" in answer.text
    signing.idp.error = "access_denied"
    assert "has not signed you in" in signing.come().text
    assert COOKIE not in signing.client.cookies


def test_who_may_see_two_companies_chooses_one(signing: Signing) -> None:
    signing.idp.change = claimed(groups=["everywhere"])
    answer = signing.come("?next=/console/addresses")
    assert answer.status_code == 409
    assert "tenant=main" in answer.text
    assert 'provider?tenant=post&amp;next=%2Fconsole%2Faddresses">post</a>' in answer.text
    assert signing.come("?tenant=post").status_code == 200
    assert signing.client.get("/console/addresses").status_code == 200
    assert signing.client.get("/console/").headers["location"].endswith("/addresses")


def test_the_way_on_stays_here(signing: Signing) -> None:
    assert "url=/console/&#34;" not in (told := signing.come("?next=//evil.example").text)
    assert 'url=/console/"' in told


def test_without_a_provider_nothing_is_offered(console: Any) -> None:
    assert "sign-in/provider" not in httpx.get(console.path("/sign-in")).text
    for place in ("/sign-in/provider", "/sign-in/back?code=a&state=b"):
        assert httpx.get(console.path(place)).status_code == 404
