from datetime import UTC, datetime

import polars as pl
import pytest

from lanecast.tables.lake import Lake

NOW = datetime(2026, 6, 1, tzinfo=UTC)

CANONICAL = {
    "facilities": """facility_id,kind,country,region,lat,lon,zone,recorded_at
HUB,sort_hub,BR,BR-SP,-23.5,-46.6,America/Sao_Paulo,2026-01-01T00:00:00Z
STA,delivery_station,BR,BR-AM,-3.1,-60.0,America/Manaus,2026-01-01T00:00:00Z
""",
    "carriers": """carrier_id,name,recorded_at
C1,Carrier,2026-01-01T00:00:00Z
""",
    "lanes": """lane_id,from_facility_id,to_facility_id,carrier_id,mode,recorded_at
L1,HUB,STA,C1,road,2026-01-01T00:00:00Z
""",
    "merchants": """merchant_id,country,region,lat,lon,zone,recorded_at
M1,BR,BR-SP,-23.5,-46.6,America/Sao_Paulo,2026-01-01T00:00:00Z
""",
    "products": """product_id,category,weight_g,recorded_at
T1,toys,250,2026-01-01T00:00:00Z
""",
    "addresses": """address_id,country,region,zone,recorded_at
A1,BR,BR-AM,America/Manaus,2026-01-01T00:00:00Z
""",
    "orders": """order_id,buyer_id,address_id,placed_at,value_minor,currency,recorded_at
O1,B1,A1,2026-03-01T10:00:00-04:00,1000,BRL,2026-03-01T14:00:00Z
O2,B1,A1,2026-03-02T10:00:00Z,2000,BRL,2026-03-02T14:00:00Z
""",
    "order_lines": """order_id,line_no,product_id,merchant_id,quantity,currency,recorded_at
O1,1,T1,M1,1,BRL,2026-03-01T14:00:00Z
""",
    "parcels": """parcel_id,order_id,merchant_id,address_id,weight_g,recorded_at
P1,O1,M1,A1,300,2026-03-01T14:00:00Z
P2,O2,M1,A1,200.5,2026-03-02T14:00:00Z
""",
    "promises": """parcel_id,promised_at,promised_date,recorded_at
P1,2026-03-10T23:59:59-04:00,2026-03-10,2026-03-01T14:00:00Z
""",
    "scans": """event_id,parcel_id,status,event_at,facility_id,recorded_at
E1,P1,picked_up,2026-03-02T08:00:00-03:00,HUB,2026-03-02T11:01:00Z
E2,P1,arrived,2026-03-03T12:00:00Z,STA,2026-03-03T12:01:00Z
E3,P1,delivered,2026-03-04T09:30:00-04:00,,2026-03-04T13:31:00Z
E4,P2,picked_up,2026-03-04T08:00:00-03:00,HUB,2026-03-04T11:01:00Z
""",
}


@pytest.fixture
def lake(tmp_path):
    return Lake(tmp_path / "lake")


@pytest.fixture
def canonical(tmp_path):
    """A folder of small canonical CSV files without any fault."""
    folder = tmp_path / "canonical"
    folder.mkdir()
    for name, text in CANONICAL.items():
        (folder / f"{name}.csv").write_text(text)
    return folder


@pytest.fixture
def stored():
    """Everything of one table, in the newest commit."""

    def read(lake, table):
        return Lake(lake.path).read(table).collect().to_native()

    return read


