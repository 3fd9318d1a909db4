"""What forecasts of demand are made of, as ``lanecast predict demand --explain`` tells it."""

from pathlib import Path

import polars as pl

from lanecast.planning.demand.explain import PARTS, explain
from lanecast.planning.demand.models.pooled import FittedPooled

from .forecasts import ready
from .saved import warn
from .talk import progress, show, tell, write_json, write_rows

MOST = 10  # series that are shown


def tell_parts(
    lake: Path, model: Path, asof: str | None, out: Path | None, json: Path | None
) -> None:
    """Say what the forecasts are made of; with ``out``, of each series and period, as Parquet.

    Raises
    ------
    ValueError
        When the model has no trees.
    """
    with progress(quiet=json is not None) as say:
        fitted, about, panel, now = ready(lake, model, asof, say)
        trees = fitted.members.get("pooled")
        if not isinstance(trees, FittedPooled) or not trees.heads:
            raise ValueError(
                f"--model: {model} forecasts without trees ({', '.join(fitted.members)}), whose "
                "forecasts have no parts; learn from a longer history."
            )
        say("explaining", 0.6)
        rows = explain(trees, fitted.predict(panel), panel)
    write_rows(out, rows)
    warn(model, about, now)
    whole = rows.group_by("ds", maintain_order=True).agg(pl.col("forecast", *PARTS).sum())
    if json is not None:
        told = {"rows": rows.height, "parts": PARTS, "periods": whole.to_dicts()}
        write_json(json, told, f"every series and period is in {out}" if out else "")
        return
    show(whole, f"What the forecasts of {len(panel.ids):,} series are made of, added up")
    each = rows.group_by("unique_id", maintain_order=True).agg(pl.col("forecast", *PARTS).mean())
    show(each.sort("forecast", descending=True).head(MOST), "The largest, mean of a period")
    if out is not None:
        tell(f"Every series and period: {out}.")
