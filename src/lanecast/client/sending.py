"""When a request is sent again, and after how long."""

import random
import uuid
from typing import Any

import httpx

from .call import Call

AGAIN = (429, 502, 503, 504)
LONGEST_S = 30.0  # that is waited before another try


def request(call: Call[Any]) -> dict[str, Any]:
    """Return a request as httpx wants it; a POST that comes twice is done once."""
    told: dict[str, Any] = {"method": call.method, "url": call.path, "params": dict(call.params)}
    if call.body is not None:
        told["json"] = call.body
    if call.method == "POST":
        told["headers"] = {"Idempotency-Key": uuid.uuid4().hex}
    return told


def wait_s(answer: httpx.Response | None, tried: int, tries: int) -> float | None:
    """Return after how many seconds to try again; None where the answer stands.

    Parameters
    ----------
    answer
        None where there was none, since the connection failed.
    tried
        How often it has been sent.
    """
    if tried >= tries:
        return None
    if answer is not None and answer.status_code not in AGAIN and not _in_progress(answer):
        return None
    told = "" if answer is None else answer.headers.get("retry-after", "")
    usual = 0.2 * 2 ** (tried - 1) * random.uniform(0.5, 1.5)
    return min(float(told) if told.isdigit() else usual, LONGEST_S)


def _in_progress(answer: httpx.Response) -> bool:
    return answer.status_code == 409 and b'"in_progress"' in answer.content
