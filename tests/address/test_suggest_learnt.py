"""The learnt order of suggestions: nothing of the future, popular streets, and what it keeps."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import narwhals as nw
import numpy as np
import polars as pl
import pytest

from lanecast import artifact
from lanecast.address.gazetteer.arrays import Gazetteer
from lanecast.address.gazetteer.stored import gazetteer
from lanecast.address.suggest import suggest
from lanecast.address.suggest.evaluate import NOWHERE, evaluate, ranks
from lanecast.address.suggest.given import given, orders
from lanecast.address.suggest.index import Index
from lanecast.address.suggest.learnt import Learnt
from lanecast.address.suggest.models import FittedPopularity, Popularity
from lanecast.address.suggest.popular import named, placed, popular
from lanecast.address.suggest.questions import LookedAt, questions
from lanecast.address.suggest.stored import index
from lanecast.cli import run
from lanecast.cli.learnt_from import SUGGEST
from lanecast.sources.world import World
from lanecast.tables.address import (
    GAZETTEER_POSTCODES,
    GAZETTEER_PREMISES,
    GAZETTEERS,
    TYPED_ADDRESSES,
)
from lanecast.tables.commerce import ORDERS
from lanecast.tables.lake import Lake, collect

END = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def shop(world: World, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    path = tmp_path_factory.mktemp("shop") / "lake"
    world.write(Lake(path))
    return Lake(path)


@pytest.fixture(scope="module")
def register(shop: Lake) -> Gazetteer:
    return gazetteer(shop)


@pytest.fixture(scope="module")
def held(shop: Lake, register: Gazetteer) -> Index:
    return index(shop, register)


@pytest.fixture(scope="module")
def rows(shop: Lake, register: Gazetteer, held: Index) -> pl.DataFrame:
    return orders(shop, END, register, held)


@pytest.fixture(scope="module")
def fitted() -> FittedPopularity:
    return FittedPopularity(0.1)


def test_a_text_means_the_street_that_is_true(
    world: World, rows: pl.DataFrame, register: Gazetteer, held: Index
) -> None:
    truth = world.truth["address_truth"]
    both = rows.join(world.tables["orders"].select("order_id", "address_id"), on="order_id")
    both = both.join(truth, on="address_id")
    streets, at = register.streets, held.row[both["document"].to_numpy()]
    same = (both["road"] == pl.Series(streets.road.take(at))) & (
        both["postal_code"] == pl.Series(streets.code.take(at))
    )
    assert same.sum() > 0.97 * rows.height  # some postal codes are mistyped
    assert rows.height > 0.97 * world.tables["orders"].height


def test_what_came_later_changes_nothing(
    world: World, shop: Lake, rows: pl.DataFrame, register: Gazetteer, held: Index, tmp_path: Path
) -> None:
    moment = datetime(2025, 1, 20, 12, tzinfo=UTC)
    early = {
        name: table.filter(pl.col("recorded_at") <= moment)
        for name, table in world.tables.items()
        if "recorded_at" in table.columns
    }
    World({**world.tables, **early}, {}).write(Lake(tmp_path / "lake"))
    then, cut = collect(given(shop, moment)), collect(given(Lake(tmp_path / "lake"), END))
    assert 50 < then.height < rows.height
    assert then.sort("order_id").equals(cut.sort("order_id"))

    known = rows.filter(pl.col("known_h") <= moment.timestamp() / 3600)
    some = known.tail(20)
    for one, other in zip(
        questions(rows, some, register), questions(known, some, register), strict=True
    ):
        assert (one.text, one.bias, one.document) == (other.text, other.bias, other.document)
        for name in ("docs", "orders"):
            assert np.array_equal(getattr(one.popular, name), getattr(other.popular, name))
    before = rows.filter(pl.col("known_h") < 24 * (some["known_h"][0] // 24))
    first = questions(rows, some.head(1), register, each=1)[0]
    assert first.popular.orders.sum() == before.height  # all of the days before, none of the day


def test_a_buyer_has_the_addresses_given_before_and_no_other(
    rows: pl.DataFrame, register: Gazetteer, held: Index
) -> None:
    asked = rows.tail(150)
    found = questions(rows, asked, register, each=1)
    for row, one in zip(asked.iter_rows(named=True), found, strict=True):
        own = rows.filter(
            (pl.col("buyer_id") == row["buyer_id"]) & (pl.col("known_h") < row["known_h"])
        )
        assert set(one.bias.earlier) == set(own["document"].to_list())
    assert any(one.bias.earlier for one in found) and not all(one.bias.earlier for one in found)


def test_ranks_are_those_of_sorting_each_question() -> None:
    rng = np.random.default_rng(0)
    many = rng.integers(0, 6, 40)
    score = rng.integers(0, 4, many.sum()).astype(float)  # with equals
    meant = rng.random(many.sum()) < 0.3
    expected, at = [], 0
    for n in many.tolist():
        order = sorted(range(at, at + n), key=lambda i: -score[i])
        expected.append(next((place for place, i in enumerate(order) if meant[i]), NOWHERE))
        at += n
    assert ranks(score, meant, many).tolist() == expected
    told = evaluate(np.array([0, 1, 10, NOWHERE])).row(0, named=True)
    assert told == {"n": 4, "first": 0.25, "among_ten": 0.5, "mrr": (1 + 1 / 2 + 1 / 11) / 4}


def test_popular_streets_keep_their_names_in_another_gazetteer(
    rows: pl.DataFrame, register: Gazetteer, held: Index
) -> None:
    before = popular(rows["document"].to_numpy())
    table = named(before, register, held)
    assert float(table["orders"].sum()) == rows.height
    after = placed(table.sort("orders"), register, held)
    for name in ("docs", "orders"):
        assert np.array_equal(getattr(before, name), getattr(after, name))
    gone = table.with_columns(road=pl.lit("Nowhere St"))
    abroad = table.with_columns(country=pl.lit("ZZ"))
    assert len(placed(gone, register, held).docs) == len(placed(abroad, register, held).docs) == 0


def test_of_two_streets_that_fit_the_one_that_orders_go_to_is_first(
    register: Gazetteer, held: Index, fitted: FittedPopularity
) -> None:
    plain = [each.document for each in suggest("ave", register, held, country="US", limit=8)]
    for wanted in plain[-2:]:
        much = popular(np.array([wanted], np.int32), np.array([1e6], np.float32))
        best = suggest("ave", register, held, country="US", learnt=Learnt(fitted, much))
        assert best[0].document == wanted


def test_a_position_still_counts(
    register: Gazetteer, held: Index, fitted: FittedPopularity
) -> None:
    none = Learnt(fitted, popular(np.empty(0, np.int32)))
    for doc in np.flatnonzero(held.kind == 0)[:: len(held) // 4].tolist():
        near = float(held.lat[doc]), float(held.lon[doc])
        road = register.streets.road[int(held.row[doc])]
        best = suggest(road, register, held, near=near, learnt=none)[0]
        assert best.components["road"] == road
        assert abs((best.lat or 0) - near[0]) < 0.5


def test_the_weight_is_that_by_which_what_was_meant_stands_highest() -> None:
    plain = np.array([1.0, 0.9, 1.0, 0.5], np.float32)
    logs = np.array([0.0, 1.0, 1.0, 0.0], np.float32)
    x = LookedAt(plain, logs, np.array([2, 2]))
    how = Popularity((0.3, 0.05, 0.2, 0.0))
    assert how.fit(x, [0, 1, 1, 0]).weight == 0.2  # the lowest that lifts the second
    assert how.fit(x, [1, 0, 1, 0]).weight == 0.0  # nothing is to be lifted
    assert FittedPopularity(0.2).predict(plain, logs).tolist() == pytest.approx([1, 1.1, 1.2, 0.5])


def test_what_cannot_be_learnt_from_is_refused(rows: pl.DataFrame) -> None:
    x = LookedAt(np.zeros(4, np.float32), np.zeros(4, np.float32), np.array([4]))
    with pytest.raises(ValueError, match="expected some 1"):
        Popularity().fit(x, [0, 0, 0, 0])
    with pytest.raises(ValueError, match="expected 4 documents"):
        Popularity().fit(x, [0, 0, 1])
    for wrong in (Popularity, FittedPopularity):
        with pytest.raises(ValueError, match="from 0"):
            wrong((-1.0,) if wrong is Popularity else -1.0)  # type: ignore[arg-type]


def test_the_command_learns_and_suggest_says_which_order_it_is(
    shop: Lake, rows: pl.DataFrame, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model, told = tmp_path / "order", tmp_path / "told.json"
    words = ["fit", "suggest", "--lake", str(shop.path), "--model", str(model)]
    assert run([*words, "--json", str(told)]) == 0
    metrics = json.loads(told.read_text())["metrics"]
    assert metrics["rows"] == rows.height and metrics["held_out"]["n"] > 300
    assert set(metrics["held_out"]["loss"]) == {"model", "baseline"}

    _, context = artifact.load(model, FittedPopularity)
    for name, weight in (("steep", 0.3), ("flat", 0.0)):
        artifact.save(
            *(tmp_path / name, FittedPopularity(weight), context),
            tables=SUGGEST,
            about={"problem": "suggest"},
        )
    pl.DataFrame({"text": ["12 map", "linden"]}).write_csv(tmp_path / "typed.csv")
    told_of: dict[str, Any] = {}
    for name in ("plain", "steep", "flat", "order"):
        out = tmp_path / f"{name}.jsonl"
        words = ["address", "suggest", "--in", str(tmp_path / "typed.csv"), "--out", str(out)]
        more = [] if name == "plain" else ["--model", str(tmp_path / name)]
        assert run([*words, "--lake", str(shop.path), *more]) == 0
        told_of[name] = [json.loads(line) for line in out.read_text().splitlines()]
    assert {each["ordered_by"] for each in told_of["plain"]} == {"plain"}
    assert {each["ordered_by"] for each in told_of["steep"]} == {"learnt"}
    scores = [[each["candidates"][0]["score"] for each in of] for of in told_of.values()]
    assert scores[0] != scores[1]
    assert told_of["flat"] == told_of["plain"]  # orders weigh nothing
    assert (told_of["order"] == told_of["plain"]) == (metrics["weight"] == 0)

    few = ["fit", "suggest", "--lake", str(shop.path), "--model", str(tmp_path / "few")]
    assert run([*few, "--asof", "2025-01-04"]) == 2
    assert "expected at least 200" in capsys.readouterr().err
    words = ["address", "suggest", "12 map", "--lake", str(shop.path), "--model", str(tmp_path)]
    assert run(words) == 2


def test_a_lake_of_orders_without_scans_is_learnt_from(
    world: World, rows: pl.DataFrame, tmp_path: Path
) -> None:
    bare, told = Lake(tmp_path / "lake"), tmp_path / "told.json"
    for table in (TYPED_ADDRESSES, ORDERS, GAZETTEERS, GAZETTEER_POSTCODES, GAZETTEER_PREMISES):
        bare.write(table, nw.from_native(world.tables[table.name]))
    words = ["fit", "suggest", "--lake", str(bare.path), "--model", str(tmp_path / "order")]
    assert run([*words, "--json", str(told)]) == 0
    assert json.loads(told.read_text())["metrics"]["rows"] == rows.height


def test_without_orders_it_is_said_that_these_are_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["fit", "suggest", "--lake", str(tmp_path), "--model", str(tmp_path / "order")]
    assert run(words) == 2
    assert "holds no orders" in capsys.readouterr().err
