"""Models of demand, the baseline first; ``usual`` makes the ensemble to use."""

from .counts import Counts as Counts
from .deep import Deep as Deep
from .ensemble import Ensemble as Ensemble
from .ensemble import FittedEnsemble as FittedEnsemble
from .pool import Statistical as Statistical
from .pooled import Pooled as Pooled
from .recursive import Recursive as Recursive
from .seasonal import SeasonalNaive as SeasonalNaive
from .usual import too_many as too_many
from .usual import usual as usual
