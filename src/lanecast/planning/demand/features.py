"""What is known of many series at an origin, and what came of them.

``context`` is a panel of matrices: all histories, what goes with them, what is known ahead. What
one row needs beside it (step, calendar, lags) is made by the models, origin by origin.
"""

from lanecast.planning.panel import outcomes as outcomes
from lanecast.planning.panel import panel as context

__all__ = ["context", "outcomes"]
