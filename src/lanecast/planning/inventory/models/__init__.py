"""Demand where no other forecast is stored."""

from .recent import FittedRecent as FittedRecent
from .recent import Recent as Recent
