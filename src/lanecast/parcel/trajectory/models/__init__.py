from .blend import Blend as Blend
from .blend import FittedBlend as FittedBlend
from .boosted import Boosted as Boosted
from .boosted import FittedBoosted as FittedBoosted
from .frequency import FittedFrequency as FittedFrequency
from .frequency import Frequency as Frequency
