"""Canonical tables of planning: what sells at which price, what lies where, and who works when."""

import narwhals as nw

from .columns import CURRENCY, RECORDED, amount, instant, key, link, money
from .parcel import LEVELS, QUANTILES
from .schema import Column, Table

PROCESSES = ("receive", "put_away", "pick", "pack", "sort", "dispatch", "returns")
PROMOTION_KINDS = ("discount", "display", "campaign")
FREQUENCIES = ("h", "d", "w", "m")
DAY = Column(nw.Date(), "", "Civil day at the facility.")
AT_FACILITY = {"product_id": "products.product_id", "facility_id": "facilities.facility_id"}
SKILLS = "(" + "|".join(PROCESSES) + ")(,(" + "|".join(PROCESSES) + "))*"


def units(doc: str, required: bool = True) -> Column:
    """Return a count of pieces that is not below zero."""
    return Column(nw.Int64(), "units", doc, required, 0)


ASSORTMENT = Table(
    "assortment",
    "Products as they are planned: life, cost, and how they are bought.",
    key=("product_id",),
    clock="recorded_at",
    columns={
        "product_id": link("Product."),
        "category": Column(nw.String(), "", "Category."),
        "supplier_id": link("Who delivers it."),
        "cost_minor": money("What one piece costs the company.", True),
        "currency": CURRENCY,
        "launch_date": Column(nw.Date(), "", "First day of sale."),
        "end_date": Column(nw.Date(), "", "Last day of sale, once it is decided.", False),
        "shelf_life_d": Column(nw.Int32(), "d", "Days it may lie; empty: no limit.", False, 1),
        "case_pack": Column(nw.Int32(), "units", "Pieces in a case; orders are cases.", low=1),
        "lead_time_d": Column(
            nw.Int32(), "d", "Days from order to receipt that the supplier states.", low=0
        ),
        "review_d": Column(nw.Int32(), "d", "Days between two chances to order.", low=1),
        "recorded_at": RECORDED,
    },
    references={"product_id": "products.product_id"},
)

PRICES = Table(
    "prices",
    "Price of each product, place and day; planned ahead, and corrected where plans change.",
    key=("product_id", "facility_id", "date"),
    clock="recorded_at",
    columns={
        "product_id": link("Product."),
        "facility_id": link("Warehouse that sells it."),
        "date": DAY,
        "price_minor": money("Price of one piece.", True),
        "regular_minor": money("Price without promotion.", True),
        "currency": CURRENCY,
        "recorded_at": RECORDED,
    },
    references=AT_FACILITY,
)

PROMOTIONS = Table(
    "promotions",
    "What is done to sell more, known before it begins.",
    key=("promotion_id", "product_id", "facility_id"),
    clock="recorded_at",
    columns={
        "promotion_id": key("Promotion."),
        "product_id": link("Product."),
        "facility_id": link("Warehouse that sells it."),
        "kind": Column(
            nw.String(),
            "",
            "A lower price; a lower price and a place on the first page; or a campaign for all.",
            allowed=PROMOTION_KINDS,
        ),
        "start_date": Column(nw.Date(), "", "First day."),
        "end_date": Column(nw.Date(), "", "Last day."),
        "discount": Column(nw.Float64(), "1", "Part of the regular price let off.", low=0, high=1),
        "recorded_at": RECORDED,
    },
    references=AT_FACILITY,
)

SALES = Table(
    "sales",
    "Pieces sold per product, place and day; demand where nothing ran out.",
    key=("product_id", "facility_id", "date"),
    clock="recorded_at",
    columns={
        "product_id": link("Product."),
        "facility_id": link("Warehouse that sells it."),
        "date": DAY,
        "units": units("Pieces sold."),
        "in_stock_share": Column(
            nw.Float64(),
            "1",
            "Part of the day's usual demand that had passed when stock ran out; 1: it did not.",
            False,
            0,
            1,
        ),
        "recorded_at": RECORDED,
    },
    references=AT_FACILITY,
)

