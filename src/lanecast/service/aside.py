"""What takes long is made once, in a thread of its own, and asked for again until it is there."""

import threading
import time
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from .problems import Refused

WAIT_S = 5.0  # that a request waits before it is told to come again
AGAIN_S = 2
NAME = "aside"  # of threads whose work has an end of its own


@dataclass
class Aside:
    """Values by key; the newest ``most`` of them are kept."""

    most: int = 8
    _made: dict[Hashable, Future[Any]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def get(self, key: Hashable, make: Callable[[], Any], what: str, wait_s: float = WAIT_S) -> Any:
        """Return the value of ``key``, which is made if it is not there.

        Raises
        ------
        Refused
            While it is being made, and where it cannot be: 503, with the time to come again.
        """
        with self._lock:
            future = self._made.get(key)
            if future is None:
                future = self._made[key] = Future()
                for old in list(self._made)[: -self.most]:
                    del self._made[old]
                begin(lambda: _run(future, make))
        again = {"Retry-After": str(AGAIN_S)}
        try:
            return future.result(wait_s)
        except TimeoutError as error:
            detail = f"The {what} is being made; this takes seconds."
            raise Refused(503, "not_ready", detail, headers=again) from error
        except (ValueError, FileNotFoundError) as error:
            self._forget(key, future)
            raise Refused(
                503, "not_ready", f"There is no {what}: {error}", headers=again
            ) from error
        except BaseException:
            self._forget(key, future)
            raise

    def _forget(self, key: Hashable, future: Future[Any]) -> None:
        with self._lock:
            if self._made.get(key) is future:
                del self._made[key]


def begin(work: Callable[[], object]) -> None:
    """Do ``work``, which catches its errors, in a thread of its own."""
    threading.Thread(target=work, name=NAME, daemon=True).start()


def finish(wait_s: float) -> bool:
    """Wait until all that was begun is done, and return whether it is.

    A process that ends before is killed by its libraries: their threads find no interpreter.
    """
    until = time.monotonic() + wait_s
    mine = threading.current_thread()
    left = [each for each in threading.enumerate() if each.name == NAME and each is not mine]
    for each in left:
        each.join(max(until - time.monotonic(), 0.0))
    return not any(each.is_alive() for each in left)


def _run(future: Future[Any], make: Callable[[], Any]) -> None:
    try:
        future.set_result(make())
    except BaseException as error:  # whoever asks is told
        future.set_exception(error)
