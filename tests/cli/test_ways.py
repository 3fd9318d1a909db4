"""Whole ways from the command line, and parcels that are odd."""

from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import narwhals as nw
import polars as pl
import pytest

from lanecast.cli import run
from lanecast.cli.same_network import ENOUGH, same_network
from lanecast.parcel.trajectory import Boosted
from lanecast.tables.commerce import ORDERS
from lanecast.tables.lake import Lake, collect
from lanecast.tables.parcel import PARCELS, SCANS
from lanecast.tables.trajectory import NEXT_STOPS, NO_FURTHER, SOMEWHERE_NEW, WAYS

ASOF = "2025-02-10"
NOW = datetime(2025, 2, 10, tzinfo=UTC)


@pytest.fixture(scope="module")
def where(company, tmp_path_factory) -> Path:
    """A model that the command line has fitted."""
    folder = tmp_path_factory.mktemp("where") / "model"
    quick = partial(Boosted, rounds=15, leg_rounds=15)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("lanecast.cli.trajectory.boosted", lambda seed: quick(seed=seed))
        words = ["fit", "trajectory", "--lake", str(company / "lake"), "--model", str(folder)]
        assert run([*words, "--asof", ASOF, "--json", str(folder.parent / "f.json")]) == 0
    return folder


def scan(parcel, hours, status, place, known=None, event=None):
    """Return a scan ``hours`` before now; ``known`` hours before now it was recorded."""
    at = NOW - timedelta(hours=hours)
    recorded = at if known is None else NOW - timedelta(hours=known)
    name = event or f"{parcel}-{hours}-{status}"
    row = {"event_id": name, "parcel_id": parcel, "status": status, "facility_id": place}
    return row | {"event_at": at, "recorded_at": recorded}


@pytest.fixture
def odd(lake) -> Path:
    """The lake with odd parcels, each like another of the company but for its scans."""
    known = Lake(lake)
    hubs = "hub_us_ny_01", "hub_us_il_01"
    far = [scan("loop", 60 - 10 * k, "arrived", hubs[k % 2]) for k in range(5)]
    many = [scan("many", 300 - k / 2, "arrived", hubs[k % 2]) for k in range(500)]
    in_order = [scan("order", h, "arrived", p) for h, p in ((30, hubs[0]), (10, hubs[1]))]
    late = scan("order", 20, "departed", hubs[0], known=5)
    scans = [
        scan("future", -5, "arrived", hubs[0]),
        *(scan("plain", h, "arrived", p) for h, p in ((30, hubs[0]), (10, hubs[1]))),
        *(*in_order, late),
        *(scan("twice", h, "arrived", p) for h, p in ((30, hubs[0]), (10, hubs[1]))),
        scan("twice", 30, "arrived", hubs[0], known=4, event="again"),
        scan("nowhere", 10, "arrived", "hub_mars_01"),
        *far,
        *many,
        scan("done", 10, "delivered", hubs[0]),
    ]
    names = ["silent", *dict.fromkeys(str(row["parcel_id"]) for row in scans)]
    order = pl.concat_str(pl.lit("o-"), "odd").alias("order_id")
    for table, own in ((ORDERS, [order]), (PARCELS, [order, pl.col("odd").alias("parcel_id")])):
        rows = collect(known.read(table)).select(*table.columns)
        one = rows.filter(pl.col("recorded_at") > NOW - timedelta(days=20)).head(1)
        odd_ones = one.join(pl.DataFrame({"odd": names}), how="cross").with_columns(*own)
        Lake(lake).write(table, nw.from_native(odd_ones.drop("odd")))
    template = collect(known.read(SCANS)).select(*SCANS.columns).head(1)
    blank = template.select(pl.exclude(list(scans[0])))
    rows = pl.DataFrame(scans, infer_schema_length=None).join(blank, how="cross")
    rows = rows.with_columns(
        pl.col("event_at", "recorded_at").cast(pl.Datetime("us", "UTC")),
        utc_offset_min=pl.lit(0, template.schema["utc_offset_min"]),
        lat=None, lon=None,
    )  # fmt: skip
    rows = rows.select(*SCANS.columns).cast(dict(template.schema))
    Lake(lake).write(SCANS, nw.from_native(rows))
    return lake


