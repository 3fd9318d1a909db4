"""Every screen: it loads from here, says what it is, fits, and can be used by all."""

from typing import Any

import pytest

SCREENS = ["/"]


@pytest.mark.parametrize("path", SCREENS)
def test_a_screen_fits_and_can_be_read_by_all(tab: Any, path: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    tab.sign_in()
    for theme, width in (("dark", 390), ("light", 1280), ("dark", 2560)):
        tab.page.emulate_media(color_scheme=theme)
        tab.page.set_viewport_size({"width": width, "height": 800})
        tab.open(path)
        assert tab.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), width
        assert tab.page.locator("h1").count() == 1
        assert tab.page.evaluate("document.documentElement.lang") == "en-US"
        found = axe.run(tab.page).response["violations"]
        serious = [each for each in found if each["impact"] in ("serious", "critical")]
        told = [(v["id"], [node["html"][:200] for node in v["nodes"]]) for v in serious]
        assert not told, (theme, width)


def test_keys_open_screens_search_and_help(tab: Any) -> None:
    page = tab.sign_in().page
    page.keyboard.press("?")
    assert page.locator("#help").is_visible()
    page.keyboard.press("Escape")
    assert not page.locator("#help").is_visible()
    page.keyboard.press("/")
    page.keyboard.type("P")
    page.locator("#found li").first.wait_for()
    page.keyboard.press("Escape")
    assert page.locator("#found li").count() == 0
    page.keyboard.press("g")
    page.keyboard.press("t")
    tab.ready()
    assert page.url.endswith("/console/")


def test_the_theme_is_remembered(tab: Any) -> None:
    page = tab.sign_in().page
    page.get_by_role("button", name="Dark or light").click()
    chosen = page.evaluate("document.documentElement.dataset.theme")
    page.reload()
    assert chosen in ("dark", "light")
    assert page.evaluate("document.documentElement.dataset.theme") == chosen


def test_who_signs_out_is_out_in_every_tab(tab: Any) -> None:
    page = tab.sign_in().page
    other = page.context.new_page()
    other.goto(page.url)
    other.wait_for_selector("html[data-ready]")
    page.get_by_label("Signed in as Ada").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in**")
    other.wait_for_url("**/sign-in**")


def test_a_key_without_the_scope_is_told_so(tab: Any) -> None:
    key = tab.console.key_with("address:read")
    page = tab.sign_in(key).page
    assert "parcels:read" in page.locator("main").inner_text()
    assert page.locator("nav a").count() == 0
    assert all("403" in each for each in tab.wrong)
    tab.wrong.clear()
