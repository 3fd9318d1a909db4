"""When does a parcel arrive, and which date should we promise?

Asked at checkout, when the parcel is shipped, and after each scan on its way:

>>> x = features(lake, since, until)          # what was known: assemble(rows, context(...))
>>> fitted = Blend().fit(x, outcomes(lake, until))
>>> predictions = fitted.predict(features(lake, until, later))   # rows of ``predictions``
>>> scores = evaluate(predictions, outcomes(lake, much_later))
>>> plan = decide(predictions, Costs(per_day=1, late=60), limits(lake, until, later))
"""

from .decide import Costs as Costs
from .decide import Limits as Limits
from .decide import against as against
from .decide import decide as decide
from .decide import tradeoff as tradeoff
from .evaluate import evaluate as evaluate
from .evaluate import lead as lead
from .evaluate import matched as matched
from .evaluate import worth as worth
from .features import assemble as assemble
from .features import calendar as calendar
from .features import context as context
from .features import features as features
from .features import outcomes as outcomes
from .features import places as places
from .features import ready as ready
from .models import Blend as Blend
from .models import Boosted as Boosted
from .models import Deep as Deep
from .models import LaneQuantiles as LaneQuantiles
from .models import Pinball as Pinball
from .models import Plain as Plain
