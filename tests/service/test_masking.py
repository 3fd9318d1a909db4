"""Personal fields are masked in every reply, and whoever sees them is written down."""

import re
from typing import Any

from lanecast.service.masking import MASK
from lanecast.tables.lake import Lake, collect
from lanecast.tables.parcel import SCANS

from .conftest import headers, patiently


def test_personal_fields_are_masked_unless_a_scope_allows_them(
    reading: Any, world_lake: Lake
) -> None:
    scans = collect(world_lake.read(SCANS)).drop_nulls("lat")
    key = headers(reading, "parcels:read", "personal:read", "audit:read")
    listed = patiently(lambda: reading.get("/v1/parcels?status=all&limit=1000", headers=key)).json()
    assert {row["goal_postal_code"] for row in listed["items"]} == {MASK}
    ids = {row["parcel_id"] for row in listed["items"]}
    parcel = next(each for each in scans["parcel_id"] if each in ids)

    def facts(**params: Any) -> tuple[Any, Any, set[Any]]:
        told = reading.get(f"/v1/parcels/{parcel}", params=params, headers=key).json()
        places = {scan["lat"] for scan in told["scans"]}
        return told["facts"]["goal_postal_code"], told["facts"]["goal_lat"], places

    def audited() -> list[tuple[str, str]]:
        told = reading.get("/v1/audit", headers=key).json()["items"]
        return [(each["action"], each["subject"]) for each in told]

    assert facts() == (MASK, None, {None})
    before = audited()
    code, lat, places = facts(unmask=True)
    assert re.fullmatch(r"\d+", code)
    assert isinstance(lat, float)
    assert any(isinstance(each, float) for each in places)
    assert audited()[: len(audited()) - len(before)] == [("personal data read", parcel)]
    reader = headers(reading, "parcels:read")
    for path in (f"/v1/parcels/{parcel}", "/v1/parcels"):
        answer = reading.get(path, params={"unmask": True}, headers=reader)
        assert (answer.status_code, answer.json()["field"]) == (403, "unmask")
