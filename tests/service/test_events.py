"""Events over HTTP: what is accepted is in the lake, once, whatever was sent and in which order."""

import random
import shutil
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import narwhals as nw
import polars as pl
import pytest

from lanecast.service import drain
from lanecast.service.app import create
from lanecast.service.settings import Settings
from lanecast.tables import parcel
from lanecast.tables.commits import locked
from lanecast.tables.ingest import QUARANTINE
from lanecast.tables.lake import Lake, collect

from .conftest import serving

AT = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)


@pytest.fixture
def own(world_lake: Lake, tmp_path: Path) -> Lake:
    """A copy of the small world, for writing to."""
    return Lake(shutil.copytree(world_lake.path, tmp_path / "lake"))


@pytest.fixture
def service(own: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """One company, whose lake is written to ten times a second."""
    monkeypatch.setattr(drain, "EVERY_S", 0.1)
    with serving(create(Settings({"main": own.path}, tmp_path / "home"))) as client:
        yield client


@pytest.fixture
def send(service: Any, holder: Any) -> Callable[..., Any]:
    """Return a function that sends events as a batch."""
    headers = holder("events:write")

    def sending(*events: Any, path: str = "/v1/events/batch", **more: Any) -> Any:
        body = more or {"json": {"events": list(events)}}
        return service.post(path, headers=headers, **body)

    return sending


def event(lake: Lake, number: int = 0, **more: Any) -> dict[str, Any]:
    """Return an event of some parcel of the lake."""
    parcels = collect(lake.read(parcel.PARCELS).select("parcel_id"))["parcel_id"].sort()
    return {
        "source": "test",
        "event_id": f"e{number}",
        "parcel_id": parcels[number % len(parcels)],
        "status": "arrived",
        "event_at": (AT + timedelta(minutes=number)).isoformat(),
        **more,
    }


def arrived(lake: Lake, count: int, wait_s: float = 20) -> pl.DataFrame:
    """Return the events of ``test`` in the lake, once there are ``count``."""
    until = time.monotonic() + wait_s
    while True:
        rows = collect(Lake(lake.path).read(parcel.SCANS)).filter(
            pl.col("event_id").str.starts_with("test:")
        )
        if rows.height >= count or time.monotonic() > until:
            assert rows.height == count
            return rows
        time.sleep(0.05)


def aside(lake: Lake) -> pl.DataFrame:
    """Return the quarantined events."""
    now = Lake(lake.path)
    return collect(now.read(QUARANTINE)) if now.has(QUARANTINE) else pl.DataFrame()


def until_aside(lake: Lake) -> None:
    """Wait until something is in the quarantine."""
    until = time.monotonic() + 20
    while not aside(lake).height and time.monotonic() < until:
        time.sleep(0.05)


def test_an_event_is_accepted_and_soon_in_the_lake(own: Lake, send: Any, service: Any) -> None:
    touched: list[str] = []
    service.app.state.parts.tenants["main"].events.after.append(touched.extend)
    answer = send(path="/v1/events", json=event(own, 3, raw_code="A1"))
    assert answer.status_code == 202
    assert (answer.json()["accepted"], answer.json()["refused"]) == (1, [])
    row = arrived(own, 1).row(0, named=True)
    assert row["event_id"] == "test:e3"
    assert (row["event_at"], row["raw_code"]) == (AT + timedelta(minutes=3), "A1")
    assert abs(row["recorded_at"] - datetime.now(UTC)) < timedelta(minutes=1)
    until = time.monotonic() + 20
    while not touched and time.monotonic() < until:
        time.sleep(0.05)
    assert touched == [row["parcel_id"]]


def test_what_is_sent_twice_is_there_once(own: Lake, send: Any) -> None:
    first = send(event(own, 1), event(own, 2), event(own, 1)).json()
    assert (first["accepted"], first["known"]) == (2, 1)
    arrived(own, 2)
    again = send(event(own, 2), event(own, 3)).json()
    assert (again["accepted"], again["known"]) == (1, 1)
    arrived(own, 3)
    other = send(event(own, 3, source="other"), event(own, 3, status="departed")).json()
    assert other["accepted"] == 2
    assert [each["code"] for each in other["set_aside"]] == ["contradicts"]
    until_aside(own)
    assert arrived(own, 3)["status"].unique().to_list() == ["arrived"]
    assert aside(own)["code"].to_list() == ["contradicts"]


def test_a_bad_row_is_named_and_does_not_hold_up_the_good_ones(own: Lake, send: Any) -> None:
    bad = {
        ("event_at", "naive_time"): {"event_at": "2026-03-01T08:30:00"},
        ("event_at", "not_a_time"): {"event_at": "yesterday"},
        ("event_at", "not_text"): {"event_at": 7},
        ("event_at", "future_time"): {"event_at": "2099-01-01T00:00:00Z"},
        ("event_at", "missing"): {"event_at": None},
        ("status", "not_allowed"): {"status": "teleported"},
        ("status", "missing"): {"status": None},
        ("source", "bad_format"): {"source": "a:b"},
        ("event_id", "bad_id"): {"event_id": "x" * 129},
        ("parcel_id", "not_text"): {"parcel_id": ["x"]},
        ("attempt", "too_high"): {"attempt": 21},
        ("attempt", "not_a_number"): {"attempt": True},
        ("lat", "too_low"): {"lat": -91},
        ("evnt_at", "unknown_field"): {"evnt_at": "x"},
    }
    rows = [event(own, 10 + i, **more) for i, more in enumerate(bad.values())]
    answer = send(event(own, 1), *rows, "no object", event(own, 2))
    assert answer.status_code == 202
    told = answer.json()
    named = {(each["index"], each["field"], each["code"]) for each in told["refused"]}
    assert named == {
        *((i, *key) for i, key in enumerate(bad, 1)),
        (len(bad) + 1, "", "not_an_object"),
    }
    assert all(each["hint"] for each in told["refused"])
    assert told["accepted"] == 2
    arrived(own, 2)


@pytest.mark.parametrize(
    ("body", "status", "code", "field"),
    [
        (b"{", 400, "not_json", None),
        (b"[" * 5000, 400, "not_json", None),
        (b"[]", 422, "not_valid", "events"),
        (b'{"events": []}', 422, "not_valid", "events"),
        (b'{"events": [{"status": "lost"}]}', 422, "missing", "events.0.source"),
        (b'{"events": [1], "more": 1}', 422, "not_valid", "events"),
        (b'{"events": [' + b"1," * 10000 + b"1]}", 422, "not_valid", "events"),
    ],
)
def test_batches_that_cannot_be_meant(
    send: Any, body: bytes, status: int, code: str, field: str | None
) -> None:
    answer = send(content=body)
    told = answer.json()
    assert (answer.status_code, told["code"], told.get("field")) == (status, code, field)


def test_one_event_is_refused_by_field(own: Lake, send: Any) -> None:
    answer = send(path="/v1/events", json=event(own, event_at="2026-03-01T08:30:00"))
    assert (answer.status_code, answer.json()["code"]) == (422, "naive_time")
    assert answer.json()["field"] == "event_at"
    assert "offset" in answer.json()["hint"]


def test_an_event_of_an_unknown_parcel_waits_for_it(own: Lake, send: Any) -> None:
    sent = event(own, 1, parcel_id="later")
    assert [each["field"] for each in send(sent).json()["set_aside"]] == ["parcel_id"]
    until_aside(own)
    assert aside(own)["code"].to_list() == ["unknown_key"]
    known = collect(own.read(parcel.PARCELS).select(list(parcel.PARCELS.columns))).head(1)
    while True:
        try:
            own.write(parcel.PARCELS, nw.from_native(known.with_columns(parcel_id=pl.lit("later"))))
            break
        except RuntimeError:  # the drain is writing
            time.sleep(0.05)
    assert arrived(own, 1)["parcel_id"].to_list() == ["later"]
    assert aside(own).height == 1


def test_codes_of_carriers_are_translated_or_wait_until_somebody_does(
    own: Lake, send: Any, service: Any, holder: Any
) -> None:
    known = event(own, 1, status=None, raw_code="D1", system="edi214")
    strange = event(own, 2, status=None, raw_code="Zap")
    told = send(known, strange).json()
    assert [(each["index"], each["code"]) for each in told["set_aside"]] == [(1, "unknown_code")]
    assert arrived(own, 1)["status"].to_list() == ["delivered"]
    data = holder("data:read", "data:write", "audit:read")
    listed = service.get("/v1/data/codes", headers=data).json()["items"]
    assert [(each["code"], each["waiting"], each["status"]) for each in listed][:1] == [
        ("zap", 1, None)
    ]
    (reason,) = service.get("/v1/data/quarantine", headers=data).json()["items"]
    assert (reason["code"], reason["open"]) == ("unknown_code", 1)
    assert reason["examples"][0]["raw_code"] == "Zap"
    meaning = {"code": "ZAP", "status": "damaged", "why": "said the carrier"}
    theirs = meaning | {"carrier_id": "nobody"}
    answer = service.post("/v1/data/codes", json=theirs, headers=data)
    assert (answer.status_code, answer.json()["field"]) == (422, "carrier_id")
    assert service.post("/v1/data/codes", json=meaning, headers=data).status_code == 201
    assert set(arrived(own, 2)["status"]) == {"delivered", "damaged"}
    assert send(event(own, 4, status=None, raw_code="zap")).json()["set_aside"] == []
    assert arrived(own, 3)["raw_code"].to_list().count("zap") == 1
    (reason,) = service.get("/v1/data/quarantine", headers=data).json()["items"]
    assert (reason["rows"], reason["open"]) == (1, 0)
    made = service.get("/v1/data/ingests", headers=data).json()["items"]
    assert (made[0]["source"], made[0]["rows"]["scans"]) == ("events", 1)
    audit = service.get("/v1/audit", headers=data).json()["items"]
    assert audit[0]["action"] == "code mapped"


def test_epcis_documents_become_scans(own: Lake, send: Any) -> None:
    parcels = collect(own.read(parcel.PARCELS).select("parcel_id"))["parcel_id"].sort()
    one = {
        "type": "ObjectEvent",
        "eventID": "urn:uuid:1",
        "epcList": [f"https://example.com/parcel/{parcels[0]}"],
        "action": "OBSERVE",
        "bizStep": "arriving",
        "eventTime": "2026-03-01T08:30:00Z",
        "eventTimeZoneOffset": "+00:00",
    }
    bad = one | {"eventID": "urn:uuid:2", "eventTimeZoneOffset": None}
    document = {"type": "EPCISDocument", "epcisBody": {"eventList": [bad, one]}}
    told = send(path="/v1/events/epcis", json=document)
    assert told.status_code == 202, told.text
    said = told.json()
    assert said["accepted"] == 1
    assert [(e["index"], e["code"]) for e in said["refused"]] == [(0, "missing_offset")]
    assert send(path="/v1/events/epcis", json=document).json()["known"] == 1
    for wrong in ({}, {"epcisBody": {"queryResults": []}}, {"epcisBody": {"eventList": [1]}}):
        answer = send(path="/v1/events/epcis", json=wrong)
        assert (answer.status_code, answer.json()["field"]) == (422, "epcisBody")


def test_another_writer_of_the_lake_is_waited_for(own: Lake, send: Any) -> None:
    with locked(own.path):
        assert send(event(own, 1)).status_code == 202
        time.sleep(1)
        arrived(own, 0)
    arrived(own, 1)


def test_a_key_needs_the_scope(service: Any, holder: Any) -> None:
    for path, scope in (("/v1/events", "data:read"), ("/v1/data/ingests", "events:write")):
        method = "POST" if path.endswith("events") else "GET"
        answer = service.request(method, path, json={}, headers=holder(scope))
        assert answer.status_code == 403


def test_neither_order_nor_grouping_nor_repetition_matters(own: Lake, send: Any) -> None:
    chance = random.Random(5)
    events = [event(own, number) for number in range(60)]
    sent = [*events, *chance.sample(events, 30)]
    chance.shuffle(sent)
    while sent:
        size = chance.randint(1, 20)
        assert send(*sent[:size]).status_code == 202
        sent = sent[size:]
    rows = arrived(own, 60)
    assert sorted(rows["event_id"]) == sorted(f"test:e{number}" for number in range(60))
    assert not aside(own).height
