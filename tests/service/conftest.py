"""A service on the small world: a real server on a free port, in a thread."""

import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from lanecast.service import keys
from lanecast.service.app import create
from lanecast.service.clock import wall
from lanecast.service.settings import Settings
from lanecast.tables.lake import Lake

uvicorn = pytest.importorskip("uvicorn", reason="needs the web: pip install lanecast[serve]")


class Served(httpx.Client):
    """A client of a running service, with the app itself at hand."""

    app: Any


@pytest.fixture
def service(world_lake: Lake, tmp_path: Path) -> Iterator[Served]:
    """Two companies, ``main`` and ``other``, that see the same small world."""
    lakes = {"main": world_lake.path, "other": world_lake.path}
    app = create(Settings(lakes, tmp_path / "home", clock="data"))
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, http="h11", ws="none"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        port = listening.getsockname()[1]
        with Served(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            client.app = app
            yield client
        server.should_exit = True
        thread.join(20)


@pytest.fixture
def holder(service: Served) -> Any:
    """Return a function that makes the headers of a new key with these scopes."""

    def make(*scopes: str, tenant: str = "main", **more: Any) -> dict[str, str]:
        state = service.app.state.parts.state
        _, key = keys.issue(state, tenant, "test", scopes, wall(), **more)
        return {"Authorization": f"Bearer {key}"}

    return make
