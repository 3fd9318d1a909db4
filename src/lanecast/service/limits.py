"""How much one key may ask: a token bucket per key (RFC 6585 status 429, ``RateLimit-*``)."""

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

REMEMBERED = 10_000  # buckets; the one that was used longest ago is forgotten, which fills it


@dataclass
class Buckets:
    """A bucket per key that holds ``burst`` requests and gets ``per_s`` new ones."""

    per_s: float
    burst: int
    clock: Callable[[], float] = time.monotonic
    _left: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict)

    def take(self, key: str, cost: float = 1.0) -> tuple[bool, dict[str, str]]:
        """Return whether ``cost`` requests may pass, and the headers that say what is left."""
        now = self.clock()
        left, at = self._left.pop(key, (float(self.burst), now))
        left = min(self.burst, left + (now - at) * self.per_s)
        passes = left >= cost
        left -= cost if passes else 0.0
        self._left[key] = left, now
        if len(self._left) > REMEMBERED:
            self._left.popitem(last=False)
        wait = 0 if passes else math.ceil((cost - left) / self.per_s)
        headers = {
            "RateLimit-Limit": str(self.burst),
            "RateLimit-Remaining": str(int(left)),
            "RateLimit-Reset": str(math.ceil((self.burst - left) / self.per_s)),
        }
        return passes, headers if passes else headers | {"Retry-After": str(wait)}
