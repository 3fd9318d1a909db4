"""The simulated company: one function from a seed to tables and truth."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import narwhals as nw
import numpy as np
import polars as pl

from lanecast.tables import address, commerce, events, parcel, planning
from lanecast.tables import network as places
from lanecast.tables.lake import Lake
from lanecast.tables.schema import Table, conform

from . import truth
from .assortment import more
from .calendar import calendar
from .canonical import order_tables, people_tables
from .claims import claims
from .clock import FAR, clock
from .doorstep import arrive, odds
from .events import Log
from .firstmile import bring_in, hand_in
from .infrastructure import network_tables
from .linehaul import paths, travel
from .names import identifiers
from .network import UNRELIABLE, network
from .orders import orders
from .outcomes import doors
from .people import addresses, buyers, merchants
from .people import products as goods_of
from .promises import plan, promise_table, ship_by
from .retail import retail
from .retail_tables import retail_tables
from .retail_truth import retail_truth
from .runs import runs
from .scans import observe
from .scene import Scene
from .shocks import shocks, weather_table
from .streams import Streams
from .streets import settle
from .streets_tables import street_tables, street_truth
from .timetable import lane_timetable

TABLES: tuple[Table, ...] = (
    places.FACILITIES, places.CARRIERS, places.LANES, places.CALENDARS,
    commerce.MERCHANTS, commerce.PRODUCTS, commerce.ADDRESSES, commerce.ORDERS,
    commerce.ORDER_LINES, parcel.PARCELS, parcel.SCANS, parcel.PROMISES, events.CLAIMS,
)  # fmt: skip


@dataclass(frozen=True)
class World:
    """Canonical ``tables`` by name, and the ``truth`` behind them, which no model may read."""

    tables: dict[str, pl.DataFrame]
    truth: dict[str, pl.DataFrame]

    def write(self, lake: Lake) -> dict[str, int]:
        """Write all tables to ``lake`` as one commit; return how many rows of each were new.

        Raises
        ------
        ValueError
            When the lake holds other values for the same facts, such as another world.
        """
        with lake.batch("world") as batch:
            for table in (*TABLES, *planning.RECORDS, *address.TABLES):
                if table.name not in self.tables:
                    continue
                _, clash = batch.append(table, nw.from_native(self.tables[table.name]))
                if clash.height:
                    raise ValueError(
                        f"{table.name}: {clash.height} rows are stored already with other values; "
                        "write a world into a lake of its own."
                    )
        return batch.rows

    def export(self, folder: Path) -> None:
        """Write one Parquet file per table with rows into ``folder``, the truth into ``truth``."""
        (folder / "truth").mkdir(parents=True, exist_ok=True)
        for name, table in self.tables.items():
            if table.height:  # a file without rows is refused by ``ingest``
                table.write_parquet(folder / f"{name}.parquet")
        for name, table in self.truth.items():
            table.write_parquet(folder / "truth" / f"{name}.parquet")


def simulate(
    parcels: int = 20_000,
    days: int = 120,
    seed: int = 0,
    start: date = date(2025, 1, 1),
    imperfect: bool = True,
    replica: int = 0,
    products: int = 0,
    streets: bool = False,
) -> World:
    """Simulate a company that ships ``parcels`` in ``days`` from ``start`` (00:00 UTC) on.

    Parameters
    ----------
    imperfect
        Whether scans go missing, come late, come twice, and carry wrong times.
    replica
        Another number leaves network, people, orders, plans and weather as they are and draws all
        else anew: the same parcels with other luck.
    products
        How many products are sold from stock in every warehouse, with prices, stock, and people
        who work for them (``planning.RECORDS``). It leaves everything else as it is.
    streets
        Whether addresses lie in streets, with a register of houses and what buyers typed
        (``address.TABLES``). It leaves everything else as it is.

    Raises
    ------
    ValueError
        When a number is out of range; the message says what is possible.
    """
    _refuse(parcels, days, seed, start, replica, products)
    streams = Streams(seed, replica)
    net = network(parcels, streams)
    time = clock(start, days, net.zones)
    cal = calendar(time, net.countries, streams)
    opens = cal.openings(time, net.country_of)
    shock = shocks(time, net, UNRELIABLE, streams)
    scene = Scene(time, net, cal, opens, shock, streams, Log(time.end))

    sellers, goods = merchants(parcels, net, streams), goods_of(parcels, streams)
    homes = addresses(parcels, net, streams)
    people = buyers(len(homes.kind), streams)
    buys = orders(parcels, time, cal, net, sellers, goods, homes, people, streams)

    station = net.stations[homes.station[buys.address]]
    path = paths(net, sellers.facility[buys.merchant], station, buys.express)
    table = lane_timetable(time, net, opens)
    plans = plan(buys, sellers, homes, path, table, scene)

    handed, cancelled = hand_in(buys, sellers, scene)
    volume = np.bincount(path.lanes[path.lanes >= 0], minlength=len(net.origin))
    run = runs(table, volume, scene)
    trip = travel(bring_in(buys, sellers, handed, scene), handed < FAR, path, run, buys, scene)
    state = doors(buys, homes, path.hub, scene)
    arrive(trip, cancelled, state)
    made = claims(state, people)

    ids = {
        "parcel": identifiers("pcl", parcels, 7), "order": identifiers("ord", len(buys.placed), 7),
        "address": identifiers("adr", len(homes.kind), 7),
        "merchant": identifiers("mer", len(sellers.region), 5),
        "product": identifiers("prd", len(goods.price), 6),
        "buyer": identifiers("buy", len(people.home), 7),
    }  # fmt: skip
    everyone, fair = np.arange(parcels), np.zeros(parcels)
    expected = odds(everyone, plans.door, fair + 0.7, fair, state)
    observed = observe(ids["parcel"], scene, imperfect)
    ship = ship_by(buys, sellers, scene)
    frames = {
        **network_tables(scene, run.table, volume),
        **people_tables(sellers, more(goods, products, streams), homes, scene),
        **order_tables(buys, ids, ship, homes, goods, scene),
        "scans": observed.scans,
        "promises": promise_table(ids["parcel"], plans, buys, scene),
    }
    claimed = truth.claims_table(ids["parcel"], made, state)
    frames["claims"] = claimed.drop("reason").with_columns(
        kind=pl.lit("not_received"), source=pl.lit("buyer"), recorded_at="claimed_at"
    )
    hidden = {
        "lane_times": truth.lane_times(scene),
        "legs": truth.legs(ids["parcel"], trip, run, scene),
        "missed_departures": truth.missed_departures(trip, run, scene),
        "parcel_risks": truth.parcel_risks(
            ids["parcel"], plans, handed, trip, expected, state, made
        ),
        "intervention_effects": truth.intervention_effects(ids["parcel"], state, made),
        "intervention_mechanisms": truth.intervention_mechanisms(),
        "claims": claimed,
        "scan_errors": observed.errors,
        "shocks": weather_table(shock, time, net),
        **truth.traits(ids, sellers, homes, people, scene),
    }
    kept = TABLES
    if products:
        everything = more(goods, products, streams)
        trade = retail(everything, products, scene)
        sold = identifiers("prd", products, 6)
        frames |= retail_tables(trade, sold, scene)
        hidden |= retail_truth(trade, sold, scene)
        kept = (*TABLES, *planning.RECORDS)
    if streets:
        at = settle(homes, scene)
        frames |= street_tables(at, homes, ids["address"], scene)
        hidden |= street_truth(at, homes, ids["address"])
        kept = (*kept, *(t for t in address.TABLES if t.name in frames))
    tables = {t.name: conform(t, nw.from_native(frames[t.name])).to_native() for t in kept}
    return World(tables, hidden)


def _refuse(parcels: int, days: int, seed: int, start: date, replica: int, products: int) -> None:
    if not 100 <= parcels <= 9_000_000:
        raise ValueError(f"parcels: {parcels} is out of range; expected 100 to 9,000,000.")
    if not 14 <= days <= 1500:
        raise ValueError(f"days: {days} is out of range; expected 14 to 1500.")
    if seed < 0 or replica < 0:
        raise ValueError(f"seed, replica: {seed}, {replica}; expected numbers from 0 on.")
    if not (products == 0 or 10 <= products <= 20_000):
        raise ValueError(f"products: {products} is out of range; expected 0, or 10 to 20,000.")
    if products and days < 60:
        raise ValueError(f"days: {days} are too few to plan; expected 60 or more with products.")
    if not date(1990, 1, 1) <= start <= date(2100, 1, 1):
        raise ValueError(f"start: {start} is out of range; expected 1990 to 2100.")
