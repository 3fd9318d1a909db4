"""A planned site is drawn with its numbers beside it."""

import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from lanecast.optimize.plan import Plan
from lanecast.planning.chain import Chain
from lanecast.planning.chain.ledger import ledger
from lanecast.planning.workforce import Rostered
from lanecast.report import Site, site, staffing
from lanecast.tables.parcel import LEVELS, QUANTILES

FIRST = date(2025, 3, 10)
START = datetime(2025, 3, 10, tzinfo=UTC)


def hours(days=2):
    rows = [
        {
            "started_at": START + timedelta(hours=k),
            "need_h": 3.0 if k % 24 == 9 else 1.0 if 8 <= k % 24 < 18 else 0.0,
            "rostered_h": 1.0 if 8 <= k % 24 < 16 else 0.0,
            "done_h": 0.0,
            "late_h": 0.0,
        }
        for k in range(24 * days)
    ]
    return pl.DataFrame(rows).with_columns(pl.col("started_at").cast(pl.Datetime("us", "UTC")))


def plan(table: pl.DataFrame) -> Plan[pl.DataFrame]:
    return Plan(table, 1.0, {}, 1.0, "optimal", table.head(0))


@dataclass(frozen=True)
class Parts:
    """What a plan is made of."""

    forecast: pl.DataFrame
    orders: pl.DataFrame
    sold: pl.DataFrame


def parts(name="<b>p</b>/w") -> Parts:
    days = [START + timedelta(days=k) for k in range(3)]
    forecast = pl.DataFrame({"unique_id": [name] * 3, "ds": days, "mean": [5.0] * 3}).with_columns(
        **{q: pl.lit(10 * level) for q, level in zip(QUANTILES, LEVELS, strict=True)}
    )
    orders = pl.DataFrame(
        {
            "product_id": ["<b>p</b>"], "units": [24], "cases": [2], "due_date": [FIRST],
            "up_to_units": [60.0], "source_id": ["s"],
        }
    )  # fmt: skip
    dates = [FIRST + timedelta(days=k) for k in range(-20, 3)]
    sold = pl.DataFrame({"unique_id": [name] * 23, "date": dates, "units": [4] * 23})
    return Parts(forecast, orders, sold.with_columns(met=pl.col("date") != dates[-1]))


def made(**changes: Any) -> Site:
    given = parts()
    weekly = pl.DataFrame({"week": [1, 1], "cause": ["idle", "late"], "cost": [12.0, 3.0]})
    usual: dict[str, Any] = {
        "forecast": given.forecast,
        "orders": plan(given.orders),
        "roster": Rostered(plan(given.orders), hours(), weekly),
    } | changes
    chain = Chain(
        "w", FIRST, 3, "USD", usual["forecast"], usual["orders"], None, None, usual["roster"],
        ledger(None, weekly, FIRST), (),
    )  # fmt: skip
    return Site(chain, "UTC", given.sold)


def test_all_four_pictures_are_there_and_no_name_becomes_markup():
    text = str(site.pictures(made()))
    for words in ("best sellers", "Work that comes, less people", "What to order", "One ledger"):
        assert words in text
    assert "<b>" not in text and "&lt;b&gt;p&lt;/b&gt;" in text
    assert "paid hours without work" in text and "12" in text
    assert "ordered tonight, 24 pieces" in site.said(made())


def test_days_on_which_stock_ran_out_are_marked_apart():
    text = str(site.pictures(made()))
    drawings = 2  # for a phone and for a screen; the legend has one more
    assert text.count('class="dot out"') == drawings + 1
    assert text.count('class="dot s2"') == 2 * drawings + 1
    assert "Numbers: 23 rows" in text  # each day once: sold before, or sold later


def test_a_part_that_was_left_out_is_not_drawn():
    text = str(site.pictures(made(forecast=None, orders=None)))
    assert "best sellers" not in text and "What to order" not in text
    assert "people at work" not in str(site.pictures(made(roster=None)))


def test_gaps_are_need_less_people_by_local_hour():
    rows = staffing.gaps(hours(), "America/New_York")  # four hours behind in March
    at = {(str(r["day"]), r["hour"]): r["gap_h"] for r in rows.iter_rows(named=True)}
    assert at["2025-03-10", 5] == pytest.approx(2.0)
    assert at["2025-03-10", 12] == pytest.approx(1.0)
    assert rows["hour"].min() == 4 and rows["hour"].max() == 13
    assert rows["gap_h"].sum() == pytest.approx(hours().select(
        pl.col("need_h").sum() - pl.col("rostered_h").sum()).item())  # fmt: skip


@pytest.mark.parametrize(
    ("gap", "kind"),
    [(0.0, "g0"), (0.2, "g0"), (0.3, "m1"), (1.5, "m2"), (9.0, "m3"), (-0.3, "i1"), (-4.0, "i3")],
)
def test_cells_are_named_by_what_is_missing_or_idle(gap, kind):
    assert staffing.kind_of(gap) == kind


def test_the_ledger_tells_whole_sums_first_so_that_a_phone_shows_them():
    weekly = pl.DataFrame({"week": [1, 2], "cause": ["idle", "idle"], "cost": [1200.4, 33.3]})
    of = replace(made(), made=replace(made().made, ledger=ledger(None, weekly, FIRST)))
    text = str(site.pictures(of))
    ledger_table = text[text.index("One ledger") :]
    heads = re.findall(r"<th[^>]*>([^<]*)</th>", ledger_table)
    assert heads[:4] == ["What", "Sum", "Week 1", "Week 2"]
    assert re.findall(r"<data[^>]*>([^<]*)</data>", ledger_table)[:3] == ["1,234", "1,200", "33"]
