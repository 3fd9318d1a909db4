"""Every screen: it loads from here, says what it is, fits, and can be used by all."""

from typing import Any

import pytest

from lanecast.console import commands
from lanecast.console.pages import addresses
from lanecast.service.problems import Refused

SCREENS = ["/", "/parcels", "PARCEL", "/addresses", "/network", "/plan", "/data", "/admin"]


@pytest.mark.parametrize("path", SCREENS)
def test_a_screen_fits_and_can_be_read_by_all(tab: Any, path: str) -> None:
    tab.sign_in()
    path = path.replace("PARCEL", f"/parcels/{tab.console.proposed()}")
    tab.open(path).usable()


def test_who_comes_astray_finds_the_way_back(tab: Any) -> None:
    page = tab.sign_in().page
    answer = page.goto(tab.console.path("/nowhere/<b>"))
    assert answer.status == 404
    assert "/console/nowhere/<b>" in page.locator("main").inner_text()
    tab.usable()
    assert page.locator("nav a").count() == 8
    page.get_by_role("link", name="Back to Today").click()
    tab.ready()
    assert page.url.endswith("/console/")
    assert all("404" in each for each in tab.wrong)
    tab.wrong.clear()


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
    assert page.url.endswith("/addresses")
    tab.open("/parcels")
    assert "parcels:read" in page.locator("main").inner_text()
    assert page.locator("nav a").all_inner_texts() == ["Addresses"]
    assert all("403" in each for each in tab.wrong)
    tab.wrong.clear()


def test_a_parcel_is_found_its_risk_read_and_its_action_accepted(tab: Any) -> None:
    page, parcel = tab.sign_in().page, tab.console.proposed()
    page.keyboard.press("/")
    page.keyboard.type(parcel[-6:])
    page.locator("#found li", has_text=parcel).wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/parcels/{parcel}")
    tab.ready()
    assert parcel in page.locator("h1").inner_text()
    assert "%" in page.locator(".figure", has_text="Late risk").locator(".value").inner_text()
    assert "after the promise" in page.locator("main").inner_text()
    assert "asked " in page.locator(".figure", has_text="Late risk").inner_text()
    ends = page.locator(".timeline li", has_text="Arrival at the goal").all_inner_texts()
    told = page.locator(".figure", has_text="Expected").locator(".more").inner_text()
    assert all(told.removeprefix("80 of 100 come ") in each for each in ends)
    assert page.locator(".timeline li").count() >= 1
    page.locator("textarea").fill('<img src="//evil.example/x" onerror="alert(1)">')
    page.get_by_role("button", name="Accept").click()
    page.locator("#decided", has_text="Accepted by Ada").wait_for()
    assert "<img" in page.locator("#decided").inner_text()
    audited = tab.console.audit()
    assert (audited["action"], audited["subject"]) == ("action accepted", parcel)
    tab.open("/parcels?decision=decided")
    assert page.locator("tbody tr", has_text=parcel).get_by_text("accepted").count() == 1
    assert tab.open("/parcels?decision=waiting").page.get_by_text(parcel).count() == 0


def test_the_list_turns_in_place_and_its_state_stands_in_the_address(tab: Any) -> None:
    page = tab.sign_in().open("/parcels").page
    page.evaluate("window.same = true")
    first = page.locator("tbody th").first.inner_text()
    page.get_by_role("link", name="Late risk").click()
    tab.ready()
    assert "sort=late" in page.url
    assert page.locator("th[aria-sort=descending]").inner_text().startswith("Late risk")
    assert page.evaluate("document.activeElement.id") == "sort-late"
    page.get_by_label("Status").select_option("delivered")
    page.wait_for_url("**status=delivered**")
    tab.ready()
    statuses = set(page.locator("tbody td:nth-child(5)").all_inner_texts())
    assert statuses == {"Delivered"}
    page.get_by_role("link", name="Next").click()
    tab.ready()
    assert "51 to 100" in page.locator(".pager").inner_text()
    page.evaluate("history.go(-3)")
    page.locator("tbody tr:first-child th", has_text=first).wait_for()
    assert page.url.endswith("/parcels")
    assert page.evaluate("window.same")


