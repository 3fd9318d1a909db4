"""The public Olist data set: orders of a Brazilian marketplace, 2016 to 2018.

Every rule for what the files leave open is stated in docs/ingest.md, with counts. In short: the
clock is that of America/Sao_Paulo; one parcel per order; what is fixed at the purchase is recorded
at the purchase; a scan is recorded when it happened, though never before its order.
"""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import polars as pl

from lanecast.tables import commerce, events, network, parcel

from . import brazil
from .files import folder
from .oddities import Odd
from .olist_files import Raw, load
from .olist_reviews import not_received
from .piece import Piece
from .times import end_of_day, localize, offset_min, uncertain

ZONE = "America/Sao_Paulo"
NO_SCAN = "no scan, for the moment is not in the files"
EVENTS = {
    "created": "order_purchase_timestamp",
    "picked_up": "order_delivered_carrier_date",
    "delivered": "order_delivered_customer_date",
}


def read(path: Path, zone: str | None, now: datetime, size: int) -> Iterator[Piece]:
    """Return the canonical tables of the Olist files in folder ``path``.

    The files are small, so ``size`` is not needed; the clock is known, so neither is ``zone``.

    Raises
    ------
    RefusedError
        When a file or a column is missing or cannot be read.
    """
    return pieces(load(folder(path)))


def pieces(raw: Raw) -> Iterator[Piece]:
    """Yield the canonical tables, each after those that it refers to."""
    rules(raw)
    orders = raw.orders.join(raw.customers, on="customer_id", how="left").with_columns(
        recorded_at=localize(pl.col("order_purchase_timestamp"), ZONE)
    )
    stranger = pl.col("customer_unique_id").is_null() | pl.col("recorded_at").is_null()
    known = orders.filter(~stranger)
    if (lost := orders.filter(stranger).select(raw.orders.columns)).height:
        valid = "an order with a moment of purchase and a customer"
        raw.spoiled.setdefault("orders", []).append(
            (lost, Odd("customer_id, order_purchase_timestamp", "unknown_key", valid, pl.lit(True)))
        )
    lines = raw.items.join(orders.select("order_id", "recorded_at"), on="order_id", how="left")
    years = orders["order_purchase_timestamp"].dt.year().drop_nulls()
    if len(years):
        calendar = brazil.calendar(int(years.min()), int(years.max()) + 1)  # type: ignore[arg-type]
        yield Piece(network.CALENDARS, raw.names["orders"], calendar)
    places = coordinates(raw.geolocation)
    yield raw.piece(commerce.MERCHANTS, "sellers", merchants(raw.sellers, lines, places))
    yield raw.piece(commerce.PRODUCTS, "products", products(raw, lines))
    yield raw.piece(commerce.ADDRESSES, "customers", addresses(known, places))
    yield raw.piece(commerce.ORDERS, "orders", purchases(known, raw.items, raw.payments))
    yield raw.piece(commerce.ORDER_LINES, "items", order_lines(lines))
    packed = parcels(known, raw)
    yield Piece(parcel.PARCELS, raw.names["orders"], packed)
    sent = known.join(packed.select("order_id"), on="order_id", how="semi")
    yield Piece(parcel.PROMISES, raw.names["orders"], promises(sent))
    yield Piece(parcel.SCANS, raw.names["orders"], scans(sent))
    yield raw.piece(events.CLAIMS, "reviews", not_received(raw.reviews, sent, raw.items))