STOCK = Table(
    "stock",
    "Stock per product, place and day: opened + received - sold - wasted = on hand.",
    key=("product_id", "facility_id", "date"),
    clock="recorded_at",
    columns={
        "product_id": link("Product."),
        "facility_id": link("Warehouse where it lies."),
        "date": DAY,
        "opened_units": units("Pieces at the end of the day before."),
        "received_units": units("Pieces received before the day's sales."),
        "wasted_units": units("Pieces whose shelf life was over."),
        "on_hand_units": units("Pieces at the end of the day."),
        "on_order_units": units("Pieces ordered and not received at the end of the day."),
        "recorded_at": RECORDED,
    },
    references=AT_FACILITY,
)

REPLENISHMENTS = Table(
    "replenishments",
    "Orders to suppliers; a second version says when they came.",
    key=("replenishment_id",),
    clock="recorded_at",
    columns={
        "replenishment_id": key("Order to a supplier."),
        "product_id": link("Product."),
        "facility_id": link("Warehouse that receives it."),
        "supplier_id": link("Supplier."),
        "units": units("Pieces ordered."),
        "ordered_at": instant("When it was ordered."),
        "expected_at": instant("When it should come, by the stated lead time."),
        "received_at": instant("When it came.", False),
        "recorded_at": RECORDED,
    },
    references=AT_FACILITY,
)

SIGNALS = Table(
    "signals",
    "Daily numbers that may or may not drive demand.",
    key=("signal", "facility_id", "date"),
    clock="recorded_at",
    columns={
        "signal": Column(nw.String(), "", "Name of the series."),
        "facility_id": link("Warehouse in whose area it was measured."),
        "date": DAY,
        "value": Column(nw.Float64(), "", "Value, in the unit of the series."),
        "recorded_at": RECORDED,
    },
    references={"facility_id": "facilities.facility_id"},
)

WORKERS = Table(
    "workers",
    "Who can work where, at what, and under which contract.",
    key=("worker_id",),
    clock="recorded_at",
    columns={
        "worker_id": key("Pseudonym of the worker."),
        "facility_id": link("Where the worker works."),
        "skills": Column(
            nw.String(), "", "Processes the worker may do, comma separated.", pattern=SKILLS
        ),
        "is_temp": Column(nw.Boolean(), "", "Whether hired through an agency for a time."),
        "hired_date": Column(nw.Date(), "", "First day of work."),
        "end_date": Column(nw.Date(), "", "Last day of work, if it is known.", False),
        "min_h_week": amount("h", "Hours that are paid each week, worked or not.", True),
        "max_h_week": amount("h", "Hours a week that the contract allows.", True),
        "cost_minor_per_h": money("What an hour costs the company.", True),
        "currency": CURRENCY,
        "preferred_shift": Column(
            nw.String(), "", "Wish.", False, allowed=("early", "late", "night")
        ),
        "recorded_at": RECORDED,
    },
    references={"facility_id": "facilities.facility_id"},
)

LABOUR = Table(
    "labour",
    "What each worker did, hour by hour; only time at work, waiting left out.",
    key=("worker_id", "started_at"),
    clock="recorded_at",
    columns={
        "worker_id": link("Worker."),
        "facility_id": link("Where."),
        "process": Column(nw.String(), "", "What was done.", allowed=PROCESSES),
        "started_at": instant("Begin."),
        "ended_at": instant("End."),
        "units": units("Pieces handled."),
        "heads": Column(nw.Int32(), "people", "People at this process in that hour.", False, 1),
        "heavy_share": Column(
            nw.Float64(), "1", "Part of the day's pieces that are heavy.", False, 0, 1
        ),
        "recorded_at": RECORDED,
    },
    versions=False,
    references={"worker_id": "workers.worker_id", "facility_id": "facilities.facility_id"},
)

WORKLOAD = Table(
    "workload",
    "Pieces that came up for a process in an hour, done or not.",
    key=("facility_id", "process", "hour_at"),
    clock="recorded_at",
    columns={
        "facility_id": link("Where."),
        "process": Column(nw.String(), "", "What is to be done.", allowed=PROCESSES),
        "hour_at": instant("Begin of the hour."),
        "units": units("Pieces that came up in it."),
        "recorded_at": RECORDED,
    },
    references={"facility_id": "facilities.facility_id"},
)

