"""Personal fields are shown to who may see them and says why; it is kept, and masked again."""

from typing import Any

import polars as pl

from lanecast.service.masking import MASK


def test_who_may_see_personal_fields_says_why_and_sees_them_until_the_page_is_left(
    tab: Any,
) -> None:
    parcel = tab.console.proposed()
    code = tab.console.desk.view.asked.filter(pl.col("parcel_id") == parcel)["goal_postal_code"][0]
    page = tab.sign_in(tab.console.key_with("parcels:read", "personal:read")).page
    facts = tab.open(f"/parcels/{parcel}").page.locator("section", has_text="Seller").last
    assert "postal code masked" in facts.inner_text()
    assert code not in page.content() and MASK not in facts.inner_text()
    page.get_by_text("Show personal fields").click()
    page.get_by_label("Why").fill("<b>the courier rang</b>")
    page.get_by_role("button", name="Show them").click()
    facts.get_by_text(code).wait_for()
    row = tab.console.audit()
    assert (row["action"], row["subject"]) == ("personal data read", parcel)
    assert row["detail"] == {"why": "<b>the courier rang</b>"}
    tab.usable()
    page.reload()
    tab.ready()
    assert "postal code masked" in facts.inner_text()
    page.get_by_text("Show personal fields").click()
    page.evaluate("emitEvent('do', 'unmask', {why: ' '})")
    page.locator("#live", has_text="Say why").wait_for(state="attached")
    assert tab.console.audit() == row


def test_who_may_not_is_offered_nothing_and_gets_nothing(tab: Any) -> None:
    parcel, before = tab.console.proposed(), tab.console.audit()["id"]
    page = tab.sign_in().open(f"/parcels/{parcel}").page
    assert page.get_by_text("Show personal fields").count() == 0
    page.evaluate("emitEvent('do', 'unmask', {why: 'curious'})")
    page.locator("#live", has_text="personal:read").wait_for(state="attached")
    assert "postal code masked" in page.locator("main, #app").first.inner_text()
    assert tab.console.audit()["action"] == "signed in" and tab.console.audit()["id"] == before + 1


def test_a_list_that_is_turned_is_masked_again(tab: Any) -> None:
    page = tab.sign_in(tab.console.key_with("parcels:read", "personal:read")).page
    cell = tab.open("/parcels").page.locator("tbody tr").first.locator("td").last
    region = cell.inner_text()
    page.get_by_text("Show personal fields").click()
    page.get_by_label("Why").fill("a call")
    page.get_by_role("button", name="Show them").click()
    page.locator(".note", has_text="are shown").wait_for()
    assert cell.inner_text().startswith(f"{region} ")
    page.get_by_role("link", name="Next").click()
    tab.ready()
    assert " " not in cell.inner_text()
