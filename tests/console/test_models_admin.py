"""Models and keys: what is shown, and what a person does there is done and kept."""

from pathlib import Path
from typing import Any

import pytest

from lanecast.service import keys, live, promotion
from lanecast.service.clock import wall
from lanecast.service.gates import Gate

from ..service.conftest import two_models as two_models


@pytest.fixture(scope="module")
def live_twice(console: Any, two_models: tuple[Path, Path]) -> tuple[str, str]:
    """Two models of arrivals that went live one after the other."""
    made = console.app.state.parts
    tenant = made.tenants["main"]
    names = []
    for folder in two_models:
        problem, version = promotion.register(made.state, tenant, folder, "test")
        live.record(made.state, "main", problem, version, "promote", "test", "for the test")
        names.append(version)
    return names[0], names[1]


def test_a_model_is_rolled_back_with_a_reason(tab: Any, live_twice: tuple[str, str]) -> None:
    first, second = live_twice
    page = tab.sign_in().open("/models?problem=eta").page
    assert page.get_by_role("row", name=second).get_by_text("Live").is_visible()
    tab.usable()
    page.fill("textarea[name=why]", "told too early")
    page.get_by_role("button", name=f"Back to {first}").click()
    page.get_by_role("row", name=first).get_by_text("Live").wait_for()
    made = tab.console.app.state.parts
    assert live.live_at(made.state, "main", "eta") == first
    row = live.entries(made.state, "main", "eta")[0]
    assert (row["action"], row["why"]) == ("rollback", "told too early")
    assert tab.console.audit()["action"] == "model rolled back"


def test_a_promotion_that_a_gate_stops_is_told_with_its_gates(
    tab: Any, live_twice: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    gates = [Gate("schema", True, "As now."), Gate("coverage", False, "71.3 %", 0.713, 0.75)]
    monkeypatch.setattr(promotion, "examine", lambda *of: gates)
    state = tab.console.app.state.parts.state
    now = live.live_at(state, "main", "eta")
    (other,) = set(live_twice) - {now}
    page = tab.sign_in().open(f"/models?problem=eta&version={other}").page
    page.fill("textarea[name=why]", "it is <b>newer</b>")
    page.get_by_role("button", name="Promote if it passes").click()
    page.get_by_role("row", name="Coverage").get_by_text("not passed").wait_for()
    assert "71.3 %" in page.get_by_role("row", name="Coverage").inner_text()
    line = page.get_by_role("row").filter(has_text="Not promoted").inner_text()
    assert other in line and "it is <b>newer</b>" in line and "Ada" in line
    assert live.live_at(state, "main", "eta") == now
    assert tab.console.audit()["action"] == "model not promoted"


def test_who_may_read_the_audit_sees_it_and_no_keys(tab: Any) -> None:
    page = tab.sign_in(tab.console.key_with("audit:read")).page
    assert page.url.endswith("/admin")
    assert page.locator("nav a").all_inner_texts() == ["Admin"]
    assert page.locator("table.keys, input[name=days]").count() == 0
    assert page.get_by_role("row").filter(has_text="Signed in").count() >= 1
    page.evaluate("emitEvent('do', 'issue', {name: 'x', 'audit:read': 'on'})")
    page.wait_for_timeout(300)
    assert tab.console.audit()["action"] == "signed in"


def test_keys_can_be_changed_on_a_phone(tab: Any) -> None:
    page = tab.sign_in().open("/admin").page
    tab.seen_on_a_phone(page.locator("table.keys button"))
    tab.seen_on_a_phone(page.locator("table.cards td"))


def test_a_key_is_shown_once_and_then_revoked(tab: Any) -> None:
    page = tab.sign_in().open("/admin").page
    page.fill("input[name=name]", "<b>warehouse</b>")
    page.check("input[name='parcels:read']")
    page.get_by_role("button", name="Issue", exact=True).click()
    key = page.locator("pre code").first.inner_text()
    state = tab.console.app.state.parts.state
    found = keys.caller(state, key, wall())
    assert found is not None and found.scopes == {"parcels:read"}
    page.get_by_role("button", name="Revoke <b>warehouse</b>").click()
    page.get_by_text("revoked").first.wait_for()
    assert keys.caller(state, key, wall()) is None
    page.locator("pre code").wait_for(state="detached")
    assert key not in page.content()
