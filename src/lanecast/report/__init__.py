"""What did the replay show? One file that anybody can open, anywhere, without a network.

>>> write(path, "Olist, 2018", replayed, scores, figures, {"ours": curve}, (24.0, 0.93))
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl

from lanecast.experiment import Replay
from lanecast.optimize.promise import Frontier

from . import page
from .ahead import Ahead as Ahead
from .called import called, column_called, keys_called
from .cards import cards
from .judged import judge, named
from .promise import gain
from .site import Site as Site
from .traffic import network as network


def write(
    path: Path,
    title: str,
    replayed: Replay,
    scores: pl.DataFrame,
    flat: Mapping[str, Any],
    tradeoff: Mapping[str, Frontier] | None = None,
    mark: tuple[float, float] | None = None,
    worth: pl.DataFrame | None = None,
    network: tuple[pl.DataFrame, pl.DataFrame] | None = None,
    about: Mapping[str, str] | None = None,
    *,
    main: str | None = None,
    baseline: str | None = None,
    example: str | None = None,
    drivers: tuple[str, pl.DataFrame] | None = None,
    ahead: Ahead | None = None,
    site: Site | None = None,
) -> None:
    """Write the report to ``path``: pictures, their numbers, and how to read them.

    Parameters
    ----------
    scores
        ``evaluate`` by model and moment.
    flat
        ``experiment.flat`` at checkout.
    tradeoff
        Curves by name, ours first, then what it is compared with.
    mark
        What the company promised itself: mean days, and the share that was kept.
    worth
        Rows of ``worth`` with their ``policy``: ours first, what it is compared with last.
    network
        Facilities (``facility_id``, ``lat``, ``lon``, perhaps ``name``) and lanes
        (``from_facility_id``, ``to_facility_id``, ``delay_h``, ``volume``), see ``network``.
    about
        ``source``, ``parcels``, ``period``, ``command``, ``versions``, and whatever else is to be
        said about where the numbers come from.
    main, baseline
        Models that ``flat`` speaks of; None finds them by their error.
    example
        Parcel to show; None picks a typical one.
    drivers
        A parcel and what moved its forecast at checkout: ``feature``, ``value`` as text,
        ``factor`` and ``days``; the usual time first, then the strongest.
    ahead
        A parcel on its way: where it has been, and where it may go.
    site
        The plan of a site: demand, orders, staff, and the money.

    Raises
    ------
    ValueError
        When ``main`` or ``baseline`` is not given and cannot be told from ``flat``.
    """
    judged = judge(
        replace(replayed, predictions=column_called(replayed.predictions, "model")),
        called(main or named(flat, "mae_days")),
        called(baseline or named(flat, "mae_baseline_days")),
    )
    scores = column_called(scores, "model")
    worth = None if worth is None else column_called(worth, "policy")
    curves = keys_called(tradeoff or {})
    found = gain(curves, mark)
    sections = [
        page.errors(judged, scores),
        page.ranges(judged, flat),
        page.promises(curves, mark, worth),
        page.places(network),
        page.ahead(ahead, network),
        page.example(judged, example),
        page.why(drivers),
        page.planned(site),
    ]
    text = page.page(
        title,
        page.lead(judged, flat, found),
        cards(flat, judged.baseline, found, worth),
        [each for each in sections if each is not None],
        about or {},
    )
    path.write_text(text, encoding="utf-8")
