"""Lists and parcels as they were known at a moment, which stands in the address."""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import polars as pl

from lanecast.service.desk import last_asked


def test_a_list_of_the_past_is_what_was_known_then_and_leads_to_parcels_of_then(tab: Any) -> None:
    page = tab.sign_in().open("/parcels").page
    now = datetime.fromisoformat(page.locator("#fresh").get_attribute("datetime"))
    then = (now - timedelta(days=9)).replace(second=0, microsecond=0)
    berlin = then.astimezone(ZoneInfo("Europe/Berlin"))
    page.locator("#asof").fill(f"{berlin:%Y-%m-%dT%H:%M}")
    page.wait_for_url("**asof=**")
    page.locator(".past").wait_for(timeout=60_000)
    tab.ready()
    asof = datetime.fromisoformat(parse_qs(urlsplit(page.url).query)["asof"][0])
    assert asof == then
    lake = tab.console.app.state.parts.tenants["main"].lake()
    asked = last_asked(lake.asof(then), then)
    open_then = asked.filter(pl.col("ended_h").is_null())
    assert f"of {open_then.height:,} parcels" in page.locator(".pager").inner_text()
    shown = page.locator("tbody th a").all_inner_texts()
    assert set(shown) <= set(open_then["parcel_id"])
    page.locator("tbody th a").first.click()
    page.wait_for_url("**/parcels/*asof=**")
    tab.ready()
    assert page.locator(".past").is_visible()
    assert page.get_by_role("button", name="Accept").count() == 0
    page.get_by_role("link", name="Now").click()
    page.locator(".past").wait_for(state="detached")
    assert "asof" not in page.url


def test_a_moment_that_has_not_been_and_one_that_is_none_are_told(tab: Any) -> None:
    tab.sign_in()
    page = tab.open("/?asof=2099-01-01T00:00:00Z").page
    assert "later than" in page.locator("main, #app").first.inner_text()
    for asof in ("noon", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-14:00"):
        page = tab.open(f"/?asof={asof}").page
        assert "expected an instant" in page.locator(".note").first.inner_text()
        assert page.locator(".figure").count() == 4
        assert page.get_by_role("alert").count() == 0
