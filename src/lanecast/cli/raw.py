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
ZONED = ("csv", "series")  # sources that may hold times without offset


@contextmanager
def filled(source: Source, data: Path, zone: str | None = None) -> Iterator[Lake]:
    """Yield the lake ``data``, or one filled with the files in it.

    The files of a simulated company (``world``) are canonical tables, as those of ``csv``. ``zone``
    is that of times without offset.

    Raises
    ------
    ValueError
        When a zone is given for a source whose clock is known.
    """
    if zone is not None and source not in ZONED:
        raise ValueError(
            f"--zone: the clock of {source} is known; only {', '.join(ZONED)} take a zone, got "
            f"{zone!r}."
        )
    if source == "lake":
        yield Lake(data)
        return
    with tempfile.TemporaryDirectory(prefix="lanecast-") as folder:
        lake = Lake(Path(folder) / "lake")
        report = ingest(lake, "csv" if source == "world" else source, data, zone=zone)
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
