"""``lanecast predict trajectory --ways | --parcel``: whole ways of parcels that are under way."""

from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path

import narwhals as nw
import polars as pl

from lanecast.parcel import trajectory
from lanecast.parcel.trajectory.models import FittedBlend
from lanecast.report.ahead import local, span
from lanecast.tables.lake import Lake, collect
from lanecast.tables.parcel import PARCELS, SCANS
from lanecast.tables.status import FINAL
from lanecast.tables.trajectory import ANSWERS, NO_FURTHER, SOMEWHERE_NEW, WAYS

from .learnt_from import TRAJECTORY
from .options import opened
from .same_network import same_network
from .saved import digest, loaded, warn
from .talk import note, progress, show, tell, whole, write_json

MANY, FEW = 512, 64  # draws of one parcel, and of each of all
TOLD = 3  # ways of one parcel
LEVELS = ("q100", "q500", "q900")
ENDS = {NO_FURTHER: "it ends there", SOMEWHERE_NEW: "somewhere that no parcel went to from there"}
LEAST = 0.01  # chance below which a stop is not printed


def draw(
    lake: Path,
    model: Path,
    asof: str | None,
    parcel: str | None,
    ways: int | None,
    out: Path | None,
    json: Path | None,
) -> None:
    """Draw whole ways, of one parcel or of all that are under way, and store those of all."""
    known, now = opened(lake, asof)
    fitted, context, about = loaded(model, "trajectory", FittedBlend, TRAJECTORY)
    if parcel is not None and _told_why_not(known, now, parcel, json):
        if out is not None:
            note(f"nothing is written to {out}.")
        return
    with progress(quiet=json is not None) as say:
        say("drawing", 0.3)
        rows = collect(trajectory.under_way(known, now))
        same_network(
            model,
            "trajectory",
            nw.from_native(rows["here"], series_only=True),
            context["lanes"]["here"],
        )
        clocks = collect(trajectory.clocks(known, now))
        if parcel is not None:
            rows = rows.filter(parcel_id=parcel)
        draws = FEW if parcel is None else MANY
        now_h = now.timestamp() / 3600
        drawn = trajectory.ways(fitted, rows, context, clocks, now_h, draws)
        k = ways or TOLD
        version = f"{fitted.seen_h:.0f}{digest(about)}"
        fallback = "frequency" if fitted.stop_share == 0 else None
        told = _rows(trajectory.likely_stops(drawn, k), now, version, fallback)
        say("storing", 0.9)
        with whole(out) if out else nullcontext() as partial:
            if partial:
                told.write_parquet(partial)
        stored = None if parcel else Lake(lake).write(WAYS, nw.from_native(told), source="predict")
    warn(model, about, now)
    if parcel is not None:
        _tell_one(parcel, now, rows, drawn, told, clocks, json)
        return
    if not rows.height:
        note(f"no parcel is under way at {now:%Y-%m-%d %H:%M}.")
    by = _by_length(told)
    if json is not None:
        numbers = {"parcels": rows.height, "rows": told.height, "stored": stored}
        write_json(
            json, numbers | {"lengths": by.to_dicts()}, f"{stored:,} rows are stored in {lake}"
        )
        return
    show(by, f"Likeliest ways from {now:%Y-%m-%d %H:%M} UTC on, by how many stops are left")
    tell(f"{stored:,} stops of the {k} likeliest ways of {rows.height:,} parcels stored in {lake}.")


