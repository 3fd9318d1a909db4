"""A person is erased: from every file, of the past too; what is not theirs stays as it was."""

import json
import sqlite3
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import narwhals as nw
import polars as pl
import pytest

from lanecast import artifact
from lanecast.parcel.eta import LaneQuantiles
from lanecast.service import erasures
from lanecast.service.app import create
from lanecast.service.settings import Settings
from lanecast.tables import erasure
from lanecast.tables.address import TYPED_ADDRESSES
from lanecast.tables.commerce import ADDRESSES, ORDERS
from lanecast.tables.ingest import QUARANTINE
from lanecast.tables.lake import Lake, collect
from lanecast.tables.parcel import PARCELS, SCANS

from .conftest import headers, serving

AT = datetime(2025, 3, 1, tzinfo=UTC)
BUYER, TEXT, CODE, LAT = "zz_buyer_secret", "7 Zz Secret Lane", "ZZ-98761", 12.3456789
TRACES = [each.encode() for each in (BUYER, TEXT, CODE, str(LAT))]


def row(n: int, buyer: str, text: str, code: str, lat: float) -> dict[str, dict[str, Any]]:
    """Return what an order leaves in each table."""
    ids = {"order_id": f"ord_{n}", "address_id": f"adr_{n}", "parcel_id": f"pcl_{n}"}
    known = {"recorded_at": AT, "utc_offset_min": 0}
    place = {"country": "US", "region": "US-NY", "zone": "America/New_York", "city": "Utica"}
    return {
        "orders": ids | known | {"buyer_id": buyer, "placed_at": AT},
        "addresses": ids | known | place | {"postal_code": code, "lat": lat, "lon": -75.0},
        "typed_addresses": ids | known | {"country": "US", "text": text},
        "parcels": ids | known | {"merchant_id": "mer_1"},
        "scans": ids
        | known
        | {"event_id": f"evt_{n}", "status": "delivered", "event_at": AT, "lat": lat, "lon": -75.0},
        "quarantine": known
        | {"row_id": f"row_{n}", "source": "csv", "file": "orders.csv", "table": "orders"}
        | {"column": "placed_at", "code": "naive_time", "value": "x", "valid": "an instant"}
        | {"row": json.dumps({"buyer_id": buyer, "order_id": f"ord_{n}"})},
    }


@pytest.fixture
def company(tmp_path: Path) -> Iterator[Any]:
    """A service whose lake, state and models know two buyers; the first one is to be erased."""
    lake = Lake(tmp_path / "lake")
    people = [row(1, BUYER, TEXT, CODE, LAT), row(2, "other", "9 Elm St", "13501", 43.1)]
    for table in (ADDRESSES, TYPED_ADDRESSES, ORDERS, PARCELS, SCANS, QUARANTINE):
        for person in people:
            frame = pl.DataFrame([person[table.name]])
            empty = {name: pl.lit(None) for name in table.columns if name not in frame.columns}
            numbers = {
                name: pl.lit(1)
                for name, of in table.columns.items()
                if of.required and name in empty and of.dtype.is_numeric()
            }
            texts = {
                name: pl.lit("USD" if name == "currency" else "x")
                for name, of in table.columns.items()
                if of.required and name in empty and of.dtype == nw.String
            }
            instants = {
                name: pl.lit(AT)
                for name, of in table.columns.items()
                if of.required and name in empty and isinstance(of.dtype, nw.Datetime)
            }
            whole = frame.with_columns(**(empty | numbers | texts | instants))
            Lake(lake.path).write(table, nw.from_native(whole))
    corrected = row(1, BUYER, TEXT, CODE, LAT)["addresses"] | {"recorded_at": AT + timedelta(1)}
    Lake(lake.path).write(ADDRESSES, nw.from_native(pl.DataFrame([corrected])))
    app = create(Settings({"main": lake.path}, tmp_path / "home"))
    with serving(app) as client:
        client.lake = lake.path  # type: ignore[attr-defined]
        yield client


def erased(client: Any, key: dict[str, str]) -> dict[str, Any]:
    """Ask for the erasure, and return its receipt once it has ended."""
    answer = client.post("/v1/erasures", json={"buyer_id": BUYER}, headers=key)
    assert answer.status_code == 202
    for _ in range(300):
        receipt: dict[str, Any] = client.get(answer.headers["location"], headers=key).json()
        if receipt["status"] != "doing":
            return receipt
        time.sleep(0.1)
    raise AssertionError(receipt)


def holding(*folders: Path) -> list[Path]:
    """Return the files in which a trace of the person is left, whatever their format."""
    found = []
    for file in (each for folder in folders for each in folder.rglob("*") if each.is_file()):
        held = file.read_bytes()
        if file.suffix == ".parquet":
            held += str(pl.read_parquet(file).to_dicts()).encode()
        if any(trace in held for trace in TRACES):
            found.append(file)
    return found


