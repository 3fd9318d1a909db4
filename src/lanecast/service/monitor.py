"""A thread that looks now and then whether models still fit what is going on.

It tells the tracking server, too, what that has missed.
"""

import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from . import drift, figures, registry
from .models import Models
from .tenants import Tenant

FIRST_S, EVERY_S = 60.0, 3600.0  # a look takes seconds, and the start belongs to answers
STOP_S = 30.0  # that the end of the service waits for a look
FRESH_S = 20.0  # between two looks at how old the data are


@dataclass
class Monitor:
    """Says how old the data are, and calls ``drift.look``, for one company after the other.

    Parameters
    ----------
    home, tracking
        Of the service, where the tracking server is found.
    """

    models: Models
    tenants: Iterable[Tenant]
    home: Path
    tracking: str | None = None
    first_s: float = FIRST_S
    every_s: float = EVERY_S
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin."""
        self._thread = threading.Thread(target=self._run, name="monitor", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End after the look that is being taken, if that ends soon."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(STOP_S)

    def _run(self) -> None:
        due = time.monotonic() + self.first_s
        while not self._stop.wait(min(FRESH_S, self.first_s)):
            deep = time.monotonic() >= due
            for tenant in self.tenants:
                try:
                    if (seconds := drift.age(tenant)) is not None:
                        figures.AGE.labels(tenant.name).set(seconds)
                    if deep:
                        drift.look(self.models, tenant)
                        self._tell(tenant)
                except Exception as error:  # of the data, or of a model: answers go on
                    structlog.get_logger().warning(
                        "monitor", tenant=tenant.name, error=f"{type(error).__name__}: {error}"
                    )
            due = time.monotonic() + self.every_s if deep else due

    def _tell(self, tenant: Tenant) -> None:
        """Tell the tracking server what it does not know yet."""
        state = self.models.state
        if registry.due(state, tenant, self.home, self.tracking):
            said = registry.mirror(state, tenant, self.home, self.tracking)
            structlog.get_logger().info("tracking", tenant=tenant.name, said=said)
