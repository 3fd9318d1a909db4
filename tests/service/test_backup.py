"""A copy of a running service starts again with everything that it held."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from lanecast.service import backup
from lanecast.service.backup import back_up
from lanecast.service.clock import wall
from lanecast.service.journal import Journal, frame, read
from lanecast.service.keys import caller
from lanecast.service.state import State
from lanecast.tables.lake import Lake, collect
from lanecast.tables.parcel import SCANS


def test_keys_and_lake_are_there_again(
    service: Any, holder: Any, world_lake: Lake, tmp_path: Path
) -> None:
    key = holder("keys:write")["Authorization"].removeprefix("Bearer ")
    told = back_up(tmp_path / "home", {"main": world_lake.path}, tmp_path / "copy")
    assert told["files"] > 10
    state = State(tmp_path / "copy" / "service.db")
    assert caller(state, key, wall()) is not None
    state.close()
    again = Lake(tmp_path / "copy" / "lakes" / "main")
    assert again.pinned == world_lake.pinned
    assert collect(again.read(SCANS)).equals(collect(world_lake.read(SCANS)))


def test_a_copy_that_fails_leaves_nothing(
    service: Any, world_lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copy2", full)
    with pytest.raises(OSError, match="No space"):
        back_up(tmp_path / "home", {"main": world_lake.path}, tmp_path / "copy")
    assert [each.name for each in tmp_path.iterdir()] == ["home"]


def test_foreign_and_nested_places_are_refused(service: Any, tmp_path: Path) -> None:
    home = tmp_path / "home"
    with pytest.raises(ValueError, match="--home"):
        back_up(tmp_path / "nowhere", {}, tmp_path / "copy")
    with pytest.raises(ValueError, match="lies within"):
        back_up(home, {}, home / "copy")
    (tmp_path / "there").mkdir()
    with pytest.raises(ValueError, match="exists already"):
        back_up(home, {}, tmp_path / "there")


def test_a_journal_that_is_written_to_meanwhile_is_copied_so_that_it_opens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    State(tmp_path / "home" / "service.db").close()
    folder = tmp_path / "home" / "tenants" / "main" / "journal"
    writing = Journal(folder)
    writing.open()
    writing.append(b"one", 1)
    with writing.segments()[0].open("ab") as file:
        file.write(frame(b"being written", 1)[:9])
    based = backup._base

    def later(source: Path, goal: Path) -> None:
        with writing.segments()[0].open("r+b") as file:
            file.truncate(len(frame(b"one", 1)))
        writing.seal()
        writing.append(b"two", 1)
        based(source, goal)

    monkeypatch.setattr(backup, "_base", later)
    back_up(tmp_path / "home", {}, tmp_path / "copy")
    writing.close()
    copied = Journal(tmp_path / "copy" / "tenants" / "main" / "journal")
    assert copied.open() == 9
    copied.close()
    assert [each for path in copied.segments() for each in read(path)] == [(b"one", 1)]