def told(lanecast, lake, where, parcel):
    words = ("--lake", lake, "--model", where, "--asof", ASOF, "--parcel", parcel, "--json", "-")
    said = lanecast("predict", "trajectory", *words)
    assert said.code == 0, said.err
    return said.json


def test_all_ways_are_stored_and_those_of_one_are_told(lanecast, lake, where, tmp_path):
    words = ("predict", "trajectory", "--lake", lake, "--model", where, "--asof", ASOF)
    out = tmp_path / "ways.parquet"
    said = lanecast(*words, "--ways", 2, "--out", out, "--json", "-")
    assert said.code == 0, said.err
    stored = collect(Lake(lake).read(WAYS)).select(*WAYS.columns)
    assert stored.height == said.json["stored"] == said.json["rows"] == len(pl.read_parquet(out))
    assert said.json["parcels"] == stored["parcel_id"].n_unique() > 10
    assert set(stored["rank"]) == {1, 2}
    again = lanecast(*words, "--ways", 2, "--json", "-")
    assert again.json["stored"] == 0
    shown = lanecast(*words, "--ways", 2)
    assert shown.code == 0 and "stops_left" in shown.out
    parcel = stored.sort("step")["parcel_id"][-1]
    one = told(lanecast, lake, where, parcel)
    assert one["answer"] == "under_way" and one["ways"][0]["rank"] == 1
    assert sum(way["probability"] for way in one["ways"] if way["step"] == 1) <= 1 + 1e-9
    assert all(stop["q100"] <= stop["q500"] <= stop["q900"] for stop in one["stops"])
    shown = lanecast(*words, "--parcel", parcel)
    assert f"1. {100 * one['ways'][0]['probability']:.0f} %" in shown.out
    assert max(map(len, shown.out.splitlines())) < 140


def test_an_odd_parcel_has_a_stated_answer(lanecast, odd, where):
    assert told(lanecast, odd, where, "silent")["answer"] == "not_scanned"
    assert told(lanecast, odd, where, "future")["answer"] == "not_scanned"
    assert told(lanecast, odd, where, "done")["answer"] == "ended"
    plain = told(lanecast, odd, where, "plain")
    assert plain["answer"] == "under_way" and plain["place"] == "hub_us_il_01"
    assert {NO_FURTHER, SOMEWHERE_NEW} & {stop["stop"] for stop in plain["stops"]}
    for name in ("order", "twice"):  # what comes late adds nothing to the way
        assert told(lanecast, odd, where, name)["place"] == "hub_us_il_01"
    nowhere = told(lanecast, odd, where, "nowhere")
    assert [way["stop"] for way in nowhere["ways"]] == [SOMEWHERE_NEW]
    assert nowhere["ways"][0]["probability"] == 1
    for name, place in (("loop", "hub_us_ny_01"), ("many", "hub_us_il_01")):
        answer = told(lanecast, odd, where, name)
        assert answer["place"] == place and answer["ways"]
    said = lanecast("predict", "trajectory", "--lake", odd, "--model", where, "--asof", ASOF,
                    "--parcel", "silent")  # fmt: skip
    assert said.code == 0 and "has not been scanned yet" in said.out
    said = lanecast("predict", "trajectory", "--lake", odd, "--model", where, "--asof", ASOF,
                    "--parcel", "nobody")  # fmt: skip
    assert said.code == 2 and "--parcel: 'nobody' was not recorded" in said.err


