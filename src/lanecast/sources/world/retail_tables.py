"""What the planning part of the company records, as canonical tables; money in USD."""

import numpy as np
import polars as pl

from lanecast.tables.planning import PROCESSES, PROMOTION_KINDS

from .assortment import AHEAD, ENDLESS
from .clock import BEFORE, DAY, FAR, HOUR
from .names import identifiers, words
from .people import CATEGORIES
from .retail import Retail
from .scene import Scene
from .streams import Ints

CLOSED = HOUR  # s after civil midnight at which the day's books are closed
NOON = DAY // 2
CAMPAIGN_NOTICE = 35  # days


def retail_tables(made: Retail, product_id: pl.Series, scene: Scene) -> dict[str, pl.DataFrame]:
    """Return the canonical tables, each as it was known at the end of the window."""
    frames = {
        "assortment": _assortment(made, product_id, scene),
        "prices": _prices(made, product_id, scene),
        "promotions": _promotions(made, product_id, scene),
        **_books(made, product_id, scene),
        "replenishments": _replenishments(made, product_id, scene),
        "signals": _signals(made, scene),
        "workers": _workers(made, scene),
        "labour": _labour(made, scene),
        "workload": _workload(made, scene),
    }
    end = scene.clock.instants(np.array([scene.clock.end]))[0]
    return {name: rows.filter(pl.col("recorded_at") <= end) for name, rows in frames.items()}


def worker_ids(made: Retail) -> pl.Series:
    """Return the identifiers of workers."""
    return identifiers("wrk", len(made.team.site), 5)


def suppliers(made: Retail) -> pl.Series:
    """Return the supplier of each product."""
    count = int(made.shop.supplier.max()) + 1
    return identifiers("sup", count, 4).gather(pl.Series(made.shop.supplier))


def alive(made: Retail, until: int) -> tuple[Ints, Ints, Ints]:
    """Return product, site and day of every day of sale before day ``until``, in that order."""
    day, shop = np.arange(until), made.shop
    here = (day >= shop.launch[:, None]) & (day <= shop.end[:, None])
    cube = np.broadcast_to(here[:, None], (len(here), len(made.sites), until))
    product, site, when = np.nonzero(cube)
    return product, site, when


def _told(day: Ints, hour: int = 0) -> Ints:
    """Return the second at which what is known on ``day`` became known, at ``hour`` [s]."""
    return np.where(day > -BEFORE, day * DAY + hour, -BEFORE * DAY)


def _assortment(made: Retail, product_id: pl.Series, scene: Scene) -> pl.DataFrame:
    shop, clock = made.shop, scene.clock
    ends = shop.end < ENDLESS
    end = clock.dates(np.where(ends, shop.end, 0))
    rows = pl.DataFrame(
        {
            "product_id": product_id,
            "category": words(CATEGORIES, shop.category),
            "supplier_id": suppliers(made),
            "cost_minor": np.maximum(np.round(100 * shop.cost), 1).astype(np.int64),
            "currency": ["USD"] * len(product_id),
            "launch_date": clock.dates(shop.launch),
            "shelf_life_d": shop.life.astype(np.int32),
            "case_pack": shop.pack.astype(np.int32),
            "lead_time_d": shop.lead.astype(np.int32),
            "review_d": shop.review.astype(np.int32),
            "recorded_at": clock.instants(_told(shop.launch - AHEAD)),
        }
    ).with_columns(
        shelf_life_d=pl.when(pl.col("shelf_life_d") > 0).then("shelf_life_d"),
        end_date=pl.lit(None, pl.Date),
    )
    later = rows.with_columns(
        end_date=end, recorded_at=clock.instants(_told(np.where(ends, shop.end - AHEAD, 0)))
    ).filter(pl.Series(ends))
    both = pl.concat([rows, later.select(rows.columns)])
    return both.unique(["product_id", "recorded_at"], keep="last", maintain_order=True)