def _told_why_not(known: Lake, now: datetime, parcel: str, json: Path | None) -> bool:
    """Say so when there is no way to draw; return whether that was said.

    Raises
    ------
    ValueError
        When nobody knows the parcel.
    """
    name = nw.col("parcel_id")
    parcels = known.read(PARCELS)
    if collect(parcels.filter(name == parcel).select(name)).is_empty():
        such = collect(parcels.select(name.max())).item()
        raise ValueError(
            f"--parcel: {parcel!r} was not recorded by {now:%Y-%m-%d %H:%M}; expected a parcel_id "
            f"of the table parcels, such as {such}."
        )
    mine = known.read(SCANS).filter(name == parcel)
    scans = collect(mine.select("status", "recorded_at")).sort("recorded_at")
    ends = scans.filter(pl.col("status").is_in(FINAL))
    if ends.height:
        status, at = ends.select("status", "recorded_at").row(0)
        answer, why = "ended", f"was recorded as {status} at {at:%Y-%m-%d %H:%M}"
    elif scans.filter(~pl.col("status").is_in(["created", "unknown"])).is_empty():
        answer, why = "not_scanned", "has not been scanned yet; eta answers from the checkout on"
    elif collect(trajectory.under_way(known, now)).filter(parcel_id=parcel).is_empty():
        answer, why = "silent", f"was last scanned at {scans['recorded_at'][-1]:%Y-%m-%d %H:%M}"
    else:
        return False
    if json is not None:
        write_json(json, {"parcel_id": parcel, "asof": now, "answer": answer, "ways": []})
    else:
        tell(f"{parcel} {why}: no way ahead is drawn.")
    return True


def _rows(stops: pl.DataFrame, now: datetime, version: str, fallback: str | None) -> pl.DataFrame:
    """Return rows of ``ways``."""
    now_h = now.timestamp() / 3600
    return stops.select(
        *("parcel_id", "rank", "step"),
        model=pl.lit("blend"),
        version=pl.lit(version),
        asof=pl.lit(now.astimezone(UTC), pl.Datetime("us", "UTC")),
        stop="stop",
        probability="chance",
        **{name: (pl.col(name) - now_h).clip(0.0) for name in LEVELS},
        fallback=pl.lit(fallback, pl.String),
    )


def _by_length(told: pl.DataFrame) -> pl.DataFrame:
    """Return how many parcels have how many stops to go, and how sure and how long their way is."""
    first = told.filter(rank=1).sort("step")
    whole = first.group_by("parcel_id", maintain_order=True).agg(
        stops_left=(~pl.col("stop").is_in(ANSWERS)).sum(),
        chance=pl.col("probability").first(),
        median_h=pl.col("q500").last(),
        width_80_h=pl.col("q900").last() - pl.col("q100").last(),
    )
    means = pl.col("chance", "median_h", "width_80_h").mean()
    return whole.group_by("stops_left").agg(pl.len().alias("parcels"), means).sort("stops_left")


def _tell_one(
    parcel: str,
    now: datetime,
    rows: pl.DataFrame,
    drawn: pl.DataFrame,
    told: pl.DataFrame,
    clocks: pl.DataFrame,
    json: Path | None,
) -> None:
    """Print the stops ahead of one parcel and its ways, or write them as JSON."""
    here, status, asof_h = rows.select("here", "status", "asof_h").row(0)
    stops, now_h = trajectory.arrivals(drawn).sort("q500"), now.timestamp() / 3600
    if json is not None:
        since = {"place": here, "status": status, "silent_h": now_h - asof_h}
        hours = stops.with_columns(pl.col(LEVELS) - now_h).drop("parcel_id")
        names = ("rank", "probability", "step", "stop", *LEVELS)
        answer = {"stops": hours.to_dicts(), "ways": told.select(names).to_dicts()}
        head = {"parcel_id": parcel, "asof": now, "answer": "under_way"}
        write_json(json, head | since | answer | {"fallback": told["fallback"][0]})
        return
    offsets: dict[str, int | None] = dict(clocks.iter_rows())
    last: int | None = rows["offset_min"][0]
    lines = []
    for stop, chance, low, middle, high in stops.select("stop", "chance", *LEVELS).iter_rows():
        if chance >= LEAST:
            offset = offsets.get(stop)
            offset = last if offset is None else offset
            times = local(middle, offset), span(low, high, offset)
            lines.append((ENDS.get(stop, stop), f"{100 * chance:.0f} %", *times))
    table = pl.DataFrame(lines, ["stop", "chance", "likely", "range_80"], orient="row")
    where = f"{status} at {here or 'its seller'}, {local(asof_h, last)}"
    show(table, f"{parcel}: last {where}; stops ahead, local times")
    tell("Whole ways:")
    for (rank, chance), way in told.group_by("rank", "probability", maintain_order=True):
        tell(f"{rank}. {100 * float(str(chance)):.0f} %  {' > '.join(way['stop'].replace(ENDS))}")
