"""What came next, against a walk through the scans in the order in which they became known."""

from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from lanecast.parcel.journey import answers
from lanecast.parcel.journey.answers import ENDS, SILENT, TRIED, legs
from lanecast.parcel.journey.steps import steps
from lanecast.tables.lake import collect
from lanecast.tables.parcel import SCANS

from ..stories import at, chaos, number, put, scan, shop, told

HEADS = ("event", "place", "attempt", "end")
COLUMNS = [f"{head}{after}" for head in HEADS for after in ("", "_after_h")]
EVER = datetime(2024, 1, 1, tzinfo=UTC)


def asked(lake, until):
    return collect(steps(lake, EVER, until)).sort("parcel_id", "asof_h", "moment")


def found(lake, asof, rows=None):
    return answers(lake, asof, asked(lake, asof) if rows is None else rows)


def naive(step, scans, asof_h):
    """Walk through the scans of one parcel, which are in the order in which they became known."""
    t, at_place = step["asof_h"], step["facility_id"]
    end = next((s for s in scans if s["status"] in ENDS), None)
    last_h = min(asof_h, end["recorded_h"]) if end else asof_h
    row = {}
    for head, words in (("event", None), ("attempt", TRIED)):
        row[head], then_h = None, last_h
        for s in scans:
            told_by = s["status"] in words if words else s["status"] not in SILENT
            if s["recorded_h"] > t and told_by:
                row[head], then_h = s["status"], s["recorded_h"]
                break
        row[f"{head}_after_h"] = max(0.0, then_h - t)
    here, row["place"], then_h = "", "" if end else None, last_h
    for s in scans:
        if not s["facility_id"] or s["facility_id"] == here:
            continue
        if s["recorded_h"] > last_h:
            break
        here = s["facility_id"]
        if s["recorded_h"] > t and here != at_place:
            row["place"], then_h = here, s["recorded_h"]
            break
    row["place_after_h"] = max(0.0, then_h - t)
    row["end"] = end["status"] if end else None
    then_h = end["event_h" if end["status"] == "delivered" else "recorded_h"] if end else asof_h
    return row | {"end_after_h": max(0.0, then_h - t)}


def walked(lake, asof, rows):
    """Answer each of ``rows`` by the walk."""
    scans = collect(lake.asof(asof).read(SCANS)).sort("parcel_id", "recorded_h", "event_id")
    by_parcel = {name: part.to_dicts() for (name,), part in scans.group_by("parcel_id")}
    now_h = number(asof)
    key = ("parcel_id", "asof_h")
    out = [
        {name: row[name] for name in key} | naive(row, by_parcel.get(row["parcel_id"], []), now_h)
        for row in rows.iter_rows(named=True) if row["asof_h"] < now_h
    ]  # fmt: skip
    return pl.DataFrame(out, infer_schema_length=None).select(*key, *COLUMNS)


@pytest.fixture(scope="module", params=[0, 1])
def messy(request, tmp_path_factory):
    """Scans in any order, on the hour, twice, at the same instant, and after the end."""
    return chaos(tmp_path_factory.mktemp("messy") / "lake", request.param)


@pytest.mark.parametrize("hours", [100, 240, 900])
def test_a_walk_through_messy_stories_finds_the_same(messy, hours):
    rows = asked(messy, at(hours))
    mine = found(messy, at(hours), rows)
    assert_frame_equal(mine, walked(messy, at(hours), rows), check_dtypes=False, abs_tol=1e-9)
    assert mine["place"].null_count() < mine.height
    if hours == 100:
        assert mine["end"].null_count() > 10


def test_a_walk_through_the_company_finds_the_same(company_lake, company_days):
    middle = company_days[1]
    rows = asked(company_lake, middle)
    mine = found(company_lake, middle, rows)
    loop = walked(company_lake, middle, rows)
    assert_frame_equal(mine, loop, check_dtypes=False, abs_tol=1e-9)
    assert {"", None} < set(mine["place"])
    assert {"delivered", "returned", "cancelled", None} <= set(mine["end"])


