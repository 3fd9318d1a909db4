"""Network: the map and its twin say the same, and a hub is closed to see what would happen."""

import re
from typing import Any

from lanecast.console.drawing.network import Lane, Spot, network, step
from lanecast.service import audit


def spot(name: str, lat: float, lon: float) -> Spot:
    return Spot(name, lat, lon, 1.0, 1.0, "<b>told</b>", "?node=<a>")


def test_lateness_has_steps_and_what_is_not_known_is_not_called_in_time() -> None:
    told = [step(ratio) for ratio in (None, 0.9, 1.09, 1.1, 1.25, 1.4)]
    assert told == ["unknown", "ok", "ok", "slightly", "late", "very"]


def test_the_latest_lanes_are_drawn_last_north_is_up_and_names_are_escaped() -> None:
    berlin, munich = spot("Berlin <hub>", 52.5, 13.4), spot("Munich", 48.1, 11.6)
    lanes = [Lane(berlin, munich, each, "t", "?") for each in ("very", "unknown", "ok")]
    drawn = str(network([berlin, munich], lanes))
    order = re.findall(r'<path d="[^"]*" class="(\w+)"', drawn)
    assert order == ["unknown", "ok", "very"]
    assert "<b>" not in drawn and "<hub>" not in drawn
    (north, south) = (float(y) for y in re.findall(r"<a [^>]*left:[\d.]+%;top:([\d.]+)%", drawn))
    assert north < south


def test_a_hub_is_closed_and_what_would_happen_is_shown_and_kept(tab: Any) -> None:
    page = tab.sign_in().open("/network?show=places").page
    dots = page.locator(".net > a").evaluate_all("all => all.map((dot) => +dot.dataset.places)")
    assert sum(dots) == page.locator("table.network tbody tr").count() > 0
    page.get_by_role("link", name=re.compile("sort hub")).first.click()
    page.locator(".drawer").get_by_role("button", name="Close it").click()
    page.locator(".drawer .effect").wait_for(timeout=60_000)
    assert "no way" in page.locator(".effect").inner_text()
    made = tab.console.app.state.parts
    row = next(
        each
        for each in audit.entries(made.state, "main", None, 20)
        if each["action"] == "closing reckoned"
    )
    touched = page.locator(".effect dd").first.inner_text()
    assert touched.startswith(f"{row['detail']['affected']:.0f} of ")
    assert row["subject"] in page.url.replace("%3A", ":")
    page.keyboard.press("Escape")
    page.locator(".drawer").wait_for(state="detached")
    assert "node=" not in page.url


def test_the_network_of_another_day_and_one_that_is_none(tab: Any) -> None:
    page = tab.sign_in().open("/network").page
    page.get_by_role("link", name="Day before").click()
    page.wait_for_function("location.search.includes('day=')")
    tab.ready()
    assert page.get_by_role("link", name="Now").get_attribute("aria-current") is None
    page = tab.open("/network?day=yesterday").page
    assert "expected a date" in page.locator("main, #app").first.inner_text()
    page = tab.open("/network?node=facility:none").page
    assert page.locator(".net").count() == 1


def test_without_the_scope_the_network_is_not_shown(tab: Any) -> None:
    page = tab.sign_in(tab.console.key_with("parcels:read")).open("/network").page
    assert page.get_by_text("network:read").is_visible()
    assert page.locator(".net").count() == 0
    assert all("403" in each for each in tab.wrong)
    tab.wrong.clear()
