"""Where does a parcel go next, and when does it get there?

Asked after each scan until the end:

>>> x = features(lake, since, until)          # what was known: assemble(rows, context(...))
>>> fitted = Blend().fit(x, outcomes(lake, until))
>>> predictions = fitted.predict(features(lake, until, later))   # rows of ``next_stops``
>>> scores = evaluate(predictions, outcomes(lake, much_later))
"""

from .evaluate import evaluate as evaluate
from .evaluate import figures as figures
from .features import asked as asked
from .features import assemble as assemble
from .features import clocks as clocks
from .features import context as context
from .features import features as features
from .features import outcomes as outcomes
from .features import under_way as under_way
from .models import Blend as Blend
from .models import Boosted as Boosted
from .models import Frequency as Frequency
from .ways import arrivals as arrivals
from .ways import likeliest as likeliest
from .ways import likely_stops as likely_stops
from .ways import ways as ways
