"""Commerce as canonical tables: merchants, products, addresses, orders and parcels."""

import numpy as np
import polars as pl

from .infrastructure import seen
from .names import identifiers, words
from .network import CARRIERS
from .orders import CURRENCIES, PAYMENTS, TO_USD, Orders
from .people import AREAS, CATEGORIES, Addresses, Merchants, Products
from .people import KINDS as HOMES
from .scene import Scene
from .streams import Ints

SERVICES = ("standard", "express")


def postal(area: Ints) -> pl.Series:
    """Return the postal code of areas."""
    return (pl.Series(area) + 10_000).cast(pl.String)


def people_tables(
    sellers: Merchants, goods: Products, homes: Addresses, scene: Scene
) -> dict[str, pl.DataFrame]:
    """Return ``merchants``, ``products`` and ``addresses``."""
    net = scene.net
    countries = tuple(net.countries[c] for c in net.country_of)
    station = net.stations[homes.station]
    hub_area = (net.region[net.stations] == sellers.region[:, None]).argmax(axis=1) * AREAS

    def place(region: Ints) -> dict[str, pl.Series]:
        return {
            "country": words(countries, region),
            "region": words(net.regions, region),
            "city": words(net.cities, region),
            "zone": words(net.zones, net.zone_of[region]),
        }

    merchants = pl.DataFrame(
        {
            "merchant_id": identifiers("mer", len(sellers.region), 5),
            "facility_id": words(net.facility_id, sellers.facility),
            **place(sellers.region),
            "postal_code": postal(hub_area),
            "lat": sellers.position[:, 0],
            "lon": sellers.position[:, 1],
            "recorded_at": seen(scene, len(sellers.region)),
        }
    )
    products = pl.DataFrame(
        {
            "product_id": identifiers("prd", len(goods.price), 6),
            "category": words(CATEGORIES, goods.category),
            "weight_g": goods.weight,
            "length_mm": goods.size[:, 0],
            "width_mm": goods.size[:, 1],
            "height_mm": goods.size[:, 2],
            "recorded_at": seen(scene, len(goods.price)),
        }
    )
    addresses = pl.DataFrame(
        {
            "address_id": identifiers("adr", len(homes.kind), 7),
            **place(net.region[station]),
            "postal_code": postal(homes.area),
            "lat": homes.position[:, 0],
            "lon": homes.position[:, 1],
            "facility_id": words(net.facility_id, station),
            "kind": words(HOMES, homes.kind),
            "recorded_at": seen(scene, len(homes.kind)),
        }
    )
    return {"merchants": merchants, "products": products, "addresses": addresses}


def order_tables(
    buys: Orders, ids: dict[str, pl.Series], ship: Ints, homes: Addresses, goods: Products,
    scene: Scene,
) -> dict[str, pl.DataFrame]:  # fmt: skip
    """Return ``orders``, ``order_lines`` and ``parcels``; money in the buyer's currency."""
    net, clock = scene.net, scene.clock
    country = net.country_of[net.region[net.stations[homes.station]]]
    money = tuple(CURRENCIES[c] for c in net.countries)
    usd = {"US": 0, "DE": 1, "MX": 2}
    rate = 100 * TO_USD[[usd[c] for c in net.countries]]

    here, many = country[buys.address], len(buys.placed)
    parcel = buys.line_parcel
    price = goods.price[buys.product] * buys.quantity * rate[here[parcel]]
    price = np.round(price).astype(np.int64)
    value = np.bincount(parcel, price, minlength=len(here)).astype(np.int64)
    freight = np.round(buys.freight * rate[here]).astype(np.int64)
    total = [np.bincount(buys.order, v, minlength=many).astype(np.int64) for v in (value, freight)]
    zone = net.zone_of[net.region[net.stations[homes.station[buys.to]]]]
    placed = clock.instants(buys.placed)
    recorded = clock.instants(buys.placed + 1)
    orders = pl.DataFrame(
        {
            "order_id": ids["order"],
            "buyer_id": ids["buyer"].gather(pl.Series(buys.buyer)),
            "address_id": ids["address"].gather(pl.Series(buys.to)),
            "placed_at": placed,
            "utc_offset_min": (clock.offset(zone, buys.placed) // 60).astype(np.int16),
            "payment": words(PAYMENTS, buys.payment),
            "installments": np.ones(many, np.int16),
            "value_minor": total[0],
            "freight_minor": total[1],
            "currency": words(money, country[buys.to]),
            "recorded_at": recorded,
        }
    )
    number = np.arange(len(parcel)) - np.searchsorted(buys.order[parcel], buys.order[parcel])
    lines = pl.DataFrame(
        {
            "order_id": ids["order"].gather(pl.Series(buys.order[parcel])),
            "line_no": (number + 1).astype(np.int32),
            "product_id": ids["product"].gather(pl.Series(buys.product)),
            "merchant_id": ids["merchant"].gather(pl.Series(buys.merchant[parcel])),
            "quantity": buys.quantity.astype(np.int32),
            "price_minor": price,
            "freight_minor": freight[parcel] // np.bincount(parcel)[parcel],
            "currency": words(money, here[parcel]),
            "recorded_at": recorded.gather(pl.Series(buys.order[parcel])),
        }
    )
    parcels = pl.DataFrame(
        {
            "parcel_id": ids["parcel"],
            "order_id": ids["order"].gather(pl.Series(buys.order)),
            "merchant_id": ids["merchant"].gather(pl.Series(buys.merchant)),
            "address_id": ids["address"].gather(pl.Series(buys.address)),
            "carrier_id": words(CARRIERS, buys.carrier),
            "service": words(SERVICES, buys.express),
            "category": words(CATEGORIES, buys.category),
            "pieces": buys.pieces.astype(np.int32),
            "merchants": buys.merchants.astype(np.int16),
            "weight_g": buys.weight,
            "volume_cm3": np.round(buys.volume, 1),
            "value_minor": value,
            "freight_minor": freight,
            "ship_by_at": clock.instants(ship),
            "recorded_at": recorded.gather(pl.Series(buys.order)),
        }
    )
    return {"orders": orders, "order_lines": lines, "parcels": parcels}
