"""What the demo leaves for a service: its graph, and models that answer from the start."""

from datetime import datetime
from pathlib import Path

from lanecast import artifact
from lanecast.graph import build, save
from lanecast.service import live, promotion
from lanecast.tables.lake import Lake

from .ahead import Learnt
from .learnt_from import EVENTS, TRAJECTORY
from .promote import opened

HOME = "service"  # in the folder of the demo
WHY = "demo, no gates"


def served(lake: Lake, out: Path, learnt: Learnt, end: datetime, seed: int) -> None:
    """Store the graph as of ``end``, save the models, and let them go live in a new home."""
    save(build(lake.asof(end), end), Lake(lake.path))
    about = {"trained_until": end.isoformat(), "seed": seed}
    for name, fitted, context, tables in (
        ("trajectory", learnt.walks, learnt.lanes, TRAJECTORY),
        ("events", learnt.risks, learnt.usual, EVENTS),
    ):
        told = about | {"problem": name}
        artifact.save(out / name, fitted, context, tables=tables, about=told)
    state, company = opened(out / HOME, "main", lake.path)
    for name in ("model", "trajectory", "events"):
        problem, version = promotion.register(state, company, out / name, "demo", WHY)
        live.record(state, company.name, problem, version, "promote", "demo", WHY)
    state.close()