def test_steps_keep_their_order_and_those_after_asof_are_left_out(messy):
    rows = asked(messy, at(400)).sample(fraction=1.0, shuffle=True, seed=1)
    early = found(messy, at(200), rows)
    kept = rows.filter(pl.col("asof_h") < number(at(200)))
    assert_frame_equal(early.select("parcel_id", "asof_h"), kept.select("parcel_id", "asof_h"))
    assert 0 < early.height < rows.height


def one(lake, step_h, asof, place=""):
    """Return the answers to the one parcel's step at ``step_h``; times are hours since then."""
    step = pl.DataFrame({"parcel_id": ["p1"], "asof_h": [number(at(step_h))], "facility_id": place})
    row = answers(lake, at(asof), step).row(0, named=True)
    return {head: (row[head], pytest.approx(row[f"{head}_after_h"], abs=1e-6)) for head in HEADS}


def test_a_parcel_that_ended_had_no_further_place(tmp_path):
    lake = told(
        tmp_path / "lake",
        scan("e1", "picked_up", 5, 5, "f1"),
        scan("e2", "delivery_failed", 20, 22, "f1"),
        scan("e3", "returned", 30, 33),
    )
    told_then = one(lake, 5, 50, "f1")
    assert told_then == {
        "event": ("delivery_failed", 17), "place": ("", 28), "attempt": ("delivery_failed", 17),
        "end": ("returned", 28),
    }  # fmt: skip
    assert one(lake, 22, 50, "f1")["attempt"] == (None, 11)  # no further one came
    assert one(lake, 22, 30, "f1")["place"] == (None, 8)


def test_a_delivery_counts_when_it_happened_and_is_open_until_it_is_known(tmp_path):
    lake = told(
        tmp_path / "lake",
        scan("e1", "picked_up", 5, 5, "f1"),
        scan("e2", "delivered", 20, 40, "f1"),
    )
    assert one(lake, 5, 39.5)["end"] == (None, 34.5)
    assert one(lake, 5, 40)["end"] == ("delivered", 15)
    assert one(lake, 5, 40)["event"] == ("delivered", 35)


def test_of_scans_of_one_instant_the_first_of_their_order_is_next(tmp_path):
    names = [f"p{i:03}" for i in range(400)]
    lake = told(tmp_path / "lake", scan("e1", "picked_up", 5, 5, "f1"))
    for event, status, place in (("h", "departed", "f3"), ("g", "arrived", "f2")):
        put(lake, "scans", *(scan(f"{event}{p}", status, 9, 10, place, p) for p in names))
    lake = type(lake)(lake.path)
    for step_h, event, where in ((5, "arrived", "f2"), (10, None, None)):
        asked_at = pl.DataFrame({"parcel_id": names, "asof_h": number(at(step_h))})
        rows = answers(lake, at(20), asked_at.with_columns(facility_id=pl.lit("")))
        assert set(rows["event"]) == {event}
        assert set(rows["place"]) == {where}


def test_a_duplicate_and_a_loop(tmp_path):
    lake = told(
        tmp_path / "lake",
        scan("e1", "arrived", 5, 5, "f1"),
        scan("e2", "arrived", 5, 6, "f1"),
        scan("e3", "arrived", 10, 10, "f2"),
        scan("e4", "arrived", 15, 15, "f1"),
    )
    assert one(lake, 0, 20)["place"] == ("f1", 5)
    assert one(lake, 5, 20, "f1")["event"] == ("arrived", 1)
    assert one(lake, 5, 20, "f1")["place"] == ("f2", 5)
    assert one(lake, 6, 20, "f1")["place"] == ("f2", 4)
    assert one(lake, 10, 20, "f2")["place"] == ("f1", 5)
    assert one(lake, 15, 20, "f1")["place"] == (None, 5)


def test_a_scan_told_late_is_no_journey_back(tmp_path):
    """The hub was told first, the pick-up much later: the next place is beyond the hub."""
    lake = told(
        tmp_path / "lake",
        scan("e1", "arrived", 20, 21, "f2"),
        scan("e2", "picked_up", 8, 30, "f1"),
        scan("e3", "departed", 35, 35, "f2"),
        scan("e4", "arrived", 40, 41, "f3"),
    )
    rows = asked(lake, at(50)).filter(pl.col("moment") != "checkout")
    assert rows["facility_id"].to_list() == ["f2", "f2", "f2", "f3"]
    assert found(lake, at(50), rows)["place"].to_list()[1:] == ["f3", "f3", None]
    assert_frame_equal(found(lake, at(50), rows), walked(lake, at(50), rows), check_dtypes=False)


