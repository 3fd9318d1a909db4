"""Run an experiment again and hold it against what is written in its file.

    python experiments/run.py experiments/eta-olist-2018-spring.toml

``[data]`` says where raw files are (``path``, relative to the repository) and what they are,
``[backtest]`` the period, ``[expected]`` figures of the run that is in RESULTS.md, and
``[tolerance]`` how far a rerun on another machine may be from them.
"""

import json
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent


def run(file: Path) -> bool:
    """Run one experiment; return whether every figure is as expected."""
    plan = tomllib.loads(file.read_text())
    data = (ROOT / plan["data"]["path"]).resolve()
    if not data.exists():
        print(f"{file.name}: needs {plan['data']['what']} in {plan['data']['path']}")
        return False
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out.json"
        period = plan["backtest"]
        subprocess.run(
            [
                *(sys.executable, "-m", "lanecast", "backtest", "eta"),
                *("--data", str(data), "--source", plan["data"]["source"]),
                *("--from", str(period["from"]), "--to", str(period["to"])),
                *("--every", period["every"], "--json", str(out)),
            ],
            check=True,
        )
        found = json.loads(out.read_text())
    good = True
    for name, expected in plan["expected"].items():
        near = abs(found[name] - expected) <= plan["tolerance"].get(name, 0.0)
        good &= near
        print(f"{'ok ' if near else 'off'} {name}: {found[name]:.4f}, expected {expected}")
    return good


if __name__ == "__main__":
    sys.exit(0 if all([run(Path(name)) for name in sys.argv[1:]]) else 1)
