"""Canonical tables of commerce: who sells what to whom, and where it must go."""

import narwhals as nw

from .columns import (
    CITY,
    COUNTRY,
    CURRENCY,
    LAT,
    LON,
    OFFSET,
    POSTAL,
    RECORDED,
    REGION,
    ZONE,
    amount,
    instant,
    key,
    link,
    money,
)
from .schema import Column, Table

MERCHANTS = Table(
    "merchants",
    "Sellers, and where their parcels start.",
    key=("merchant_id",),
    clock="recorded_at",
    columns={
        "merchant_id": key("Seller."),
        "facility_id": link("Warehouse or hub that receives the seller's parcels.", False),
        "country": COUNTRY,
        "region": REGION,
        "postal_code": POSTAL,
        "city": CITY,
        "lat": LAT,
        "lon": LON,
        "zone": ZONE,
        "recorded_at": RECORDED,
    },
    references={"facility_id": "facilities.facility_id"},
)

PRODUCTS = Table(
    "products",
    "What is sold, with weight and size.",
    key=("product_id",),
    clock="recorded_at",
    columns={
        "product_id": key("Product; a GTIN-14 where it has one."),
        "category": Column(nw.String(), "", "Category.", False),
        "weight_g": amount("g", "Weight of one piece, packed."),
        "length_mm": amount("mm", "Longest side, packed."),
        "width_mm": amount("mm", "Middle side, packed."),
        "height_mm": amount("mm", "Shortest side, packed."),
        "recorded_at": RECORDED,
    },
)

ADDRESSES = Table(
    "addresses",
    "Delivery addresses, as coarse as features may see them.",
    key=("address_id",),
    clock="recorded_at",
    columns={
        "address_id": key("Address."),
        "country": COUNTRY,
        "region": REGION,
        "postal_code": POSTAL,
        "city": CITY,
        "lat": LAT,
        "lon": LON,
        "zone": ZONE,
        "facility_id": link("Delivery station or pickup point that serves it.", False),
        "kind": Column(
            nw.String(),
            "",
            "What stands there.",
            False,
            allowed=("house", "apartment", "business", "pickup_point", "unknown"),
        ),
        "recorded_at": RECORDED,
    },
    references={"facility_id": "facilities.facility_id"},
)

ORDERS = Table(
    "orders",
    "Purchases.",
    key=("order_id",),
    clock="recorded_at",
    columns={
        "order_id": key("Order."),
        "buyer_id": link("Pseudonym of the buyer."),
        "address_id": link("Where it must go."),
        "placed_at": instant("Moment of purchase."),
        "utc_offset_min": OFFSET,
        "payment": Column(nw.String(), "", "Means of payment.", False),
        "installments": Column(nw.Int16(), "1", "Number of instalments.", False, 0),
        "value_minor": money("Goods, without freight."),
        "freight_minor": money("Freight that the buyer paid."),
        "currency": CURRENCY,
        "recorded_at": RECORDED,
    },
    references={"address_id": "addresses.address_id"},
)

ORDER_LINES = Table(
    "order_lines",
    "Products of a purchase.",
    key=("order_id", "line_no"),
    clock="recorded_at",
    columns={
        "order_id": link("Order."),
        "line_no": Column(nw.Int32(), "1", "Number of the line, from 1.", low=1),
        "product_id": link("Product."),
        "merchant_id": link("Seller."),
        "quantity": Column(nw.Int32(), "pieces", "Pieces.", low=1),
        "price_minor": money("Price of the line."),
        "freight_minor": money("Freight of the line."),
        "currency": CURRENCY,
        "recorded_at": RECORDED,
    },
    references={
        "order_id": "orders.order_id",
        "product_id": "products.product_id",
        "merchant_id": "merchants.merchant_id",
    },
)
