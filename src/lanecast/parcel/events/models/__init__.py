from .base_rates import BaseRates as BaseRates
from .base_rates import FittedBaseRates as FittedBaseRates
from .boosted import Boosted as Boosted
from .boosted import FittedBoosted as FittedBoosted
from .overdue import FittedOverdue as FittedOverdue
from .overdue import Overdue as Overdue
from .plain import FittedPlain as FittedPlain
from .plain import Plain as Plain
