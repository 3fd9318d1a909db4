"""Structured logs: one JSON object a line on standard error, without personal data.

Nothing that a person typed is ever logged: no body, no query, no path but that of the route. A
trace names errors, files, lines and functions, but not what an error says: it may quote a person.
"""

import logging
import sys
from typing import Any

import structlog
from structlog.tracebacks import ExceptionDictTransformer

TRACE = ExceptionDictTransformer(show_locals=False)


def traced(exc_info: structlog.types.ExcInfo) -> list[dict[str, Any]]:
    """Return the trace of an error, and of those that led to it."""
    return [{"exc_type": each["exc_type"], "frames": each["frames"]} for each in TRACE(exc_info)]


SHARED: tuple[structlog.types.Processor, ...] = (
    structlog.contextvars.merge_contextvars,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.ExceptionRenderer(traced),
)


def configure(level: int = logging.INFO) -> None:
    """Write all logs as JSON lines."""
    structlog.configure(
        processors=[*SHARED, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    others = logging.StreamHandler(sys.stderr)  # such as uvicorn
    others.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *SHARED],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    logging.basicConfig(level=logging.WARNING, handlers=[others], force=True)
