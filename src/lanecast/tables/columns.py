"""Columns that many tables share, so that a name means one thing everywhere."""

import narwhals as nw

from .schema import Column

INSTANT = nw.Datetime("us", "UTC")
RECORDED = Column(INSTANT, "UTC", "When this version of the row became known.")
OFFSET = Column(
    nw.Int16(), "min", "Local civil time minus UTC at that place and moment.", False, -960, 960
)
COUNTRY = Column(nw.String(), "", "ISO 3166-1 alpha-2 country.", pattern="[A-Z]{2}")
REGION = Column(nw.String(), "", "ISO 3166-2 subdivision, or the coarsest zone one ships by.")
POSTAL = Column(nw.String(), "", "Postal code, or the prefix of it that is known.", False)
CITY = Column(nw.String(), "", "City as written.", False)
LAT = Column(nw.Float64(), "degree", "Latitude, WGS84.", False, -90, 90)
LON = Column(nw.Float64(), "degree", "Longitude, WGS84.", False, -180, 180)
ZONE = Column(nw.String(), "", "IANA time zone, for example America/Sao_Paulo.")
CURRENCY = Column(nw.String(), "", "ISO 4217 currency.", pattern="[A-Z]{3}")


def key(doc: str) -> Column:
    """Return a required identifier."""
    return Column(nw.String(), "", doc)


def link(doc: str, required: bool = True) -> Column:
    """Return an identifier that another table explains."""
    return Column(nw.String(), "", doc, required)


def instant(doc: str, required: bool = True) -> Column:
    """Return an instant, stored in UTC."""
    return Column(INSTANT, "UTC", doc, required)


def amount(unit: str, doc: str, required: bool = False, low: float = 0.0) -> Column:
    """Return a finite number of ``unit`` that is not below ``low``."""
    return Column(nw.Float64(), unit, doc, required, low)


def money(doc: str, required: bool = False) -> Column:
    """Return an amount of money in integer minor units."""
    return Column(nw.Int64(), "minor units", doc, required, 0)
