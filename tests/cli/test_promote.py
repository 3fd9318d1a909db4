from pathlib import Path

import pytest

from lanecast.cli import run

FORCE = ("--force", "--why", "the carrier has changed")


@pytest.fixture(autouse=True)
def tracked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the tracking server be told at once; tests of the service tell a real one."""
    monkeypatch.setattr("lanecast.service.registry.mirror", lambda *given: "recorded")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture(scope="session")
def newer(company, quick) -> Path:
    """A second model of the same company, fitted a week later."""
    folder = company / "newer"
    words = ("fit", "eta", "--lake", str(company / "lake"), "--model", str(folder))
    assert run([*words, "--asof", "2025-03-08", "--json", str(company / "newer.json")]) == 0
    return folder


def test_promoted_listed_and_rolled_back(lanecast, company, model, newer, home):
    words = ("promote", "eta", "--lake", company / "lake", "--home", home)
    refused = lanecast(*words, "--model", model)
    assert refused.code == 2 and "did not pass. baseline:" in refused.err
    listed = lanecast("models", "--home", home, "--json", "-").json
    assert [each["role"] for each in listed["models"]] == ["registered"]
    first = lanecast(*words, "--model", model, *FORCE, "--json", "-").json
    assert {each["name"] for each in first["gates"]} >= {"schema", "baseline", "latency"}
    second = lanecast(*words, "--model", newer, *FORCE, "--json", "-").json
    assert first["version"] != second["version"]
    listed = lanecast("models", "--home", home, "--json", "-").json
    roles = {each["version"]: each["role"] for each in listed["models"]}
    assert roles == {first["version"]: "registered", second["version"]: "live"}
    assert listed["log"][0]["why"] == "forced: the carrier has changed"
    back = lanecast("rollback", "eta", "--home", home, "--why", "too early", "--json", "-")
    assert back.json["version"] == first["version"]
    again = lanecast("rollback", "eta", "--home", home)
    assert again.code == 2 and "nothing to go back to" in again.err
    shown = lanecast("models", "--home", home)
    assert "live" in shown.out and "rollback" in shown.out
    shadow = (*words, "--version", second["version"], "--shadow", "--json", "-")
    assert lanecast(*shadow).json["role"] == "shadow"


def test_what_cannot_be_promoted_is_said(lanecast, company, model, home):
    words = ("promote", "eta", "--lake", company / "lake", "--home", home)
    for more, said in (
        ((), "--model: expected either a folder or --version"),
        (("--model", model, "--force"), "--why: expected a reason"),
        (("--model", "none"), "--model: none is no folder"),
        (("--version", "../../x", *FORCE), "version: '../../x'; expected a version such as"),
        (("--version", "484512-0a1b2c3d", *FORCE), "no such folder"),
    ):
        refused = lanecast(*words, *more)
        assert refused.code == 2 and said in refused.err, refused.err
    assert "answers eta" in lanecast("promote", "events", *words[2:], "--model", model).err
    assert "problem: 'x'" in lanecast("promote", "x", *words[2:], "--version", "1-00000000").err
    assert "no folder of a service" in lanecast("rollback", "eta", "--home", "none").err
    assert (
        "--tenant: 'x'; expected one of main"
        in lanecast("models", "--home", home, "--tenant", "x").err
    )
