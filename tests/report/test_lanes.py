"""The map of lanes names its hubs, and no name lies on another."""

from itertools import combinations
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from lanecast.report import write
from lanecast.report.labels import LETTER

from .test_report import read

SIZES = pytest.mark.parametrize("size", ["small", "wide"])


def named(given: dict[str, Any], path: Path, size: str) -> list[dict[str, Any]]:
    write(path, "Made up", **given)
    by = f"lanes-{size}-t lanes-{size}-d"
    (svg,) = (each for each in read(path).of("svg") if each.get("aria-labelledby") == by)
    return [e for e in svg["children"] if e["tag"] == "text" and e.get("class") == "halo"]


@SIZES
def test_hubs_and_gateways_are_named_and_other_places_are_not(
    given: dict[str, Any], tmp_path: Path, size: str
) -> None:
    facilities, lanes = given["network"]
    kinds = [("sort_hub", "gateway", "warehouse", "pickup_point")[min(k, 3)] for k in range(60)]
    spread = pl.int_range(pl.len())
    facilities = facilities.with_columns(
        kind=pl.Series(kinds), lat=40 + spread % 8, lon=5 + 2 * (spread // 8)
    )
    found = named(given | {"network": (facilities, lanes)}, tmp_path / "r.html", size)
    assert {each["text"] for each in found} == {"Hub 00", "Hub 01"}


@SIZES
def test_names_on_the_map_do_not_overlap(given: dict[str, Any], tmp_path: Path, size: str) -> None:
    boxes = []
    for each in named(given, tmp_path / "r.html", size):
        wide, x = LETTER * len(each["text"]), float(each["x"])
        left = x - wide * {"start": 0.0, "middle": 0.5, "end": 1.0}[each["text-anchor"]]
        boxes.append((left, float(each["y"]) - 12, left + wide, float(each["y"]) + 3))
    assert boxes
    for a, b in combinations(boxes, 2):
        assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]
