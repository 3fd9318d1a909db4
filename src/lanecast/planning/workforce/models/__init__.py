"""How fast people are, and how much work will come up."""

from .naive import FittedNaive as FittedNaive
from .naive import Naive as Naive
from .productivity import FittedProductivity as FittedProductivity
from .productivity import Productivity as Productivity
from .under_way import Receipts as Receipts
from .volumes import FittedVolumes as FittedVolumes
from .volumes import Volumes as Volumes
