"""A service on the small world: a real server on a free port, in a thread."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import narwhals as nw
import pytest

from lanecast import artifact
from lanecast.cli.training import LEARNT_FROM
from lanecast.nn.training import Training
from lanecast.parcel import eta
from lanecast.parcel.questions import questions
from lanecast.service import keys
from lanecast.service.app import create
from lanecast.service.clock import wall
from lanecast.service.settings import Settings
from lanecast.tables.lake import Lake, collect

uvicorn = pytest.importorskip("uvicorn", reason="needs the web: pip install lanecast[serve]")


class Served(httpx.Client):
    """A client of a running service, with the app itself at hand."""

    app: Any


@contextmanager
def serving(app: Any) -> Iterator[Served]:
    """Serve ``app`` on a free port, and give a client."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, http="h11", ws="none"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        while not server.started and thread.is_alive():
            time.sleep(0.01)
        assert server.started, "the service did not start; see the log"
        port = listening.getsockname()[1]
        with Served(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            client.app = app
            yield client
        server.should_exit = True
        thread.join(120)  # what it makes aside has its end first


@pytest.fixture
def service(world_lake: Lake, tmp_path: Path) -> Iterator[Served]:
    """Two companies, ``main`` and ``other``, that see the same small world."""
    lakes = {"main": world_lake.path, "other": world_lake.path}
    with serving(create(Settings(lakes, tmp_path / "home", clock="data"))) as client:
        yield client


@pytest.fixture(scope="session")
def reading(world_lake: Lake, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A service as ``service`` for all tests that only ask."""
    lakes = {"main": world_lake.path, "other": world_lake.path}
    home = tmp_path_factory.mktemp("reading")
    settings = Settings(lakes, home, clock="data", requests_per_s=1e4, burst=10**4)
    with serving(create(settings)) as client:
        yield client


@pytest.fixture
def holder(service: Served) -> Any:
    """Return a function that makes the headers of a new key with these scopes."""
    return partial(headers, service)


def headers(service: Served, *scopes: str, tenant: str = "main", **more: Any) -> dict[str, str]:
    """Return the headers of a new key."""
    state = service.app.state.parts.state
    _, key = keys.issue(state, tenant, "test", scopes, wall(), **more)
    return {"Authorization": f"Bearer {key}"}


def patiently(ask: Callable[[], httpx.Response]) -> httpx.Response:
    """Return an answer, asked for again while it is not ready."""
    for _ in range(200):
        if (answer := ask()).status_code != 503:
            return answer
        assert answer.headers["retry-after"] == "2"
        time.sleep(0.1)
    raise AssertionError(answer.text)


@pytest.fixture(scope="session")
def two_models(world_lake: Lake, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two small models of the time to delivery: learnt until 1 March, and until 8 March 2025."""
    made = tmp_path_factory.mktemp("models")
    for day in (1, 8):
        asof = datetime(2025, 3, day, tzinfo=UTC)
        known = world_lake.asof(asof)
        context = {name: in_memory(frame) for name, frame in eta.context(known, asof).items()}
        rows = questions(known, asof - timedelta(days=45), asof).collect("polars")
        x = eta.assemble(rows, context).to_native()
        deep = eta.Deep(Training(epochs=1))
        fitted = eta.Blend(eta.Boosted(rounds=10), deep).fit(
            x, collect(eta.outcomes(known, asof).lazy())
        )
        about = {"problem": "eta", "trained_until": asof.isoformat(), "seed": 0}
        artifact.save(made / str(day), fitted, context, tables=LEARNT_FROM, about=about)
    return made / "1", made / "8"


def in_memory(frame: Any) -> Any:
    """Return a frame of a context in memory."""
    return nw.from_native(collect(frame.lazy()))
