"""Addresses over HTTP: the answers of the library, and no word of an address anywhere else."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import structlog

from lanecast import artifact
from lanecast.address.gazetteer.stored import gazetteer
from lanecast.address.suggest import suggest
from lanecast.address.suggest.stored import index
from lanecast.address.verify import verify
from lanecast.address.verify.models.deliverable import SIGNS, FittedDeliverable
from lanecast.service import live, versions
from lanecast.service.app import create
from lanecast.service.settings import Settings
from lanecast.tables.address import TYPED_ADDRESSES
from lanecast.tables.lake import Lake

from ..address.conftest import files as files
from ..address.conftest import lake as lake
from .conftest import headers, patiently, serving

TEXT = "107 Harvard St, Alexandria VA 22314"


@pytest.fixture(scope="module")
def asked(lake: Lake, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    home = tmp_path_factory.mktemp("home")
    with serving(create(Settings({"main": lake.path}, home))) as client:
        key = headers(client, "address:read")

        def ask(path: str, body: Any, **more: str) -> Any:
            return patiently(
                lambda: client.post(f"/v1/address/{path}", json=body, headers=key | more)
            )

        ask.client, ask.home = client, home  # type: ignore[attr-defined]
        yield ask


def test_answers_are_those_of_the_library(asked: Any, lake: Lake) -> None:
    known = gazetteer(lake)
    for text, country in ((TEXT, "US"), ("Marienplatz 1, 80331 München", None), ("", None)):
        told = asked("verify", {"text": text, "country": country}).json()
        expected = json.loads(json.dumps(verify(text, known, country).row()))
        assert {name: told[name] for name in expected} == expected
    told = asked("suggest", {"text": "107 harv", "country": "us", "limit": 3}).json()["items"]
    expected = suggest("107 harv", known, index(lake, known), country="US", limit=3)
    assert [each["label"] for each in told] == [each.label for each in expected]
    assert told[0]["granularity"] == "premise"


def test_a_batch_answers_the_good_and_names_the_bad(asked: Any) -> None:
    rows = [{"text": TEXT}, {"text": "x" * 2000}, {"text": TEXT, "country": "Germany"}]
    told = asked("verify/batch", {"addresses": rows}).json()
    assert [item["text"] for item in told["items"]] == [TEXT]
    assert [each["field"] for each in told["refused"]] == [
        "addresses[1].text",
        "addresses[2].country",
    ]
    assert asked("verify/batch", {"addresses": [{"text": ""}] * 1001}).status_code == 422


def test_a_row_of_another_shape_is_named_and_the_others_are_answered(asked: Any) -> None:
    secret = "Secret Lane 7"
    wrong = [{"text": 5}, None, {}, {"text": secret, "town": "x"}, {"text": "\ud800"}, [secret]]
    wrong.append({"text": "a", "\ud800": 1})
    key = headers(asked.client, "address:read") | {"content-type": "application/json"}
    body = json.dumps({"addresses": [{"text": TEXT}, *wrong, {"text": TEXT}]})
    told = asked.client.post("/v1/address/verify/batch", content=body, headers=key)
    assert told.status_code == 200, told.text
    assert [item["text"] for item in told.json()["items"]] == [TEXT, TEXT]
    fields = [each["field"] for each in told.json()["refused"]]
    assert fields[:2] == ["addresses[1].text", "addresses[2]"] and len(fields) == len(wrong)
    plain = told.json()["refused"][-2]["detail"]  # of a list, as of a text alone
    assert plain.startswith("addresses[6]: expected an object with text and, if known, country")
    assert "Secret" not in str(told.json()["refused"])


def test_a_code_of_no_country_is_told(asked: Any) -> None:
    told = asked("verify", {"text": TEXT, "country": "XX"}).json()
    assert told["faults"] == ["no_such_country"] and told["country"] == "US"


def test_suggest_refuses_what_is_no_country_and_tells_what_is_not_covered(asked: Any) -> None:
    refused = asked("suggest", {"text": "107 harv", "country": "XX"})
    told = refused.json()
    assert (refused.status_code, told["code"], told["field"]) == (422, "not_valid", "country")
    assert "'XX' is no country; expected ISO 3166-1 alpha-2" in told["detail"]
    assert asked("suggest", {"text": "107 harv", "country": "us"}).json()["faults"] == []
    abroad = asked("suggest", {"text": "107 harv", "country": "SE"}).json()
    assert abroad["faults"] == ["country_not_covered"] and abroad["items"]


def test_how_much_else_is_not_valid_is_counted(asked: Any) -> None:
    one, two = ({"q": "107 harv"}, {"q": "107 harv", "most": 5})
    assert asked("suggest", one).json()["detail"].endswith("required. 1 more value is not valid.")
    assert asked("suggest", two).json()["detail"].endswith(" 2 more values are not valid.")


def test_a_live_model_says_how_likely_it_is_found(asked: Any, tmp_path: Path) -> None:
    assert asked("verify", {"text": TEXT}).json()["p_deliverable"] is None
    fitted = FittedDeliverable(-2.0, np.zeros(len(SIGNS)), SIGNS)
    about = {"problem": "address", "trained_until": datetime(2024, 2, 1, tzinfo=UTC).isoformat()}
    artifact.save(tmp_path / "m", fitted, {}, tables=(TYPED_ADDRESSES,), about=about)
    parts = asked.client.app.state.parts
    _, version = versions.adopt(parts.tenants["main"].home, tmp_path / "m")
    live.record(parts.state, "main", "address", version, "promote", "x")
    parts.models.refresh(parts.tenants["main"], "address")
    told = asked("verify", {"text": TEXT}).json()
    assert told["p_deliverable"] == pytest.approx(1 / (1 + np.exp(-2.0)), abs=1e-4)
    assert told["version"] == version


def test_what_was_typed_is_neither_logged_nor_kept(asked: Any) -> None:
    with structlog.testing.capture_logs() as logs:
        for body in ({"text": "Secret Lane 7"}, {"text": "Secret Lane 7", "country": "Atlantis"}):
            asked("verify", body, **{"Idempotency-Key": "again"})
            asked("suggest", body, **{"Idempotency-Key": "again"})
    assert logs
    assert "Secret" not in str(logs)
    kept = [file for file in asked.home.rglob("*") if file.is_file()]
    assert kept
    assert not any(b"Secret" in file.read_bytes() for file in kept)


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded"])
def test_a_body_of_another_kind_is_told_by_its_kind_and_not_told_again(
    asked: Any, kind: str
) -> None:
    key = headers(asked.client, "address:read") | {"content-type": kind}
    told = asked.client.post("/v1/address/verify", content=TEXT, headers=key)
    assert told.status_code == 422 and told.json()["field"] == "Content-Type"
    assert (
        told.json()["detail"] == f"Content-Type: '{kind}' is not read; expected application/json."
    )


def test_a_body_that_is_no_json_says_where(asked: Any) -> None:
    key = headers(asked.client, "address:read") | {"content-type": "application/json"}
    told = asked.client.post("/v1/address/verify", content='{"text": Harvard}', headers=key)
    assert told.status_code == 400
    assert told.json()["detail"] == "The body is no JSON, at character 9: Expecting value."
