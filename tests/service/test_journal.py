"""Laws of the journal: what was acknowledged is read again, and nothing else is."""

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lanecast.service import journal
from lanecast.service.journal import Journal


def told(folder: Path) -> list[tuple[bytes, int]]:
    """Return every frame of a journal."""
    return [each for path in Journal(folder).segments() for each in journal.read(path)]


def written(folder: Path, frames: list[tuple[bytes, int]]) -> Path:
    """Write frames into one segment, and return it."""
    made = Journal(folder)
    made.open()
    for payload, events in frames:
        made.append(payload, events)
    made.close()
    return made.segments()[-1]


FRAMES = [(b"one", 1), (b"LCJ1 looks like a mark", 22), (b"\0" * 30, 3)]


def test_a_tail_torn_at_any_byte_is_cut_and_what_was_whole_stays(tmp_path: Path) -> None:
    whole = written(tmp_path / "whole", FRAMES).read_bytes()
    ends = [0]
    for payload, _ in FRAMES:
        ends.append(ends[-1] + journal.HEAD.size + len(payload))
    assert ends[-1] == len(whole)
    for at in range(len(whole) + 1):
        folder = tmp_path / str(at)
        folder.mkdir()
        (folder / "000000000001.journal").write_bytes(whole[:at])
        again = Journal(folder)
        kept = sum(end <= at for end in ends) - 1
        assert again.open() == at - ends[kept]
        again.append(b"later", 5)
        again.close()
        assert told(folder) == [*FRAMES[:kept], (b"later", 5)]


def test_a_tail_of_zeros_or_noise_is_no_frame(tmp_path: Path) -> None:
    for tail in (b"\0" * 64, b"LCJ1" + b"\0" * 60, b"noise" * 9):
        folder = tmp_path / tail[:5].hex()
        segment = written(folder, FRAMES)
        with segment.open("ab") as file:
            file.write(tail)
        again = Journal(folder)
        assert again.open() == len(tail)
        again.close()
        assert told(folder) == FRAMES


def test_damage_before_the_tail_is_refused_and_nothing_is_cut(tmp_path: Path) -> None:
    whole = written(tmp_path / "whole", FRAMES).read_bytes()
    last = len(whole) - journal.HEAD.size - len(FRAMES[-1][0])
    for at in range(0, last, 3):
        folder = tmp_path / str(at)
        folder.mkdir()
        spoiled = bytearray(whole)
        spoiled[at] ^= 0x20
        (folder / "000000000001.journal").write_bytes(spoiled)
        with pytest.raises(ValueError, match="is damaged at byte"):
            Journal(folder).open()
        assert (folder / "000000000001.journal").read_bytes() == spoiled


def test_a_sealed_segment_that_is_cut_is_refused(tmp_path: Path) -> None:
    first = written(tmp_path, FRAMES)
    written(tmp_path, FRAMES)
    first.write_bytes(first.read_bytes()[:-1])
    with pytest.raises(ValueError, match="is damaged at byte"):
        Journal(tmp_path).open()


@settings(max_examples=25)
@given(
    st.lists(
        st.tuples(st.binary(min_size=1, max_size=50), st.integers(0, 9), st.booleans()), max_size=9
    )
)
def test_frames_come_back_in_order_whatever_is_sealed_between(
    tmp_path_factory: Any, steps: list[tuple[bytes, int, bool]]
) -> None:
    folder = tmp_path_factory.mktemp("journal")
    made = Journal(folder)
    made.open()
    for payload, events, sealing in steps:
        made.append(payload, events)
        if sealing:
            made.seal()
    made.close()
    assert told(folder) == [(payload, events) for payload, events, _ in steps]


@pytest.mark.parametrize("failing", [1, 2])
def test_a_disk_that_fails_acknowledges_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: int
) -> None:
    made, fsync, left = Journal(tmp_path), os.fsync, [failing]
    made.open()
    made.append(b"before", 1)

    def full(number: int) -> None:
        left[0] -= 1
        if left[0] >= 0:
            raise OSError(28, "No space left on device")
        fsync(number)

    monkeypatch.setattr(journal.os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        made.append(b"lost", 1)
    if failing == 2:  # not even taken back: nothing is written behind it
        with pytest.raises(OSError, match="restart"):
            made.append(b"behind", 1)
        made.close()
        made = Journal(tmp_path)
        made.open()
    made.append(b"after", 1)
    made.close()
    assert told(tmp_path) == [(b"before", 1), (b"after", 1)]


def test_two_services_do_not_write_to_one_journal(tmp_path: Path) -> None:
    first = Journal(tmp_path)
    first.open()
    with pytest.raises(ValueError, match="another service"):
        Journal(tmp_path).open()
    first.close()
    second = Journal(tmp_path)
    second.open()
    second.close()
