"""Models over HTTP: promoted, shadowed, rolled back, seen by their company alone."""

import threading
import time
from pathlib import Path
from typing import Any

import pytest

from lanecast.service import live, promotion, registry, versions
from lanecast.service.routes import models


@pytest.fixture
def kept(service: Any, two_models: Any, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Two versions that the company ``main`` keeps; the tracking server is not asked."""
    monkeypatch.setattr(registry, "mirror", lambda *given: "recorded")
    tenant = service.app.state.parts.tenants["main"]
    return [versions.adopt(tenant.home, each)[1] for each in two_models]


def test_gates_force_shadow_and_back(service: Any, holder: Any, kept: list[str]) -> None:
    key = holder("models:read", "models:write", "audit:read")
    first, second = kept
    path = "/v1/models/eta/versions"
    refused = service.post(f"{path}/{first}/promote", json={}, headers=key)
    assert (refused.status_code, refused.json()["code"]) == (409, "gates")
    assert "baseline: It was not measured" in refused.json()["detail"]
    stopped = service.get("/v1/audit", headers=key).json()["items"][0]
    assert (stopped["action"], stopped["subject"]) == ("model not promoted", f"eta {first}")
    assert {each["name"] for each in stopped["detail"]["gates"]} >= {"schema", "baseline"}
    assert stopped["detail"]["why"] == ""
    unseen = {"force": True, "why": " \u200b\u202e "}
    hidden = service.post(f"{path}/{first}/promote", json=unseen, headers=key)
    assert hidden.status_code == 422 and hidden.json()["field"] == "why"
    bare = service.post(f"{path}/{first}/promote", json={"force": True}, headers=key)
    assert (bare.status_code, bare.json()["field"]) == (422, "why")
    gates = service.get(f"{path}/{first}/gates", headers=key).json()["items"]
    assert {each["name"]: each["passed"] for each in gates}["schema"]
    for version in kept:
        forced = {"force": True, "why": "a test"}
        answer = service.post(f"{path}/{version}/promote", json=forced, headers=key)
        assert answer.status_code == 200, answer.text
        assert answer.json()["tracking"] == "recorded"
        now = service.get("/v1/models", headers=key).json()["items"][0]
        assert (now["live"], now["answers"], now["fallback"]) == (version, version, None)
    back = service.post("/v1/models/eta/rollback", json={"why": "early"}, headers=key)
    assert back.json()["version"] == first
    none = service.post("/v1/models/eta/rollback", json={}, headers=key)
    assert (none.status_code, none.json()["code"]) == (409, "conflict")
    assert service.post(f"{path}/{first}/shadow", json={}, headers=key).status_code == 409
    beside = service.post(f"{path}/{second}/shadow", json={}, headers=key).json()
    assert beside["role"] == "shadow"
    compared = service.get("/v1/models/eta/shadow", headers=key).json()
    assert (compared["version"], compared["n"]) == (second, 0)  # nothing is answered yet
    told = service.get("/v1/models/eta", headers=key).json()
    assert {each["version"]: each["role"] for each in told["items"]} == {
        first: "live",
        second: "shadow",
    }
    assert [each["action"] for each in told["log"]] == ["shadow", "rollback", "promote", "promote"]
    done = service.get("/v1/audit", headers=key).json()["items"]
    assert [each["action"] for each in done][:2] == ["model shadowed", "model rolled back"]


def test_what_has_no_baseline_falls_back_on_nothing(service: Any, holder: Any) -> None:
    told = service.get("/v1/models", headers=holder("models:read")).json()["items"]
    by = {each["problem"]: each["fallback"] for each in told if each["answers"] is None}
    assert by["address"] is None and by["suggest"] is None
    assert by.get("trajectory", "carrier") == "carrier"


def test_who_may_what(service: Any, holder: Any, kept: list[str]) -> None:
    path = f"/v1/models/eta/versions/{kept[0]}/promote"
    forced = {"force": True, "why": "x"}
    assert service.post(path, json=forced, headers=holder("models:read")).status_code == 403
    theirs = holder("models:read", "models:write", tenant="other")
    assert service.post(path, json=forced, headers=theirs).status_code == 404
    assert service.get("/v1/models/eta", headers=theirs).json() == {"items": [], "log": []}
    state = service.app.state.parts.state
    assert live.live_at(state, "other", "eta") is live.live_at(state, "main", "eta") is None


def test_no_path_in_a_name(service: Any, holder: Any) -> None:
    key = holder("models:read", "models:write")
    for version in ("..%2F..%2Fx", "%2e%2e", "1-0a1b2c3d%2F..", "1"):
        answer = service.get(f"/v1/models/eta/versions/{version}/gates", headers=key)
        assert answer.status_code in (404, 422)
    assert service.get("/v1/models/passwd", headers=key).status_code == 422


def test_a_broken_version_is_said_and_not_promoted(
    service: Any, holder: Any, kept: list[str]
) -> None:
    tenant = service.app.state.parts.tenants["main"]
    Path(versions.folder(tenant.home, "eta", kept[0]) / "manifest.json").write_text("{")
    key = holder("models:read", "models:write")
    told = service.get("/v1/models/eta", headers=key).json()["items"]
    assert next(each for each in told if each["version"] == kept[0])["broken"]
    path = f"/v1/models/eta/versions/{kept[0]}/promote"
    answer = service.post(path, json={"force": True, "why": "x"}, headers=key)
    assert (answer.status_code, answer.json()["code"]) == (422, "not_valid")


def test_gates_that_take_long_are_a_job(
    service: Any, holder: Any, kept: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    key = holder("models:write", "jobs:read", "jobs:write", "audit:read")
    state = service.app.state.parts.state
    go, examine = threading.Event(), promotion.examine
    monkeypatch.setattr(models, "WAIT_S", 0.05)
    monkeypatch.setattr(promotion, "examine", lambda *a: go.wait(20) and examine(*a))

    def promoted(body: dict[str, Any]) -> dict[str, Any]:
        path = f"/v1/models/eta/versions/{kept[0]}/promote"
        once = {"Idempotency-Key": f"promotion-{len(body)}"}
        answer = service.post(path, json=body, headers=key | once)
        again = service.post(path, json=body, headers=key | once)
        assert again.status_code == answer.status_code == 202
        assert again.headers["location"] == answer.headers["location"]
        assert "ratelimit-limit" in answer.headers
        job: dict[str, Any] = service.get(answer.headers["location"], headers=key).json()
        assert (job["kind"], job["status"]) == ("promote", "running")
        ended = service.post(f"{answer.headers['location']}/cancel", headers=key)
        assert (ended.status_code, ended.json()["field"]) == (409, "job_id")
        assert live.live_at(state, "main", "eta") is None
        go.set()
        for _ in range(200):
            if job["status"] != "running":
                break
            time.sleep(0.05)
            job = service.get(answer.headers["location"], headers=key).json()
        go.clear()
        return job

    failed = promoted({})
    assert (failed["status"], failed["error"]["code"]) == ("failed", "job_gates")
    assert "baseline: It was not measured" in failed["error"]["detail"]
    done = promoted({"force": True, "why": "a test"})
    assert (done["status"], done["result"]["version"]) == ("done", kept[0])
    assert live.live_at(state, "main", "eta") == kept[0]
    audited = service.get("/v1/audit", headers=key).json()["items"]
    assert [each["action"] for each in audited] == ["model promoted", "model not promoted"]