@pytest.fixture
def tiny_olist(tmp_path):
    """A folder of files in the shape of Olist, with one of each oddity; all of it made up."""
    folder = tmp_path / "olist"
    folder.mkdir()
    clocks = [
        "order_purchase_timestamp",
        "order_approved_at",
        "order_delivered_carrier_date",
        "order_delivered_customer_date",
        "order_estimated_delivery_date",
    ]
    late, early = "2018-01-20 00:00:00", "2018-01-15 00:00:00"
    day = "2018-01-{:02d} 12:00:00".format
    orders = [
        ("usual", "c1", "delivered", day(2), day(2), day(4), day(9), late),
        ("reversed", "c2", "delivered", day(2), None, day(9), day(4), late),
        ("timeless", "c3", "delivered", day(2), day(2), day(3), None, late),
        ("empty", "c4", "unavailable", day(2), day(2), None, None, late),
        ("canceled", "c5", "canceled", day(2), day(2), None, None, late),
        ("hasty", "c6", "shipped", day(5), day(5), day(3), None, early),
        ("night", "c7", "shipped", "2018-02-17 23:30:00", None, None, None, "2018-11-03 00:00:00"),
    ]
    lines = [
        ("usual", 1, "cheap", "s1", day(4), 10.0, 1.5),
        ("usual", 2, "dear", "s2", day(6), 90.1, 2.5),
        *((order, 1, "cheap", "s1", day(4), 10.0, 1.5) for order in ("reversed", "timeless")),
        *((order, 1, "bare", "s1", day(4), 10.0, 1.5) for order in ("canceled", "hasty", "night")),
    ]
    cities = [("01001", "sao paulo", "SP")] * 6 + [("69005", "manaus", "AM")]
    frames = {
        "olist_orders_dataset": pl.DataFrame(
            orders, ["order_id", "customer_id", "order_status", *clocks], orient="row"
        ),
        "olist_customers_dataset": pl.DataFrame(
            [(f"c{i + 1}", f"u{i % 2}", *city) for i, city in enumerate(cities)],
            [f"customer_{n}" for n in ("id", "unique_id", "zip_code_prefix", "city", "state")],
            orient="row",
        ),
        "olist_order_items_dataset": pl.DataFrame(
            lines,
            [
                "order_id",
                "order_item_id",
                "product_id",
                "seller_id",
                "shipping_limit_date",
                "price",
                "freight_value",
            ],
            orient="row",
        ),
        "olist_products_dataset": pl.DataFrame(
            [
                ("cheap", "brinquedos", 100.0, 10.0, 20.0, 30.0),
                ("dear", "sem_traducao", 400.0, 10.0, 10.0, 10.0),
                ("bare", None, None, None, None, None),
                ("idle", None, 1.0, 1.0, 1.0, 1.0),
            ],
            [
                "product_id",
                "product_category_name",
                "product_weight_g",
                "product_length_cm",
                "product_height_cm",
                "product_width_cm",
            ],
            orient="row",
        ),
        "olist_sellers_dataset": pl.DataFrame(
            [("s1", "01001", "sao paulo", "SP"), ("s2", "99999", "nowhere", "RS")],
            ["seller_id", "seller_zip_code_prefix", "seller_city", "seller_state"],
            orient="row",
        ),
        "olist_geolocation_dataset": pl.DataFrame(
            [("01001", -23.5, -46.6), ("01001", -23.6, -46.7), ("01001", 41.0, -8.0)],
            [f"geolocation_{n}" for n in ("zip_code_prefix", "lat", "lng")],
            orient="row",
        ),
        "olist_order_payments_dataset": pl.DataFrame(
            [("usual", "voucher", 1, 20.0), ("usual", "credit_card", 3, 84.1)],
            ["order_id", "payment_type", "payment_installments", "payment_value"],
            orient="row",
        ),
        "olist_order_reviews_dataset": pl.DataFrame(
            [
                ("r1", "usual", 1, None, "Não recebi o produto", "2018-01-12 10:00:00"),
                ("r2", "reversed", 1, "Péssimo", "Ainda NÃO\nrecebi", "2018-01-12 10:00:00"),
                ("r3", "timeless", 1, None, "não recebi", "2018-01-12 10:00:00"),
            ],
            [
                *("review_id", "order_id", "review_score", "review_comment_title"),
                *("review_comment_message", "review_answer_timestamp"),
            ],
            orient="row",
        ),
        "product_category_name_translation": pl.DataFrame(
            {"product_category_name": ["brinquedos"], "product_category_name_english": ["toys"]}
        ),
    }
    for name, frame in frames.items():
        frame.write_csv(folder / f"{name}.csv")
    return folder
