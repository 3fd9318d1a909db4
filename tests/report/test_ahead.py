"""The map of one parcel: what is drawn is what is known, and nothing lies on anything else."""

import math
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given as drawn_by
from hypothesis import settings
from hypothesis import strategies as st

from lanecast.report import Ahead, write
from lanecast.report.ahead import local, span
from lanecast.report.labels import apart, around, beside

from .test_report import read, twin

FRAME = (0.0, 0.0, 700.0, 300.0)
POINTS = st.lists(st.tuples(st.floats(0, 700), st.floats(0, 300)), min_size=1, max_size=10)


@pytest.fixture(scope="module")
def page(given: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Any:
    path = tmp_path_factory.mktemp("ahead") / "report.html"
    write(path, "Made up", **given)
    return read(path)


def test_the_twin_of_the_map_holds_every_stop_with_its_chance_and_local_times(
    page: Any, given: dict[str, Any]
) -> None:
    rows, way = twin(page, "path"), given["ahead"]
    assert [row[1] for row in rows] == [*way.been["name"], *way.likely["name"]]
    assert [row[3] for row in rows] == [1.0, 1.0, 1.0, 0.25, 1.0]
    assert rows[0][7] == local(way.now_h - 9, 120) and rows[0][8] == "UTC+02:00"
    assert rows[2][4:] == [*(local(way.now_h + h, -330) for h in (1, 2, 4, 3.5)), "UTC-05:30"]
    assert rows[4][7] == ""


def test_times_are_those_of_the_place(given: dict[str, Any]) -> None:
    assert local(0.5, 120) == "Thu 1 Jan 02:30"
    assert span(0.5, 3.0, 0) == "Thu 1 Jan 00:30 to 03:00"
    assert span(0.5, 30.0, -60) == "Wed 31 Dec 23:30 to Fri 2 Jan 05:00"
    assert local(None, 0) == ""


def test_lanes_ahead_are_as_wide_as_they_are_likely_and_rare_ones_are_left_out(page: Any) -> None:
    for size in ("small", "wide"):
        mine = [
            each for each in page.of("path") if each.get("class") == "toward" and each["children"]
        ]
        wide = {each["text"]: float(each["style"].split(":")[1]) for each in mine}
        assert len(mine) == 4 and len(wide) == 2, size
        (sure, seven), (perhaps, less) = sorted(wide.items(), key=lambda each: -each[1])
        assert sure.endswith("100 %") and perhaps.endswith("25 %")
        assert less / seven == pytest.approx(0.25, abs=0.02)


def test_ranges_and_what_came_stand_where_the_hours_say(page: Any, given: dict[str, Any]) -> None:
    rows = twin(page, "times")
    assert [row[3:6] for row in rows] == [[1, 2, 4], [5, 6, 9], [9, 20, 30]]
    assert rows[0][6] == 3.5
    drawings = (e for e in page.of("svg") if str(e.get("aria-labelledby")).startswith("times-wide"))
    svg = next(drawings)
    bars = [e for e in svg["children"] if e["tag"] == "rect" and e.get("class") == "fan60"]
    middles = [e for e in svg["children"] if e["tag"] == "line" and e.get("class") == "median"]
    x = [float(e["x1"]) for e in middles]
    assert len(bars) == 3 and (x[2] - x[0]) / (x[1] - x[0]) == pytest.approx(18 / 4, rel=0.02)
    for bar, at in zip(bars, x, strict=True):
        assert float(bar["x"]) < at < float(bar["x"]) + float(bar["width"])


def test_risks_are_told_beside_what_is_usual(page: Any) -> None:
    (section,) = (each for each in page.of("section") if each["id"] == "ahead")
    items = [each["text"] for each in page.of("li") if "usual" in each["text"]]
    assert items == ["Late40 %usual: 10.0 %", "Lost0.1 %usual: 0.2 %"]
    assert "p00042" in section["text"] and "100 times" in section["text"]


@pytest.mark.parametrize("gone", ["ahead", "places"])
def test_without_a_way_or_without_places_there_is_no_map(
    given: dict[str, Any], tmp_path: Path, gone: str
) -> None:
    way: Ahead | None = given["ahead"]
    if gone == "ahead":
        way = None
    elif way is not None:
        nowhere = pl.lit(None, pl.Float64).alias("lat")
        way = replace(way, been=way.been.with_columns(nowhere))
        way = replace(way, stops=way.stops.with_columns(nowhere))
    write(tmp_path / "r.html", "Made up", **(given | {"ahead": way}))
    assert "Where is a parcel going" not in (tmp_path / "r.html").read_text(encoding="utf-8")


@settings(max_examples=25, deadline=None)
@drawn_by(POINTS)
def test_marks_end_up_apart_and_inside(points: list[tuple[float, float]]) -> None:
    moved = apart(points, 30.0, FRAME)
    assert all(0 <= x <= 700 and 0 <= y <= 300 for x, y in moved)
    assert all(math.dist(a, b) > 24 for a, b in combinations(moved, 2))


def test_a_mark_that_is_alone_stays() -> None:
    (near,) = apart([(50.0, 60.0)], 30.0, FRAME)
    assert near == pytest.approx((50.0, 60.0), abs=0.1)


@settings(max_examples=50, deadline=None)
@drawn_by(POINTS, st.integers(3, 30))
def test_words_lie_on_nothing(points: list[tuple[float, float]], letters: int) -> None:
    marks = [around(point, 10) for point in points]
    boxes = beside(points, [("x" * letters, "y")] * len(points), marks, FRAME)
    found = [each for each in boxes if each]
    for a, b in [*combinations(found, 2), *((a, b) for a in found for b in marks)]:
        assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]
    assert all(a >= 0 and b >= 0 and c <= 700 and d <= 300 for a, b, c, d in found)


def test_two_stops_of_one_name_are_told_apart_by_their_code(given: dict[str, Any]) -> None:
    way: Ahead = given["ahead"]
    same = pl.when(pl.col("stop").is_in(["f1", "f2"])).then(pl.lit("Same")).otherwise("name")
    way = replace(
        way, been=way.been.with_columns(name=same), stops=way.stops.with_columns(name=same)
    )
    assert way.passed["name"].to_list() == ["Hub 00", "Same (f1)"]
    assert way.likely["name"].to_list() == ["Same (f2)", "Hub 03", "Delivery, or another end"]


def test_a_stop_that_is_passed_twice_keeps_its_name(given: dict[str, Any]) -> None:
    way: Ahead = given["ahead"]
    back = replace(way, been=pl.concat([way.been, way.been.head(1)]))
    assert back.passed["name"].to_list() == ["Hub 00", "Hub 01", "Hub 00"]