def _prices(made: Retail, product_id: pl.Series, scene: Scene) -> pl.DataFrame:
    net, tag, clock = scene.net, made.tag, scene.clock
    product, site, day = alive(made, clock.days + AHEAD)
    land = net.country_of[net.region[made.sites]][site]
    first = _told(day - AHEAD)
    promoted = tag.on[product, land, day]
    told = _told(np.where(promoted, tag.told[product, land, day], -1000), NOON)
    regular, price = tag.regular[product, land, day], tag.price[product, land, day]
    corrected = promoted & (told > first)

    def rows(of: Ints, shown: Ints, at: Ints) -> pl.DataFrame:
        return pl.DataFrame(
            {
                "product_id": product_id.gather(pl.Series(product[of])),
                "facility_id": words(_sites(made, scene), site[of]),
                "date": clock.dates(day[of]),
                "price_minor": shown[of],
                "regular_minor": regular[of],
                "currency": pl.repeat("USD", len(of), eager=True),
                "recorded_at": clock.instants(at[of]),
            }
        )

    planned = np.where(corrected, regular, price)
    everywhere, later = np.arange(len(day)), np.flatnonzero(corrected)
    return pl.concat([rows(everywhere, planned, first), rows(later, price, told)])


def _promotions(made: Retail, product_id: pl.Series, scene: Scene) -> pl.DataFrame:
    tag, shop, clock, net = made.tag, made.shop, scene.clock, scene.net
    land = net.country_of[net.region[made.sites]]
    uplift = np.concatenate([np.ones((len(tag.uplift), 1)), tag.uplift], axis=1)
    fresh = (uplift[:, 1:] > 1) & (uplift[:, 1:] != uplift[:, :-1])
    where, begin = np.nonzero(fresh)
    same = tag.uplift[where, begin][:, None] == tag.uplift[where]
    beyond = np.arange(same.shape[1]) >= begin[:, None]
    ended = np.where(beyond & ~same, np.arange(same.shape[1]), same.shape[1]).min(axis=1) - 1
    every = np.tile(np.arange(len(shop.price)), len(begin))
    which = np.repeat(np.arange(len(begin)), len(shop.price))
    own = len(tag.product)
    number = np.concatenate([np.arange(own), own + which])
    product = np.concatenate([tag.product, every])
    country = np.concatenate([tag.country, where[which]])
    start = np.concatenate([tag.begin, begin[which]])
    stop = np.concatenate([tag.stop, ended[which]])
    discount = np.concatenate([tag.discount, np.zeros(len(which))])
    kind = np.concatenate([tag.display.astype(np.int64), np.full(len(which), 2)])
    known = np.concatenate([_told(tag.known, NOON), _told(begin[which] - CAMPAIGN_NOTICE)])
    sold = (start <= shop.end[product]) & (stop >= shop.launch[product])
    row, site = np.nonzero((country[:, None] == land) & sold[:, None])
    return pl.DataFrame(
        {
            "promotion_id": identifiers("prm", own + len(begin), 6).gather(pl.Series(number[row])),
            "product_id": product_id.gather(pl.Series(product[row])),
            "facility_id": words(_sites(made, scene), site),
            "kind": words(PROMOTION_KINDS, kind[row]),
            "start_date": clock.dates(start[row]),
            "end_date": clock.dates(stop[row]),
            "discount": discount[row],
            "recorded_at": clock.instants(known[row]),
        }
    )


def _books(made: Retail, product_id: pl.Series, scene: Scene) -> dict[str, pl.DataFrame]:
    clock, stock, many = scene.clock, made.stock, len(made.sites)
    product, site, day = alive(made, clock.days)
    series = product * many + site
    closed = clock.utc(scene.net.zone[made.sites[site]], (day + 1) * DAY + CLOSED)
    shared = {
        "product_id": product_id.gather(pl.Series(product)),
        "facility_id": words(_sites(made, scene), site),
        "date": clock.dates(day),
    }
    recorded = {"recorded_at": clock.instants(closed)}
    sales = {"units": stock.sold[series, day], "in_stock_share": stock.share[series, day]}
    held = {
        "opened_units": stock.opened, "received_units": stock.received,
        "wasted_units": stock.wasted, "on_hand_units": stock.on_hand,
        "on_order_units": stock.on_order,
    }  # fmt: skip
    return {
        "sales": pl.DataFrame({**shared, **sales, **recorded}),
        "stock": pl.DataFrame(
            {**shared, **{name: value[series, day] for name, value in held.items()}, **recorded}
        ),
    }


