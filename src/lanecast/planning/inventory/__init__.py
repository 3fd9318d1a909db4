"""How much of what should we order, when, so that shelves are neither empty nor full?

Asked in the evening, of every item in every place, with forecasts of the days to come:

>>> plan = decide(forecasts, Costs(order=2, holding=0.25), Limits(items))   # the order list
>>> plan.objective, plan.bound, plan.skipped

and on the past, where each policy sees only what it has sold itself:

>>> ledger = trade(shop, Rolling(), recent(shop, Recent()))
>>> compared({"rolling": ledger}, foresight(...))
"""

from .decide import Costs as Costs
from .decide import Limits as Limits
from .decide import MinMax as MinMax
from .decide import Newsvendor as Newsvendor
from .decide import OrderUpTo as OrderUpTo
from .decide import ReorderPoint as ReorderPoint
from .decide import Rolling as Rolling
from .decide import Ways as Ways
from .decide import decide as decide
from .decide import echelons as echelons
from .decide import moved as moved
from .decide import moves as moves
from .evaluate import compared as compared
from .evaluate import foresight as foresight
from .models import Lifted as Lifted
from .models import Recent as Recent
from .replay import Shop as Shop
from .replay import lifted as lifted
from .replay import recent as recent
from .replay import trade as trade
from .replay import true as true
