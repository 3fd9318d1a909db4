"""What to order, when, and up to what."""

from .budget import Policy as Policy
from .costs import Costs as Costs
from .costs import Limits as Limits
from .echelons import echelons as echelons
from .min_max import MinMax as MinMax
from .moves import Ways as Ways
from .moves import moved as moved
from .moves import moves as moves
from .newsvendor import Newsvendor as Newsvendor
from .order_up_to import OrderUpTo as OrderUpTo
from .outlook import Order as Order
from .outlook import Outlook as Outlook
from .plan import decide as decide
from .reorder_point import ReorderPoint as ReorderPoint
from .rolling import Rolling as Rolling
