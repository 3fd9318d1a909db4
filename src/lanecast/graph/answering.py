"""Answer one question in SPARQL in a process of its own, which may crash or be killed.

Run as a file, so that nothing but the store is imported: what is asked comes as JSON on standard
input, and what is answered goes as JSON to standard output. It ends by itself when its time is over
or it takes too much memory, also when nobody waits for it any more, and it can open no connection.
"""

import contextlib
import json
import os
import resource
import signal
import sys
from typing import Any

SHARE = 2  # of the memory of the machine, that an answer may take: 1 / SHARE
LEAST = 2**30  # bytes of memory that it may take at least


def answer(file: str, question: str, prefixes: dict[str, str]) -> dict[str, Any]:
    """Return the ``names`` and ``rows`` of an answer, or the ``error``."""
    from pyoxigraph import QueryBoolean, QuerySolutions, RdfFormat, Store

    store = Store()
    store.bulk_load(path=file, format=RdfFormat.N_TRIPLES)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))  # no file and no connection from here on
    try:
        found = store.query(question, prefixes=prefixes)
        if isinstance(found, QueryBoolean):
            return {"names": ["answer"], "rows": [[str(bool(found)).lower()]]}
        if isinstance(found, QuerySolutions):
            names = [each.value for each in found.variables]
            return {"names": names, "rows": [[_said(value) for value in row] for row in found]}
        names = ["subject", "predicate", "object"]
        rows = [[_said(value) for value in (each[0], each[1], each[2])] for each in found]
        return {"names": names, "rows": rows}
    except SyntaxError as error:
        return {"error": f"this is no question in SPARQL: {error}"}
    except (RuntimeError, OSError, ValueError) as error:
        return {"error": f"the store cannot answer this: {error}"}


def _said(value: object) -> str | None:
    return None if value is None else str(getattr(value, "value", value))


def _bounded(seconds: float) -> None:
    """Let the system end this process where it takes too long, or too much memory."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for limit, value in (
        (resource.RLIMIT_AS, max(memory // SHARE, LEAST)),
        (resource.RLIMIT_CORE, 0),
    ):
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(limit, (value, value))


if __name__ == "__main__":
    asked = json.load(sys.stdin)
    _bounded(asked.pop("seconds"))
    json.dump(answer(**asked), sys.stdout)