def _replenishments(made: Retail, product_id: pl.Series, scene: Scene) -> pl.DataFrame:
    stock, clock, many = made.stock, scene.clock, len(made.sites)
    product, site = stock.order_series // many, stock.order_series % many
    zone = scene.net.zone[made.sites[site]]
    ordered = clock.utc(zone, stock.ordered * DAY + 18 * HOUR)
    expected = clock.utc(zone, stock.expected * DAY + 6 * HOUR)
    received = clock.utc(zone, stock.arrives * DAY + 6 * HOUR)
    rows = pl.DataFrame(
        {
            "replenishment_id": identifiers("rpl", len(site), 8),
            "product_id": product_id.gather(pl.Series(product)),
            "facility_id": words(_sites(made, scene), site),
            "supplier_id": suppliers(made).gather(pl.Series(product)),
            "units": stock.order_units,
            "ordered_at": clock.instants(ordered),
            "expected_at": clock.instants(np.maximum(expected, ordered)),
            "received_at": pl.Series([None] * len(site), dtype=pl.Datetime("us", "UTC")),
            "recorded_at": clock.instants(ordered),
        }
    )
    came = clock.instants(np.minimum(received, FAR - 1))
    return pl.concat([rows, rows.with_columns(received_at=came, recorded_at=came)])


def _signals(made: Retail, scene: Scene) -> pl.DataFrame:
    signal, clock = made.signal, scene.clock
    series = {
        "visits": np.exp(6 + signal.visits),
        "weather_severity": signal.severity,
        **signal.placebo,
    }
    site, column = (part.ravel() for part in np.indices(signal.visits.shape))
    day = column - BEFORE
    closed = clock.utc(scene.net.zone[made.sites[site]], (day + 1) * DAY + CLOSED)
    return pl.concat(
        pl.DataFrame(
            {
                "signal": pl.repeat(name, len(day), eager=True),
                "facility_id": words(_sites(made, scene), site),
                "date": clock.dates(day),
                "value": values[site, column],
                "recorded_at": clock.instants(closed),
            }
        )
        for name, values in series.items()
    )


def _workers(made: Retail, scene: Scene) -> pl.DataFrame:
    team, clock = made.team, scene.clock
    skills = [",".join(np.array(PROCESSES)[own]) for own in team.skilled]
    stays = team.left >= FAR
    hours = np.where(team.temp, 0.0, 30.0)
    return pl.DataFrame(
        {
            "worker_id": worker_ids(made),
            "facility_id": words(_sites(made, scene), team.site),
            "skills": skills,
            "is_temp": team.temp,
            "hired_date": clock.dates(team.hired),
            "end_date": clock.dates(np.where(stays, 0, team.left)),
            "min_h_week": hours,
            "max_h_week": np.full(len(skills), 40.0),
            "cost_minor_per_h": team.wage,
            "currency": ["USD"] * len(skills),
            "preferred_shift": words(("early", "late"), team.late.astype(np.int64)),
            "recorded_at": clock.instants(_told(team.hired - 7)),
        }
    ).with_columns(end_date=pl.when(~pl.Series(stays)).then("end_date"))


def _labour(made: Retail, scene: Scene) -> pl.DataFrame:
    rows, team, clock = made.hours, made.team, scene.clock
    return pl.DataFrame(
        {
            "worker_id": worker_ids(made).gather(pl.Series(rows.worker)),
            "facility_id": words(_sites(made, scene), team.site[rows.worker]),
            "process": words(PROCESSES, rows.process),
            "started_at": clock.instants(rows.hour * HOUR),
            "ended_at": clock.instants(
                rows.hour * HOUR + np.round(rows.busy * HOUR).astype(np.int64)
            ),
            "units": rows.units,
            "heads": rows.heads.astype(np.int32),
            "heavy_share": rows.heavy,
            "recorded_at": clock.instants(rows.hour * HOUR + HOUR + 600),
        }
    )


def _workload(made: Retail, scene: Scene) -> pl.DataFrame:
    site, process, column = np.nonzero(made.work.hourly)
    hour = (column - 24) * HOUR
    return pl.DataFrame(
        {
            "facility_id": words(_sites(made, scene), site),
            "process": words(PROCESSES, process),
            "hour_at": scene.clock.instants(hour),
            "units": made.work.hourly[site, process, column],
            "recorded_at": scene.clock.instants(hour + HOUR + 600),
        }
    )


def _sites(made: Retail, scene: Scene) -> tuple[str, ...]:
    return tuple(scene.net.facility_id[site] for site in made.sites)
