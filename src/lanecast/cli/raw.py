"""Raw files as a lake that lasts as long as a back-test."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from lanecast.sources.ingest import ingest
from lanecast.sources.report import Report
from lanecast.tables.lake import Lake

from .talk import note

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
        report = ingest(lake, "csv" if source == "world" else source, data)
        if source == "series":  # one's own: nobody has looked at them yet
            for sentence in _odd(report):
                note(sentence)
        yield Lake(lake.path)


def _odd(report: Report) -> Iterator[str]:
    """Yield a sentence for each kind of trouble."""
    for found in report.findings.iter_rows(named=True):
        what = found["code"].replace("_", " ")
        yield (
            f"{found['file']}: {found['column']}: {what}, {found['count']:,} times, for example "
            f"{found['example']}; {found['action']}."
        )
