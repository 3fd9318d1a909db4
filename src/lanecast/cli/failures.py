"""What a failure says and which exit code it gets: refused, busy, disk, or our own fault."""

import errno
import re
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path

from lanecast.tables.commits import LakeBusyError

FULL = (
    *("no space left on", "storagefull", "os error 28", "disk quota exceeded"),
    "database or disk is full",  # SQLite
)
STORES = ("deltalake", "_internal", "safetensors")  # modules of those who read our files
UNREADABLE = ("ComputeError", "NoDataError")
AGAIN = "free some and run this again"
NOISE = re.compile(r" 0: <unknown>.*| \(set POLARS_VERBOSE.*")  # of libraries
LONGEST = 1000  # characters that are said


def told(error: BaseException, arguments: Sequence[str] = ()) -> tuple[str, int]:
    """Return the sentence that says what went wrong, and the exit code."""
    text = NOISE.sub("", " ".join(str(error).split()))[:LONGEST] or type(error).__name__
    if callable(said := getattr(error, "format_message", None)):
        return _usage(error, said(), arguments), 2
    if isinstance(error, LakeBusyError):
        return text, 3
    if _full(error):
        if isinstance(error, OSError) and error.filename:
            said, code = _of_the_disk(error, text)
            said = said.replace("No space left on device", "no space left on the device")
            return f"{said}; {AGAIN}.", code
        known = text.startswith("--") or "free some" in text
        said = text if known else f"no space left on the device; {AGAIN} ({text})"
        return said, 4
    if isinstance(error, OSError):
        return _of_the_disk(error, text)
    kind = type(error)
    if kind.__module__.split(".")[0] in STORES or kind.__name__ in UNREADABLE:
        return f"{_lake(arguments)}: a file in it cannot be read; restore it from a copy: {text}", 4
    if kind.__name__ == "LightGBMError":
        return f"LightGBM: {text}", 4
    if isinstance(error, ValueError):
        return text, 2
    if isinstance(error, MemoryError):
        return "the machine has too little memory for this; take a shorter period.", 4
    last = traceback.extract_tb(error.__traceback__)[-1:]
    where = f" in {Path(last[0].filename).name} line {last[0].lineno}" if last else ""
    return f"a fault of Lanecast: {kind.__name__}{where}: {text}; please report it.", 1


def interrupted(error: BaseException) -> bool:
    """Return whether Ctrl-C was the cause, which a library in Rust tells as its own panic."""
    return any(
        isinstance(each, KeyboardInterrupt) or "KeyboardInterrupt" in str(each)
        for each in _causes(error)
    )


def _lake(arguments: Sequence[str]) -> str:
    """Return the lake that was asked for, as the command line names it."""
    for at, word in enumerate(arguments):
        option, equals, value = word.partition("=")
        if option in ("--lake", "--data"):
            return f"{option}: {value if equals else next(iter(arguments[at + 1 :]), '')}"
    return "--data: lake" if "graph" in arguments[:1] else "--lake: lake"


def _of_the_disk(error: OSError, text: str) -> tuple[str, int]:
    if error.errno is None:  # raised by us, or by a library in Rust
        return text, 4 if "os error" in text else 2
    names = [str(name) for name in (error.filename, error.filename2) if name]
    return f"{' -> '.join(names) or 'the disk'}: {error.strerror or text}", 4


def _full(error: BaseException) -> bool:
    return any(
        getattr(each, "errno", None) in (errno.ENOSPC, errno.EDQUOT)
        or any(mark in str(each).lower() for mark in FULL)
        for each in _causes(error)
    )


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _usage(error: BaseException, said: str, arguments: Sequence[str]) -> str:
    """Return what the command line misses or refuses, with the value that was given."""
    text = said.replace("Value error, ", "").replace("Input should be", "expected")
    names = getattr(getattr(error, "param", None), "opts", [])
    for at, word in enumerate(arguments):
        option, equals, value = word.partition("=")
        if option in names and option.startswith("-"):
            given = value if equals else next(iter(arguments[at + 1 :]), "")
            if repr(given) not in text:
                text = f"{text.rstrip('.')}; got {given!r}"
    context = getattr(error, "ctx", None)
    path = getattr(context, "command_path", "lanecast")
    return f"{text.rstrip('.')}; see `{path} --help`."
