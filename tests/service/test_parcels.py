"""Parcels over HTTP: the desk is what the lake says, and the past is answered as it was."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import narwhals as nw
import polars as pl
import pytest

from lanecast.parcel.questions import questions
from lanecast.service.answers import overdue
from lanecast.service.clock import last_recorded
from lanecast.service.desk import MEMORY, Desk, last_asked
from lanecast.tables.lake import Lake, collect
from lanecast.tables.parcel import PREDICTIONS, SCANS

from .conftest import patiently


@pytest.fixture
def ready(service: Any, holder: Any) -> Any:
    """The service once its desk is full, and headers that may read parcels."""
    headers = holder("parcels:read", "decisions:write", "audit:read")
    for _ in range(600):
        answer = service.get("/v1/parcels", headers=headers)
        if answer.status_code == 200:
            return headers
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
        time.sleep(0.1)
    raise AssertionError("the desk stayed empty")


def test_open_parcels_are_those_whose_end_is_not_known(
    service: Any, ready: Any, world_lake: Lake
) -> None:
    told = service.get("/v1/parcels", params={"limit": 1000}, headers=ready).json()
    scans = collect(world_lake.read(SCANS).select("parcel_id", "status"))
    ended = scans.filter(pl.col("status").is_in(["delivered", "returned", "lost", "cancelled"]))
    names = {row["parcel_id"] for row in told["items"]}
    assert told["total"] == len(names) > 10
    assert names.isdisjoint(ended["parcel_id"].to_list())


def test_without_a_model_the_baseline_answers_and_says_so(service: Any, ready: Any) -> None:
    first = service.get("/v1/parcels", params={"limit": 1}, headers=ready).json()["items"][0]
    for _ in range(300):  # the promise answers until the baseline is counted
        told = service.get(f"/v1/parcels/{first['parcel_id']}/eta", headers=ready).json()
        assert told["fallback"] in ("carrier", "baseline")
        if told["fallback"] == "baseline":
            break
        time.sleep(0.2)
    hours = list(told["hours"].values())
    assert hours == sorted(hours)
    assert told["asof"] <= told["eta_at"]


def test_a_list_expects_no_open_parcel_in_the_past_and_says_what_the_parcel_says(
    service: Any, ready: Any
) -> None:
    for _ in range(300):  # the promise answers until the baseline is counted
        told = service.get("/v1/parcels", params={"limit": 1000}, headers=ready).json()
        if told["items"][0]["fallback"] == "baseline":
            break
        time.sleep(0.2)
    listed = {row["parcel_id"]: row["eta_at"] for row in told["items"]}
    ids = {"parcel_ids": list(listed)}
    single = service.post("/v1/parcels/eta", json=ids, headers=ready).json()["items"]
    assert {row["parcel_id"]: row["eta_at"] for row in single} == listed
    with_range = [row["parcel_id"] for row in single if row["hours"]]
    assert len(with_range) > 10
    assert min(listed[each] for each in with_range) >= told["asof"][:19]


def test_an_open_parcel_past_its_promise_is_late_whoever_is_asked(service: Any, ready: Any) -> None:
    everything = {"limit": 1000, "late_from": 1}
    told = service.get("/v1/parcels", params=everything, headers=ready).json()
    whole = service.get("/v1/parcels", params={"limit": 1000}, headers=ready).json()
    passed = {
        row["parcel_id"] for row in whole["items"] if (row["promised_at"] or "9") < told["asof"]
    }
    assert passed
    assert {row["parcel_id"] for row in told["items"]} == passed
    ids = {"parcel_ids": sorted(passed)}
    arrivals = service.post("/v1/parcels/eta", json=ids, headers=ready).json()["items"]
    assert {each["chance_late"] for each in arrivals} == {1.0}
    risks = service.get(f"/v1/parcels/{min(passed)}/risks", headers=ready).json()
    (late,) = (each for each in risks["items"] if each["event"] == "late")
    assert (late["chance"], late["quality"], late["asof"]) == (1.0, "past_promise", risks["asof"])


def test_a_list_is_late_as_of_the_moment_of_the_reply_not_of_the_view() -> None:
    now = datetime(2025, 3, 1, tzinfo=UTC)
    due = [now - timedelta(hours=1), now + timedelta(hours=1), None, now - timedelta(hours=1)]
    rows = pl.DataFrame(
        {
            "status": ["open", "open", "open", "delivered"],
            "promised_at": due,
            "late": [0.5, 0.25, None, None],
        }
    )
    assert overdue(rows, now)["late"].to_list() == [1.0, 0.25, None, None]
    later = overdue(rows, now + timedelta(hours=2))
    assert later["late"].to_list() == [1.0, 1.0, None, None]


def test_a_list_of_a_moment_is_what_was_open_then(
    service: Any, ready: Any, world_lake: Lake
) -> None:
    last = last_recorded(world_lake)
    assert last is not None
    then = (last - timedelta(days=20)).astimezone(UTC)
    known = last_asked(world_lake.asof(then), then).filter(pl.col("ended_h").is_null())
    params = {"asof": then.isoformat(), "limit": 1000}
    told = patiently(lambda: service.get("/v1/parcels", params=params, headers=ready)).json()
    assert {row["parcel_id"] for row in told["items"]} == set(known["parcel_id"])
    assert told["asof"] == then.isoformat().replace("+00:00", "Z")
    future = {"asof": (last + timedelta(days=3)).isoformat()}
    answer = service.get("/v1/parcels", params=future, headers=ready)
    assert (answer.status_code, answer.json()["field"]) == (422, "asof")


def test_the_past_is_answered_from_what_was_known_then(
    service: Any, ready: Any, world_lake: Lake, tmp_path: Path
) -> None:
    last = last_recorded(world_lake)
    assert last is not None
    then = (last - timedelta(days=20)).astimezone(UTC)
    known = last_asked(world_lake.asof(then), then)
    parcel = known.filter(pl.col("ended_h").is_null())["parcel_id"][0]
    params = {"asof": then.isoformat()}
    told = service.get(f"/v1/parcels/{parcel}/eta", params=params, headers=ready).json()
    assert (told["status"], told["asof"]) == ("open", then.isoformat().replace("+00:00", "Z"))
    life = service.get(f"/v1/parcels/{parcel}", params=params, headers=ready).json()
    assert life["scans"]
    assert all(scan["recorded_at"] <= told["asof"] for scan in life["scans"])
    future = {"asof": (last + timedelta(days=3)).isoformat()}
    answer = service.get(f"/v1/parcels/{parcel}/eta", params=future, headers=ready)
    assert (answer.status_code, answer.json()["field"]) == (422, "asof")
    naive = {"asof": "2025-01-01T00:00:00"}
    answer = service.get(f"/v1/parcels/{parcel}/eta", params=naive, headers=ready)
    assert (answer.status_code, answer.json()["field"]) == (422, "asof")


def test_a_batch_answers_the_good_and_names_the_bad(service: Any, ready: Any) -> None:
    rows = service.get("/v1/parcels", params={"limit": 3}, headers=ready).json()["items"]
    ids = [row["parcel_id"] for row in rows]
    asked = {"parcel_ids": [ids[0], "<script>", *ids[1:]]}
    told = service.post("/v1/parcels/eta", json=asked, headers=ready).json()
    assert [item["parcel_id"] for item in told["items"]] == ids
    (refused,) = told["refused"]
    assert refused["field"] == "parcel_ids[1]"
    single = service.get(f"/v1/parcels/{ids[0]}/eta", headers=ready).json()
    assert single["hours"] == told["items"][0]["hours"]
    mixed = {"parcel_ids": ["pcl_no", 7, asked["parcel_ids"][0], "", None, "x" * 129]}
    told = service.post("/v1/parcels/eta", json=mixed, headers=ready).json()
    assert [each["parcel_id"] for each in told["items"]] == asked["parcel_ids"][:1]
    fields = [(each["field"], each["code"]) for each in told["refused"]]
    wrong = [(f"parcel_ids[{i}]", "not_valid") for i in (1, 3, 4, 5)]
    assert fields == [("parcel_ids[0]", "not_found"), *wrong]
    assert "at least 1 character" in told["refused"][2]["detail"]
    none = service.post("/v1/parcels/eta", json={"parcel_ids": [None]}, headers=ready)
    assert (none.status_code, none.json()["items"]) == (200, [])
    many = {"parcel_ids": ids * 400}
    assert service.post("/v1/parcels/eta", json=many, headers=ready).status_code == 422
    assert service.get("/v1/parcels/nobody/eta", headers=ready).status_code == 404


def test_what_is_not_proposed_cannot_be_accepted(service: Any, ready: Any) -> None:
    for _ in range(300):  # until base rates are counted
        row = service.get("/v1/parcels", params={"limit": 1}, headers=ready).json()["items"][0]
        if row["action"]:
            break
        time.sleep(0.2)
    path = f"/v1/parcels/{row['parcel_id']}/actions"
    wrong = "open_trace" if row["action"] != "open_trace" else "call_ahead"
    answer = service.post(path, json={"action": wrong, "decision": "accept"}, headers=ready)
    assert answer.status_code == 409
    assert row["action"] in answer.json()["detail"]
    good = {"action": row["action"], "decision": "accept", "why": "worth it"}
    assert service.post(path, json=good, headers=ready).status_code == 201
    audit = service.get("/v1/audit", headers=ready).json()["items"][0]
    assert (audit["action"], audit["subject"]) == ("action accepted", row["parcel_id"])


def test_parcels_asked_about_anew_change_nothing_else(world_lake: Lake) -> None:
    def answer(asked: pl.DataFrame) -> pl.DataFrame:
        empty = {name: pl.lit(None) for name in PREDICTIONS.columns if name not in asked.columns}
        return asked.with_columns(**empty).select(*PREDICTIONS.columns)

    def risks(asked: pl.DataFrame) -> pl.DataFrame:
        row = asked.select("parcel_id", "moment", asof=pl.col("asof_h"), chance=pl.lit(0.5))
        return row.with_columns(event=pl.lit("late"))

    now = last_recorded(world_lake)
    assert now is not None
    desk = Desk(lambda: world_lake, lambda last: now, answer, risks)
    whole = desk.refresh(None)
    part = desk.refresh(whole.asked["parcel_id"].to_list()[10:30])
    assert part.asked.sort("parcel_id").equals(whole.asked)
    assert part.risks.sort("parcel_id").equals(whole.risks.sort("parcel_id"))
    assert all(part.asked["parcel_id"][i] == parcel for parcel, i in part.at.items())


def test_a_lake_of_a_few_parcels_asks_the_same_questions(world_lake: Lake) -> None:
    now = datetime.fromtimestamp(collect(world_lake.read(SCANS))["recorded_h"].max() * 3600, UTC)
    every = questions(world_lake, now - MEMORY, now).collect("polars").to_native()
    few = every["parcel_id"].unique().sort()[:5].to_list()
    found: Any = nw.to_native(questions(world_lake.of(few), now - MEMORY, now).collect("polars"))
    order = ["parcel_id", "asof_h", "moment"]
    expected = every.filter(pl.col("parcel_id").is_in(few)).sort(order)
    assert found.sort(order).equals(expected)


def test_an_id_with_a_slash_is_one_id(service: Any, ready: Any) -> None:
    view = service.app.state.parts.desks["main"].view
    named = next(iter(view.at))
    for asked in ("a%2Fb", "%2e%2e%2Fx", "a%2F", f"{named}%2Fx"):
        for rest in ("", "/eta", "/risks", "/path"):
            answer = service.get(f"/v1/parcels/{asked}{rest}", headers=ready)
            assert (answer.status_code, answer.json()["field"]) == (404, "parcel_id"), answer.url
            assert repr(unquote(asked)) in answer.json()["detail"]
        decided = {"action": "call_ahead", "decision": "accept"}
        answer = service.post(f"/v1/parcels/{asked}/actions", json=decided, headers=ready)
        assert (answer.status_code, answer.json()["field"]) == (404, "parcel_id")
    assert service.get(f"/v1/parcels/{named}/eta", headers=ready).json()["parcel_id"] == named
    assert service.get(f"/v1/parcels/{named}", headers=ready).json()["facts"]
    assert 'route="/v1/parcels/{parcel_id}/eta"' in service.get("/metrics").text
