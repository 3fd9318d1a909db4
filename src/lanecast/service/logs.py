"""Structured logs: one JSON object a line on standard error, without personal data.

Nothing that a person typed is ever logged: no body, no query, no path but that of the route.
"""

import logging
import sys

import structlog


def configure(level: int = logging.INFO) -> None:
    """Write all logs as JSON lines."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, force=True)
