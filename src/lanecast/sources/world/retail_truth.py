"""What no model may read of the planning part: latent demand, true effects, true hands."""

import numpy as np
import polars as pl

from lanecast.tables.planning import PROCESSES

from .appetite import CAMPAIGN, VISITS
from .assortment import AHEAD
from .crew import CROWD, LEARN, MIX
from .names import words
from .people import CATEGORIES
from .retail import Retail
from .retail_tables import alive, worker_ids
from .scene import Scene
from .signals import LAG, PLACEBOS
from .streams import Floats


def retail_truth(made: Retail, product_id: pl.Series, scene: Scene) -> dict[str, pl.DataFrame]:
    """Return the tables of the truth; demand goes on ``AHEAD`` days after the end."""
    return {
        "latent_demand": _latent(made, product_id, scene),
        "demand_laws": _laws(made, product_id, scene),
        "demand_effects": _effects(made, product_id),
        "category_effects": _categories(made),
        "demand_drivers": _drivers(made),
        "worker_traits": _traits(made),
        "process_rates": _rates(made, scene),
        "labour_rates": pl.DataFrame(
            {
                "worker_id": worker_ids(made).gather(pl.Series(made.hours.worker)),
                "process": words(PROCESSES, made.hours.process),
                "started_at": scene.clock.instants(made.hours.hour * 3600),
                "hours_before": made.hours.hours_before,
                "units_per_h": made.hours.true,
            }
        ),
    }


def _latent(made: Retail, product_id: pl.Series, scene: Scene) -> pl.DataFrame:
    want, stock, days = made.want, made.stock, scene.clock.days
    product, site, day = alive(made, days + AHEAD)
    inside = day < days
    series = product * len(made.sites) + site
    lost = np.zeros(len(day), np.int64)
    units = want.units[product, site, day]
    lost[inside] = units[inside] - stock.sold[series[inside], day[inside]]

    def part(name: str) -> Floats:
        full = np.broadcast_to(want.factors[name], want.mean.shape)
        return full[product, site, day]

    return pl.DataFrame(
        {
            "product_id": product_id.gather(pl.Series(product)),
            "facility_id": _sites(made, scene).gather(pl.Series(site)),
            "date": scene.clock.dates(day),
            "mean": want.mean[product, site, day],
            "units": units,
            "lost_units": pl.Series(lost),
            **{name: part(name) for name in want.factors},
        }
    ).with_columns(lost_units=pl.when(pl.Series(inside)).then("lost_units"))


def _laws(made: Retail, product_id: pl.Series, scene: Scene) -> pl.DataFrame:
    """Return what each series follows: a negative binomial law on active days."""
    true = made.want.effects
    product, site = (part.ravel() for part in np.indices(true.level.shape))
    shifts = true.shift[product, site] != 0
    return pl.DataFrame(
        {
            "product_id": product_id.gather(pl.Series(product)),
            "facility_id": _sites(made, scene).gather(pl.Series(site)),
            "dispersion": true.dispersion[product],
            "active": true.active[product],
            "log_level": true.level[product, site],
            "trend_per_year": true.trend[product, site],
            "log_shift": true.shift[product, site],
            "shift_date": scene.clock.dates(np.where(shifts, true.shift_day[product, site], 0)),
        }
    ).with_columns(shift_date=pl.when(pl.Series(shifts)).then("shift_date"))


def _effects(made: Retail, product_id: pl.Series) -> pl.DataFrame:
    true, shop = made.want.effects, made.shop
    return pl.DataFrame(
        {
            "product_id": product_id,
            "category": words(CATEGORIES, shop.category),
            "rare": shop.rare,
            "elasticity": true.elasticity,
            "promotion": true.lift,
            "display": true.display,
        }
    )


def _categories(made: Retail) -> pl.DataFrame:
    true = made.want.effects
    return pl.DataFrame(
        {
            "category": CATEGORIES,
            "eve": true.eve,
            "holiday": true.holiday,
            "storm": true.storm,
            "week": true.week.mean(axis=1),
            "year": true.year,
        }
    )


def _drivers(made: Retail) -> pl.DataFrame:
    """Return which inputs drive demand, where each is seen, and the mean effect on its log."""
    true = made.want.effects
    real = [
        ("price", "prices.price_minor", 0, "power of the price", true.elasticity.mean()),
        ("promotion", "promotions.kind", 0, "log on days of a promotion", true.lift.mean()),
        ("display", "promotions.kind", 0, "log on displayed days", true.display.mean()),
        ("campaign", "promotions.kind", 0, "power of the company's uplift", CAMPAIGN),
        ("holiday", "calendars.holiday", 0, "log on the day", true.holiday.mean()),
        ("eve", "calendars.holiday", -4, "log on the four days before", true.eve.mean()),
        ("weather_severity", "signals.value", 0, "log per unit of severity", true.storm.mean()),
        ("visits", "signals.value", LAG, "power of the visits, days before", VISITS),
    ]
    rows = [(name, True, seen, lag, what, float(size)) for name, seen, lag, what, size in real]
    rows += [(name, False, "signals.value", 0, "none", 0.0) for name in PLACEBOS]
    names = ["driver", "is_real", "seen_in", "lag_d", "meaning", "effect"]
    return pl.DataFrame(rows, schema=names, orient="row")


def _traits(made: Retail) -> pl.DataFrame:
    team = made.team
    hands = {f"hand_{name}": team.affinity[:, i] for i, name in enumerate(PROCESSES)}
    return pl.DataFrame(
        {
            "worker_id": worker_ids(made), "skill": team.skill,
            "practised_h": team.practised, **hands,
        }
    )  # fmt: skip


def _rates(made: Retail, scene: Scene) -> pl.DataFrame:
    team = made.team
    site, process = (part.ravel() for part in np.indices(team.rate.shape))
    return pl.DataFrame(
        {
            "facility_id": _sites(made, scene).gather(pl.Series(site)),
            "process": words(PROCESSES, process),
            "units_per_h": team.rate[site, process],
            "places": team.places[site, process],
            "learn": np.full(len(site), LEARN),
            "tau_h": team.tau[process],
            "mix": MIX[process],
            "crowd": np.full(len(site), CROWD),
        }
    )


def _sites(made: Retail, scene: Scene) -> pl.Series:
    return pl.Series([scene.net.facility_id[site] for site in made.sites])
