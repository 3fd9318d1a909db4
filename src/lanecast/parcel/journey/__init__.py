"""The whole journey of a parcel: where next, when, and how it ends, at every step.

>>> fitted = learnt(lake, since, cut)
>>> said = fitted.answer(sequences(lake, cut, later))
>>> said.chance("end", "lost"), said.hours("end", LEVELS, "delivered")
"""

from .answered import Answered as Answered
from .answers import answers as answers
from .inputs import Sequences as Sequences
from .inputs import assemble as assemble
from .inputs import context as context
from .inputs import sequences as sequences
from .learning import learnt as learnt
from .model import FittedJourney as FittedJourney
from .model import Journey as Journey
from .recalibration import Calibration as Calibration
from .rollout import rollout as rollout
from .steps import steps as steps
