"""Who comes in, from where, and what a page may load."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from lanecast.console.door import COOKIE


@contextmanager
def signed_in(console: Any) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=console.url, headers={"Origin": console.url}) as client:
        answer = client.post("/console/sign-in", data={"key": console.key})
        assert answer.status_code == 303
        yield client


def test_without_a_session_only_the_form_is_shown(console: Any) -> None:
    there = httpx.get(console.path("/parcels?x=1"))
    assert there.status_code == 303
    assert there.headers["location"] == "/console/sign-in?next=%2Fconsole%2Fparcels%3Fx%3D1"
    assert httpx.post(console.path("/find"), json={"text": "a"}).status_code == 401
    wrong = httpx.post(
        console.path("/sign-in"), data={"key": "lc_1_<b>"}, headers={"Origin": console.url}
    )
    assert wrong.status_code == 401
    assert "unknown, expired or revoked" in wrong.text
    assert COOKIE not in wrong.cookies


def test_forms_of_other_sites_are_refused(console: Any) -> None:
    for headers in ({"Origin": "https://evil.example"}, {}):
        sent = httpx.post(console.path("/sign-in"), data={"key": console.key}, headers=headers)
        assert sent.status_code == 403
    with signed_in(console) as client:
        for guess in ("guess", "\xe9", "\ud800"):
            sent = quote(guess, errors="surrogatepass")
            form = {"Content-Type": "application/x-www-form-urlencoded"}
            answer = client.post("/console/sign-out", content=f"csrf={sent}", headers=form)
            assert answer.status_code == 403
        assert client.get("/console/").status_code == 200


def test_the_cookie_is_strict_and_the_way_on_stays_here(console: Any) -> None:
    sent: dict[str, Any] = {"headers": {"Origin": console.url}}
    for wanted, there in (
        ("/console/parcels?a=1", "/console/parcels?a=1"),
        ("//evil.example", "/console/"),
        ("/console/\\evil", "/console/"),
        ("https://evil.example/console/", "/console/"),
    ):
        form = {"key": console.key, "next": wanted}
        answer = httpx.post(console.path("/sign-in"), data=form, **sent)
        assert answer.headers["location"] == there
        cookie = answer.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=strict" in cookie
        assert "path=/console" in cookie


def test_a_page_loads_from_here_only_and_its_scripts_have_its_nonce(console: Any) -> None:
    with signed_in(console) as client:
        first, second = client.get("/console/"), client.get("/console/")
    rules = first.headers["content-security-policy"]
    assert "default-src 'none'" in rules
    assert "http" not in rules
    (nonce,) = re.findall(r"'nonce-([^']+)'", rules)
    assert nonce not in second.headers["content-security-policy"]
    scripts = re.findall(r"<script[^>]*>", first.text)
    assert scripts
    assert all(f'nonce="{nonce}"' in each for each in scripts)
    assert first.headers["x-frame-options"] == "DENY"


def test_the_socket_wants_a_session_and_a_page_of_this_server(console: Any) -> None:
    url = (
        console.url.replace("http", "ws")
        + "/console/_nicegui_ws/socket.io/?EIO=4&transport=websocket"
    )
    with signed_in(console) as client:
        cookie = {"Cookie": f"{COOKIE}={client.cookies[COOKIE]}"}
    for headers, origin in (({}, console.url), (cookie, "https://evil.example"), (cookie, None)):
        with pytest.raises(InvalidStatus), connect(url, origin=origin, additional_headers=headers):
            pass
    with connect(url, origin=console.url, additional_headers=cookie) as socket:
        assert socket.recv(5).startswith("0")


def test_a_socket_that_is_polled_wants_a_page_of_this_server_too(console: Any) -> None:
    there = "/console/_nicegui_ws/socket.io/?EIO=4&transport=polling"
    with signed_in(console) as client:
        for method in ("GET", "POST"):
            evil = client.request(method, there, headers={"Origin": "https://evil.example"})
            assert evil.status_code == 403
        assert client.get(there).status_code == 200


@pytest.mark.parametrize("foreign", ["prefs@app=1", "a,b=1", "(x)=1", 'foo={"a":1}', "=", "\xe9"])
def test_cookies_of_other_programs_on_this_host_are_ignored(console: Any, foreign: str) -> None:
    with signed_in(console) as client:
        ours = f"{COOKIE}={client.cookies[COOKIE]}"
        client.cookies.clear()
        for cookies, status in ((foreign, 303), (f"{foreign}; {ours}", 200)):
            told = {"Cookie": cookies.encode("latin-1")}
            assert client.get("/console/parcels", headers=told).status_code == status


def test_a_link_from_elsewhere_is_asked_again_from_here(console: Any) -> None:
    answer = httpx.get(
        console.path('/parcels?search="><script>'), headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert answer.status_code == 200
    assert "url=/console/parcels?search=" in answer.text
    assert "<script" not in answer.text


def test_rest_still_answers_problems_beside_the_console(console: Any) -> None:
    assert (
        httpx.get(f"{console.url}/v1/nothing")
        .headers["content-type"]
        .startswith("application/problem")
    )
    assert httpx.post(f"{console.url}/v1/parcels").status_code == 405
    assert httpx.get(console.url).headers["location"] == "/console/"