def test_questions_about_odd_parcels_are_answered_once_each(lanecast, odd, where):
    """As many as instants at which something was recorded; none before the first scan is known."""
    said = lanecast("predict", "trajectory", "--lake", odd, "--model", where, "--asof", ASOF,
                    "--from", "2025-01-20", "--json", "-")  # fmt: skip
    assert said.code == 0, said.err
    rows = collect(Lake(odd).read(NEXT_STOPS))
    asked = dict(rows.select("parcel_id", "asof").unique().group_by("parcel_id").len().iter_rows())
    expected = {"plain": 2, "order": 3, "twice": 3, "nowhere": 1, "loop": 5, "many": 500}
    assert {name: asked.get(name) for name in expected} == expected
    assert not {"silent", "future"} & asked.keys()
    new = rows.filter(parcel_id="nowhere")
    assert new["stop"].to_list() == [SOMEWHERE_NEW] and new["probability"][0] == 1


def test_why_a_stop_is_next_is_told_in_a_table_that_fits(lanecast, lake, where, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    words = ("predict", "trajectory", "--lake", lake, "--model", where, "--asof", ASOF)
    parcel = (
        lanecast(*words, "--ways", 1, "--json", "-")
        and collect(Lake(lake).read(WAYS)).sort("step", "parcel_id")["parcel_id"][-1]
    )
    said = lanecast(*words, "--drivers", parcel)
    assert said.code == 0, said.err
    assert max(map(len, said.out.splitlines())) <= 80
    assert "What speaks for" in said.out and "share of the lane" in said.out
    assert not Lake(lake).has(NEXT_STOPS)
    told = lanecast(*words, "--drivers", parcel, "--json", "-").json
    assert told["answers"][0]["rank"] == 1
    factors = [each["factor"] for each in told["drivers"]["time"]]
    product = pl.Series(factors).product()
    assert product == pytest.approx(told["answers"][0]["q500"], rel=1e-6)
    unknown = lanecast(*words, "--drivers", "nobody")
    assert unknown.code == 2 and "nothing was asked about a parcel 'nobody'" in unknown.err


def test_a_model_of_another_network_is_refused(lanecast, where, other):
    words = ("predict", "trajectory", "--lake", other.path, "--model", where)
    for more in ((), ("--ways", 3)):
        said = lanecast(*words, "--asof", "2025-01-25", *more)
        assert said.code == 2, said.out
        assert "knows none of the places" in said.err and "another network" in said.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("eta", "--ways", 3), "No such option: --ways"),
        (("events", "--parcel", "p"), "No such option: --parcel"),
        (("trajectory", "--ways", 3, "--to", ASOF), "--to: with --ways ways begin at --asof"),
        (("trajectory", "--ways", 0), "--ways"),
    ],
)
def test_what_makes_no_sense_is_refused(lanecast, lake, where, words, said):
    answer = lanecast("predict", *words, "--lake", lake, "--model", where)
    assert answer.code == 2 and said in answer.err


def test_drivers_on_another_network_say_so(lanecast, where, other):
    before = nw.col("recorded_at") < datetime(2025, 1, 25, tzinfo=UTC)
    scans = collect(other.read(SCANS).filter(before)).filter(status="arrived").sort("recorded_at")
    parcel = scans["parcel_id"][-1]
    words = ("predict", "trajectory", "--lake", other.path, "--model", where)
    said = lanecast(*words, "--asof", "2025-01-25", "--drivers", parcel)
    assert said.code == 0, said.err
    assert "does not know the places of 1 of 1 questions" in said.err


def test_questions_without_a_facility_say_nothing_of_the_network():
    met = nw.new_series("here", ["a"], nw.String(), backend="polars")
    asked = nw.new_series("here", ["", None] * 20 + ["a"], nw.String(), backend="polars")
    same_network(Path("model"), "eta", asked, met)
    asked = nw.new_series("here", ["", None] * 20 + ["b"] * ENOUGH, nw.String(), backend="polars")
    with pytest.raises(ValueError, match=r"none of the places.*'b'.*lanecast fit eta"):
        same_network(Path("model"), "eta", asked, met)
