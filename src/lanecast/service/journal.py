"""What was accepted and is not in the lake yet: an append-only journal that survives a kill.

Segments of frames. A frame is what one call of ``append`` was given: a mark, the length, how many
events, a CRC-32 of all that, and the bytes. ``append`` returns once the frame is on the disk, so a
frame that is cut off was never acknowledged: it is the last of the newest segment, and is taken
away at the next start. Damage anywhere else is told and stops the start; nothing is misread.
"""

import fcntl
import os
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from io import FileIO
from pathlib import Path
from threading import Lock
from typing import IO

HEAD = struct.Struct("<4sIII")  # mark, length of the payload, events in it, CRC-32
MARK = b"LCJ1"
SUFFIX = ".journal"
LARGEST = 2**31


@dataclass
class Journal:
    """The folder of one tenant's journal; one process at a time writes to it.

    Parameters
    ----------
    folder
        Where the segments are; made if it is not there.
    """

    folder: Path
    _lock: Lock = field(default_factory=Lock, repr=False)
    _held: IO[str] | None = field(default=None, repr=False)
    _file: FileIO | None = field(default=None, repr=False)
    _number: int = 0
    _torn: bool = False

    def open(self) -> int:
        """Take the folder, cut a torn tail off, and return how many bytes that were.

        Raises
        ------
        ValueError
            When another process holds the folder, or a segment is damaged elsewhere than at the
            end of the newest.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        held = (self.folder / ".lock").open("w")
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            held.close()
            raise ValueError(
                f"{self.folder}: another service is writing to this journal; stop it, or give "
                "this one a home of its own."
            ) from error
        self._held = held
        try:
            return self._mend()
        except BaseException:
            self.close()
            raise

    def _mend(self) -> int:
        found = self.segments()
        self._number = _number(found[-1]) if found else 0
        cut = 0
        for path in found:
            whole, size = _whole(path), path.stat().st_size
            if whole < size and path != found[-1]:
                raise damaged(path, whole)
            if whole < size:
                _not_inside(path, whole)
                with path.open("r+b") as file:
                    file.truncate(whole)
                    os.fsync(file.fileno())
                cut = size - whole
        return cut

    def close(self) -> None:
        """Let go of the folder."""
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None
        if self._held is not None:
            self._held.close()
            self._held = None

    def append(self, payload: bytes, events: int) -> None:
        """Write one frame; it survives a power cut once this returns.

        Raises
        ------
        OSError
            When the disk does not take it; the journal is then as it was.
        """
        bytes_ = memoryview(frame(payload, events))
        with self._lock:
            if self._torn:
                raise OSError(f"{self.folder}: a write could not be taken back; restart.")
            self._file = self._file or self._next()
            start = self._file.tell()
            try:
                while bytes_:
                    bytes_ = bytes_[self._file.write(bytes_) :]
                os.fsync(self._file.fileno())
            except OSError:
                self._undo(self._file, start)
                raise

    def segments(self) -> list[Path]:
        """Return all segments, oldest first."""
        return sorted(self.folder.glob(f"*{SUFFIX}"))

    def seal(self) -> list[Path]:
        """End the segment that is being written, and return all of them, oldest first."""
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None
            return self.segments()

    def delete(self, segments: Sequence[Path]) -> None:
        """Delete sealed segments, newest first, so that what a kill leaves comes again in order."""
        for path in sorted(segments, reverse=True):
            path.unlink()

    def _next(self) -> FileIO:
        self._number += 1
        file = FileIO(self.folder / f"{self._number:012d}{SUFFIX}", "xb")
        _sync(self.folder)
        return file

    def _undo(self, file: FileIO, start: int) -> None:
        """Take a frame back that the disk took in part; what stays torn is cut at the start."""
        try:
            file.seek(start)
            os.ftruncate(file.fileno(), start)
            os.fsync(file.fileno())
        except OSError:
            self._torn = True


def frame(payload: bytes, events: int) -> bytes:
    """Return the bytes of one frame."""
    if not payload or len(payload) >= LARGEST:
        raise ValueError(f"payload: {len(payload)} bytes; expected 1 to {LARGEST - 1}.")
    return HEAD.pack(MARK, len(payload), events, _check(payload, events)) + payload


def read(segment: Path) -> Iterator[tuple[bytes, int]]:
    """Yield payload and number of events of each frame.

    Raises
    ------
    ValueError
        When the segment is damaged.
    """
    with segment.open("rb") as file:
        at = 0
        while head := file.read(HEAD.size):
            found = _frame(head, file)
            if found is None:
                raise damaged(segment, at)
            yield found
            at += HEAD.size + len(found[0])


def damaged(segment: Path, at: int) -> ValueError:
    """Return the error that tells of a segment whose bytes are wrong from ``at`` on."""
    return ValueError(
        f"{segment}: is damaged at byte {at}; restore it from a copy, or move it away and send "
        "again what was sent since it was made."
    )


def _frame(head: bytes, file: IO[bytes]) -> tuple[bytes, int] | None:
    if len(head) < HEAD.size:
        return None
    mark, length, events, check = HEAD.unpack(head)
    if mark != MARK or not 0 < length < LARGEST:
        return None
    payload = file.read(length)
    if len(payload) < length or _check(payload, events) != check:
        return None
    return payload, events


def _check(payload: bytes, events: int) -> int:
    return zlib.crc32(payload, zlib.crc32(struct.pack("<II", len(payload), events)))


def _whole(segment: Path) -> int:
    """Return how many bytes of a segment are whole frames."""
    at = 0
    with segment.open("rb") as file:
        while head := file.read(HEAD.size):
            found = _frame(head, file)
            if found is None:
                break
            at += HEAD.size + len(found[0])
    return at


def _not_inside(segment: Path, at: int) -> None:
    """Refuse a segment that goes on with a whole frame after ``at``: that is no torn tail."""
    rest = segment.read_bytes()[at:]
    place = rest.find(MARK, 1)
    while place >= 0:
        head = rest[place : place + HEAD.size]
        if len(head) == HEAD.size:
            _, length, events, check = HEAD.unpack(head)
            payload = rest[place + HEAD.size : place + HEAD.size + length]
            if 0 < length == len(payload) and _check(payload, events) == check:
                raise damaged(segment, at)
        place = rest.find(MARK, place + 1)


def _number(segment: Path) -> int:
    return int(segment.name.removesuffix(SUFFIX))


def _sync(folder: Path) -> None:
    directory = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
