"""GS1 identifiers: check digits, and keys out of EPC URNs and Digital Links."""

import re

_URN = re.compile(r"urn:epc:id:(sscc|sgln):(\d+)\.(\d*)(?:\..+)?", re.IGNORECASE | re.ASCII)
_LINK = re.compile(r"https?://[^/]+(?:/[^/]+)*?/(00|414)/(\d+)(?:[/?#].*)?", re.ASCII)
_LENGTHS = {"00": 18, "414": 13}


def check_digit(digits: str) -> int:
    """Return the digit that completes a GTIN, GLN or SSCC.

    From the right, digits count 3, 1, 3, 1 ...; the check digit makes the sum a multiple of ten.
    GS1's own example: 629104150021 is completed by 3.
    """
    total = sum(int(d) * (3, 1)[i % 2] for i, d in enumerate(reversed(digits)))
    return -total % 10


def key(uri: str) -> str:
    """Return the SSCC-18 or GLN-13 that an EPC URN or Digital Link means, else ``uri`` itself.

    Raises
    ------
    ValueError
        When it is an SSCC or GLN with a wrong number of digits or a wrong check digit.
    """
    if urn := _URN.fullmatch(uri):
        scheme, prefix, reference = urn.groups()
        if scheme.lower() == "sscc":  # the first digit of the reference leads the whole key
            return _complete(uri, reference[:1] + prefix + reference[1:], 17)
        return _complete(uri, prefix + reference, 12)
    if link := _LINK.fullmatch(uri):
        kind, digits = link.groups()
        if len(digits) != _LENGTHS[kind] or check_digit(digits[:-1]) != int(digits[-1]):
            raise ValueError(
                f"{uri}: expected {_LENGTHS[kind]} digits, the last of them the check digit."
            )
        return digits
    return uri


def _complete(uri: str, digits: str, length: int) -> str:
    if len(digits) != length:
        raise ValueError(f"{uri}: has {len(digits)} digits; expected {length}.")
    return f"{digits}{check_digit(digits)}"
