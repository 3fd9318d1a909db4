"""Volumes learnt from all that the tables knew of them at a moment."""

from datetime import datetime

from lanecast.tables.lake import Lake, collect
from lanecast.tables.planning import REPLENISHMENTS

from .features import receipts, volumes
from .models import FittedVolumes, Receipts, Volumes


def known_volumes(lake: Lake, asof: datetime, model: Volumes | None = None) -> FittedVolumes:
    """Return ``model`` fitted on what had come up, and on orders to suppliers where they are."""
    orders = None
    if lake.has(REPLENISHMENTS):
        orders = Receipts(collect(receipts(lake, asof).lazy()), asof)
    return (model or Volumes()).fit(collect(volumes(lake, asof).lazy()), orders)