def test_a_view_is_kept_by_its_name_and_only_for_who_kept_it(tab: Any) -> None:
    page = tab.sign_in().open("/parcels?late_from=0.1").page
    name = "<b>mine</b>"
    page.get_by_label("Name of this view").fill(name)
    page.get_by_role("button", name="Save", exact=True).click()
    page.locator(".chip", has_text=name).wait_for()
    page.goto(tab.console.path("/parcels"))
    tab.ready()
    page.locator(".chip", has_text=name).click()
    page.wait_for_url("**late_from=0.1**")
    tab.ready()
    other = tab.console.tab_for(tab.page.context.browser, "parcels:read")
    assert other.open("/parcels").page.locator(".chip", has_text=name).count() == 0
    other.page.context.close()
    page.get_by_role("button", name=f"Forget {name}").click()
    page.locator(".chip", has_text=name).wait_for(state="detached")


def test_what_is_not_there_and_what_cannot_be_meant_is_told_once(tab: Any) -> None:
    page = tab.sign_in().open("/parcels/%3Cscript%3Ealert(1)%3C%2Fscript%3E").page
    assert page.get_by_role("alert").count() == 1
    assert "is no parcel" in page.get_by_role("alert").inner_text()
    parcel = tab.console.proposed()
    tab.open(f"/parcels/{parcel}?asof=2025-03-01T00:00:00")
    assert page.locator(".note", has_text="instant with offset").count() == 1
    assert page.get_by_role("alert").count() == 0
    tab.open("/parcels?search=no-such-parcel")
    assert "No parcel passes" in page.locator("main").inner_text()


def test_who_may_only_read_is_offered_no_decision(tab: Any) -> None:
    page = tab.sign_in(tab.console.key_with("parcels:read")).page
    tab.open(f"/parcels/{tab.console.proposed()}")
    assert page.get_by_role("button", name="Accept").count() == 0
    page.evaluate("emitEvent('do', 'decide', {action: 'call_ahead', decision: 'accept'})")
    page.locator("#live", has_text="decisions:write").wait_for(state="attached")


def test_an_address_is_verified_and_stands_in_no_request(tab: Any) -> None:
    key = tab.console.key_with("address:read", tenant="post")
    page = tab.sign_in(key).page
    asked: list[str] = []
    page.on("request", lambda request: asked.append(f"{request.url} {request.post_data}"))
    tab.open("/addresses")
    page.locator("#address").fill("107 harv")
    page.locator("datalist option").first.wait_for(state="attached")
    labels = page.locator("datalist option").evaluate_all("all => all.map(each => each.value)")
    assert any("Harvard" in label.title() for label in labels)
    page.locator("#address").fill("107 Harvard St, Alexandria VA 22314")
    page.get_by_role("button", name="Verify").click()
    page.locator("#verdict", has_text="Good as it is").wait_for()
    assert page.locator(".proofs tbody tr").count() == 5
    tab.usable()
    page.reload()  # what stands behind the # is verified again
    page.locator("#verdict", has_text="Good as it is").wait_for()
    page.locator("#address").fill("999 Harvrd St, Alexandra VA 22304")
    page.keyboard.press("Enter")
    page.locator("section", has_text="Misspelt city").first.wait_for()
    assert not [each for each in asked if "harv" in each.lower()]


def test_an_address_that_must_wait_for_the_gazetteer_is_verified_when_it_is_there(
    tab: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    known, asked = addresses.register, []

    def slow(*of: Any) -> Any:
        asked.append(of)
        if len(asked) < 3:
            raise Refused(503, "not_ready", "The gazetteer is being made.")
        return known(*of)

    monkeypatch.setattr(addresses, "register", slow)
    page = tab.sign_in(tab.console.key_with("address:read", tenant="post")).open("/addresses").page
    page.evaluate("document.getElementById('address').value = '107 Harvard St, Alexandria VA'")
    page.get_by_role("button", name="Verify").click()
    page.locator("#verdict").wait_for(timeout=20_000)
    assert page.locator(".skeleton, .note").count() == 0
    assert len(asked) == 3


def test_a_company_without_parcels_is_told_how_to_bring_them(tab: Any) -> None:
    page = tab.sign_in(tab.console.key_with("parcels:read", tenant="post")).page
    assert page.locator(".state").count() == 1
    assert commands.PARCELS in page.locator(".state").inner_text()
    key = tab.console.key_with("address:read")
    tab.page.context.clear_cookies()
    tab.sign_in(key).open("/addresses")
    assert commands.GAZETTEER in page.locator(".state").inner_text()
    page.locator("#address").fill("107 Harvard St, Alexandria VA 22314")
    page.get_by_role("button", name="Verify").click()
    page.locator("#verdict").wait_for()
    assert page.locator(".proofs .ok").count() == 0
