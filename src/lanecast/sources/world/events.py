"""The log of what truly happens, as blocks of arrays."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lanecast.tables.status import INCIDENTS, STATUSES

from .streams import Bools, Ints

Array = NDArray[Any]
CODE = {status: code for code, status in enumerate(STATUSES)}
REASON = {incident: code for code, incident in enumerate(INCIDENTS)}
TYPES = {
    "parcel": np.int32, "t": np.int32, "status": np.int8, "facility": np.int16, "zone": np.int8,
    "carrier": np.int8, "incident": np.int8, "attempt": np.int8, "lat": np.float32,
    "lon": np.float32,
}  # fmt: skip


@dataclass
class Log:
    """Events up to second ``end``; later ones are never kept, so what is open stays open.

    Each block is one status of many parcels: ``t`` [s], ``facility`` and ``incident`` -1 for none,
    ``attempt`` 0 for none, ``lat`` and ``lon`` [degree] NaN for none.
    """

    end: int
    blocks: list[dict[str, Array]] = field(default_factory=list)

    def add(self, status: str, parcel: Ints, t: Ints, zone: Ints, **columns: ArrayLike) -> None:
        """Append one event of each of ``parcel``; scalars hold for all."""
        keep: Bools = t <= self.end
        size = int(keep.sum())
        given: dict[str, ArrayLike] = {
            "parcel": parcel, "t": t, "zone": zone, "status": CODE[status], "facility": -1,
            "carrier": 0, "incident": -1, "attempt": 0, "lat": np.nan, "lon": np.nan, **columns,
        }  # fmt: skip
        block = {}
        for name, dtype in TYPES.items():
            value = np.asarray(given[name])
            value = value[keep] if value.ndim else np.full(size, value)
            block[name] = value.astype(dtype)
        self.blocks.append(block)

    def arrays(self) -> dict[str, Array]:
        """Return all events as one array per column, and forget the blocks."""
        result = {name: np.concatenate([b[name] for b in self.blocks]) for name in TYPES}
        self.blocks.clear()
        return result
