"""Who may do what, and what a refusal looks like."""

import gzip
import socket
import time
from datetime import timedelta
from typing import Any

import pytest

from lanecast.service import audit, keys
from lanecast.service.clock import wall
from lanecast.service.limits import Buckets


def test_no_key_and_wrong_keys_are_refused_alike(service: Any, holder: Any) -> None:
    good = holder("keys:write")["Authorization"]
    wrong = ["", "Bearer x", "Bearer lc_000000000000_x", good[:-1] + "~", good.replace("_", "-")]
    for value in wrong:
        answer = service.get("/v1/keys", headers={"Authorization": value})
        assert answer.status_code == 401
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["code"] == "unknown_key"
    assert service.get("/v1/keys", headers={"Authorization": good}).status_code == 200


def test_a_key_without_the_scope_is_told_which_it_needs(service: Any, holder: Any) -> None:
    answer = service.get("/v1/keys", headers=holder("parcels:read"))
    assert answer.status_code == 403
    assert "keys:write" in answer.json()["detail"]


def test_expired_and_revoked_keys_are_refused(service: Any, holder: Any) -> None:
    admin = holder("keys:write", "parcels:read")
    made = service.post(
        "/v1/keys", json={"name": "x", "scopes": ["keys:write"]}, headers=admin
    ).json()
    theirs = {"Authorization": f"Bearer {made['key']}"}
    assert service.get("/v1/keys", headers=theirs).status_code == 200
    assert service.delete(f"/v1/keys/{made['key_id']}", headers=admin).status_code == 204
    assert service.get("/v1/keys", headers=theirs).status_code == 401
    assert service.get("/v1/keys", headers=holder("keys:write", days=-1)).status_code == 401


def test_a_rotated_key_lives_on_for_the_overlap_only(service: Any, holder: Any) -> None:
    state, now = service.app.state.parts.state, wall()
    key_id, old = keys.issue(state, "main", "x", ["parcels:read"], now)
    by = keys.Caller("", "main", "", keys.ADMIN)
    new = keys.rotate(state, key_id, by, now)
    assert new is not None
    assert keys.caller(state, new[1], now) is not None
    almost = now + keys.OVERLAP - timedelta(seconds=1)
    assert keys.caller(state, old, almost) is not None
    assert keys.caller(state, old, now + keys.OVERLAP) is None


def test_nobody_grants_more_than_they_have(service: Any, holder: Any) -> None:
    wanted = {"name": "x", "scopes": ["personal:read"]}
    answer = service.post("/v1/keys", json=wanted, headers=holder("keys:write"))
    assert answer.status_code == 422
    assert answer.json()["field"] == "scopes"


def test_nobody_gets_more_by_rotating_a_key(service: Any, holder: Any) -> None:
    state, now = service.app.state.parts.state, wall()
    key_id, _ = keys.issue(state, "main", "protection", ["personal:read"], now)
    answer = service.post(f"/v1/keys/{key_id}/rotate", headers=holder(*keys.ADMIN))
    assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")
    assert "personal:read" in answer.json()["detail"]


def test_a_successor_lives_as_long_as_its_key_was_given(service: Any) -> None:
    state, now = service.app.state.parts.state, wall()
    by = keys.Caller("", "main", "", keys.ADMIN)
    for days in (90, None):
        key_id, _ = keys.issue(state, "main", "x", ["parcels:read"], now, days)
        for _ in range(2):  # also while the old one lives on
            new = keys.rotate(state, key_id, by, now)
            assert new is not None
            (row,) = (each for each in keys.listed(state, "main") if each["key_id"] == new[0])
            ends = keys.said(now + timedelta(days=days)) if days else None
            assert row["expires_at"] == ends
    ended, _ = keys.issue(state, "main", "x", ["parcels:read"], now, days=-1)
    assert keys.rotate(state, ended, by, now) is None


