"""Logs are JSON lines, with the trace of an error and without what a person typed."""

import json
import subprocess
import sys

LOGGING = """
import logging, structlog
from lanecast.service.logs import configure

def broken():
    street = "12 Hidden Lane"
    raise KeyError(street)

configure()
try:
    broken()
except KeyError:
    structlog.get_logger().exception("fault", request_id="r1")
    logging.getLogger("uvicorn.error").exception("Exception in ASGI application")
"""


def test_the_log_tells_the_trace_of_an_error_and_no_value() -> None:
    done = subprocess.run([sys.executable, "-c", LOGGING], capture_output=True, check=True)
    own, others = (json.loads(line) for line in done.stderr.splitlines())
    assert (own["event"], own["request_id"], own["level"]) == ("fault", "r1", "error")
    told = (others["event"], others["logger"], others["level"])
    assert told == ("Exception in ASGI application", "uvicorn.error", "error")
    for each in (own, others):
        (error,) = each["exception"]
        assert error["exc_type"] == "KeyError"
        assert error["frames"][-1]["name"] == "broken"
    assert b"Hidden" not in done.stderr
