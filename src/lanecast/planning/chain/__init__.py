"""What will a site sell, order, handle and pay, and who works when? One plan for stock and staff.

The three problems of planning do not know each other; here they meet, in tables:

>>> made = chain(lake, asof, "whs_us_ny_01", days=14)
>>> made.orders.table, made.roster.plan.table   # the order list and the roster
>>> wide(made.ledger)                           # what too much and too little cost in both
"""

from .foreseen import Learnt as Learnt
from .ledger import totals as totals
from .ledger import wide as wide
from .plan import Chain as Chain
from .plan import How as How
from .plan import chain as chain
from .sites import sites as sites
