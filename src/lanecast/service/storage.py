"""A disk that is full: told from other faults, and answered in a sentence."""

import errno
import sqlite3

from .problems import Refused

FULL = (errno.ENOSPC, errno.EDQUOT)
WORDS = ("no space left", "os error 28", "disk quota", "database or disk is full")


def full(error: BaseException) -> bool:
    """Return whether ``error`` says that there is no space left, whichever library raised it."""
    if isinstance(error, OSError) and error.errno in FULL:
        return True
    if isinstance(error, sqlite3.Error):
        return getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
    return any(each in str(error).lower() for each in WORDS)


def refusal() -> Refused:
    """Return what a request is told while there is no space."""
    detail = "The disk of the service is full, so this request was not carried out."
    hint = "Send the same again once there is space."
    return Refused(503, "disk", detail, hint=hint, headers={"Retry-After": "5"})
