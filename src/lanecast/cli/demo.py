"""``lanecast demo``: a simulated company from nothing to a promise date, in a few minutes."""

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import narwhals as nw
import polars as pl
import typer

from lanecast import __version__, artifact, report
from lanecast.experiment import Entry, Replay, flat, replay
from lanecast.parcel import eta
from lanecast.parcel.eta.models import FittedBlend
from lanecast.sources.ingest import ingest
from lanecast.sources.world import simulate
from lanecast.tables.lake import Lake, collect
from lanecast.tables.parcel import PARCELS, PLANS, PREDICTIONS

from .ahead import ahead, learn
from .drivers import typical
from .eta import limits
from .kept import HOME, served
from .options import WARM_UP, SeedOption, first_parcel, named_as_a_lake
from .site import site
from .talk import errors, fillable, progress, show, tell, write_json
from .training import LEARNT_FROM, blend, held_out

PRODUCTS = 24  # sold from stock in each warehouse
WEEKS = 3  # that are replayed
MATURE = timedelta(days=20)  # after the last of them, so that nearly all parcels have arrived
COSTS = eta.Costs(per_day=1.0, late=60.0)


@dataclass(frozen=True)
class Steps:
    """Numbered steps, each with a line that says what it is for."""

    total: int = 9

    def say(self, number: int, text: str) -> None:
        """Announce a step."""
        errors.print(f"[bold]{number}/{self.total}[/] {text}", highlight=False)


def demo(
    out: Annotated[Path, typer.Option(help="Folder for everything that the demo makes.")] = Path(
        "demo"
    ),
    parcels: Annotated[int, typer.Option(help="Parcels of the simulated company.", min=3000)] = (
        15_000
    ),
    days: Annotated[int, typer.Option(help="Days that it runs.", min=90, max=400)] = 120,
    seed: SeedOption = 0,
    force: Annotated[bool, typer.Option("--force", help="Replace an earlier demo.")] = False,
) -> None:
    """Simulate a company, ingest it, learn, replay three weeks, decide, plan, write a report.

    Example:

      lanecast demo --out demo
    """
    fillable("out", named_as_a_lake("out", out))
    if (out / "lake").exists():
        if not (force or (out / "report.html").exists()):
            raise FileExistsError(f"--out: {out} holds half a demo; say --force to replace it.")
        errors.print(f"Replacing the earlier demo in {out}", highlight=False, markup=False)
        shutil.rmtree(out)
    steps = Steps()
    steps.say(1, f"Simulating a company with {parcels:,} parcels over {days} days")
    simulate(parcels=parcels, days=days, seed=seed, products=PRODUCTS).export(out / "raw")
    steps.say(2, "Ingesting its tables: checked row by row, bad ones set aside")
    lake = Lake(out / "lake")
    with progress() as bar:
        stored = ingest(
            lake, "csv", out / "raw", progress=lambda what, rows: bar(f"{what}: {rows:,}", 0.0)
        )
    lake = Lake(lake.path)
    end = _last_day(lake) - MATURE
    start = end - timedelta(weeks=WEEKS)
    steps.say(3, f"Replaying {WEEKS} weeks from {start:%Y-%m-%d}: learn, predict, look, repeat")
    with progress() as bar:
        models = {
            "blend": Entry(blend(seed)),
            "lane_quantiles": Entry(eta.LaneQuantiles()),
            "plain": Entry(eta.Plain()),
        }
        learn_from = first_parcel(lake) + WARM_UP
        replayed = replay(eta, models, lake, start, end, timedelta(days=7), learn_from, bar)
    scores = eta.evaluate(replayed.predictions, replayed.outcomes)
    steps.say(4, "Fitting the model to keep, with the coverage that was just measured")
    fitted, context = _keep(lake, replayed, end, learn_from, out / "model", seed)
    steps.say(5, "Deciding which dates to promise")
    worth, plan, places = _decide(lake, replayed, start, end)
    with Lake(lake.path).batch("demo") as batch:
        batch.append(PREDICTIONS, nw.from_native(_named(replayed)))
        batch.append(PLANS, nw.from_native(plan.table))
    steps.say(6, "Following a parcel that is on its way: where next, when, and what may go wrong")
    learnt = learn(lake, end, seed)
    way = ahead(lake, end, learnt, seed)
    steps.say(7, "Planning a warehouse: from its sales to orders and a roster, and what they cost")
    with progress() as bar:
        sited = site(Lake(lake.path), seed, bar)
    steps.say(8, "Building the graph, and letting the models answer over HTTP")
    served(lake, out, learnt, end, seed)
    steps.say(9, "Writing the report")
    figures: dict[str, Any] = flat(replayed, eta, "blend", "lane_quantiles")
    figures |= eta.against(replayed.predictions.filter(model="blend"), replayed.outcomes, places)
    write_json(out / "figures.json", figures)
    curves, mark = _curves(replayed, places, figures)
    about = {
        "source": f"a simulated company, seed {seed}",
        "parcels": f"{parcels:,}",
        "period": f"{start:%Y-%m-%d} to {end:%Y-%m-%d}, refit weekly",
        "command": f"lanecast demo --parcels {parcels} --days {days} --seed {seed}",
        "version": f"Lanecast {__version__}",
        "rows stored": f"{stored.rows['new'].sum():,}",
    }
    report.write(
        out / "report.html",
        "When does a parcel arrive, and which date should we promise?",
        replayed,
        scores,
        figures,
        curves,
        mark,
        worth,
        report.network(lake, start, end),
        about,
        drivers=typical(fitted, context, lake, end),
        ahead=way,
        site=sited,
    )
    names = ("model", "moment", "n", "mae_days", "bias_days", "coverage_80", "coverage_95")
    show(scores.select(names), "How good was the forecast?")
    show(worth, "What is a better promise worth? (cost per parcel, one promised day costs 1)")
    tell(
        "blend is the model to use; plain is a default LightGBM: one number and no range, so that "
        "no promise can be made from it."
    )
    tell(f"Report: {out / 'report.html'}, to open in a browser. Model: {out / 'model'}.")
    place = sited.made.site
    tell(f"A warehouse again: lanecast plan --site {place} --lake {lake.path} --quick")
    tell(f"Next: lanecast predict eta --lake {lake.path} --model {out / 'model'}")
    tell(f"The console: lanecast serve --lake {lake.path} --home {out / HOME}")
    tell("Your own data: lanecast ingest --source csv --dry-run FOLDER (columns: lanecast tables)")


