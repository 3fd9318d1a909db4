"""Raw files as a lake that lasts as long as a back-test."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from lanecast.sources.ingest import ingest
from lanecast.tables.lake import Lake

Source = Literal[
    "csv", "olist", "delhivery", "world", "lake", "series", "walmart", "m5", "m4", "vn1"
]


@contextmanager
def filled(source: Source, data: Path) -> Iterator[Lake]:
    """Yield the lake ``data``, or one filled with the files in it.

    The files of a simulated company (``world``) are canonical tables, as those of ``csv``.
    """
    if source == "lake":
        yield Lake(data)
        return
    with tempfile.TemporaryDirectory(prefix="lanecast-") as folder:
        lake = Lake(Path(folder) / "lake")
        ingest(lake, "csv" if source == "world" else source, data)
        yield Lake(lake.path)