def test_a_reply_is_not_told_again_to_a_key_that_was_revoked(service: Any, holder: Any) -> None:
    admin = holder("keys:write", "parcels:read")
    wanted = {"name": "x", "scopes": ["keys:write"]}
    made = service.post("/v1/keys", json=wanted, headers=admin).json()
    theirs = {"Authorization": f"Bearer {made['key']}", "Idempotency-Key": "k"}
    assert service.post("/v1/keys", json=wanted, headers=theirs).status_code == 201
    assert service.delete(f"/v1/keys/{made['key_id']}", headers=admin).status_code == 204
    for body in (wanted, wanted | {"name": "y"}):
        assert service.post("/v1/keys", json=body, headers=theirs).status_code == 401


def test_a_body_that_was_cut_off_does_not_use_up_its_idempotency_key(
    service: Any, holder: Any
) -> None:
    admin = holder("keys:write", "parcels:read") | {"Idempotency-Key": "cut"}
    whole = b'{"name": "x", "scopes": ["parcels:read"]}'
    head = f"POST /v1/keys HTTP/1.1\r\nHost: x\r\nContent-Length: {len(whole)}\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in admin.items())
    with socket.create_connection((service.base_url.host, service.base_url.port)) as line:
        line.sendall(f"{head}Content-Type: application/json\r\n\r\n".encode() + whole[:9])
        time.sleep(0.2)
    time.sleep(0.2)
    kind = {"Content-Type": "application/json"}
    assert service.post("/v1/keys", content=whole, headers=admin | kind).status_code == 201


def test_a_company_sees_and_ends_its_own_keys_only(service: Any, holder: Any) -> None:
    ours, theirs = holder("keys:write"), holder("keys:write", tenant="other")
    mine = service.get("/v1/keys", headers=ours).json()["items"]
    other = service.get("/v1/keys", headers=theirs).json()["items"]
    assert {each["key_id"] for each in mine}.isdisjoint(each["key_id"] for each in other)
    assert service.delete(f"/v1/keys/{mine[0]['key_id']}", headers=theirs).status_code == 404


def test_a_key_is_not_stored_and_not_told_again(service: Any, holder: Any) -> None:
    admin = holder("keys:write", "parcels:read") | {"Idempotency-Key": "once"}
    wanted = {"name": "x", "scopes": ["parcels:read"]}
    first = service.post("/v1/keys", json=wanted, headers=admin)
    again = service.post("/v1/keys", json=wanted, headers=admin)
    assert first.status_code == again.status_code == 201
    assert again.headers["idempotency-replayed"] == "true"
    assert again.json() == {"key_id": first.json()["key_id"], "key": None}
    state = service.app.state.parts.state
    secret = first.json()["key"].split("_", 2)[2].encode()
    assert not any(secret in file.read_bytes() for file in state.path.parent.glob("service.db*"))


def test_an_idempotency_key_with_another_body_is_refused(service: Any, holder: Any) -> None:
    admin = holder("keys:write", "parcels:read") | {"Idempotency-Key": "k"}
    one = {"name": "x", "scopes": ["parcels:read"]}
    assert service.post("/v1/keys", json=one, headers=admin).status_code == 201
    answer = service.post("/v1/keys", json=one | {"name": "y"}, headers=admin)
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    other = holder("keys:write", "parcels:read") | {"Idempotency-Key": "k"}
    assert service.post("/v1/keys", json=one, headers=other).status_code == 201


@pytest.mark.parametrize(
    ("path", "status"),
    [("/v1/keys", 401), ("/v1/nothing", 404), ("/v1/audit", 405), ("/console/sign-in", 404)],
)
def test_nothing_is_kept_for_whoever_has_no_key(service: Any, path: str, status: int) -> None:
    state = service.app.state.parts.state
    for given in ({}, {"Authorization": "Bearer lc_0123456789ab_x"}):
        answer = service.post(path, json={}, headers=given | {"Idempotency-Key": "fresh"})
        assert answer.status_code == status
        assert state.read("select * from replies") == []