def rules(raw: Raw) -> None:
    """Tell how many rows each rule of this source concerns."""
    orders, status = raw.orders, pl.col("order_status")
    has = {name: pl.col(EVENTS[name]).is_not_null() for name in EVENTS}
    empty = orders.join(raw.items, on="order_id", how="anti")
    raw.say("orders", "order_id", "order_without_items", empty, "stored without a parcel")
    no_time = orders.filter((status == "delivered") & ~has["delivered"])
    raw.say("orders", EVENTS["delivered"], "delivered_without_time", no_time, NO_SCAN)
    ended = orders.filter(status.is_in(["canceled", "unavailable"]) & ~has["delivered"])
    raw.say("orders", "order_status", "ended_without_time", ended, NO_SCAN)
    both = orders.filter((status == "canceled") & has["delivered"])
    raw.say("orders", "order_status", "canceled_yet_delivered", both, "the delivery is kept")
    unapproved = orders.filter(pl.col("order_approved_at").is_null())
    raw.say("orders", "order_approved_at", "approval_missing", unapproved, "approvals are not used")
    early = orders.filter(pl.col(EVENTS["picked_up"]) < pl.col(EVENTS["created"]))
    action = "kept; recorded at the purchase"
    raw.say("orders", EVENTS["picked_up"], "handed_over_before_order", early, action)
    for column in EVENTS.values():
        twice = orders.filter(uncertain(pl.col(column), ZONE))
        raw.say("orders", column, "uncertain_local_time", twice, "see lanecast.sources.times")
    (south, north), (west, east) = brazil.BOX["lat"], brazil.BOX["lon"]
    outside = raw.geolocation.filter(
        ~pl.col("geolocation_lat").is_between(south, north)
        | ~pl.col("geolocation_lng").is_between(west, east)
    )
    raw.say("geolocation", "geolocation_lat", "outside_brazil", outside, "not used")
    for which, column in (
        ("customers", "customer_zip_code_prefix"),
        ("sellers", "seller_zip_code_prefix"),
    ):
        places = coordinates(raw.geolocation)
        bare = getattr(raw, which).join(places, left_on=column, right_on="postal_code", how="anti")
        raw.say(which, column, "postal_code_without_place", bare, "stored without coordinates")
    for which, key in (("sellers", "seller_id"), ("products", "product_id")):
        idle = getattr(raw, which).join(raw.items, on=key, how="anti")
        raw.say(which, key, "never_ordered", idle, "not stored: no moment at which it was known")
    named = raw.products.filter(pl.col("product_category_name").is_not_null())
    foreign = named.join(raw.translation, on="product_category_name", how="anti")
    action = "the Portuguese name is kept"
    raw.say("products", "product_category_name", "category_without_translation", foreign, action)


def minor(column: str) -> pl.Expr:
    """Return reais as centavos."""
    return (pl.col(column) * 100).round().cast(pl.Int64)


def address_id() -> pl.Expr:
    """Return the name of a delivery area: state and first five digits of the postal code."""
    return pl.format("BR-{}-{}", "customer_state", "customer_zip_code_prefix")


def coordinates(points: pl.DataFrame) -> pl.DataFrame:
    """Return the median point of each postal prefix; points outside Brazil do not count."""
    (south, north), (west, east) = brazil.BOX["lat"], brazil.BOX["lon"]
    return (
        points.filter(
            pl.col("geolocation_lat").is_between(south, north)
            & pl.col("geolocation_lng").is_between(west, east)
        )
        .group_by(postal_code="geolocation_zip_code_prefix")
        .agg(lat=pl.col("geolocation_lat").median(), lon=pl.col("geolocation_lng").median())
    )


def place(state: str) -> dict[str, pl.Expr]:
    """Return the columns of a place in Brazil whose state is in column ``state``."""
    return {
        "country": pl.lit("BR"),
        "region": pl.format("BR-{}", pl.col(state)),
        "zone": pl.col(state).replace_strict(brazil.STATES, default=None),
    }


def merchants(sellers: pl.DataFrame, lines: pl.DataFrame, places: pl.DataFrame) -> pl.DataFrame:
    """Return each seller from the first order that has one of its products."""
    first = lines.group_by("seller_id").agg(pl.col("recorded_at").min())
    return (
        sellers.join(first, on="seller_id")
        .select(
            "recorded_at",
            merchant_id="seller_id",
            postal_code="seller_zip_code_prefix",
            city="seller_city",
            **place("seller_state"),
        )
        .join(places, on="postal_code", how="left", maintain_order="left")
    )


def products(raw: Raw, lines: pl.DataFrame) -> pl.DataFrame:
    """Return each product from the first order that has it; sides longest first."""
    first = lines.group_by("product_id").agg(pl.col("recorded_at").min())
    sides = [pl.col(f"product_{side}_cm") for side in ("length", "height", "width")]
    return raw.products.join(first, on="product_id").select(
        "product_id",
        "recorded_at",
        category=raw.category(),
        weight_g="product_weight_g",
        **{
            f"{name}_mm": pl.concat_list(sides).list.sort(descending=True).list.get(i) * 10
            for i, name in enumerate(("length", "width", "height"))
        },
    )


