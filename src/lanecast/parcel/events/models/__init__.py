from .base_rates import BaseRates as BaseRates
from .base_rates import FittedBaseRates as FittedBaseRates
from .boosted import Boosted as Boosted
from .boosted import FittedBoosted as FittedBoosted
from .plain import FittedPlain as FittedPlain
from .plain import Plain as Plain
