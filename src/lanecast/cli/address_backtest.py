"""``lanecast backtest address``: how good the chances were, and what deciding by them was worth."""

from datetime import datetime

import polars as pl

from lanecast.address.verify.checks import tried
from lanecast.address.verify.decide import Costs
from lanecast.address.verify.evaluate import evaluate
from lanecast.address.verify.later import FEWEST
from lanecast.address.verify.replay import EXPECTED, STRICT, money, replay
from lanecast.tables.lake import Lake

from .address import typed
from .address_decide import (
    AskOption,
    ConfirmOption,
    FailedOption,
    HeededOption,
    LookedOption,
    OrderOption,
    PickupOption,
)
from .options import (
    AHEAD,
    DataOption,
    EveryOption,
    FirstDayOption,
    JsonOption,
    LastDayOption,
    SourceOption,
    folder_of,
    opened,
    replayed,
)
from .raw import filled
from .talk import progress, show, tell, writable, write_json


def backtest(
    data: DataOption,
    source: SourceOption,
    since: FirstDayOption,
    until: LastDayOption,
    every: EveryOption = "7d",
    failed: FailedOption = 8.0,
    order: OrderOption = 12.0,
    confirm: ConfirmOption = 0.01,
    ask: AskOption = 0.02,
    pickup: PickupOption = 0.08,
    heeded: HeededOption = 0.8,
    looked: LookedOption = 0.2,
    json: JsonOption = None,
) -> None:
    r"""Learn from deliveries, decide for the parcels that came next, and count what came of them.

    What asking would have changed the past does not tell; --heeded and
    --looked say it.

    Example:

      lanecast backtest address --data lake --source lake \
        --from 2025-03-01 --to 2025-04-01
    """
    start, end, step = replayed(since, until, every)
    writable(json=json)
    costs = Costs(failed, order, confirm, ask, pickup, heeded, looked)
    folder_of("data", data)
    with filled(source, data) as lake:
        known, newest = opened(lake.path, option="data")
        typed(known, "data")
        if start > newest or end > newest + AHEAD:
            raise ValueError(
                f"--to: the data end at {newest:%Y-%m-%d}; expected a period until then, got "
                f"{since} to {until}."
            )
        _learnable(known, start)
        with progress(quiet=json is not None and str(json) == "-") as say:
            rows = replay(known, start, end, step, costs, say)
    if rows.is_empty():
        raise ValueError(f"--from: no parcel of {since} to {until} has an attempt on record.")
    scores, saved = evaluate(rows["chance"], rows["not_found"]), money(rows)
    actions = rows["action"].value_counts(sort=True)
    result = scores.row(0, named=True) | {
        f"{name}_{row['plan']}": row[name]
        for row in saved.iter_rows(named=True)
        for name in ("per_1000", "saved", "low", "high")
    }
    result |= {f"orders_{action}": count for action, count in actions.iter_rows()}
    if json is not None:
        write_json(json, result)
    if json is None or str(json) != "-":
        show(scores, f"address, {since} to {until}, refit every {every}")
        show(saved, "Money per 1,000 orders, 95 % over orders")
        show(actions.rename({"count": "orders"}), "Done")
        tell(f"{EXPECTED} is what was done; {STRICT} asks whoever is not accepted.")


def _learnable(known: Lake, start: datetime) -> None:
    """Refuse a first moment before which too few addresses were not found."""
    past: pl.DataFrame = tried(known, start)
    lost = int(past["not_found"].sum())
    if lost < FEWEST:
        raise ValueError(
            f"--from: by {start:%Y-%m-%d} {lost} of {past.height:,} first attempts are known not "
            f"to have found their address; expected at least {FEWEST}."
        )
