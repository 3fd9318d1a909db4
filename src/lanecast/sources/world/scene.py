"""What every mechanism stands on: time, places, weather, randomness, and the log."""

from dataclasses import dataclass

from .calendar import Calendar
from .clock import Clock, Openings
from .events import Log
from .network import Network
from .shocks import Shocks
from .streams import Streams


@dataclass(frozen=True)
class Scene:
    """The stage on which parcels move; only ``log`` grows."""

    clock: Clock
    net: Network
    cal: Calendar
    opens: Openings
    shock: Shocks
    streams: Streams
    log: Log
