"""What will go wrong with this parcel, and what should we do about it?"""

from .asked import asked as asked
from .decide import Costs as Costs
from .decide import Limits as Limits
from .decide import decide as decide
from .evaluate import ahead as ahead
from .evaluate import evaluate as evaluate
from .evaluate import headline as headline
from .features import assemble as assemble
from .features import context as context
from .features import features as features
from .features import outcomes as outcomes
from .models import BaseRates as BaseRates
from .models import Boosted as Boosted
from .models import Overdue as Overdue
from .models import Plain as Plain
