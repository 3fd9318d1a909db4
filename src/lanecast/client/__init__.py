"""Ask a running service from Python: typed, sync and async; needs httpx alone."""

from .asynchronous import AsyncClient
from .client import Client
from .problem import ProblemError

__all__ = ["AsyncClient", "Client", "ProblemError"]