def test_no_file_holds_the_person_and_the_others_stay(company: Any) -> None:
    parts = company.app.state.parts
    home, lake = parts.settings.home, company.lake
    about = {"problem": "eta", "trained_until": AT.isoformat()}
    frame = pl.DataFrame({"buyer_id": [BUYER, "other"], "buyer_claims": [1, 2]})
    context = {"buyer": nw.from_native(frame)}
    artifact.save(home.parent / "m", LaneQuantiles(), context, tables=(), about=about)
    copy = parts.tenants["main"].home / "models" / "eta" / "1-00000000"
    copy.parent.mkdir(parents=True)
    (home.parent / "m").rename(copy)
    parts.state.write(
        "insert into notes values ('main', 'action', 'pcl_1', 'accept', 'x', ?, '2025')",
        (f"the buyer {BUYER} called",),
    )
    assert len(holding(lake, home)) >= 6
    before = {table.name: collect(Lake(lake).versions(table)) for table in erasure.TOUCHED}
    old = Lake(lake, commit=Lake(lake).pinned.number)

    receipt = erased(company, headers(company, "personal:erase"))

    assert receipt["status"] == "done"
    assert receipt["tables"] == {
        "typed_addresses": 1,
        "addresses": 2,
        "scans": 1,
        "quarantine": 1,
        "orders": 1,
    }
    assert (receipt["models"], receipt["notes"]) == (1, 1)
    assert receipt["digest"] == erasures.digest(next(iter(parts.erasures["main"].listed())))
    assert holding(lake, home) == []
    assert artifact.describe(copy)["sha256"]["context-buyer.parquet"] == artifact._digest(
        copy / "context-buyer.parquet"
    )
    for table in erasure.TOUCHED:
        after = collect(Lake(lake).versions(table))
        mine = pl.any_horizontal(pl.col("^(order|address|parcel|row)_id$").str.ends_with("_1"))
        assert after.filter(~mine).equals(before[table.name].filter(~mine))
    orders = collect(Lake(lake).read(ORDERS)).sort("order_id")
    assert orders["buyer_id"].to_list() == [f"erased-{receipt['erasure_id']}", "other"]
    assert orders["address_id"].to_list() == ["adr_1", "adr_2"]
    addresses = collect(Lake(lake).read(ADDRESSES)).sort("address_id")
    assert addresses["region"].to_list() == ["US-NY", "US-NY"]
    assert addresses["postal_code"].to_list() == [None, "13501"]
    with pytest.raises(ValueError, match="personal data were erased since"):
        old.read(ORDERS)
    Lake(lake).write(
        ORDERS, nw.from_native(collect(Lake(lake).read(ORDERS)).select(*ORDERS.columns))
    )


@pytest.mark.parametrize("stage", ["purge", "_erase"])
def test_an_erasure_that_was_cut_off_is_done_again(
    company: Any, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    key, whole, calls = headers(company, "personal:erase"), getattr(erasure, stage), []

    def cut(*given: Any) -> Any:
        calls.append(given)
        if len(calls) == 3:
            raise OSError("killed")
        return whole(*given)

    monkeypatch.setattr(erasure, stage, cut)
    assert erased(company, key)["status"] == "failed"
    home = company.app.state.parts.settings.home
    assert holding(company.lake, home)
    assert erased(company, key)["status"] == "done"
    assert holding(company.lake, home) == []
    assert collect(Lake(company.lake).read(ORDERS)).height == 2


def test_receipts_are_kept_and_name_nobody(company: Any) -> None:
    key = headers(company, "personal:erase", "audit:read")
    receipt = erased(company, key)
    again = erased(company, key)  # of whom nothing is known any more
    assert set(again["tables"].values()) == {0}
    told = company.get("/v1/erasures", headers=key).json()["items"]
    assert told == [again, receipt]
    audit = company.get("/v1/audit", headers=key).json()["items"][0]
    assert (audit["action"], audit["subject"]) == ("person erased", again["erasure_id"])
    state = company.app.state.parts.state.path
    assert BUYER not in "".join(sqlite3.connect(state).iterdump())
    reader = headers(company, "personal:read")
    assert company.get("/v1/erasures", headers=reader).status_code == 403
    assert company.get("/v1/erasures/" + "0" * 16, headers=key).status_code == 404


def test_an_address_of_two_buyers_stays_for_the_other(company: Any) -> None:
    shared = collect(Lake(company.lake).read(ORDERS)).filter(order_id="ord_1")
    shared = shared.with_columns(order_id=pl.lit("ord_3"), buyer_id=pl.lit("flatmate"))
    Lake(company.lake).write(ORDERS, nw.from_native(shared))
    receipt = erased(company, headers(company, "personal:erase"))
    assert (receipt["tables"]["addresses"], receipt["tables"]["orders"]) == (0, 1)
