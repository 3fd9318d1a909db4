"""An open screen shows what is new, and leaves alone what somebody has in hand."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import polars as pl
import pytest

from lanecast.console.pages.parcel import _mine
from lanecast.service import keys
from lanecast.service.clock import wall


def scanned(view: Any, parcel: str) -> Any:
    """Return a view in which a parcel has been seen at the customs."""
    is_it = pl.col("parcel_id") == parcel
    status = pl.when(is_it).then(pl.lit("customs")).otherwise("status")
    return replace(view, asked=view.asked.with_columns(status=status), number=view.number + 1)


@pytest.fixture
def desk(console: Any) -> Iterator[Any]:
    desk, view = console.desk, console.desk.view
    yield desk
    desk.view = replace(view, number=desk.view.number + 1)


def test_a_list_changes_where_the_data_did_and_keeps_place_sort_focus_and_text(
    tab: Any, desk: Any
) -> None:
    page = tab.sign_in().open("/parcels?sort=parcel_id&order=ascending&page=1").page
    rows = page.locator("tbody tr")
    row, parcel = rows.nth(2), rows.nth(2).locator("a").inner_text()
    view = page.get_by_label("Name of this view")
    view.fill("mine, half wri")
    row.locator("a").focus()
    page.evaluate("scrollTo(0, 300)")
    url, top = page.url, page.evaluate("scrollY")
    desk.view = scanned(desk.view, parcel)
    row.get_by_text("Customs").wait_for()
    assert row.locator("a").inner_text() == parcel
    assert "changed" in row.get_attribute("class")
    assert rows.nth(3).get_attribute("class") is None
    assert page.evaluate("document.activeElement.textContent") == parcel
    assert view.input_value() == "mine, half wri"
    assert (page.url, page.evaluate("scrollY")) == (url, top)
    assert page.locator("th[aria-sort=ascending]").inner_text().startswith("Parcel")
    page.locator("#live", has_text="New data").wait_for(state="attached")


def test_a_reason_half_written_outlives_what_happens_to_the_parcel(tab: Any, desk: Any) -> None:
    parcel = tab.console.proposed()
    page = tab.sign_in().open(f"/parcels/{parcel}").page
    page.locator("textarea").fill("the buyer cal")
    desk.view = scanned(desk.view, parcel)
    page.locator(".figure", has_text="Customs").wait_for()
    page.keyboard.type("led")
    assert page.locator("textarea").input_value() == "the buyer called"


def test_a_parcel_is_left_alone_when_others_move(console: Any) -> None:
    view, parcel = console.desk.view, console.proposed()
    other = next(each for each in view.at if each != parcel)
    assert _mine(scanned(view, other), parcel) == _mine(view, parcel)
    assert _mine(scanned(view, parcel), parcel) != _mine(view, parcel)
    assert _mine(view, "nobody") is None


def test_today_counts_anew_and_the_past_stays_as_it_was(tab: Any, desk: Any) -> None:
    page = tab.sign_in().page
    figure = page.locator(".figure", has_text="Under way").locator(".value")
    before = int(figure.inner_text())
    view = desk.view
    gone = pl.when(pl.col("parcel_id") == tab.console.proposed()).then(pl.col("asof_h"))
    ended = view.asked.with_columns(
        ended_h=pl.coalesce(gone, "ended_h"),
        end=pl.when(gone.is_not_null()).then(pl.lit("delivered")).otherwise("end"),
    )
    desk.view = replace(view, asked=ended, number=view.number + 1)
    page.locator(".figure.changed", has_text="Under way").wait_for()
    assert int(figure.inner_text()) == before - 1


def test_who_may_no_more_is_shown_nothing_new(tab: Any, desk: Any) -> None:
    state = tab.console.app.state.parts.state
    page = tab.sign_in(tab.console.key_with("parcels:read")).page
    row = next(each for each in reversed(keys.listed(state, "main")) if each["name"] == "Bo")
    keys.revoke(state, row["key_id"], "main", wall())
    desk.view = scanned(desk.view, tab.console.proposed())
    page.wait_for_url("**/sign-in**")
    tab.wrong.clear()
