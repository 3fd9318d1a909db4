"""The learnt order over HTTP: live or plain, its orders counted as of now and as of then."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import narwhals as nw
import numpy as np
import polars as pl
import pytest

from lanecast import artifact
from lanecast.address.gazetteer.stored import gazetteer
from lanecast.address.suggest import suggest
from lanecast.address.suggest.given import orders
from lanecast.address.suggest.learnt import Learnt
from lanecast.address.suggest.models import FittedPopularity
from lanecast.address.suggest.popular import PARTS, named, popular
from lanecast.address.suggest.stored import index
from lanecast.service import counts, live, versions
from lanecast.service.app import create
from lanecast.service.settings import Settings
from lanecast.sources.world import World
from lanecast.tables.address import TYPED_ADDRESSES
from lanecast.tables.commerce import ORDERS
from lanecast.tables.lake import Lake

from ..address.conftest import world as world
from .conftest import headers, patiently, serving

LEARNT, NOW = datetime(2025, 1, 20, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)
LEARNT_TEXT = "2025-01-20T00:00:00Z"
WEIGHT = FittedPopularity(0.3)


@pytest.fixture
def shop(world: World, tmp_path: Path) -> Lake:
    world.write(Lake(tmp_path / "lake"))
    return Lake(tmp_path / "lake")


@pytest.fixture
def asked(shop: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Ask a service for suggestions; it looks for new orders at each question."""
    monkeypatch.setattr(counts, "LOOK_S", 0.0)
    monkeypatch.setattr(counts, "REST", 0.0)
    with serving(create(Settings({"main": shop.path}, tmp_path / "home", clock="data"))) as client:
        key = headers(client, "address:read")

        def ask(text: str, **more: Any) -> Any:
            body = {"text": text, "limit": 50} | more
            answer = patiently(lambda: client.post("/v1/address/suggest", json=body, headers=key))
            assert answer.status_code == 200, answer.text
            return answer.json()

        ask.parts = client.app.state.parts  # type: ignore[attr-defined]
        yield ask


def promoted(
    asked: Any,
    shop: Lake,
    folder: Path,
    until: datetime = LEARNT,
    weight: FittedPopularity = WEIGHT,
) -> str:
    """Let a model be live that has learnt until then, and return its version."""
    known = gazetteer(shop)
    held = index(shop, known)
    then = popular(orders(shop, until, known, held)["document"].to_numpy())
    about = {"problem": "suggest", "trained_until": until.isoformat()}
    context = {"popular": nw.from_native(named(then, known, held))}
    artifact.save(folder, weight, context, tables=(TYPED_ADDRESSES, ORDERS), about=about)
    tenant = asked.parts.tenants["main"]
    _, version = versions.adopt(tenant.home, folder)
    live.record(asked.parts.state, "main", "suggest", version, "promote", "x")
    asked.parts.models.refresh(tenant, "suggest")
    return version


def expected(shop: Lake, text: str, until: datetime) -> list[tuple[str, float]]:
    """Return what the library suggests, when all orders by then are counted."""
    known = gazetteer(shop)
    held = index(shop, known)
    rows = orders(shop, until, known, held)
    learnt = Learnt(WEIGHT, popular(rows["document"].to_numpy()))
    found = suggest(text, known, held, limit=50, learnt=learnt)
    return [(each.label, each.score) for each in found]


def told(answer: Any) -> list[tuple[str, float]]:
    return [(each["label"], each["score"]) for each in answer["items"]]


def waited(ask: Any, done: Any) -> Any:
    for _ in range(200):
        if done(answer := ask()):
            return answer
        time.sleep(0.05)
    raise AssertionError(answer)


def test_the_order_is_plain_until_a_model_is_live(asked: Any, shop: Lake, tmp_path: Path) -> None:
    plain = asked("12 ma")
    assert (plain["ordered_by"], plain["version"], plain["asof"]) == ("plain", None, None)
    version = promoted(asked, shop, tmp_path / "m")
    learnt = asked("12 ma")
    assert (learnt["ordered_by"], learnt["version"]) == ("learnt", version)
    assert told(learnt) != told(plain)


