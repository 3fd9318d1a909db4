"""What the scanners tell of the truth: missing, late, twice, and by wrong clocks."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from lanecast.tables.status import INCIDENTS, STATUSES

from .events import CODE, Array
from .names import identifiers, words
from .network import CARRIERS, PICKUP
from .scene import Scene
from .streams import Bools, Ints

MISSING = 0.025  # chance that a scan at a facility or of a courier was never made
LATE = 0.03  # chance that one is recorded hours later
TWICE = 0.008  # chance that one is sent again as another event
SKEWED = 0.06  # chance that a facility's clock is wrong for some weeks
KEPT = ("created", "picked_up", "delivered", "returned", "lost", "cancelled")  # never missing
ERRORS = ("missing", "late", "duplicate", "clock_skew")


@dataclass(frozen=True)
class Observed:
    """``scans``, and ``errors``: which of the true events were told wrongly."""

    scans: pl.DataFrame
    errors: pl.DataFrame


def observe(parcel_id: pl.Series, scene: Scene, imperfect: bool) -> Observed:
    """Turn the log into ``scans`` in the order in which they became known.

    A scan is recorded some 90 s after the event (a courier's, 4 min). Nothing that is recorded
    after the end is there.
    """
    event = scene.log.arrays()
    size = len(event["t"])
    t = event["t"].astype(np.int64)
    rng = scene.streams.noise("recording")
    courier = np.isin(event["status"], [CODE["delivered"], CODE["delivery_failed"]])
    delay = 1 + (rng.exponential(size=size) * np.where(courier, 240, 90)).astype(np.int64)
    none = np.zeros(size, bool)
    missing, late, twice, skew = none, none, none, np.zeros(size, np.int64)
    if imperfect:
        kept = np.isin(event["status"], [CODE[status] for status in KEPT])
        missing = (scene.streams.noise("missing").random(size) < MISSING) & ~kept
        rng = scene.streams.noise("late")
        late = (rng.random(size) < LATE) & (event["status"] != CODE["created"])
        delay += np.where(late, 1800 + rng.exponential(5 * 3600, size), 0).astype(np.int64)
        rng = scene.streams.noise("twice")
        twice = rng.random(size) < TWICE
        skew = _skew(event, t, scene)
    shown = t + skew
    known = np.maximum(t + delay, shown)
    rows = np.flatnonzero(~missing)
    copy = np.flatnonzero(twice & ~missing)
    again = known[copy] + scene.streams.noise("again").integers(5, 900, len(copy))
    row = np.concatenate([rows, copy])
    recorded = np.concatenate([known[rows], again])
    is_copy = np.concatenate([np.zeros(len(rows), bool), np.ones(len(copy), bool)])
    inside = recorded <= scene.clock.end
    row, recorded, is_copy = row[inside], recorded[inside], is_copy[inside]
    order = np.argsort(recorded, kind="stable")
    row, recorded, is_copy = row[order], recorded[order], is_copy[order]
    event_id = identifiers("evt", len(row), 8)
    errors = _errors(event_id, parcel_id, event, t, row, is_copy, missing, late, skew, scene)
    return Observed(_table(event_id, parcel_id, event, shown, row, recorded, scene), errors)


def _skew(event: dict[str, Array], t: Ints, scene: Scene) -> Ints:
    """Return how far the scanner's clock is off [s]: at least two facilities, for 10 to 40 days."""
    rng, many = scene.streams.fixed("clocks"), len(scene.net.kind)
    scanning = np.flatnonzero(scene.net.kind != PICKUP)
    some = rng.permutation(scanning)[: max(2, round(SKEWED * len(scanning)))]
    wrong = np.zeros(many, np.int64)
    wrong[some] = rng.integers(90, 900, len(some)) * np.where(np.arange(len(some)) % 2, -1, 1)
    begin = rng.integers(0, max(scene.clock.end * 3 // 4, 1), many)
    until = begin + rng.integers(10, 40, many) * 86_400
    at = event["facility"].astype(np.int64)
    inside = (at >= 0) & (t >= begin[at]) & (t < until[at])
    inside &= np.isin(event["status"], [CODE["arrived"], CODE["departed"]])
    return np.where(inside, wrong[at], 0)


def _table(
    event_id: pl.Series, parcel_id: pl.Series, event: dict[str, Array],
    shown: Ints, row: Ints, recorded: Ints, scene: Scene,
) -> pl.DataFrame:  # fmt: skip
    net, clock = scene.net, scene.clock
    at = {name: values[row] for name, values in event.items()}
    offset = clock.offset(at["zone"].astype(np.int64), shown[row]) // 60
    codes = tuple(raw_code(c, s) for c in range(len(CARRIERS)) for s in range(len(STATUSES)))
    number = pl.Series(at["attempt"].astype(np.int16))
    place = pl.DataFrame({"lat": at["lat"], "lon": at["lon"]}).cast(pl.Float64).fill_nan(None)
    return pl.DataFrame(
        {
            "event_id": event_id,
            "parcel_id": parcel_id.gather(pl.Series(at["parcel"])),
            "status": words(STATUSES, at["status"]),
            "event_at": clock.instants(shown[row]),
            "utc_offset_min": offset.astype(np.int16),
            "facility_id": words(net.facility_id, at["facility"]),
            "carrier_id": words(CARRIERS, at["carrier"]),
            "incident": words(INCIDENTS, at["incident"]),
            "attempt": number.to_frame("n").select(pl.when(pl.col("n") > 0).then("n")).to_series(),
            **place.to_dict(),
            "raw_code": words(codes, at["carrier"].astype(np.int32) * len(STATUSES) + at["status"]),
            "recorded_at": clock.instants(recorded),
        }
    )


def raw_code(carrier: int, status: int) -> str:
    """Return the carrier's own code of a status, for example ``VE07``."""
    return f"{CARRIERS[carrier][:2].upper()}{(status * 7 + carrier * 3) % 17 + 1:02d}"


def _errors(
    event_id: pl.Series, parcel_id: pl.Series, event: dict[str, Array], t: Ints,
    row: Ints, is_copy: Bools, missing: Bools, late: Bools, skew: Ints, scene: Scene,
) -> pl.DataFrame:  # fmt: skip
    """Return truth ``scan_errors``: one row per wrong scan and kind of error."""
    lost = np.flatnonzero(missing)
    marks = (late[row] & ~is_copy, is_copy, (skew[row] != 0) & ~is_copy)
    told = [np.flatnonzero(mark) for mark in marks]
    of = np.concatenate([lost, *(row[i] for i in told)])
    kind = np.repeat(np.arange(4), [len(lost), *(len(i) for i in told)])
    index = pl.Series(np.concatenate([np.full(len(lost), -1), *told]))
    return pl.DataFrame(
        {
            "error": words(ERRORS, kind),
            "event_id": event_id.gather(
                index.to_frame("i").select(pl.when(pl.col("i") >= 0).then("i")).to_series()
            ),
            "parcel_id": parcel_id.gather(pl.Series(event["parcel"][of])),
            "status": words(STATUSES, event["status"][of]),
            "happened_at": scene.clock.instants(t[of]),
            "skew_s": np.where(kind == 3, skew[of], 0),
        }
    )
