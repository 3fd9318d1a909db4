"""How fast the console's screens are there, what 50 open ones take, and how they look.

    lanecast demo --out demo
    python benchmarks/console.py --lake demo/lake --home demo/service --pictures pictures

Starts ``lanecast serve`` and Debian's Chromium. Prints JSON: for each screen the first time and the
median from the request to all data drawn, by the wall's clock; and the memory of the server beside
what it had before, with that many pages open. Pictures are taken of each screen, dark and light.
"""

import argparse
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync")
TIMES = 5
WIDTHS = (390, 1280, 2560)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lake", type=Path, required=True)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--sessions", type=int, default=50)
    parser.add_argument("--pictures", type=Path)
    parser.add_argument("--parcel", help="Parcel to show; by default the first of the list.")
    given = parser.parse_args()
    key = key_of(given.home)
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    command = [sys.executable, "-m", "lanecast", "serve", "--lake", str(given.lake)]
    command += ["--home", str(given.home), "--port", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    root = f"http://127.0.0.1:{port}/console"
    try:
        started = time.perf_counter()
        ready(port)
        result: dict[str, Any] = {"ready_s": time.perf_counter() - started}
        result["load"] = os.getloadavg()[0]
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=list(FLAGS)
            )
            page = signed_in(browser, root, key)
            page.goto(f"{root}/parcels")
            page.wait_for_selector("tr[data-row]", timeout=120_000)
            parcel = given.parcel or page.locator("tr[data-row] th a").first.inner_text()
            paths = {"parcel": f"/parcels/{parcel}", **screens(page)}
            spent = {name: seconds(page, f"{root}{path}") for name, path in paths.items()}
            result["first_s"] = {name: each[0] for name, each in spent.items()}
            result["screens_s"] = {name: statistics.median(each) for name, each in spent.items()}
            before = resident_mb(server.pid)
            opened = [signed_in(browser, root, key) for _ in range(given.sessions)]
            for i, each in enumerate(opened):
                each.goto(f"{root}{list(paths.values())[i % len(paths)]}")
                each.wait_for_selector("html[data-ready]", timeout=120_000)
            result["sessions"] = len(opened)
            result["sessions_mb"] = resident_mb(server.pid) - before
            result["idle_mb"] = before
            if given.pictures is not None:
                given.pictures.mkdir(parents=True, exist_ok=True)
                pictures(browser, root, key, paths, given.pictures)
            browser.close()
    finally:
        server.terminate()
        server.wait(60)
    print(json.dumps(result, indent=1))


def signed_in(browser: Browser, root: str, key: str, **how: Any) -> Page:
    """Return a page in a browser of its own that has signed in."""
    page = browser.new_context(**how).new_page()
    page.goto(f"{root}/sign-in")
    page.fill("#key", key)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_selector("html[data-ready]", timeout=120_000)
    return page


def screens(page: Page) -> dict[str, str]:
    """Return the paths of all screens that the navigation leads to, by title."""
    links = page.locator("nav.side a")
    titles = [title.strip().lower() for title in links.all_inner_texts()]
    hrefs = [links.nth(i).get_attribute("href") or "" for i in range(links.count())]
    return dict(zip(titles, [href.removeprefix("/console") for href in hrefs], strict=True))


def seconds(page: Page, url: str) -> list[float]:
    """Return the times until a screen has all its data; the first one may find it unprepared."""
    spent = []
    for _ in range(TIMES):
        started = time.perf_counter()
        page.goto(url)
        page.wait_for_selector("html[data-ready]", timeout=120_000)
        spent.append(time.perf_counter() - started)
    return spent


def pictures(browser: Browser, root: str, key: str, paths: dict[str, str], folder: Path) -> None:
    """Take a picture of each screen in both themes and three widths."""
    for theme in ("dark", "light"):
        for width in WIDTHS:
            size = {"width": width, "height": 900}
            page = signed_in(browser, root, key, viewport=size, color_scheme=theme)
            for name, path in paths.items():
                page.goto(f"{root}{path}")
                page.wait_for_selector("html[data-ready]", timeout=120_000)
                page.screenshot(path=folder / f"{name}-{theme}-{width}.png")
            page.context.close()


def ready(port: int) -> None:
    """Wait until the service answers."""
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.1)


def resident_mb(pid: int) -> float:
    """Return the memory that a process holds."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) / 1024


def key_of(home: Path) -> str:
    """Return a new key of an administrator."""
    from lanecast.service import keys
    from lanecast.service.clock import wall
    from lanecast.service.state import State

    state = State(home / "service.db")
    _, key = keys.issue(state, "main", "bench", keys.ADMIN, wall(), days=1)
    state.close()
    return key


if __name__ == "__main__":
    main()
