"""What is done whole once it has begun: Ctrl-C and a request to end wait until it is."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

ENDING = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def unbroken() -> Iterator[None]:
    """Let signals wait for the end of the block; then the last of them does what it always did.

    Only the main thread of a program may say so, which a command runs in.
    """
    asked: list[int] = []

    def later(number: int, frame: FrameType | None) -> None:
        asked.append(number)

    before = {each: signal.getsignal(each) for each in ENDING}
    for each in ENDING:
        signal.signal(each, later)
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
    if asked:
        signal.raise_signal(asked[-1])
