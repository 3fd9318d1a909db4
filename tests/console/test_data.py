"""Data: what was set aside and codes that nobody knows are told, usable, and masked."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from lanecast.service import contents, screen
from lanecast.service.masking import masked

ROW = json.dumps({"parcel_id": "pcl_<b>", "city": "Alexandria", "status": "arrived"})
CODE = {"carrier_id": "norda", "code": "x7<i>", "waiting": 3, "stored": 0, "status": None}


def aside(lake: Any, unmasked: bool = False) -> list[dict[str, Any]]:
    """Return one reason to set rows aside, as ``contents.set_aside``."""
    why = {"source": "events", "table": "scans", "column": "parcel_id", "code": "unknown_key"}
    at = datetime(2025, 4, 1, tzinfo=UTC)
    shown = json.loads(ROW) if unmasked else masked(ROW)
    told = {"valid": "a parcels.parcel_id of the lake", "rows": 3, "open": 2, "values": ["pcl_<b>"]}
    return [why | told | {"first_at": at, "last_at": at, "examples": [shown]}]


def test_what_was_set_aside_is_told_masked_and_a_code_is_given_its_meaning(
    tab: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contents, "set_aside", aside)
    monkeypatch.setattr(contents, "unknown_codes", lambda tenant, state: [CODE])
    scopes = ("data:read", "data:write", "personal:read")
    page = tab.sign_in(tab.console.key_with(*scopes)).open("/data").page
    page.get_by_text("1 examples").click()
    assert "pcl_<b>" in page.locator("pre").inner_text()
    assert "Alexandria" not in page.content()
    tab.usable()
    page.get_by_text("Show personal fields").click()
    page.get_by_label("Why").fill("a row that will not come in")
    page.get_by_role("button", name="Show them").click()
    page.locator("pre", has_text="Alexandria").wait_for(state="attached")
    assert tab.console.audit()["subject"] == "quarantine"
    page.get_by_label("Meaning of x7<i>").select_option("delayed")
    page.get_by_role("button", name="Map").click()
    page.locator("#live", has_text="means delayed").wait_for(state="attached")
    state = tab.console.app.state.parts.state
    assert screen.codes(state, "main")["norda", "x7<i>"] == "delayed"
    screen.give_code(state, "main", "norda", "x7<i>", "", "t", "", datetime.now(UTC))
