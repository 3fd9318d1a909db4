"""The file is whole: it asks nobody for anything, and says in words and numbers what it draws."""

import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from lanecast.report import gain, write
from lanecast.report.judged import judge, named
from lanecast.report.markup import escaped, joined, tag

VOID = {"meta", "br", "img", "input", "link"}


class Reader(HTMLParser):
    """Keeps every element, the text inside, and whether all are closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[dict[str, Any]] = []
        self.all: list[dict[str, Any]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        inside = [each["tag"] for each in self.open]
        element = {"tag": tag, "inside": inside, "text": "", "children": [], **dict(attrs)}
        if self.open:
            self.open[-1]["children"].append(element)
        self.all.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop()["tag"] == tag

    def handle_data(self, data: str) -> None:
        for each in self.open:
            each["text"] += data

    def of(self, tag: str) -> list[dict[str, Any]]:
        return [each for each in self.all if each["tag"] == tag]


def read(path: Path) -> Reader:
    reader = Reader()
    reader.feed(path.read_text(encoding="utf-8"))
    assert not reader.open
    return reader


@pytest.fixture(scope="module")
def report(given: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    write(path, "Made up", **given)
    return path


def twin(page: Reader, figure: str) -> list[list[Any]]:
    """Return the table of a figure: numbers where a cell holds one, else its text."""
    start = next(i for i, each in enumerate(page.all) if each.get("id") == figure)
    body = next(each for each in page.all[start:] if each["tag"] == "tbody")
    return [[_value(cell) for cell in row["children"]] for row in body["children"]]


def _value(cell: dict[str, Any]) -> Any:
    data = [each for each in cell["children"] if each["tag"] == "data"]
    return float(data[0]["value"]) if data else cell["text"]


def test_nothing_is_fetched(report: Path) -> None:
    text = report.read_text(encoding="utf-8")
    assert "http://www.w3.org/2000/svg" in text
    assert not re.findall(r"https?://", text.replace("http://www.w3.org/2000/svg", ""))
    assert not re.findall(r"@import|url\(|//cdn", text)
    page = read(report)
    assert not {"script", "link", "iframe", "img", "object"} & {each["tag"] for each in page.all}
    assert all(str(each["href"]).startswith("#") for each in page.of("a"))


def test_it_is_small(report: Path) -> None:
    assert report.stat().st_size < 3_000_000


def test_every_picture_has_a_name_and_a_meaning(report: Path) -> None:
    page = read(report)
    ids = [each["id"] for each in page.all if "id" in each]
    assert len(ids) == len(set(ids))
    pictures = [each for each in page.of("svg") if each.get("role") == "img"]
    assert len(pictures) == 2 * 13
    for each in pictures:
        title, desc = each["children"][:2]
        assert (title["tag"], desc["tag"]) == ("title", "desc")
        assert each["aria-labelledby"] == f"{title['id']} {desc['id']}"
        assert title["text"] and len(desc["text"]) > 40
    rest = [each for each in page.of("svg") if each.get("role") != "img"]
    assert all(each["aria-hidden"] == "true" for each in rest)


def test_every_picture_has_its_numbers(report: Path) -> None:
    page = read(report)
    for figure in page.of("figure"):
        assert [each["tag"] for each in figure["children"]].count("details") == 1
        assert twin(page, figure["id"])


def test_one_heading_of_the_first_order_and_none_skipped(report: Path) -> None:
    levels = [int(each["tag"][1]) for each in read(report).all if re.fullmatch(r"h\d", each["tag"])]
    assert levels.count(1) == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))


def test_links_lead_somewhere(report: Path) -> None:
    page = read(report)
    ids = {each.get("id") for each in page.all}
    assert all(each["href"][1:] in ids for each in page.of("a"))


def test_the_twin_of_the_trade_off_is_the_curve(report: Path, given: dict[str, Any]) -> None:
    rows = twin(read(report), "tradeoff")
    for name, curve in given["tradeoff"].items():
        found = np.array([row[1:] for row in rows if row[0] == name])
        expected = np.column_stack([curve.setting, curve.days, curve.on_time])
        np.testing.assert_array_equal(found, expected)
    assert rows[-1][2:] == list(given["mark"])


def test_the_twin_of_the_months_is_flat(report: Path, given: dict[str, Any]) -> None:
    names = ("month", "coverage_80", "coverage_95", "n")
    expected = [[month[name] for name in names] for month in given["flat"]["months"]]
    assert twin(read(report), "months") == expected


def test_the_twin_of_the_map_is_the_lanes(report: Path, given: dict[str, Any]) -> None:
    rows = twin(read(report), "lanes")
    facilities, lanes = given["network"]
    name = dict(facilities.select("facility_id", "name").iter_rows())
    expected = {
        (f"{name[a]} → {name[b]}", late, n)
        for a, b, late, n in lanes.select(
            "from_facility_id", "to_facility_id", "delay_h", "volume"
        ).iter_rows()
    }
    assert {tuple(row) for row in rows} == expected


def test_the_bars_of_drivers_go_where_they_move_the_forecast(
    report: Path, given: dict[str, Any]
) -> None:
    page, (parcel_id, rows) = read(report), given["drivers"]
    assert twin(page, "drivers") == [list(row) for row in rows.iter_rows()]
    (why,) = (each for each in page.of("section") if each["id"] == "why")
    assert parcel_id in why["text"] and "usual time, 8.33 days" in why["text"]
    assert f"make {rows['days'].sum():.2f} days" in why["text"]
    for size in ("small", "wide"):
        drawing = next(
            each
            for each in page.of("svg")
            if each.get("class") == size and each["children"][0].get("id") == f"drivers-{size}-t"
        )
        zero = float(next(e for e in drawing["children"][::-1] if e.get("class") == "axis")["x1"])
        bars = [each for each in drawing["children"] if each["tag"] == "rect"]
        shown = [*rows["days"][1:9], rows["days"][9:].sum()]
        assert len(bars) == len(shown)
        lengths = []
        for bar, days in zip(bars, shown, strict=True):
            left, wide = float(bar["x"]), float(bar["width"])
            assert (left if days > 0 else left + wide) == pytest.approx(zero, abs=0.15)
            assert bar["class"] == ("regret" if days > 0 else "bars main")
            assert bar["text"].endswith(f"{days:+.2f} days".replace("-", "−"))  # noqa: RUF001
            lengths.append(wide / abs(days))
        assert lengths == pytest.approx([lengths[0]] * len(lengths), rel=0.1)


@pytest.mark.parametrize("moved", [None, ("p", pl.DataFrame(schema=["days"]))])
def test_without_drivers_nothing_is_said_of_them(
    given: dict[str, Any], tmp_path: Path, moved: Any
) -> None:
    write(tmp_path / "r.html", "Made up", **(given | {"drivers": moved}))
    assert "What moved" not in (tmp_path / "r.html").read_text(encoding="utf-8")


def test_errors_add_up_to_the_score(report: Path, given: dict[str, Any]) -> None:
    """The picture by days left, averaged over its parcels, is the score at that moment."""
    page = read(report)
    scores = given["scores"].filter(model="blend")
    for moment, n, mae in scores.select("moment", "n", "mae_days").iter_rows():
        rows = [row for row in twin(page, f"horizon-{moment}") if row[1] == "Lanecast blend"]
        assert sum(row[2] for row in rows) == n
        assert sum(row[2] * row[3] for row in rows) / n == pytest.approx(mae, rel=1e-9)


def test_coverage_is_that_of_the_scores(report: Path, given: dict[str, Any]) -> None:
    rows = {row[1]: row[2] for row in twin(read(report), "coverage") if row[0] == "Lanecast blend"}
    own = given["scores"].row(
        by_predicate=(pl.col("model") == "blend") & (pl.col("moment") == "checkout"), named=True
    )
    assert rows[0.8] == pytest.approx(own["coverage_80"], abs=1e-12)
    assert rows[0.95] == pytest.approx(own["coverage_95"], abs=1e-12)
    assert len(rows) == 7


def test_a_model_without_ranges_has_no_line(report: Path) -> None:
    assert "plain" not in {row[0] for row in twin(read(report), "coverage")}


def test_names_stay_text(given: dict[str, Any], tmp_path: Path) -> None:
    bad = '<script>alert("x")</script>&\x07'
    facilities, lanes = given["network"]
    facilities = facilities.with_columns(name=pl.lit(bad) + pl.col("name"))
    about = {"source": bad, bad: bad, "command": bad}
    path = tmp_path / "report.html"
    write(path, bad, **given | {"network": (facilities, lanes), "about": about})
    page = read(path)
    assert not page.of("script")
    assert page.of("h1")[0]["text"] == bad.replace("\x07", "\N{REPLACEMENT CHARACTER}")
    assert "<script" not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("gone", ["network", "worth", "mark", "tradeoff", "about"])
def test_a_missing_part_leaves_the_rest(given: dict[str, Any], tmp_path: Path, gone: str) -> None:
    path = tmp_path / "report.html"
    write(path, "Without", **given | {gone: None})
    page = read(path)
    ids = {each.get("id") for each in page.all}
    assert "horizon-checkout" in ids
    assert ("lanes" in ids) == (gone != "network")
    assert ("tradeoff" in ids) == (gone != "tradeoff")


def test_checkout_alone_is_enough(given: dict[str, Any], tmp_path: Path) -> None:
    replayed = given["replayed"]
    asked = replayed.predictions.filter(moment="checkout")
    path = tmp_path / "report.html"
    write(path, "Checkout", **given | {"replayed": _with(replayed, predictions=asked)})
    ids = {each.get("id") for each in read(path).all}
    assert {"horizon-checkout", "coverage", "parcel"} <= ids
    assert not {"horizon-shipped", "scans"} & ids


def test_a_name_or_two_may_be_missing(given: dict[str, Any], tmp_path: Path) -> None:
    facilities, lanes = given["network"]
    nameless = facilities.drop("name"), lanes.head(1)
    write(tmp_path / "one.html", "One lane", **given | {"network": nameless})
    nowhere = facilities.with_columns(lat=pl.lit(None, pl.Float64)), lanes
    write(tmp_path / "none.html", "No place", **given | {"network": nowhere})
    assert "lanes-wide" in (tmp_path / "one.html").read_text(encoding="utf-8")
    assert "lanes-wide" not in (tmp_path / "none.html").read_text(encoding="utf-8")


def test_nothing_delivered_yet_is_said(given: dict[str, Any], tmp_path: Path) -> None:
    open_ = given["replayed"].outcomes.with_columns(ended=pl.lit(0, pl.Int8))
    nothing = {"months": [], "n": 0}
    path = tmp_path / "report.html"
    empty = given | {"replayed": _with(given["replayed"], outcomes=open_), "flat": nothing}
    write(path, "Too early", **empty, main="blend", baseline="plain")
    assert "nothing is judged" in path.read_text(encoding="utf-8")


def test_the_gain_is_read_off_between_points(given: dict[str, Any]) -> None:
    found = gain(given["tradeoff"], given["mark"])
    assert found is not None
    logit = np.log(0.921 / 0.079)
    assert found.days == pytest.approx(7 + 2.6 * logit, abs=0.05)
    assert found.shorter == pytest.approx(1 - found.days / 23.4)
    assert gain(given["tradeoff"], (40.0, 0.9999999)) is None
    second = gain(given["tradeoff"], None)
    assert second is not None
    assert second.reference_days - second.days == pytest.approx(2.0, abs=0.05)


def test_a_model_has_one_name_everywhere(given: dict[str, Any], tmp_path: Path) -> None:
    """Ours is called Lanecast blend, in curves, costs, cards and scores."""
    (ours, *_), (other, *_) = given["tradeoff"].values(), given["tradeoff"].values()
    names = ["blend", "lane_quantiles", "company's promise"]
    worth = given["worth"].with_columns(policy=pl.Series(names))
    curves = {"Lanecast": ours, "Lane quantiles": other}
    path = tmp_path / "report.html"
    write(path, "Names", **given | {"worth": worth, "tradeoff": curves})
    page, text = read(path), path.read_text(encoding="utf-8")
    assert "lane_quantiles" not in text and "Lane quantiles" not in text
    assert {row[0] for row in twin(page, "tradeoff")} == {
        "Lanecast blend", "lane quantiles", "the company's promise"
    }  # fmt: skip
    assert "Lanecast blend" in {row[0] for row in twin(page, "coverage")}
    assert not re.search(r"(?<!Lanecast )\bblend\b", text)


@pytest.mark.parametrize("near", [True, False])
def test_an_arrow_is_spoken_of_where_one_is_drawn(
    given: dict[str, Any], tmp_path: Path, near: bool
) -> None:
    found = gain(given["tradeoff"], given["mark"])
    assert found is not None
    mark = (1.01 * found.days, given["mark"][1]) if near else given["mark"]
    path = tmp_path / "report.html"
    write(path, "Arrow", **given | {"mark": mark})
    page = read(path)
    assert ("The arrow starts at" in path.read_text(encoding="utf-8")) is not near
    assert bool([e for e in page.all if e.get("class") == "gainhead"]) is not near


def test_models_are_found_by_their_error(given: dict[str, Any]) -> None:
    assert named(given["flat"], "mae_days") == "blend"
    assert named(given["flat"], "mae_baseline_days") == "plain"
    tied = given["flat"] | {"mae_lane_days": given["flat"]["mae_days"]}
    with pytest.raises(ValueError, match="expected one model"):
        named(tied, "mae_days")


def test_scans_count_from_checkout(given: dict[str, Any]) -> None:
    rows = judge(given["replayed"], "blend", "plain").rows
    assert (
        rows.filter(moment="checkout")["scan"].null_count() == rows.filter(moment="checkout").height
    )
    assert set(rows.filter(moment="shipped")["scan"]) == {1}
    replayed = given["replayed"]
    late = replayed.predictions.filter(pl.col("moment") != "checkout")
    cut = judge(_with(replayed, predictions=late), "blend", "plain").rows
    assert cut["scan"].null_count() == cut.height


def test_markup_escapes_what_is_not_markup() -> None:
    assert tag("p", "a < b", title='"') == '<p title="&quot;">a &lt; b</p>'
    assert joined(escaped("&"), None, "&") == "&amp;&amp;"
    assert tag("rect", x=-0.01, y=2.0, stroke_dasharray=None) == '<rect x="0" y="2"></rect>'


def _with(replayed: Any, **changes: Any) -> Any:
    from dataclasses import replace

    return replace(replayed, **changes)