def _last_day(lake: Lake) -> datetime:
    last: datetime = collect(lake.read(PARCELS).select(nw.col("recorded_at").max())).item()
    return last.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _keep(
    lake: Lake, replayed: Replay, end: datetime, learn_from: datetime, folder: Path, seed: int
) -> tuple[FittedBlend, dict[str, nw.DataFrame[Any]]]:
    """Save the model to keep, and return it with its context."""
    x = collect(eta.features(lake.asof(end), learn_from, end).lazy())
    fitted = blend(seed).fit(x, collect(eta.outcomes(lake.asof(end), end).lazy()))
    ours = replayed.predictions.filter(model="blend")
    slices = eta.evaluate(ours, replayed.outcomes, ["slice"])
    theirs = replayed.predictions.filter(model="lane_quantiles")
    held = held_out(ours, theirs, replayed.outcomes, end - timedelta(weeks=WEEKS), end)
    fitted = fitted.with_coverage(slices)
    context = eta.context(lake, end)
    artifact.save(
        folder,
        fitted,
        context,
        metrics={"slices": slices.to_dicts(), "held_out": held},
        tables=LEARNT_FROM,
        about={"problem": "eta", "trained_until": end.isoformat(), "seed": seed},
    )
    return fitted, context


def _decide(
    lake: Lake, replayed: Replay, start: datetime, end: datetime
) -> tuple[pl.DataFrame, Any, eta.Limits]:
    """Return what promises were worth by policy, our plan, and what it had to respect."""
    places = limits(lake, start, end)
    prices = (COSTS.per_day, COSTS.late, COSTS.per_late_day)
    rows, ours = [], None
    for name in ("blend", "lane_quantiles"):
        asked = replayed.predictions.filter(model=name, moment="checkout")
        plan = eta.decide(asked, COSTS, places)
        ours = ours or plan
        rows.append(
            eta.worth(plan.table, replayed.outcomes, *prices).with_columns(policy=pl.lit(name))
        )
    old = (
        replayed.predictions.filter(model="blend", moment="checkout")
        .join(places.places, on="parcel_id")
        .select(
            "parcel_id",
            "asof",
            promised_h=pl.col("promised_h") - pl.col("asof").dt.epoch("us") / 3_600_000_000,
        )
    )
    rows.append(
        eta.worth(old, replayed.outcomes, *prices).with_columns(policy=pl.lit("company's promise"))
    )
    table = pl.concat(rows)
    return table.select("policy", pl.exclude("policy")), ours, places


def _curves(
    replayed: Replay, places: eta.Limits, figures: dict[str, Any]
) -> tuple[dict[str, Any], tuple[float, float] | None]:
    """Return the trade-off curves by name, and what the company promised itself."""
    curves = {}
    for title, name in (("Lanecast", "blend"), ("Lane quantiles", "lane_quantiles")):
        asked = replayed.predictions.filter(model=name, moment="checkout").drop_nulls("q010")
        rows = asked.join(
            replayed.outcomes.filter(ended=1), on="parcel_id", maintain_order="left"
        ).join(places.places.select("parcel_id"), on="parcel_id", maintain_order="left")
        hours = rows["end_h"].to_numpy() - rows["asof"].dt.epoch("us").to_numpy() / 3.6e9
        curves[title] = eta.tradeoff(rows.select(asked.columns), hours, places)
    if "promise_days" not in figures:
        return curves, None
    return curves, (figures["promise_days"], figures["promise_on_time"])


def _named(replayed: Replay) -> pl.DataFrame:
    """Return our own predictions of the replay, as the table wants them."""
    return replayed.predictions.filter(model="blend").select(*PREDICTIONS.columns)
