"""Small tables that summarise the past: shrunk effects, pace of the network, and backlogs.

An effect is a mean of logarithms, weighted by recency and shrunk towards the level above it:
``sum(w * r) / (sum(w) + k)`` over the residuals ``r`` that coarser levels left, where ``k`` counts
how many rows the coarser level is worth (empirical Bayes with known variance ratio; Efron &
Morris, 1975). Rows enter by the moment at which they *became known*, so that a window holds slow
and fast parcels in their true proportion once the flow is steady.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import narwhals as nw
from narwhals.typing import FrameT

LOG2 = 0.6931471805599453
Level = tuple[str, tuple[str, ...], float]  # name of the table, its key columns, k


@dataclass(frozen=True)
class Chain:
    """A quantity, its half-lives [days] by name, and its levels from coarse to fine."""

    name: str
    half_lives: Mapping[str, float]
    levels: Sequence[Level]


def effects(rows: FrameT, chain: Chain, now_h: float) -> dict[str, FrameT]:
    """Return one table per level, and ``whole`` with the mean (null of nothing), of ``value``.

    Parameters
    ----------
    rows
        ``value`` and ``known_h`` [h since 1970 UTC], and the keys of every level.
    now_h
        Moment of the summary; rows known later are left out.

    Returns
    -------
    dict
        By level: its keys, and per half-life a column ``{chain}_{level}_{half-life}``; the finest
        half-life's total weight as ``{chain}_{level}_n``.
    """
    names = list(chain.half_lives)
    keys: dict[str, None] = dict.fromkeys(column for _, key, _ in chain.levels for column in key)
    known = rows.select("value", "known_h", *keys).filter(nw.col("known_h") <= now_h)
    known = known.with_columns(
        **{
            f"w_{name}": (-(now_h - nw.col("known_h")) * (LOG2 / 24 / days)).exp()
            for name, days in chain.half_lives.items()
        }
    )
    whole = known.select(
        **{f"sw_{n}": nw.col(f"w_{n}").sum() for n in names},
        **{f"sv_{n}": (nw.col("value") * nw.col(f"w_{n}")).sum() for n in names},
    ).select(
        **{
            f"{chain.name}_whole_{n}": nw.when(nw.col(f"sw_{n}") > 0).then(
                nw.col(f"sv_{n}") / nw.col(f"sw_{n}")
            )
            for n in names
        }
    )
    rest = known.join(whole, how="cross").select(
        *keys,
        *[f"w_{n}" for n in names],
        **{f"r_{n}": nw.col("value") - nw.col(f"{chain.name}_whole_{n}") for n in names},
    )
    tables = {"whole": whole}
    for level, key, k in chain.levels:
        sums = rest.group_by(*key).agg(
            **{f"sw_{n}": nw.col(f"w_{n}").sum() for n in names},
            **{f"sr_{n}": (nw.col(f"w_{n}") * nw.col(f"r_{n}")).sum() for n in names},
        )
        tables[level] = sums.select(
            *key,
            **{
                f"{chain.name}_{level}_{n}": nw.col(f"sr_{n}") / (nw.col(f"sw_{n}") + k)
                for n in names
            },
            **{f"{chain.name}_{level}_n": nw.col(f"sw_{names[-1]}")},
        )
        rest = _beyond(rest, tables[level], f"{chain.name}_{level}", key, k, names)
    return tables


def _beyond(
    rest: FrameT, table: FrameT, name: str, key: tuple[str, ...], k: float, names: Sequence[str]
) -> FrameT:
    """Return what is left of the residuals after the effects of a level."""
    if isinstance(rest, nw.LazyFrame):  # by windows: a join would double the plan at each level
        effect = {
            n: (nw.col(f"w_{n}") * nw.col(f"r_{n}")).sum().over(*key)
            / (nw.col(f"w_{n}").sum().over(*key) + k)
            for n in names
        }
        return rest.with_columns(**{f"r_{n}": nw.col(f"r_{n}") - effect[n] for n in names})
    found = rest.join(table.select(*key, *(f"{name}_{n}" for n in names)), on=list(key), how="left")
    left = {f"r_{n}": nw.col(f"r_{n}") - nw.col(f"{name}_{n}") for n in names}
    return found.with_columns(**left).select(*rest.columns)


def parts(chain: Chain, half_life: str) -> list[str]:
    """Return the columns that ``total`` adds up."""
    levels = ["whole", *(level for level, *_ in chain.levels)]
    return [f"{chain.name}_{level}_{half_life}" for level in levels]


def total(chain: Chain, half_life: str) -> nw.Expr:
    """Return the sum of all effects of one half-life, a log; a level never seen counts as 0."""
    whole, *levels = parts(chain, half_life)
    return nw.col(whole) + nw.sum_horizontal(nw.col(*levels))


def merged(
    tables: Sequence[Mapping[str, FrameT]], keys: Mapping[str, Sequence[str]]
) -> dict[str, FrameT]:
    """Join tables of the same level, so that a row needs one look-up per level."""
    out: dict[str, FrameT] = {}
    for level, key in keys.items():
        same = [each[level] for each in tables if level in each]
        if not key:
            table = same[0]
            for other in same[1:]:
                table = table.join(other, how="cross")
        else:
            table = nw.concat([each.select(*key) for each in same]).unique()
            for other in same:
                table = table.join(other, on=list(key), how="left")
        out[level] = table
    return out


def pace(
    rows: FrameT, key: Sequence[str], now_h: float, days: Sequence[int], k: float, name: str
) -> tuple[FrameT, FrameT]:
    """Return how fast things have gone of late: log of what ended over what should have ended.

    Every row at risk in the last days counts, also those that have not ended: a standstill shows
    at once, long before late ones arrive. What should have ended is the cumulative hazard of a
    log-logistic law in units of each row's own expected duration, fitted to what has ended.

    Parameters
    ----------
    rows
        ``start_h``, ``end_h`` (null: not ended, or not known yet) and ``usual_h`` [h], and ``key``.
    days
        Windows; k counts the events by which a group is shrunk towards the whole.

    Returns
    -------
    tuple
        One row for the whole, and one per group, with columns ``{name}_pace_{days}``.
    """
    started = rows.select("start_h", "end_h", "usual_h", *key).filter(nw.col("start_h") <= now_h)
    started = started.with_columns(
        stop_h=nw.when(nw.col("end_h") <= now_h).then(nw.col("end_h")).otherwise(nw.lit(now_h)),
        ended=nw.when(nw.col("end_h") <= now_h).then(nw.lit(1.0)).otherwise(nw.lit(0.0)),
    )
    unit = (nw.col("stop_h") - nw.col("start_h")).clip(1.0) / nw.col("usual_h")
    law = (
        started.filter(nw.col("ended") > 0)
        .select(log_unit=unit.log())
        .select(
            law_mean=nw.col("log_unit").mean(),
            law_shape=1.8138 / nw.col("log_unit").std().clip(0.05),  # pi / sqrt(3) / sd
        )
    )

    def hazard(at: nw.Expr) -> nw.Expr:
        return (1 + ((at.log() - nw.col("law_mean")) * nw.col("law_shape")).exp()).log()

    parts = {}
    for window in days:
        since = now_h - 24 * window
        from_unit = (nw.lit(since) - nw.col("start_h")).clip(1.0) / nw.col("usual_h")
        at_risk = (nw.col("stop_h") > since) & (unit < 8)
        expected = hazard(unit) - nw.when(nw.col("start_h") < since).then(
            hazard(from_unit)
        ).otherwise(nw.lit(0.0))
        parts[f"o_{window}"] = nw.when(at_risk).then(nw.col("ended")).otherwise(nw.lit(0.0))
        parts[f"e_{window}"] = nw.when(at_risk).then(expected).otherwise(nw.lit(0.0))
    counted = started.join(law, how="cross").select(*key, **parts)
    sums = {part: nw.col(part).sum() for part in parts}
    whole = counted.select(**sums).select(
        **{
            f"{name}_pace_{w}": ((nw.col(f"o_{w}") + 5) / (nw.col(f"e_{w}") + 5)).log()
            for w in days
        }
    )
    groups = counted.group_by(*key).agg(**sums).join(whole, how="cross")
    by_key = groups.select(
        *key,
        **{
            f"{name}_group_pace_{w}": (
                (nw.col(f"o_{w}") + k * nw.col(f"{name}_pace_{w}").exp()) / (nw.col(f"e_{w}") + k)
            ).log()
            for w in days
        },
    )
    return whole, by_key


def backlog(rows: FrameT, now_h: float) -> FrameT:
    """Return per merchant what waits to be handed over, recent orders, and the last hand-over."""
    placed, shipped = nw.col("asof_h"), nw.col("shipped_known_h")
    is_open = (shipped.is_null() | (shipped > now_h)) & (placed > now_h - 24 * 30)
    one, none = nw.lit(1.0), nw.lit(0.0)
    counted = rows.filter(placed <= now_h).select(
        "merchant_id",
        open_orders=nw.when(is_open).then(one).otherwise(none),
        overdue_orders=nw.when(is_open & (now_h - placed > 1.5 * nw.col("usual_h")))
        .then(one)
        .otherwise(none),
        orders_7d=nw.when(placed > now_h - 24 * 7).then(one).otherwise(none),
        orders_30d=nw.when(placed > now_h - 24 * 30).then(one).otherwise(none),
        last_h=nw.when(shipped <= now_h).then(shipped),
    )
    sums = ("open_orders", "overdue_orders", "orders_7d", "orders_30d")
    table = counted.group_by("merchant_id").agg(
        *(nw.col(name).sum() for name in sums), last_h=nw.col("last_h").max()
    )
    return table.with_columns(
        last_handover_d=((now_h - nw.col("last_h")) / 24).clip(upper_bound=60.0)
    ).drop("last_h")
