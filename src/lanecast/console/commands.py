"""What somebody types on the machine of the service to fill what is empty.

Where a lake lies on that machine is nothing that a page tells.
"""

PARCELS = "lanecast ingest --source csv --lake LAKE FOLDER"
NETWORK = f"{PARCELS}\nlanecast graph build --lake LAKE"
PLAN = "lanecast plan --site SITE --lake LAKE"
GAZETTEER = "lanecast address import --geonames FILE --lake LAKE"


def model(problem: str) -> str:
    """Return what registers and promotes a model of a problem."""
    return f"lanecast promote {problem} --model MODEL --lake LAKE --home HOME"
