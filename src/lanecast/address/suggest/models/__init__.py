"""Orders of suggestions that are learnt."""

from .popularity import FittedPopularity as FittedPopularity
from .popularity import Popularity as Popularity
