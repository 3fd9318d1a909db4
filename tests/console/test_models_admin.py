"""Models and keys: what is shown, and what a person does there is done and kept."""

from pathlib import Path
from typing import Any

import pytest

from lanecast.service import keys, live, promotion
from lanecast.service.clock import wall

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
