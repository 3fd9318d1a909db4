"""The command line: ``lanecast doctor | demo | ingest | fit | predict | backtest | decide``.

Nothing heavy is imported before ``main`` runs, so that also an interrupted or incomplete start ends
in one sentence.
"""

import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

INTERRUPTED = 128 + signal.SIGINT
STOPPED = "stopped; nothing half-done is left."


def main() -> None:
    """Run the command that was typed, and exit with its code."""
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: PTH123, SIM115  # closed by the caller
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: PTH123, SIM115
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    if hasattr(signal, "SIGPIPE"):  # the reader of our output has gone: end quietly
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run a command and return its exit code; what fails is one sentence on standard error."""
    try:
        code = _started(list(arguments) or ["--help"])
        sys.stdout.flush()
        return _stop(STOPPED, code) if code == INTERRUPTED else code
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 1
    except KeyboardInterrupt:
        return _stop(STOPPED, INTERRUPTED)
    except BaseException as error:  # a panic of a Rust library is no Exception
        from .failures import interrupted, told

        if interrupted(error):
            return _stop(STOPPED, INTERRUPTED)
        return _stop(*told(error, arguments))


def _started(arguments: list[str]) -> int:
    try:
        with undisturbed():
            from .commands import app
        code: Any = app(arguments, prog_name="lanecast", standalone_mode=False)
    except ImportError as error:
        return _stop(f"{error}; run `lanecast doctor` to see what is missing.", 2)
    return code if isinstance(code, int) else 0


@contextmanager
def undisturbed() -> Iterator[None]:
    """Let Ctrl-C wait: libraries that are being imported answer it with a panic."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _stop(sentence: str, code: int) -> int:
    """Say why, on one line, and return ``code``; nothing more is written to a broken output."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    red, plain = ("\033[1;31m", "\033[0m") if sys.stderr.isatty() else ("", "")
    printable = "".join(c if c.isprintable() else " " for c in sentence)
    sys.stderr.write(f"{red}lanecast:{plain} {' '.join(printable.split())}\n")
    return code


def __getattr__(name: str) -> Any:
    """Return ``app``, which is imported only when somebody asks for it."""
    if name == "app":
        from .commands import app

        return app
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
