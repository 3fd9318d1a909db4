"""Models of demand, the baseline first; ``Ensemble`` is the one to use."""

from .ensemble import Ensemble as Ensemble
from .ensemble import FittedEnsemble as FittedEnsemble
from .pool import Statistical as Statistical
from .pooled import Pooled as Pooled
from .recursive import Recursive as Recursive
from .seasonal import SeasonalNaive as SeasonalNaive