DEMAND_FORECASTS = Table(
    "demand_forecasts",
    "Forecasts of demand or of work in a period, at any level of a hierarchy.",
    key=("unique_id", "ds", "model", "version"),
    clock="asof",
    columns={
        "unique_id": key("Series: the parts of its level joined by /, for example product/place."),
        "ds": instant("Begin of the period; 00:00 UTC of the civil day for days and longer."),
        "model": Column(nw.String(), "", "Model that answered."),
        "version": Column(nw.String(), "", "Version of that model."),
        "asof": instant("Everything recorded by then has been used."),
        "frequency": Column(
            nw.String(), "", "Hour, day, week or month.", allowed=FREQUENCIES
        ),
        "level": Column(nw.String(), "", "Columns of the hierarchy that name it, joined by /."),
        "mean": amount("units", "Expected demand in the period.", False),
        **{
            name: amount("units", f"Quantile {level:g} of the demand in the period.", False)
            for name, level in zip(QUANTILES, LEVELS, strict=True)
        },
        "slice": Column(nw.String(), "", "Group in which coverage was measured.", False),
        "coverage_80": Column(
            nw.Float64(), "1", "Measured share inside q100..q900 of that slice.", False, 0, 1
        ),
        "quality": Column(nw.String(), "", "Codes such as few_history, comma separated.", False),
        "fallback": Column(
            nw.String(), "", "What answered if the model could not; empty if it could.", False
        ),
    },
)  # fmt: skip

REPLENISHMENT_PLANS = Table(
    "replenishment_plans",
    "What to order or to move, and what that is expected to cost.",
    key=("plan_id", "product_id", "facility_id", "source_id", "order_date"),
    clock="asof",
    columns={
        "plan_id": key("Plan; a digest of forecasts, costs and limits."),
        "product_id": link("Product."),
        "facility_id": link("Warehouse that gets it."),
        "source_id": link("Supplier, or the facility that gives it."),
        "order_date": Column(nw.Date(), "", "Civil day of the order."),
        "asof": instant("Everything recorded by then has been used."),
        "units": units("Pieces to order."),
        "cases": Column(nw.Int64(), "1", "Cases to order.", False, 0),
        "due_date": Column(nw.Date(), "", "Civil day at which it should come.", False),
        "reorder_units": amount("units", "Stock position at or below which one orders."),
        "up_to_units": amount("units", "Stock position to reach."),
        "cost": amount("currency", "Expected cost until the next order can come.", False),
        "reason": Column(nw.String(), "", "Why nothing was decided; empty if it was.", False),
    },
    references=AT_FACILITY,
)

ROSTER_PLANS = Table(
    "roster_plans",
    "Who works when, at what.",
    key=("plan_id", "worker_id", "started_at"),
    clock="asof",
    columns={
        "plan_id": key("Plan; a digest of forecasts, people, rules and costs."),
        "worker_id": link("Worker; a temp still to be hired has an identifier of the plan."),
        "facility_id": link("Where."),
        "started_at": instant("Begin of the shift."),
        "ended_at": instant("End of the shift."),
        "break_started_at": instant("Begin of the break.", False),
        "break_ended_at": instant("End of the break.", False),
        "process": Column(nw.String(), "", "What to do.", allowed=PROCESSES),
        "asof": instant("Everything recorded by then has been used."),
        "paid_h": amount("h", "Hours that are paid.", True),
        "is_temp": Column(nw.Boolean(), "", "Whether to be hired through an agency."),
        "cost": amount("currency", "What the shift costs.", False),
    },
    references={"facility_id": "facilities.facility_id"},
)

RECORDS = (
    ASSORTMENT, PRICES, PROMOTIONS, SALES, STOCK, REPLENISHMENTS, SIGNALS, WORKERS, LABOUR,
    WORKLOAD,
)  # fmt: skip
TABLES = (*RECORDS, DEMAND_FORECASTS, REPLENISHMENT_PLANS, ROSTER_PLANS)