def test_where_orders_weigh_nothing_the_order_is_plain_and_called_so(
    asked: Any, shop: Lake, tmp_path: Path
) -> None:
    plain = asked("12 ma")
    promoted(asked, shop, tmp_path / "m", weight=FittedPopularity(0.0))
    assert asked("12 ma") == plain


def test_orders_recorded_since_are_counted(asked: Any, shop: Lake, tmp_path: Path) -> None:
    promoted(asked, shop, tmp_path / "m")
    assert told(asked("12 ma")) == expected(shop, "12 ma", LEARNT)  # those of the model at first
    until = asked.parts.tenants["main"].now()
    answer = waited(lambda: asked("12 ma"), lambda said: said["asof"] != LEARNT_TEXT)
    assert datetime.fromisoformat(answer["asof"]) == until
    assert told(answer) == expected(shop, "12 ma", until) != expected(shop, "12 ma", LEARNT)

    last = expected(shop, "12 ma", until)[-1][0]
    street = next(each for each in answer["items"] if each["label"] == last)["components"]
    text = f"{street['road']}, {street['city']} {street['postcode']}"
    more = pl.DataFrame(
        {
            "address_id": [f"new_{i}" for i in range(400)],
            "country": street["country"],
            "text": text,
            "recorded_at": until,
        }
    )
    some = shop.asof(NOW)
    one = some.read(ORDERS).collect("polars").to_native().head(1)
    placed = pl.concat([one] * 400).with_columns(
        order_id=pl.format("new_{}", pl.int_range(400)),
        address_id=pl.format("new_{}", pl.int_range(400)),
        recorded_at=pl.lit(until).cast(one["recorded_at"].dtype),
    )
    for table, rows in ((TYPED_ADDRESSES, more), (ORDERS, placed)):
        Lake(shop.path).write(table, nw.from_native(rows))
    then = expected(Lake(shop.path), "12 ma", until)
    assert [label for label, _ in then].index(last) < 5
    waited(lambda: asked("12 ma"), lambda said: told(said) == then)


def test_then_orders_of_then_are_counted(asked: Any, shop: Lake, tmp_path: Path) -> None:
    version = promoted(asked, shop, tmp_path / "m")
    for then in (LEARNT + timedelta(days=4), LEARNT + timedelta(hours=1)):
        answer = asked("12 ma", asof=then.isoformat())
        assert answer["version"] == version
        assert datetime.fromisoformat(answer["asof"]) == then
        assert told(answer) == expected(shop, "12 ma", then)
    before = asked("12 ma", asof=(LEARNT - timedelta(days=1)).isoformat())
    assert before["ordered_by"] == "plain"


def test_a_street_that_is_gone_counts_nothing(asked: Any, shop: Lake, tmp_path: Path) -> None:
    known = gazetteer(shop)
    gone = pl.DataFrame({name: ["Nowhere"] for name in PARTS} | {"orders": [9.0]})
    about = {"problem": "suggest", "trained_until": NOW.isoformat()}
    context = {"popular": nw.from_native(gone)}
    artifact.save(tmp_path / "m", WEIGHT, context, tables=(ORDERS,), about=about)
    tenant = asked.parts.tenants["main"]
    _, version = versions.adopt(tenant.home, tmp_path / "m")
    live.record(asked.parts.state, "main", "suggest", version, "promote", "x")
    asked.parts.models.refresh(tenant, "suggest")
    none = Learnt(WEIGHT, popular(np.empty(0, np.int32)))
    plain = suggest("12 ma", known, index(shop, known), limit=50, learnt=none)
    answer = asked("12 ma")
    assert answer["version"] == version
    assert told(answer) == [(each.label, each.score) for each in plain]
