import hashlib
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from lanecast.cli import eta as command
from lanecast.cli import run, training
from lanecast.nn.training import Training
from lanecast.parcel import eta
from lanecast.sources.world import simulate
from lanecast.tables.lake import Lake

LEARNT_UNTIL = "2025-03-01"


@dataclass(frozen=True)
class Said:
    """What a command answered."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        return json.loads(self.out)  # type: ignore[no-any-return]


def tree(folder: Path) -> dict[str, str]:
    """Return every file below ``folder`` with a digest of what it holds."""
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*"))
        if file.is_file() and file.name != ".lock"
    }


@pytest.fixture
def lanecast(capsys, monkeypatch):
    """Run a command in this process, as the command line would."""
    monkeypatch.setenv("COLUMNS", "200")

    def call(*words: object) -> Said:
        capsys.readouterr()
        code = run([str(word) for word in words])
        return Said(code, *capsys.readouterr())

    return call


@pytest.fixture(scope="session")
def quick() -> Iterator[None]:
    """Let the command line learn less, so that the tests take seconds."""

    def blend(seed: int) -> eta.Blend:
        deep = eta.Deep(Training(epochs=1, seed=seed))
        return eta.Blend(eta.Boosted(rounds=15, seed=seed), deep)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(command, "blend", blend)
        patch.setattr(training, "blend", blend)
        yield


@pytest.fixture(scope="session")
def company(tmp_path_factory) -> Path:
    """A folder with the files ``raw`` of a small company and its ``lake``; only to be read."""
    folder = tmp_path_factory.mktemp("company")
    world = simulate(parcels=1500, days=70, seed=3)
    world.export(folder / "raw")
    world.write(Lake(folder / "lake"))
    return folder


@pytest.fixture(scope="session")
def other(tmp_path_factory) -> Lake:
    """The lake of a company whose facilities have other names; only to be read."""
    lake = Lake(tmp_path_factory.mktemp("other") / "lake")
    world = simulate(parcels=200, days=40, seed=8)
    tables = {
        name: rows.with_columns(
            pl.concat_str(pl.lit("x_"), pl.col(link)).alias(link)
            for link in rows.columns
            if link.endswith("facility_id")
        )
        for name, rows in world.tables.items()
    }
    replace(world, tables=tables).write(lake)
    return lake


@pytest.fixture(scope="session")
def model(company, quick) -> Path:
    """A model that the command line has fitted."""
    folder = company / "model"
    words = ("fit", "eta", "--lake", str(company / "lake"), "--model", str(folder))
    assert run([*words, "--asof", LEARNT_UNTIL, "--json", str(company / "fit.json")]) == 0
    return folder


@pytest.fixture
def lake(company, tmp_path) -> Path:
    """A copy of the lake, to write into."""
    return Path(shutil.copytree(company / "lake", tmp_path / "lake"))


@pytest.fixture
def broken(model, tmp_path) -> Path:
    """A copy of the model, to break."""
    return Path(shutil.copytree(model, tmp_path / "broken"))
