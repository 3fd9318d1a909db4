"""Canonical tables of addresses: gazetteers that prove them, and what was said of each."""

import narwhals as nw

from .columns import CITY, COUNTRY, LAT, LON, POSTAL, RECORDED, instant, key, link
from .schema import Column, Table

NEXT_ACTIONS = ("accept", "confirm", "confirm_add_subpremises", "fix")
EDITION = Column(
    RECORDED.dtype,
    "UTC",
    "Edition of the gazetteer. Of a country, rows of older editions are history.",
)
GAZETTEER = key("Gazetteer, for example geonames.")
RECORD = Column(nw.String(), "", "Record of the gazetteer.", longest=512)
STATE = Column(nw.String(), "", "State, province or region, as written.", False)


def text(doc: str, required: bool = False) -> Column:
    """Return free text of a gazetteer."""
    return Column(nw.String(), "", doc, required)


GAZETTEERS = Table(
    "gazetteers",
    "Which country a gazetteer covers, how finely, and as of when; each reply says so.",
    key=("gazetteer_id", "country", "kind"),
    clock="recorded_at",
    columns={
        "gazetteer_id": GAZETTEER,
        "country": COUNTRY,
        "kind": Column(
            nw.String(), "", "What it lists.", allowed=("places", "postcodes", "premises")
        ),
        "rows": Column(nw.Int64(), "1", "Records of this edition.", low=0),
        "licence": text("Licence and attribution, as its owner words them."),
        "recorded_at": EDITION,
    },
)

GAZETTEER_PLACES = Table(
    "gazetteer_places",
    "Cities, towns and villages with the names that they go by.",
    key=("gazetteer_id", "record_id"),
    clock="recorded_at",
    columns={
        "gazetteer_id": GAZETTEER,
        "record_id": RECORD,
        "country": COUNTRY,
        "state_code": text("Code of the first level below the country."),
        "name": text("Name that the gazetteer prefers.", True),
        "aliases": text("Further names, one per line: other languages, scripts, old names."),
        "population": Column(nw.Int64(), "1", "People; 0 or empty: unknown.", False, 0),
        "lat": LAT,
        "lon": LON,
        "recorded_at": EDITION,
    },
)

GAZETTEER_POSTCODES = Table(
    "gazetteer_postcodes",
    "Postal codes with a place that each serves.",
    key=("gazetteer_id", "record_id"),
    clock="recorded_at",
    columns={
        "gazetteer_id": GAZETTEER,
        "record_id": RECORD,
        "country": COUNTRY,
        "postal_code": text("Postal code, or the part of it that the gazetteer has.", True),
        "city": CITY,
        "state_code": text("Code of the first level below the country."),
        "state": STATE,
        "county": text("Second level below the country."),
        "lat": LAT,
        "lon": LON,
        "recorded_at": EDITION,
    },
)

GAZETTEER_PREMISES = Table(
    "gazetteer_premises",
    "Houses and their units along a street; a row without a number is the street itself.",
    key=("gazetteer_id", "record_id"),
    clock="recorded_at",
    columns={
        "gazetteer_id": GAZETTEER,
        "record_id": RECORD,
        "country": COUNTRY,
        "state": STATE,
        "city": CITY,
        "postal_code": POSTAL,
        "road": text("Street with its type and direction, as written.", True),
        "house_number": text("Number with its suffix, as written."),
        "unit": text("Flat, suite or floor."),
        "lat": LAT,
        "lon": LON,
        "recorded_at": EDITION,
    },
)

TYPED_ADDRESSES = Table(
    "typed_addresses",
    "Delivery addresses as they were typed. Personal data: no feature reads them.",
    key=("address_id",),
    clock="recorded_at",
    columns={
        "address_id": key("Address."),
        "country": COUNTRY,
        "text": text("As typed, in one line or several.", True),
        "recorded_at": RECORDED,
    },
    references={"address_id": "addresses.address_id"},
)

ADDRESS_CHECKS = Table(
    "address_checks",
    "What was said of an address as it was typed, and how likely a courier does not find it.",
    key=("address_id",),
    clock="asof",
    columns={
        "address_id": link("Address."),
        "asof": instant("Everything recorded by then has been used, deliveries too."),
        "next_action": Column(nw.String(), "", "What to do next.", allowed=NEXT_ACTIONS),
        "granularity": text("Finest part that is confirmed: premise, route, locality ...", True),
        "signs": text(
            "What is wrong, comma separated, such as missing_unit; empty: nothing.", True
        ),
        "faults": Column(nw.Int16(), "1", "How many signs.", low=0),
        "not_found": Column(
            nw.Float64(), "1", "Chance that the first attempt does not find it.", low=0, high=1
        ),
        "version": Column(nw.String(), "", "Version of the model of that chance."),
    },
    references={"address_id": "addresses.address_id"},
)

KNOWN = (GAZETTEERS, GAZETTEER_PLACES, GAZETTEER_POSTCODES, GAZETTEER_PREMISES)
TABLES = (*KNOWN, TYPED_ADDRESSES)
