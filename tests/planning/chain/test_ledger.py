from datetime import date, timedelta

import polars as pl
import pytest

from lanecast.planning.chain.ledger import ledger, totals, wide

FIRST = date(2025, 3, 1)


def traded(days=9):
    return pl.DataFrame(
        {
            "unique_id": ["p/w"] * days,
            "date": [FIRST + timedelta(days=k) for k in range(days)],
            "order": [1.0] * days,
            "holding": [2.0] * days,
            "short": [3.0] * days,
            "waste": [4.0] * days,
        }
    )


def weekly():
    return pl.DataFrame(
        {"week": [1, 1, 2], "cause": ["work", "idle", "late"], "cost": [10.0, 5.0, 7.0]}
    )


def test_every_cent_stands_once_in_the_ledger():
    rows = ledger(traded(), weekly(), FIRST)
    assert rows["cost"].sum() == pytest.approx(9 * 10 + 22)
    found = totals(rows)
    assert found["total"] == pytest.approx(found["over"] + found["under"] + found["running"])
    assert found["stock_over"] == pytest.approx(9 * 6) and found["staff_over"] == 5
    assert found["under"] == pytest.approx(27 + 7)
    table = wide(rows)
    assert table["sum"].sum() == pytest.approx(rows["cost"].sum())
    assert table.filter(what="stock that lies")["week 2"].item() == pytest.approx(4)


def test_a_part_that_is_left_out_has_no_rows():
    assert set(ledger(None, weekly(), FIRST)["part"]) == {"staff"}
    assert set(ledger(traded(), None, FIRST)["part"]) == {"stock"}
    assert totals(ledger(None, None, FIRST))["total"] == 0
