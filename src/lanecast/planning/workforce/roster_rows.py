"""Local days, shifts and work as arrays, and a roster as rows of the canonical table."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import polars as pl

from lanecast.optimize.contracts import People, Temps
from lanecast.optimize.roster import Roster
from lanecast.optimize.shift_groups import Groups
from lanecast.optimize.shifts import WEEK, Shifts
from lanecast.optimize.staffing import may_wait

Floats = npt.NDArray[np.float64]
OUTBOUND = ("pick", "pack", "sort", "dispatch")
SPILL_H = 10  # hours after the last day, in which its last shifts end


def midnight(day: int, zone: str, hour: float = 0.0) -> datetime:
    """Return the instant of a civil hour of ``day`` (since 1970); one that is skipped moves on."""
    civil = datetime(1970, 1, 1) + timedelta(days=day, hours=hour)  # noqa: DTZ001
    return civil.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def local_shifts(
    first: int, until: int, zone: str, starts: Sequence[float], lengths: Sequence[float],
    per_hour: int,
) -> tuple[Shifts, datetime]:  # fmt: skip
    """Return shifts at civil times on the days [first, until), and the instant of interval 0.

    On the day on which the clock is set, a shift over that hour is an hour shorter or longer.
    """
    origin = midnight(first, zone)
    pairs = [(start, length) for start in starts for length in lengths]

    def at(day: int, hour: float) -> int:
        return round((midnight(day, zone, hour) - origin).total_seconds() / 3600 * per_hour)

    days = range(first, until)
    begin = np.array([[at(day, start) for start, _ in pairs] for day in days])
    end = np.array([[at(day, start + length) for start, length in pairs] for day in days])
    rest = np.array([max(per_hour // 2, 1) if length >= 6 else 0 for _, length in pairs])
    kind = np.array([0 if s < 10 else 2 if s >= 18 else 1 for s, _ in pairs])
    return Shifts(begin, end, begin + (end - begin - rest) // 2, rest, kind, per_hour), origin


def days_off(
    staff: pl.DataFrame, first: int, until: int, away: Mapping[tuple[str, date], bool]
) -> npt.NDArray[np.bool_]:
    """Return the days (n, D) before the first and after the last of each worker, and those off."""
    day = np.arange(first, until)
    hired = staff["hired_day"].to_numpy()[:, None]
    ends = staff["end_day"].fill_null(10**6).to_numpy()[:, None]
    found = (day < hired) | (day > ends)
    names = {name: i for i, name in enumerate(staff["worker_id"])}
    for (worker, when), off in away.items():
        number = (when - date(1970, 1, 1)).days
        if off and worker in names and first <= number < until:
            found[names[worker], number - first] = True
    return np.asarray(found)


def work_of(
    volumes: pl.DataFrame, rates: pl.DataFrame, cutoffs: pl.DataFrame, columns: Sequence[str],
    names: Sequence[str], origin: datetime, first: int, until: int, zone: str, per_hour: int,
) -> tuple[Floats, Floats]:  # fmt: skip
    """Return work [person-intervals] (S, J, T) of the processes ``names``, and what may wait.

    Pieces over the rate of the process are hours of work. What goes out must be done before the
    next departure of the place, everything else by the end of the day after.

    Raises
    ------
    ValueError
        When the rate of a process with work is not known.
    """
    length = round((midnight(until, zone) - origin).total_seconds() / 3600 + SPILL_H) * per_hour
    rows = volumes.with_columns(process=pl.col("unique_id").str.split("/").list.last())
    site = rows["unique_id"].str.split("/").list.first()[0]
    rate = dict(rates.filter(facility_id=site).select("process", "units_per_h").iter_rows())
    if lost := sorted(set(rows["process"]) - set(rate)):
        raise ValueError(f"rates: no units_per_h of {', '.join(lost)} in {site}.")
    come = np.zeros((len(columns), len(names), length))
    at = ((rows["ds"].dt.epoch("s") - origin.timestamp()) / 3600).round(0).cast(pl.Int64).to_numpy()
    process = np.array([names.index(name) for name in rows["process"]])
    hours = rows.select(columns).to_numpy() / np.array([rate[p] for p in rows["process"]])[:, None]
    inside = (at >= 0) & (at * per_hour < length)
    for part in range(per_hour):
        where = at[inside] * per_hour + part
        for s in range(len(columns)):
            np.add.at(come[s], (process[inside], where), hours[inside, s])
    leaving = _leaving(cutoffs, origin, first, until, zone, per_hour, length)
    evening = np.zeros(length, bool)
    for day in range(first + 1, until + 1):
        last = round((midnight(day, zone, 22.0) - origin).total_seconds() / 3600 * per_hour) - 1
        evening[min(last, length - 1)] = True
    waits = np.stack(
        [
            may_wait(come[:, j], leaving if name in OUTBOUND and leaving.any() else evening)
            for j, name in enumerate(names)
        ],
        axis=1,
    )
    return come, waits


def _leaving(
    cutoffs: pl.DataFrame, origin: datetime, first: int, until: int, zone: str, per_hour: int,
    length: int,
) -> npt.NDArray[np.bool_]:  # fmt: skip
    """Return the intervals at whose end pieces must be ready for a departure."""
    found = np.zeros(length, bool)
    for weekdays, many, before, start, headway in cutoffs.select(
        "weekdays", "departures_per_day", "cutoff_s", "first_s", "headway_s"
    ).iter_rows():
        for day in range(first, until):
            if weekdays and weekdays[(day + 3) % WEEK] != "1":
                continue
            for number in range(int(many or 1)):
                ready = ((start or 0) + number * (headway or 0) - (before or 0)) / 3600
                instant = midnight(day, zone, ready)
                at = int((instant - origin).total_seconds() / 3600 * per_hour) - 1
                if 0 <= at < length:
                    found[at] = True
    return found


def roster_rows(
    made: Roster, people: People, temps: Temps, group: Groups, shifts: Shifts, staff: pl.DataFrame,
    names: Sequence[str], site: str, origin: datetime, plan_id: str, asof: object,
) -> pl.DataFrame:  # fmt: skip
    """Return rows of ``roster_plans``; a temp has the number of its kind, day and shift."""
    step = timedelta(hours=1) / shifts.per_hour
    doing = made.doing.mean(axis=0)  # (C, J, T)
    rows = []

    def add(who: str, wage: float, kind: int, d: int, k: int, temp: bool, rank: int) -> None:
        begin, end, pause = shifts.begin[d, k], shifts.end[d, k], shifts.pause[d, k]
        shares = doing[kind, :, begin:end].sum(axis=1).cumsum()
        process = int(np.searchsorted(shares, (rank % 7 + 0.5) / 7 * shares[-1]))
        able = np.flatnonzero(group.skillsets[kind])
        process = process if group.skillsets[kind, min(process, len(names) - 1)] else int(able[0])
        rest = int(shifts.rest[k])
        hours = float(shifts.hours[d, k])
        rows.append(
            (plan_id, who, site, origin + step * int(begin), origin + step * int(end),
             origin + step * int(pause) if rest else None,
             origin + step * int(pause + rest) if rest else None,
             names[process], asof, hours, temp, wage * hours)
        )  # fmt: skip

    for i, worker in enumerate(staff["worker_id"]):
        for d in np.flatnonzero(made.shift[i] >= 0):
            kind = int(group.kind[group.of[i]])
            temp = bool(staff["is_temp"][i])
            add(worker, float(people.wage[i]), kind, int(d), int(made.shift[i, d]), temp, i)
    for m, d, k in np.argwhere(made.temps > 0):
        kind = int(group.kind[group.temp == m][0])
        for number in range(int(made.temps[m, d, k])):
            name = f"{plan_id}_{names[m]}_{d}_{k}_{number + 1}"
            add(name, float(temps.wage[m]), kind, int(d), int(k), True, number)
    instant = pl.Datetime("us", "UTC")
    return pl.DataFrame(
        rows,
        schema={
            "plan_id": pl.String, "worker_id": pl.String, "facility_id": pl.String,
            "started_at": instant, "ended_at": instant, "break_started_at": instant,
            "break_ended_at": instant, "process": pl.String, "asof": instant,
            "paid_h": pl.Float64, "is_temp": pl.Boolean, "cost": pl.Float64,
        },
        orient="row",
    ).sort("started_at", "worker_id")  # fmt: skip
