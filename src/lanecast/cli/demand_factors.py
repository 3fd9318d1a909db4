"""``lanecast factors demand``: which inputs drive sales, with what delay, and how surely."""

from pathlib import Path
from typing import Annotated

import polars as pl
import typer

from lanecast.planning.demand.factors import Factors
from lanecast.planning.demand.festive import festive, named
from lanecast.planning.demand.latent import Latent
from lanecast.planning.demand.outliers import outliers
from lanecast.planning.demand.sales import days
from lanecast.planning.demand.shape import by_day, by_size
from lanecast.planning.demand.shifts import shifts
from lanecast.tables.lake import collect
from lanecast.tables.planning import SALES, SIGNALS

from .forecasts import opened
from .options import AsofOption, JsonOption, LakeOption, SeedOption
from .talk import note, progress, show, tell, writable, write_json

MOST = 20  # rows that are shown
APART = ("category", "facility_id", "product_id")
FESTIVE = ("holiday", "eve")
RUNS = ("discount", "display", "campaign")
MORE = {
    "shape": "Step by step: sizes of a price cut, days of a promotion",
    "holidays": "Holidays by name, on the day and on the four days before",
    "days": "Single days that strayed",
}


def factors(
    lake: LakeOption = Path("lake"),
    asof: AsofOption = None,
    by: Annotated[
        str | None,
        typer.Option("--by", help=f"Tell effects apart by this: {', '.join(APART)}."),
    ] = None,
    rate: Annotated[
        float, typer.Option("--rate", help="Share of false ones among those found.")
    ] = 0.05,
    shape: Annotated[
        bool,
        typer.Option("--shape", help="Also by size of a price cut and by day of a promotion."),
    ] = False,
    holidays: Annotated[
        bool, typer.Option("--holidays", help="Also each holiday by its name.")
    ] = False,
    days_apart: Annotated[
        bool,
        typer.Option("--days", help="Also single days that strayed, of places and of series."),
    ] = False,
    seed: SeedOption = 0,
    json: JsonOption = None,
) -> None:
    """Say which inputs drive sales, with what delay, how strongly and how surely.

    Examples
    --------
      lanecast factors demand --lake lake --by category

      lanecast factors demand --lake lake --shape --holidays --days
    """
    writable(json=json)
    if by is not None and by not in APART:
        raise ValueError(f"--by: expected one of {', '.join(APART)}; got {by!r}.")
    how = Factors(rate=rate, seed=seed)
    known, now, table = opened(lake, asof)
    if table is not SALES:
        raise ValueError(
            f"--lake: {lake} holds series; drivers are looked for in sales, with prices, "
            "promotions, calendars and signals beside them."
        )
    with progress(quiet=json is not None) as say:
        say("latent demand", 0.1)
        rows = Latent(seed=seed).estimate(days(known))
        signals: tuple[str, ...] = ()
        if known.has(SIGNALS):
            names = collect(known.read(SIGNALS).select("signal").unique())["signal"]
            signals = tuple(sorted(names))
        say("drivers", 0.4)
        found = how.find(rows, signals, by)
        say("lasting changes", 0.8)
        changed = shifts(rows, _elasticities(how, rows))
        more: dict[str, pl.DataFrame] = {}
        if shape:
            say("shapes", 0.85)
            parts = [by_size(how, rows)] if "log_price" in set(found["driver"]) else []
            parts += [by_day(how, rows, kind) for kind in RUNS if kind in set(found["driver"])]
            if parts:
                more["shape"] = pl.concat(parts)
        if holidays or days_apart:
            say("days", 0.9)
            usual = how.expected(rows, FESTIVE)
            if holidays:
                more["holidays"] = festive(usual, named(known), rate)
            if days_apart:
                more["days"] = outliers(usual, rate)
    constant = [name for name in how.drivers if name not in set(found["driver"])]
    result = {
        "asof": now.isoformat(),
        "drivers": found.to_dicts(),
        "shifts": changed.filter("found").to_dicts(),
        "not_moving": constant,
        **{name: told.to_dicts() for name, told in more.items()},
    }
    if constant:
        note(f"{', '.join(constant)} never moved, so nothing can be said of it.")
    if json is not None:
        write_json(json, result)
        return
    columns = [name for name in (by, "driver", "lag_d", "effect", "low", "high", "q") if name]
    some = found.filter("found")
    show(some.head(MOST).select(columns), f"Drivers of sales, at {rate:.0%} of false ones")
    others = sorted(set(found["driver"]) - set(some["driver"]))
    if others:
        tell(f"Not told from chance: {', '.join(others)}.")
    if changed["found"].any():
        show(changed.filter("found").drop("p", "found").head(MOST), "Series that changed for good")
    for name, told in more.items():
        show(told.drop("p", "found", strict=False).head(MOST), MORE[name])
    tell("An effect is the power of a price or a signal, or the log of the factor of an event.")


def _elasticities(how: Factors, rows: pl.DataFrame) -> dict[str, float]:
    """Return the power of the price by category."""
    if rows["log_price"].n_unique() < 2:
        return {}
    told = how.find(rows, by="category").filter(driver="log_price")
    return dict(told.select("category", "effect").iter_rows())
