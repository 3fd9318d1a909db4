"""A lake that is gone or damaged while it is served."""

import shutil
from pathlib import Path

from lanecast.service.app import create
from lanecast.service.settings import Settings
from lanecast.tables.lake import Lake

from .conftest import headers, serving


def test_a_lake_that_is_gone_or_damaged_is_told_with_when_to_come_again(
    world_lake: Lake, tmp_path: Path
) -> None:
    lake = tmp_path / "lake"
    shutil.copytree(world_lake.path, lake)
    with serving(create(Settings({"main": lake}, tmp_path / "home", clock="data"))) as served:
        newest = max((lake / "_commits").glob("*.json"))
        whole = newest.read_text()
        newest.write_text(whole[:50])
        for _ in range(2):
            answer = served.get("/readyz")
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        newest.write_text(whole)
        assert served.get("/readyz").status_code == 200
        lake.rename(tmp_path / "away")
        reader = headers(served, "parcels:read")
        past = {"asof": "2025-03-20T00:00:00Z"}
        answer = served.get("/v1/parcels/x/eta", params=past, headers=reader)
        assert (answer.status_code, answer.json()["code"]) == (503, "lake")
