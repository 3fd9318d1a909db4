"""How well models of addresses foretell deliveries that came later, beside each other."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import polars as pl
from scipy.special import logit

from lanecast.tables.lake import Lake

from ..gazetteer.stored import gazetteer
from .checks import checked, judged, tried
from .evaluate import evaluate
from .models.deliverable import SIGNS, FittedDeliverable, marked
from .record import learnt

FEWEST = 20  # deliveries that did not find their address, to learn from
LEARNT = 0.75  # of the parcels come before those by which a model is judged


def base_rate(not_found: pl.Series) -> FittedDeliverable:
    """Return the baseline: every address is as likely not found as those of the past were."""
    rate = (float(not_found.sum()) + 0.5) / (len(not_found) + 1)
    return FittedDeliverable(float(logit(rate)), np.zeros(len(SIGNS)), SIGNS)


def held_out(rows: pl.DataFrame) -> dict[str, Any] | None:
    """Return how good a model is that knows what was recorded until the last quarter was asked.

    Gates of promotion read it; ``loss`` is the Brier score, beside that of the base rate. None
    where too few of what it knows was not found.

    Parameters
    ----------
    rows
        Of ``history``.
    """
    cut = rows["asof_h"].quantile(LEARNT)
    past, ahead = rows.filter(pl.col("known_h") <= cut), rows.filter(pl.col("asof_h") > cut)
    if past["not_found"].sum() < FEWEST or ahead.is_empty():
        return None
    fitted = learnt(past)
    chance = fitted.predict(marked(ahead["signs"].to_list()), ahead["place"].to_list())
    ours, theirs = _brier(ahead, [fitted, base_rate(past["not_found"])])
    last = ahead["asof_h"].to_numpy().max()
    return {
        "from": datetime.fromtimestamp(3600 * float(cut or 0.0), UTC).isoformat(),
        "to": datetime.fromtimestamp(3600 * float(last), UTC).isoformat(),
        **evaluate(chance, ahead["not_found"].to_numpy()).row(0, named=True),
        "loss": {"model": ours, "baseline": theirs},
    }


def later(
    lake: Lake,
    now: datetime,
    fitted: Sequence[FittedDeliverable],
    since: datetime,
    until: datetime,
) -> tuple[int, list[float]]:
    """Return how many parcels of [since, until) were tried by ``now``, and each Brier score."""
    low, high = (each.timestamp() / 3600 for each in (since, until))
    parcels = tried(lake, now)
    parcels = parcels.filter(pl.col("asof_h").is_between(low, high, closed="left"))
    rows = judged(parcels, checked(parcels, gazetteer(lake)))
    if rows.is_empty():
        return 0, [float("nan")] * len(fitted)
    return rows.height, _brier(rows, fitted)


def _brier(rows: pl.DataFrame, fitted: Sequence[FittedDeliverable]) -> list[float]:
    x, places = marked(rows["signs"].to_list()), rows["place"].to_list()
    hit = rows["not_found"].to_numpy()
    return [float(np.mean((each.predict(x, places) - hit) ** 2)) for each in fitted]
