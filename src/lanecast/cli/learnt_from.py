"""The tables whose form a saved model depends on, by problem."""

from lanecast.tables.address import ADDRESS_CHECKS, TYPED_ADDRESSES
from lanecast.tables.commerce import ADDRESSES, MERCHANTS, ORDERS
from lanecast.tables.events import CLAIMS
from lanecast.tables.network import CALENDARS, LANES
from lanecast.tables.parcel import PARCELS, PROMISES, SCANS
from lanecast.tables.trajectory import LANE_HISTORY, LEG_PLANS

TRAJECTORY = (PARCELS, ORDERS, MERCHANTS, ADDRESSES, SCANS, LANES, LANE_HISTORY, LEG_PLANS)
EVENTS = (PARCELS, ORDERS, MERCHANTS, ADDRESSES, PROMISES, SCANS, CALENDARS, CLAIMS, ADDRESS_CHECKS)
ADDRESS = (TYPED_ADDRESSES, PARCELS, ORDERS, SCANS)
SUGGEST = (TYPED_ADDRESSES, ORDERS)