def addresses(orders: pl.DataFrame, places: pl.DataFrame) -> pl.DataFrame:
    """Return each delivery area from its first order, which also names the city."""
    return (
        orders.sort("recorded_at", "order_id")
        .with_columns(address_id=address_id())
        .unique("address_id", keep="first", maintain_order=True)
        .select(
            "address_id",
            "recorded_at",
            postal_code="customer_zip_code_prefix",
            city="customer_city",
            **place("customer_state"),
        )
        .join(places, on="postal_code", how="left", maintain_order="left")
    )


def purchases(orders: pl.DataFrame, items: pl.DataFrame, payments: pl.DataFrame) -> pl.DataFrame:
    """Return the orders; payment is the means that paid most, instalments the most there were."""
    paid = (
        payments.sort("payment_value", descending=True, maintain_order=True)
        .group_by("order_id", maintain_order=True)
        .agg(
            payment=pl.col("payment_type").first(),
            installments=pl.col("payment_installments").max(),
        )
    )
    worth = items.group_by("order_id").agg(
        value_minor=minor("price").sum(), freight_minor=minor("freight_value").sum()
    )
    return (
        orders.select(
            "order_id",
            "recorded_at",
            buyer_id="customer_unique_id",
            address_id=address_id(),
            placed_at="recorded_at",
            utc_offset_min=offset_min(pl.col("recorded_at"), ZONE),
            currency=pl.lit("BRL"),
        )
        .join(paid, on="order_id", how="left", maintain_order="left")
        .join(worth, on="order_id", how="left", maintain_order="left")
    )


def order_lines(lines: pl.DataFrame) -> pl.DataFrame:
    """Return the order lines, one piece each."""
    return lines.select(
        "order_id",
        "product_id",
        "recorded_at",
        line_no="order_item_id",
        merchant_id="seller_id",
        quantity=pl.lit(1),
        price_minor=minor("price"),
        freight_minor=minor("freight_value"),
        currency=pl.lit("BRL"),
    )


def parcels(orders: pl.DataFrame, raw: Raw) -> pl.DataFrame:
    """Return one parcel per order that has lines; what one line does not tell is not known."""
    volume = pl.col("product_length_cm") * pl.col("product_height_cm") * pl.col("product_width_cm")
    about = raw.products.select(
        "product_id", weight="product_weight_g", volume=volume, category=raw.category()
    )
    dearest = pl.col("price").arg_max()  # the first of several

    def total(column: str) -> pl.Expr:
        return pl.when(pl.col(column).null_count() == 0).then(pl.col(column).sum())

    packed = (
        raw.items.sort("order_id", "order_item_id")
        .join(about, on="product_id", how="left", maintain_order="left")
        .group_by("order_id", maintain_order=True)
        .agg(
            merchant_id=pl.col("seller_id").get(dearest),
            category=pl.col("category").get(dearest),
            merchants=pl.col("seller_id").n_unique(),
            pieces=pl.len(),
            weight_g=total("weight"),
            volume_cm3=total("volume"),
            value_minor=minor("price").sum(),
            freight_minor=minor("freight_value").sum(),
            ship_by_at=localize(pl.col("shipping_limit_date").max(), ZONE),
        )
    )
    return orders.select(
        "order_id", "recorded_at", parcel_id="order_id", address_id=address_id()
    ).join(packed, on="order_id", maintain_order="left")


def promises(orders: pl.DataFrame) -> pl.DataFrame:
    """Return the promised days; a promise is kept until the last moment of its day."""
    day = pl.col("order_estimated_delivery_date").dt.date()
    return orders.select(
        "recorded_at",
        parcel_id="order_id",
        promised_date=day,
        promised_at=end_of_day(day, ZONE),
    ).filter(pl.col("promised_date").is_not_null())


def scans(orders: pl.DataFrame) -> pl.DataFrame:
    """Return what was observed; the status of an order has no time, so it is no scan."""
    return (
        orders.unpivot(
            list(EVENTS.values()),
            index=["order_id", "recorded_at"],
            variable_name="raw_code",
            value_name="clock",
        )
        .filter(pl.col("clock").is_not_null())
        .with_columns(
            status=pl.col("raw_code").replace_strict({v: k for k, v in EVENTS.items()}),
            event_at=localize(pl.col("clock"), ZONE),
        )
        .select(
            "status",
            "raw_code",
            "event_at",
            event_id=pl.format("{}-{}", "order_id", "status"),
            parcel_id="order_id",
            utc_offset_min=offset_min(pl.col("event_at"), ZONE),
            recorded_at=pl.max_horizontal("event_at", "recorded_at"),
        )
        .sort("recorded_at", "event_id")
    )
