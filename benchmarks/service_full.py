"""What a service does while its disk is full, and once there is space again.

    mount -t tmpfs -o size=48m tmpfs /mnt/small
    cp -r demo/lake demo/service demo/model /mnt/small
    python benchmarks/service_full.py --disk /mnt/small

Starts ``lanecast serve`` on the lake and the home in the folder, fills the file system with a file
up to the last byte while events are being sent, keys issued and a model registered, takes the file
away, and looks: nothing that was acknowledged is lost, nothing half is there, and a restart works.
"""

import argparse
import collections
import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from lanecast.service import keys
from lanecast.service.state import State
from lanecast.tables.lake import Lake, collect
from lanecast.tables.parcel import PARCELS, SCANS

PORT = 8142
AT = datetime(2025, 3, 1, tzinfo=UTC).isoformat()
SCOPES = ("events:write", "parcels:read", "keys:write", "models:read", "models:write")


def started(disk: Path, log: Any) -> tuple["subprocess.Popen[bytes]", httpx.Client]:
    """Return a service that is ready, and a client of it."""
    state = State(disk / "service" / "service.db")
    _, key = keys.issue(state, "main", "full", SCOPES, datetime.now(UTC))
    state.close()
    words = ["serve", "--lake", disk / "lake", "--home", disk / "service", "--port", PORT]
    command = [sys.executable, "-m", "lanecast", *map(str, words), "--no-console"]
    process = subprocess.Popen(command, stderr=log)
    headers = {"Authorization": f"Bearer {key}"}
    client = httpx.Client(base_url=f"http://127.0.0.1:{PORT}", headers=headers, timeout=60)
    while True:
        try:
            if client.get("/v1/parcels").status_code == 200:
                return process, client
        except httpx.TransportError:
            pass
        time.sleep(0.2)


def filled(disk: Path) -> Path:
    """Fill the file system to the last byte."""
    file = disk / "filler"
    with file.open("wb", buffering=0) as out:
        for size in (2**20, 2**12, 1):
            try:
                while True:
                    out.write(bytes(size))
            except OSError:
                continue
    return file


def tries(
    client: httpx.Client, parcels: list[str], first: int, count: int
) -> tuple[list[str], collections.Counter[str]]:
    """Send events, ask, and issue keys; return acknowledged events and counts of answers."""
    told: collections.Counter[str] = collections.Counter()
    kept = []
    for number in range(first, first + count):
        event = {"source": "full", "event_id": str(number), "status": "arrived", "raw_code": "A"}
        event |= {"parcel_id": parcels[number % len(parcels)], "event_at": AT, "recorded_at": AT}
        many = [event | {"event_id": f"{number}-{i}"} for i in range(50)]
        answer = client.post("/v1/events/batch", json={"events": many})
        told[f"events {answer.status_code}"] += 1
        if answer.status_code == 202:
            kept += [f"full:{each['event_id']}" for each in many]
        else:
            assert answer.json()["code"] == "disk", answer.text
        wanted = {"name": "n", "scopes": ["parcels:read"]}
        answer = client.post("/v1/keys", json=wanted)
        told[f"key {answer.status_code}"] += 1
        answer = client.get(f"/v1/parcels/{parcels[0]}/eta")
        told[f"eta {answer.status_code}"] += 1
    return kept, told


def registered(disk: Path) -> str:
    """Register a model by the command line, as another process, and return how that ended."""
    words = ["promote", "eta", "--model", disk / "model", "--lake", disk / "lake"]
    words += ["--home", disk / "service", "--force", "--why", "full"]
    done = subprocess.run(
        [sys.executable, "-m", "lanecast", *map(str, words)], capture_output=True, text=True
    )
    return f"{done.returncode} {done.stderr.strip()[-160:]}"


def main() -> None:
    """Print what was found as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--disk", type=Path, required=True, help="small file system; see above")
    disk = parser.parse_args().disk
    open_now = collect(Lake(disk / "lake").read(PARCELS).select("parcel_id"))["parcel_id"]
    parcels = open_now.to_list()[-200:]
    found: dict[str, Any] = {}
    with (disk.parent / "full.log").open("w") as log:
        process, client = started(disk, log)
        parcels = [each["parcel_id"] for each in client.get("/v1/parcels").json()["items"]]
        kept, found["before"] = tries(client, parcels, 0, 5)
        filler = filled(disk)
        more, found["full"] = tries(client, parcels, 100, 20)
        kept += more
        found["model while full"] = registered(disk)
        models = disk / "service" / "tenants" / "main" / "models" / "eta"
        found["half models"] = len(list(models.glob(".*.partial")))
        filler.unlink()
        began = time.perf_counter()
        while client.post("/v1/keys", json={"name": "n", "scopes": ["parcels:read"]}).is_error:
            time.sleep(0.1)
        found["writes again after_s"] = round(time.perf_counter() - began, 1)
        more, found["after"] = tries(client, parcels, 200, 5)
        kept += more
        found["model after"] = registered(disk)
        process.kill()
        process.wait()
        process, client = started(disk, log)
        journal = disk / "service" / "tenants" / "main" / "journal"
        while any(each.stat().st_size for each in journal.glob("*.journal")):
            time.sleep(0.2)
        process.terminate()
        process.wait()
    names = collect(Lake(disk / "lake").read(SCANS).select("event_id"))["event_id"]
    stored = names.filter(names.str.starts_with("full:")).to_list()
    found["acknowledged"] = len(kept)
    found["lost"] = len(set(kept) - set(stored))
    found["twice"] = len(stored) - len(set(stored))
    state = State(disk / "service" / "service.db")
    found["state"] = state.read("pragma integrity_check")[0]["integrity_check"]
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()
