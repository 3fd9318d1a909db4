"""Products of small matrices on one thread: sharing them out takes longer than they do.

With two threads on busy cores a string took 75 ms instead of 4: each product waits for a thread
that has no core. The limit is the whole process's, so it is held once while any reader needs it,
and what was there before comes back when the last one has left.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cached_property
from threading import Lock

from threadpoolctl import ThreadpoolController


class _Limit:
    """The limit of the process, and how many need it."""

    def __init__(self) -> None:
        self.lock, self.readers, self.held = Lock(), 0, ExitStack()

    @cached_property
    def pools(self) -> ThreadpoolController:
        """Return the pools of numpy's library of products."""
        return ThreadpoolController().select(user_api="blas")

    def enter(self) -> None:
        """Limit the process, unless it is."""
        with self.lock:
            if self.readers == 0:
                self.held.enter_context(self.pools.limit(limits=1))
            self.readers += 1

    def leave(self) -> None:
        """Lift the limit if nobody else needs it."""
        with self.lock:
            self.readers -= 1
            if self.readers == 0:
                self.held.close()


_LIMIT = _Limit()


@contextmanager
def one_thread() -> Iterator[None]:
    """Keep numpy's products on the calling thread meanwhile."""
    _LIMIT.enter()
    try:
        yield
    finally:
        _LIMIT.leave()
