"""Demand where no other forecast is stored."""

from .lifted import FittedLifted as FittedLifted
from .lifted import Lifted as Lifted
from .matched import matched as matched
from .recent import FittedRecent as FittedRecent
from .recent import Recent as Recent
