"""Questions in SPARQL, answered by an embedded store (pyoxigraph, an extra).

The store runs in a process of its own: it cannot be interrupted while it computes, and a question
that is nested too deeply ends its process.
"""

import json
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import polars as pl

from . import answering, rdf
from .build import Graph
from .vocabulary import RELATED, TERMS, XSD

MISSING = "SPARQL and RDF files need pyoxigraph; install it with: pip install lanecast[graph]"
LONGEST = 64 * 1024  # bytes of a question
SECONDS = 60.0
_LATER_S = 5.0  # after which a process for which nobody waits ends by itself
_PREFIXES = {"lc": TERMS, "rel": RELATED, "xsd": XSD}
_TOKEN = re.compile(
    r"""
    <[^<>"{}|^`\\\x00-\x20]*> | \#[^\r\n]* | [?$]\w+ | [\w.-]*:[\w.:%\\-]*
    | \"{3}(?:[^"\\]|\\.|"(?!""))*\"{3} | '{3}(?:[^'\\]|\\.|'(?!''))*'{3}
    | "(?:[^"\\\r\n]|\\.)*" | '(?:[^'\\\r\n]|\\.)*' | \d+ | (?P<word>[^\W\d]\w*)
    """,
    re.VERBOSE | re.DOTALL,
)


def ask(graph: Graph, question: str, seconds: float = SECONDS) -> pl.DataFrame:
    """Return the answer as columns of text, one per variable; null where one is not bound.

    Prefixes ``lc``, ``rel`` and ``xsd`` are known. ASK gives one row of ``answer``; CONSTRUCT and
    DESCRIBE give ``subject``, ``predicate`` and ``object``.

    Parameters
    ----------
    seconds
        How long loading the graph and answering may take.

    Raises
    ------
    ModuleNotFoundError
        When pyoxigraph is not there.
    ValueError
        When the question is not SPARQL, longer than ``LONGEST``, would change something or ask
        another address, uses a function that the store does not know, or needs more time, memory
        or depth than there is.
    """
    import pyoxigraph  # noqa: F401  # the other process needs it

    _check(question)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "graph.nt"
        rdf.write(graph, file, "ntriples")
        asked = {"file": str(file), "question": question, "prefixes": _PREFIXES}
        said = _answer(asked, seconds)
    if error := said.get("error"):
        raise ValueError(f"--sparql: {' '.join(error.split())}.")
    return pl.DataFrame(said["rows"], dict.fromkeys(said["names"], pl.String), orient="row")


def _check(question: str) -> None:
    """Refuse what need not be tried."""
    try:
        size = len(question.encode())
    except UnicodeEncodeError as error:
        raise ValueError("--sparql: expected text in UTF-8.") from error
    if size > LONGEST:
        raise ValueError(f"--sparql: expected at most {LONGEST} bytes; got {size}.")
    words = (each["word"] for each in _TOKEN.finditer(question))
    if any(word is not None and word.upper() == "SERVICE" for word in words):
        raise ValueError("--sparql: SERVICE would ask another address; expected only this graph.")


def _answer(asked: dict[str, Any], seconds: float) -> dict[str, Any]:
    """Return what the other process answers; it ends when this one is interrupted."""
    try:
        done = subprocess.run(
            [sys.executable, "-P", answering.__file__],
            input=json.dumps(asked | {"seconds": seconds + _LATER_S}),
            capture_output=True,
            encoding="utf-8",
            timeout=seconds,
            start_new_session=True,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ValueError(
            f"--sparql: there was no answer within {seconds:g} seconds; ask for less, or give it "
            "longer with --seconds."
        ) from error
    if done.returncode == 0:
        said: dict[str, Any] = json.loads(done.stdout)
        return said
    last = (done.stderr.strip().splitlines() or [""])[-1]
    if done.returncode < 0:
        last = signal.Signals(-done.returncode).name
    raise ValueError(
        "--sparql: the store broke off at this question; it needs more memory than there is, or is "
        f"nested too deeply ({last})."
    )
