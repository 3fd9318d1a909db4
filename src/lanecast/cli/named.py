"""A library names the field that it refuses; the command line names the option that sets it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

FIELDS = re.compile(r"([a-z_]+(?:, [a-z_]+)*):(?= )")


@contextmanager
def as_options(*same: str, **other: str) -> Iterator[None]:
    """Begin what is refused inside with options instead of fields.

    Parameters
    ----------
    same
        Fields whose option has their name.
    other
        By field, the option that sets it: ``late="late-work"``.

    Raises
    ------
    ValueError
        As inside, with another beginning where it names such fields.
    """
    options = {name: name.replace("_", "-") for name in same} | other
    try:
        yield
    except ValueError as error:
        found = FIELDS.match(words := str(error))
        if found is None or not all(name in options for name in found[1].split(", ")):
            raise
        named = ", ".join(f"--{options[name]}" for name in found[1].split(", "))
        raise ValueError(named + words[len(found[1]) :]) from error
