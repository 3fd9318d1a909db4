"""Products of small matrices on one thread: sharing them out takes longer than they do.

With two threads on busy cores a string took 75 ms instead of 4: each product waits for a thread
that has no core. The limit is the whole process's, so it is held once while any reader needs it,
and what was there before comes back when the last one has left.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from threading import Lock

from threadpoolctl import LibController, ThreadpoolController


class _Limit:
    """The limit of the process, and how many need it."""

    def __init__(self) -> None:
        self.lock, self.readers, self.before = Lock(), 0, list[int]()

    @cached_property
    def pools(self) -> list[LibController]:
        """Return the pools of numpy's library of products."""
        return list(ThreadpoolController().select(user_api="blas").lib_controllers)

    def enter(self) -> None:
        """Limit the process, unless it is."""
        with self.lock:
            if self.readers == 0:
                self.before = [pool.num_threads for pool in self.pools]
                self._set([1] * len(self.pools))
            self.readers += 1

    def leave(self) -> None:
        """Lift the limit if nobody else needs it."""
        with self.lock:
            self.readers -= 1
            if self.readers == 0:
                self._set(self.before)

    def _set(self, threads: list[int]) -> None:
        for pool, many in zip(self.pools, threads, strict=True):
            pool.set_num_threads(many)


_LIMIT = _Limit()


@contextmanager
def one_thread() -> Iterator[None]:
    """Keep numpy's products on the calling thread meanwhile."""
    _LIMIT.enter()
    try:
        yield
    finally:
        _LIMIT.leave()
