"""One service with a console and one browser for all tests of screens."""

import shutil
import socket
import threading
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from lanecast.service import audit, keys
from lanecast.service.app import create
from lanecast.service.clock import wall
from lanecast.service.decisions import decided
from lanecast.service.settings import Settings
from lanecast.tables.lake import Lake

from ..address.conftest import files as files
from ..address.conftest import lake as lake

uvicorn = pytest.importorskip("uvicorn", reason="needs the web: pip install lanecast[serve]")
pytest.importorskip("nicegui", reason="needs the web: pip install lanecast[serve]")

FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
)


@dataclass(frozen=True)
class Console:
    """A service that shows the console, and the key of a person who may see everything."""

    url: str
    app: Any
    key: str

    def path(self, rest: str) -> str:
        return f"{self.url}/console{rest}"

    def proposed(self) -> str:
        """Return an open parcel with a proposed action about which nothing is decided yet."""
        parts = self.app.state.parts
        taken = decided(parts.state, "main")
        rows = parts.desks["main"].view.plan.table.sort("saving", descending=True)
        return str(next(each for each in rows["parcel_id"] if each not in taken))

    @property
    def desk(self) -> Any:
        return self.app.state.parts.desks["main"]

    def audit(self) -> dict[str, Any]:
        return audit.entries(self.app.state.parts.state, "main", None, 1)[0]

    def tab_for(self, browser: Any, *scopes: str) -> "Tab":
        page = browser.new_context(timezone_id="Europe/Berlin").new_page()
        return Tab(page, self, []).sign_in(self.key_with(*scopes))

    def key_with(self, *scopes: str, tenant: str = "main") -> str:
        _, key = keys.issue(self.app.state.parts.state, tenant, "Bo", scopes, wall())
        return key


@pytest.fixture(scope="session")
def console(
    world_lake: Lake, lake: Lake, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Console]:
    """A running service on the small world, its desk filled, and ``post`` with addresses only."""
    from lanecast.console.app import mount

    home = tmp_path_factory.mktemp("console") / "home"
    app = create(Settings({"main": world_lake.path, "post": lake.path}, home, clock="data"))
    mount(app)
    with socket.socket() as listening, warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # NiceGUI looks at every object there is
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, http="h11"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        desk = app.state.parts.desks["main"]
        for _ in range(1200):
            risks = desk.view.risks.height if desk.view is not None else 0
            if risks and desk.view.eta["fallback"][0] == "baseline":
                break
            time.sleep(0.1)
        assert httpx.get(f"{url}/healthz").status_code == 200
        _, key = keys.issue(app.state.parts.state, "main", "Ada", keys.ADMIN, wall())
        yield Console(url, app, key)
        server.should_exit = True
        thread.join(20)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Debian's Chromium."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("needs Chromium on the path: apt-get install chromium")
    with sync_api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield opened
        opened.close()


@dataclass
class Tab:
    """A page in a fresh browser, and everything that went wrong in it."""

    page: Any
    console: Console
    wrong: list[str]

    def sign_in(self, key: str | None = None) -> "Tab":
        self.page.goto(self.console.path("/sign-in"))
        self.page.fill("#key", key or self.console.key)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.wait_for_selector("html[data-ready]")
        return self

    def open(self, rest: str) -> "Tab":
        self.page.goto(self.console.path(rest))
        return self.ready()

    def usable(self) -> None:
        """Fail where the page does not fit, or axe finds something serious, in either theme."""
        axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
        page = self.page
        assert page.locator("h1").count() == 1
        assert page.evaluate("document.documentElement.lang") == "en-US"
        for theme, width in (("dark", 390), ("light", 1280), ("dark", 2560)):
            page.emulate_media(color_scheme=theme)
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), width
            if width < 2000:
                found = axe.run(page).response["violations"]
                serious = [each for each in found if each["impact"] in ("serious", "critical")]
                told = [(v["id"], [node["html"][:200] for node in v["nodes"]]) for v in serious]
                assert not told, (theme, width)

    def seen_on_a_phone(self, found: Any) -> None:
        """Fail where something of it lies past the edge of a phone, or of the card it is in."""
        self.page.set_viewport_size({"width": 390, "height": 800})
        shown = found.locator("visible=true")
        assert shown.count()
        for each in shown.all():
            box = each.bounding_box()
            assert box is not None and box["x"] >= 0 and box["x"] + box["width"] <= 390, box

    def ready(self) -> "Tab":
        self.page.wait_for_selector("html[data-ready]", timeout=20_000)
        return self


@pytest.fixture
def tab(browser: Any, console: Console) -> Iterator[Tab]:
    """A tab that fails its test on a request to another host or an error of a script."""
    context = browser.new_context(
        timezone_id="Europe/Berlin", viewport={"width": 1280, "height": 800}
    )
    page = context.new_page()
    found = Tab(page, console, [])

    def requested(url: str) -> None:
        if not url.startswith((console.url, console.url.replace("http", "ws"), "data:")):
            found.wrong.append(f"asked {url}")

    page.on("request", lambda request: requested(request.url))
    page.on("websocket", lambda opened: requested(opened.url))
    page.on("pageerror", lambda error: found.wrong.append(f"error {error}"))
    page.on("console", lambda said: said.type == "error" and found.wrong.append(said.text))
    yield found
    context.close()
    assert not found.wrong