def test_nothing_is_told_of_a_parcel_without_scans(tmp_path):
    lake = told(tmp_path / "lake", scan("e1", "picked_up", 5, 5, "f1", "p2"))
    put(lake, "parcels", {"parcel_id": "p1", "order_id": "o-p2", "merchant_id": "m1",
                          "address_id": "a1", "recorded_at": at(0)})  # fmt: skip
    lake = type(lake)(lake.path)
    assert one(lake, 0, 20) == dict.fromkeys(HEADS, (None, 20))


def test_a_lake_without_scans_says_so(tmp_path):
    with pytest.raises(FileNotFoundError, match="scans: no such table; write it first"):
        one(shop(tmp_path / "lake"), 0, 20)


def test_a_checkout_and_a_scan_of_the_same_instant_are_two_steps(tmp_path):
    lake = told(tmp_path / "lake", scan("e1", "picked_up", 0, 0, "f1"), scan("e2", "lost", 9, 9))
    rows = asked(lake, at(20))
    assert rows.height == 2
    assert_frame_equal(found(lake, at(20), rows), walked(lake, at(20), rows), check_dtypes=False)


def test_five_hundred_scans(tmp_path):
    lake = told(
        tmp_path / "lake",
        *(scan(f"e{i:03}", "arrived", i, i, f"f{i % 7}") for i in range(1, 501)),
    )
    rows = asked(lake, at(600))
    mine = found(lake, at(600), rows)
    assert rows.height == 501
    assert_frame_equal(mine, walked(lake, at(600), rows), check_dtypes=False, abs_tol=1e-9)
    assert mine["place"].null_count() == 1


def censored(early, late):
    """Say what must hold of answers that were known earlier, given those known later."""
    for head in ("event", "place", "attempt", "end"):
        known = early[head].is_not_null()
        assert_frame_equal(
            early.filter(known)[[head, f"{head}_after_h"]],
            late.filter(known)[[head, f"{head}_after_h"]],
            abs_tol=1e-9,
        )
        if head != "end":  # a delivery that is told late happened before it was told
            longer = late[f"{head}_after_h"] >= early[f"{head}_after_h"] - 1e-9
            assert longer.all()


def test_answers_of_an_earlier_moment_are_censored_ones_of_a_later(messy):
    for early, late in ((100, 180), (180, 900)):
        rows = asked(messy, at(early))
        one_then, one_now = (found(messy, at(hours), rows) for hours in (early, late))
        censored(one_then, one_now)
        assert one_then["place"].null_count() > one_now["place"].null_count()


def test_what_is_recorded_after_the_end_takes_no_answer_back(tmp_path):
    lake = told(
        tmp_path / "lake",
        scan("e1", "arrived", 5, 5, "f1"),
        scan("e2", "lost", 20, 20),
        scan("e3", "arrived", 15, 30, "f2"),
    )
    assert one(lake, 5, 25, "f1") == one(lake, 5, 40, "f1")
    assert one(lake, 5, 40, "f1")["place"] == ("", 15)


stories = st.lists(
    st.tuples(st.sampled_from("ab"), st.integers(1, 9), st.sampled_from(["", "x", "y", "z", None])),
    max_size=15,
)


@given(stories)
def test_legs_are_runs_of_places(story):
    ordered = sorted(story, key=lambda s: s[:2])
    scans = pl.DataFrame(
        ordered, orient="row",
        schema={"parcel_id": pl.String, "recorded_h": pl.Float64, "facility_id": pl.String},
    )  # fmt: skip
    loop = []
    for parcel in dict.fromkeys(s[0] for s in ordered if s[2]):
        stays = [(0.0, "")]
        for _, hour, place in (s for s in ordered if s[0] == parcel and s[2]):
            if place != stays[-1][1]:
                stays.append((float(hour), place))
        after = [*stays[1:], (None, None)]
        loop += [(parcel, *stay, place, hour)
                 for stay, (hour, place) in zip(stays, after, strict=True)]  # fmt: skip
    assert legs(scans).rows() == loop