@pytest.mark.parametrize(("path", "status"), [("/v1/nothing", 404), ("/v1/audit", 405)])
def test_nothing_is_kept_of_what_no_route_answers(
    service: Any, holder: Any, path: str, status: int
) -> None:
    known = holder("keys:write") | {"Idempotency-Key": "fresh"}
    assert service.post(path, headers=known).status_code == status
    assert service.app.state.parts.state.read("select * from replies") == []


def test_what_is_kept_is_no_longer_than_it_must_be(service: Any, holder: Any) -> None:
    known = holder("keys:write") | {"Idempotency-Key": "fresh"}
    assert service.post(f"/v1/keys?{'x' * 9000}", json={}, headers=known).status_code == 422
    (row,) = service.app.state.parts.state.read("select place from replies")
    assert len(row["place"]) == 64


@pytest.mark.parametrize("name", ["  ", "a\nb", "a\x00b", "a\u202eb", "a\u2066b"])
def test_a_name_of_a_key_can_be_read(service: Any, holder: Any, name: str) -> None:
    admin = holder("keys:write", "parcels:read")
    wanted = {"name": name, "scopes": ["parcels:read"]}
    answer = service.post("/v1/keys", json=wanted, headers=admin)
    assert (answer.status_code, answer.json()["field"]) == (422, "name")


def test_a_scope_that_is_named_again_is_one(service: Any, holder: Any) -> None:
    admin = holder("keys:write", "parcels:read")
    wanted = {"name": " x ", "scopes": ["parcels:read"] * 3}
    made = service.post("/v1/keys", json=wanted, headers=admin).json()
    (row,) = (
        each
        for each in service.get("/v1/keys", headers=admin).json()["items"]
        if each["key_id"] == made["key_id"]
    )
    assert (row["name"], row["scopes"]) == ("x", ["parcels:read"])


def test_too_many_requests_are_told_when_to_come_again() -> None:
    now = [0.0]
    buckets = Buckets(per_s=2, burst=3, clock=lambda: now[0])
    passed = [buckets.take("a")[0] for _ in range(4)]
    assert passed == [True, True, True, False]
    assert buckets.take("a")[1]["Retry-After"] == "1"
    assert buckets.take("b")[0]
    now[0] = 0.5
    assert buckets.take("a")[0]


def test_the_audit_tells_tampering(service: Any, holder: Any) -> None:
    admin = holder("keys:write", "parcels:read", "audit:read")
    for name in ("a", "b", "c"):
        service.post("/v1/keys", json={"name": name, "scopes": ["parcels:read"]}, headers=admin)
    told = service.get("/v1/audit", headers=admin).json()
    assert [each["detail"]["name"] for each in told["items"]] == ["c", "b", "a"]
    assert told["broken_at"] is None
    state = service.app.state.parts.state
    state.write("update audit set detail = '{}' where id = 2")
    assert audit.broken(state) == 2


@pytest.mark.parametrize(
    ("body", "kind", "status", "code"),
    [
        (b"{", "application/json", 400, "not_json"),
        (b"[" * 100_000, "application/json", 400, "not_json"),
        (b"x" * 9_000_000, "application/json", 413, "too_long"),
        (b'{"name": 1}', "application/json", 422, "not_valid"),
        (b'{"name": "x", "scopes": []}', "text/plain", 422, "not_valid"),
    ],
)
def test_bodies_that_cannot_be_meant(
    service: Any, holder: Any, body: bytes, kind: str, status: int, code: str
) -> None:
    headers = holder("keys:write") | {"Content-Type": kind}
    answer = service.post("/v1/keys", content=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_packed_body_is_refused_in_words(service: Any, holder: Any) -> None:
    body = gzip.compress(b'{"parcel_ids": ["a"]}')
    sent = holder("parcels:read") | {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    answer = service.post("/v1/parcels/eta", content=body, headers=sent)
    assert (answer.status_code, answer.json()["code"]) == (415, "encoding")
    assert "'gzip' is not read; expected identity" in answer.json()["detail"]
    sent["Content-Encoding"] = "identity"
    plain = service.post("/v1/parcels/eta", content=b"{}", headers=sent)
    assert plain.json()["field"] == "parcel_ids"
