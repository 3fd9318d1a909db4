"""How much will be sold, of what, where and when?

Asked at an origin, for the next periods of every series:

>>> known = context(lake, origin, horizon)     # a panel: what was recorded by the origin
>>> fitted = usual(known).fit(known)           # an ensemble, its members by the kind of series
>>> forecast = fitted.predict(known)           # quantiles per series and period
>>> asked = Asked(known, outcomes(lake, known), {"ensemble": forecast})
>>> scores = evaluate([asked])
"""

from .evaluate import Asked as Asked
from .evaluate import evaluate as evaluate
from .evaluate import figures as figures
from .evaluate import owa as owa
from .features import context as context
from .features import outcomes as outcomes
from .later import held_out as held_out
from .later import later as later
from .models import Counts as Counts
from .models import Deep as Deep
from .models import Ensemble as Ensemble
from .models import Pooled as Pooled
from .models import Recursive as Recursive
from .models import SeasonalNaive as SeasonalNaive
from .models import Statistical as Statistical
from .models import too_many as too_many
from .models import usual as usual
