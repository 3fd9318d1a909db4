import narwhals as nw
import numpy as np
import polars as pl
import pytest

from lanecast.tables.lake import Lake
from lanecast.tables.trajectory import LANE_HISTORY, LEG_PLANS

from ..stories import at, put, scan, shop

HISTORY = {("a", "b"): (12, 2.0), ("a", "c"): (6, 4.0), ("b", "a"): (5, 2.0)}


def history(lake, lanes=HISTORY):
    """Write what lanes did before the beginning."""
    rows = [
        {"from_facility_id": start, "to_facility_id": end, "legs": n, "duration_s": 3600 * hours}
        | {"planned_s": 1800 * hours, "service": "standard", "recorded_at": at(-99)}
        for (start, end), (n, hours) in lanes.items()
    ]
    Lake(lake.path).write(LANE_HISTORY, nw.from_native(pl.DataFrame(rows)))
    return Lake(lake.path)


def plan(lake, *plans):
    """Write plans: parcel, from, to, hours, when it was made."""
    rows = [
        {"parcel_id": parcel, "from_facility_id": start, "to_facility_id": end}
        | {"planned_s": 3600.0 * hours, "recorded_at": at(made)}
        for parcel, start, end, hours, made in plans
    ]
    Lake(lake.path).write(LEG_PLANS, nw.from_native(pl.DataFrame(rows)))
    return Lake(lake.path)


@pytest.fixture(scope="session")
def trucks(tmp_path_factory):
    """Trucks that leave a: by day for b, by night for c, from where they go back; 3 h and 5 h."""
    rng = np.random.default_rng(0)
    lake = shop(tmp_path_factory.mktemp("trucks") / "lake", [])
    scans, plans, orders, trips = [], [], [], []
    for i in range(800):
        name, start = f"t{i:03d}", 0.375 * i
        goal = "b" if 6 <= (start + 12) % 24 < 18 else "c"
        goal = goal if rng.random() < 0.9 else "bc"[goal == "b"]
        took = (3.0 if goal == "b" else 5.0) * float(np.exp(rng.normal(0, 0.2)))
        scans += [
            scan(f"{name}-0", "departed", start, start, "a", name),
            scan(f"{name}-1", "arrived", start + took, start + took, goal, name),
        ]
        plans.append((name, "a", goal, 1.0 if goal == "b" else 2.0, start))
        links = {"address_id": "a1", "order_id": name, "recorded_at": at(start)}
        money = {"buyer_id": "b1", "utc_offset_min": 0, "currency": "USD"}
        orders.append(links | money | {"placed_at": at(start)})
        trips.append(links | {"parcel_id": name, "merchant_id": "m1", "service": "standard"})
    put(lake, "orders", *orders)
    put(lake, "parcels", *trips)
    put(lake, "scans", *scans)
    return plan(history(lake), *plans)
