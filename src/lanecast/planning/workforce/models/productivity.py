"""How fast people are: places, people, hands, learning, mix and crowding; from labour records."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.stats import norm

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
USUAL_HEAVY = 0.3
CURVES = [(a, tau) for a in np.arange(0.0, 0.61, 0.05) for tau in (30, 50, 80, 120, 160, 200, 300)]
PLACES = np.array([1, 1.5, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 30])


@dataclass(frozen=True)
class Productivity:
    """Learns pieces per hour from what was done, in ``passes`` over all parts.

    The log of pieces per hour is a sum: place and process, worker, worker at a process (both
    shrunk to nothing by how much they vary), ``log(1 - learn exp(-hours / tau))`` of workers
    who are new, ``-mix (heavy - 0.3)``, and ``-crowd max(0, heads / places - 1)``. Records with
    fewer than ``least`` pieces are left out: whole pieces say little there.
    """

    passes: int = 8
    least: float = 5.0

    def __post_init__(self) -> None:
        if self.passes < 1 or self.least < 1:
            raise ValueError(
                f"passes, least: expected numbers >= 1, got {self.passes} and {self.least}."
            )

    def fit(self, x: pl.DataFrame) -> "FittedProductivity":
        """Learn from rows of ``worked``.

        Raises
        ------
        ValueError
            When no record is left.
        """
        rows = x.filter((pl.col("units") >= self.least) & (pl.col("hours") > 0.05))
        if rows.is_empty():
            raise ValueError(
                f"x: no record of labour has {self.least:g} pieces or more; nothing can be learnt."
            )
        rows = rows.sort("worker_id", "process", "started_h")
        place, places = _codes(rows, "facility_id", "process")
        kind, kinds = _codes(rows, "process")
        who, workers = _codes(rows, "worker_id")
        hand, hands = _codes(rows, "worker_id", "process")
        units, hours = rows["units"].to_numpy(), rows["hours"].to_numpy()
        y = np.log(units / hours)
        heads = rows["heads"].to_numpy().astype(np.float64)
        heavy = rows["heavy_share"].fill_null(USUAL_HEAVY).to_numpy() - USUAL_HEAVY
        new, before = rows["is_new"].to_numpy(), rows["hours_before"].to_numpy()
        noise, part = 0.02, {name: np.zeros(len(y)) for name in
                             ("place", "worker", "hand", "learn", "mix", "crowd")}  # fmt: skip
        spread = {"worker": 0.02, "hand": 0.01}
        found: dict[str, Floats] = {}
        for _ in range(self.passes):
            weight = 1 / (noise + 1 / (12 * units**2))

            def rest(name: str) -> Floats:
                others = [v for other, v in part.items() if other != name]
                return np.asarray(y - np.sum(others, axis=0))

            found["place"] = _mean(rest("place"), weight, place, len(places))
            part["place"] = found["place"][place]
            for name, code, size in (("worker", who, len(workers)), ("hand", hand, len(hands))):
                total = np.bincount(code, weight, size)
                mean = _mean(rest(name), weight, code, size)
                shrunk = total / (total + 1 / spread[name])
                found[name], found[name + "_sd"] = (
                    mean * shrunk,
                    np.sqrt(spread[name] * (1 - shrunk)),
                )
                spread[name] = max(
                    float(np.mean(found[name] ** 2 + found[name + "_sd"] ** 2)), 1e-6
                )
                part[name] = found[name][code]
            found["learn"], found["tau"] = _curves(
                rest("learn"), weight, kind, len(kinds), hand, new, before
            )
            part["learn"] = curve(found["learn"][kind], found["tau"][kind], before, new)
            found["mix"] = _slopes(rest("mix"), heavy, weight, kind, len(kinds), place)
            part["mix"] = -found["mix"][kind] * heavy
            found["places"], found["crowd"] = _crowding(
                rest("crowd"), heads, weight, place, len(places)
            )
            crowded = np.maximum(heads / found["places"][place] - 1, 0)
            part["crowd"] = -found["crowd"][place] * crowded
            left = y - sum(part.values())
            noise = max(float(np.average(left**2, weights=weight)), 1e-6)
        return FittedProductivity(
            places.with_columns(
                log_rate=found["place"], places=found["places"], crowd=found["crowd"]
            ),
            kinds.with_columns(learn=found["learn"], tau_h=found["tau"], mix=found["mix"]),
            workers.with_columns(skill=found["worker"], sd=found["worker_sd"]),
            hands.with_columns(hand=found["hand"], sd=found["hand_sd"]),
            float(np.sqrt(noise)), float(np.sqrt(spread["worker"])), float(np.sqrt(spread["hand"])),
        )  # fmt: skip


@dataclass(frozen=True)
class FittedProductivity:
    """What was learnt.

    ``noise`` is the log deviation of an hour, ``skill_sd`` and ``hand_sd`` are how much people and
    hands differ.
    """

    places: pl.DataFrame
    curves: pl.DataFrame
    workers: pl.DataFrame
    hands: pl.DataFrame
    noise: float
    skill_sd: float
    hand_sd: float

    def predict(self, x: pl.DataFrame) -> pl.DataFrame:
        """Return ``units_per_h`` of rows of ``worked``, with the range q100 to q900 of an hour.

        ``fallback`` says what is not known of a row: ``worker``, or ``place`` (then the mean of the
        process elsewhere answers).
        """
        keys = ["facility_id", "process"]
        average = self.places.group_by("process").agg(usual=pl.col("log_rate").mean())
        rows = (
            x.join(self.places, on=keys, how="left", maintain_order="left")
            .join(average, on="process", how="left", maintain_order="left")
            .join(self.curves, on="process", how="left", maintain_order="left")
            .join(self.workers, on="worker_id", how="left", maintain_order="left")
            .join(self.hands, on=["worker_id", "process"], how="left", maintain_order="left",
                  suffix="_hand")
        )  # fmt: skip
        unknown = rows.select(worker=pl.col("skill").is_null(), place=pl.col("log_rate").is_null())
        rows = rows.with_columns(
            pl.col("log_rate").fill_null(pl.col("usual")),
            pl.col("skill", "hand", "crowd", "mix", "learn").fill_null(0.0),
            pl.col("places", "tau_h").fill_null(1.0),
            pl.col("sd").fill_null(self.skill_sd),
            pl.col("sd_hand").fill_null(self.hand_sd),
            pl.col("heavy_share").fill_null(USUAL_HEAVY),
        )
        value = {
            name: rows[name].to_numpy() for name in rows.columns if rows[name].dtype.is_numeric()
        }
        new = rows["is_new"].to_numpy()
        log = (
            value["log_rate"] + value["skill"] + value["hand"]
            + curve(value["learn"], value["tau_h"], value["hours_before"], new)
            - value["mix"] * (value["heavy_share"] - USUAL_HEAVY)
            - value["crowd"] * np.maximum(value["heads"] / value["places"] - 1, 0)
        )  # fmt: skip
        sure = value["sd"] ** 2 + value["sd_hand"] ** 2
        spread = np.sqrt(self.noise**2 + sure) * norm.ppf(0.9)
        why = pl.when(unknown["place"]).then(pl.lit("place"))
        return x.with_columns(
            units_per_h=np.exp(log + (self.noise**2 + sure) / 2),
            q100=np.exp(log - spread),
            q900=np.exp(log + spread),
            fallback=why.when(unknown["worker"]).then(pl.lit("worker")).otherwise(None),
        )

    def rates(self) -> pl.DataFrame:
        """Return ``units_per_h`` of a practised worker of usual skill, by place and process."""
        level = (pl.col("log_rate") + self.noise**2 / 2).exp()
        return self.places.select("facility_id", "process", units_per_h=level)


def curve(learn: Floats, tau: Floats, before: Floats, new: npt.NDArray[np.bool_]) -> Floats:
    """Return the log of what a new worker does, of what a practised one does."""
    lacking = np.log1p(-learn * np.exp(-before / np.maximum(tau, 1e-9)))
    return np.where(new, lacking, 0.0)


def _codes(rows: pl.DataFrame, *keys: str) -> tuple[Ints, pl.DataFrame]:
    """Return a number for each row, and the values behind the numbers."""
    names = rows.select(keys).unique().sort(keys)
    numbered = names.with_row_index("code")
    code = rows.select(keys).join(numbered, on=list(keys), how="left", maintain_order="left")
    return code["code"].to_numpy().astype(np.int64), names


def _mean(value: Floats, weight: Floats, code: Ints, size: int) -> Floats:
    total = np.bincount(code, weight * value, size)
    return np.asarray(total / np.maximum(np.bincount(code, weight, size), 1e-12))


def _inside(value: Floats, weight: Floats, code: Ints) -> Floats:
    """Return ``value`` less the mean of its group."""
    return value - _mean(value, weight, code, int(code.max()) + 1)[code]


def _curves(
    left: Floats, weight: Floats, kind: Ints, size: int, hand: Ints,
    new: npt.NDArray[np.bool_], before: Floats,
) -> tuple[Floats, Floats]:  # fmt: skip
    """Return the learning curve of each process that fits best how new workers change."""
    learn, tau = np.zeros(size), np.full(size, 100.0)
    for process in range(size):
        of = np.flatnonzero((kind == process) & new)
        if len(of) < 20:
            continue
        target = _inside(left[of], weight[of], hand[of])
        errors = []
        for a, t in CURVES:
            lacking = np.log1p(-a * np.exp(-before[of] / t))
            fit = _inside(lacking, weight[of], hand[of])
            errors.append(float(weight[of] @ (target - fit) ** 2))
        learn[process], tau[process] = CURVES[int(np.argmin(errors))]
    return learn, tau


def _slopes(
    left: Floats, heavy: Floats, weight: Floats, kind: Ints, size: int, place: Ints
) -> Floats:
    """Return what a piece that is heavy costs in each process, >= 0."""
    x, y = _inside(heavy, weight, place), _inside(left, weight, place)
    top = np.bincount(kind, weight * x * y, size)
    result: Floats = np.maximum(-top / np.maximum(np.bincount(kind, weight * x * x, size), 1e-9), 0)
    return result


def _crowding(
    left: Floats, heads: Floats, weight: Floats, place: Ints, size: int
) -> tuple[Floats, Floats]:
    """Return from how many heads on people stand in each other's way, and how much, >= 0."""
    target = _inside(left, weight, place)
    best, places, crowd = np.zeros(size), np.full(size, 1e9), np.zeros(size)
    for edge in PLACES:
        x = _inside(np.maximum(heads / edge - 1, 0), weight, place)
        square = np.bincount(place, weight * x * x, size)
        slope = np.minimum(np.bincount(place, weight * x * target, size) / (square + 1e-9), 0)
        gain = slope**2 * square
        better = gain > best + 2.0  # as much as a criterion asks of a parameter
        best = np.where(better, gain, best)
        places, crowd = np.where(better, edge, places), np.where(better, -slope, crowd)
    return places, crowd
