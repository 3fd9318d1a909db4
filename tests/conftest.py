import os
import shutil
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from lanecast.sources.world import World, simulate
from lanecast.tables.lake import Lake

ROOT = Path(__file__).resolve().parents[1]

with suppress(ImportError):  # what threads log, which outlive their test, is not printed in another
    import structlog

    def _logger(*names: Any) -> Any:
        own = threading.current_thread() is threading.main_thread()
        between = sys.stderr is sys.__stderr__  # pytest itself, between two tests
        return (
            structlog.PrintLogger(sys.stderr) if own and not between else structlog.ReturnLogger()
        )

    structlog.configure(logger_factory=_logger)

# The same examples on every machine, and none fails because the machine is busy.
settings.register_profile("lanecast", deadline=None, derandomize=True)
settings.load_profile("lanecast")


@pytest.fixture(scope="session")
def olist_dir() -> Path:
    """The public Olist marketplace data, which nobody may pass on with this repository."""
    folder = ROOT.parent / "shared" / "data" / "olist"
    if not folder.is_dir():
        pytest.skip(
            "needs the public data set 'Brazilian E-Commerce Public Dataset by Olist' (Kaggle) in "
            "../shared/data/olist, beside the repository"
        )
    return folder


@pytest.fixture(scope="session")
def delhivery_dir() -> Path:
    """The public Delhivery truck legs, which nobody may pass on with this repository."""
    folder = ROOT.parent / "shared" / "data" / "delhivery"
    if not folder.is_dir():
        pytest.skip(
            "needs legs, lanes_train and centers made of the public Delhivery case study in "
            "../shared/data/delhivery, beside the repository"
        )
    return folder


@pytest.fixture(scope="session")
def inventory_dir() -> Path:
    """Textbook instances and location problems, which are not part of this repository."""
    folder = ROOT.parent / "shared" / "data" / "inventory"
    if not folder.is_dir():
        pytest.skip(
            "needs textbook_instances.json (the instances of stockpyl) and the OR-Library files "
            "pmed*.txt and cap*.txt in ../shared/data/inventory, beside the repository"
        )
    return folder


@pytest.fixture(scope="session")
def world() -> World:
    """A small company: late, double, missing and wrong scans included."""
    return simulate(parcels=3000, days=90, seed=1)


@pytest.fixture(scope="session")
def world_lake(world: World, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """The tables of ``world``, for reading only."""
    lake = Lake(tmp_path_factory.mktemp("world") / "lake")
    world.write(lake)
    return Lake(lake.path)


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A local Spark session, where Java and pyspark are there."""
    sql = pytest.importorskip("pyspark.sql", reason="needs pyspark: pip install lanecast[spark]")
    if shutil.which("java") is None:
        pytest.skip("needs Java 17 or newer on the path to start Spark")
    os.environ["PYSPARK_PYTHON"] = sys.executable
    session = (
        sql.SparkSession.builder.master("local[2]")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.shuffle.partitions", "4")
        .config("spark.sql.warehouse.dir", str(tmp_path_factory.mktemp("warehouse")))
        .config("spark.ui.enabled", "false")
        .getOrCreate()
    )
    yield session
    session.stop()
