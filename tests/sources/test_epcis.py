"""EPCIS 2.0: the same event in its three spellings, and parcels inside bags inside trucks."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lanecast.sources import gs1
from lanecast.sources.containment import Containment
from lanecast.sources.epcis import bare, status
from lanecast.sources.ingest import ingest
from lanecast.sources.report import RefusedError
from lanecast.tables import parcel
from lanecast.tables.ingest import QUARANTINE

from .conftest import NOW

URN, SSCC = "urn:epc:id:sscc:4012345.0111111111", "040123451111111110"


def event(kind="ObjectEvent", **fields):
    return {
        "type": kind,
        "eventTime": "2026-03-05T10:00:00-03:00",
        "eventTimeZoneOffset": "-03:00",
        "action": "OBSERVE",
        "bizStep": "arriving",
        **({"epcList": ["P1"]} if kind == "ObjectEvent" else {}),
        **fields,
    }


@pytest.fixture
def feed(tmp_path):
    def write(*events):
        file = tmp_path / "events.jsonld"
        document = {"type": "EPCISDocument", "epcisBody": {"eventList": list(events)}}
        file.write_text(json.dumps(document))
        return file

    return write


@pytest.fixture
def filled(lake, canonical):
    """A lake that knows the parcels P1, P2 and one SSCC."""
    (canonical / "scans.csv").unlink()
    parcels = canonical / "parcels.csv"
    parcels.write_text(parcels.read_text() + f"{SSCC},O1,M1,A1,1,2026-03-01T14:00:00Z\n")
    ingest(lake, "csv", canonical, now=NOW)
    return lake


def scanned(lake, stored):
    columns = ["parcel_id", "status", "raw_code"]
    return sorted(stored(lake, parcel.SCANS).select(columns).rows())


def codes(lake, stored):
    return sorted(stored(lake, QUARANTINE)["code"])


def test_an_event_becomes_a_scan(filled, feed, stored):
    seen = event(
        epcList=[URN],
        recordTime="2026-03-05T13:00:30Z",
        readPoint={"id": "HUB"},
        disposition="in_transit",
        eventID="urn:uuid:1",
    )
    assert ingest(filled, "epcis", feed(seen), now=NOW).ok()
    scan = stored(filled, parcel.SCANS).row(0, named=True)
    assert scan["event_id"] == f"urn:uuid:1#{SSCC}"
    assert (scan["parcel_id"], scan["facility_id"]) == (SSCC, "HUB")
    assert (scan["status"], scan["raw_code"]) == ("arrived", "arriving/in_transit")
    assert scan["event_at"] == datetime(2026, 3, 5, 13, tzinfo=UTC)
    assert scan["utc_offset_min"] == -180
    assert scan["recorded_at"] == datetime(2026, 3, 5, 13, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "step",
    [
        "departing",
        "urn:epcglobal:cbv:bizstep:departing",
        "https://ref.gs1.org/cbv/BizStep-departing",
        "https://ns.gs1.org/cbv/BizStep-departing",
    ],
)
def test_a_step_means_the_same_in_each_spelling(step):
    assert bare(step) == "departing"
    assert status(bare(step), None) == ("departed", "departing")


@pytest.mark.parametrize(
    ("step", "disposition", "ours"),
    [
        ("accepting", None, "delivered"),
        ("shipping", "in_transit", "departed"),
        ("receiving", "in_progress", "arrived"),
        ("receiving", "returned", "returned"),
        ("shipping", "returned", "returning"),
        ("inspecting", "damaged", "damaged"),
        (None, "stolen", "lost"),
        ("singing", None, "unknown"),
        (None, None, "unknown"),
    ],
)
def test_steps_and_dispositions_have_a_status(step, disposition, ours):
    assert status(step, disposition)[0] == ours


def test_a_scan_of_a_truck_reaches_the_parcels_in_its_bags(filled, feed, stored):
    def packed(hour, action, parent, children, step="packing"):
        time = f"2026-03-05T{hour:02}:00:00Z"
        return event(
            "AggregationEvent",
            eventTime=time,
            action=action,
            parentID=parent,
            childEPCs=children,
            bizStep=step,
        )

    at = "2026-03-05T{}:00:00Z".format
    events = [
        event(epcList=["TRUCK"], eventTime=at(12), bizStep="arriving"),  # out of order on purpose
        packed(8, "ADD", "BAG", ["P1", "P2"]),
        packed(9, "ADD", "TRUCK", ["BAG"]),
        event(epcList=["TRUCK"], eventTime=at(10), bizStep="departing"),
        packed(11, "DELETE", "BAG", ["P2"]),
        event(epcList=["P2"], eventTime=at(13), bizStep="accepting"),
    ]
    ingest(filled, "epcis", feed(*events), now=NOW)
    assert scanned(filled, stored) == [
        ("P1", "arrived", "arriving"),
        ("P1", "departed", "departing"),
        ("P1", "unknown", "packing"),
        ("P1", "unknown", "packing"),
        ("P2", "delivered", "accepting"),
        ("P2", "departed", "departing"),
        ("P2", "unknown", "packing"),
        ("P2", "unknown", "packing"),
        ("P2", "unknown", "packing"),
    ]


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"eventTime": "2026-03-05T10:00:00"}, "naive_time"),
        ({"eventTime": None}, "missing"),
        ({"eventTimeZoneOffset": None}, "missing_offset"),
        ({"epcList": []}, "no_epc"),
        ({"epcList": ["urn:epc:id:sscc:4012345.01"]}, "bad_identifier"),
        ({"epcList": ["https://id.gs1.org/00/040123451111111111"]}, "bad_identifier"),
        ({"epcList": [7]}, "bad_identifier"),
        ({"epcList": ["P9"]}, "unknown_key"),
        ({"readPoint": {"id": "NOWHERE"}}, "unknown_key"),
        ({"type": "TransformationEvent"}, "unsupported_event"),
        ({"type": "AssociationEvent"}, "unsupported_event"),
        ({"eventTime": "2027-03-05T10:00:00Z"}, "future_time"),
    ],
)
def test_an_event_of_which_nothing_can_be_made_is_set_aside(filled, feed, stored, fault, code):
    report = ingest(filled, "epcis", feed(event(**fault), event(bizStep="departing")), now=NOW)
    assert codes(filled, stored) == [code]
    assert report.rows.row(0) == ("scans", 2, 1, 0, 1)


def test_an_error_declared_in_the_same_ingest_is_no_scan(filled, feed, stored):
    wrong = event(eventID="e1", bizStep="accepting")
    declared = {**wrong, "errorDeclaration": {"correctiveEventIDs": ["e2"]}}
    ingest(filled, "epcis", feed(wrong, declared, event(eventID="e2")), now=NOW)
    assert scanned(filled, stored) == [("P1", "arrived", "arriving")]
    assert codes(filled, stored) == ["declared_erroneous", "error_declaration"]


def test_capture_is_idempotent_with_and_without_an_event_id(filled, feed, stored):
    events = [event(), event(eventID="e1", bizStep="departing"), event(eventTime="bad")]
    ingest(filled, "epcis", feed(*events), now=NOW)
    again = ingest(filled, "epcis", feed(*events))
    assert again.rows.row(0) == ("scans", 3, 0, 2, 1)
    assert stored(filled, parcel.SCANS).height == 2


@pytest.mark.parametrize(
    "shape",
    [
        lambda e: [e],
        lambda e: e,
        lambda e: {"type": "EPCISDocument", "epcisBody": {"event": e}},
        lambda e: {"epcisBody": {"queryResults": {"resultsBody": {"eventList": [e]}}}},
    ],
)
def test_each_envelope_is_opened(filled, tmp_path, shape):
    (tmp_path / "one.json").write_text(json.dumps(shape(event())))
    report = ingest(filled, "epcis", tmp_path, now=NOW, dry_run=True)
    assert report.rows.row(0) == ("scans", 1, 1, 0, 0)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty"),
        (b"{", "is not JSON"),
        (b"\xff\xfe", "byte 0xff at offset 0"),
        (b"{}", "has no events"),
        (b"[]", "has an empty list of events"),
        (b"[1]", "has no events"),
    ],
)
def test_what_is_no_document_is_refused(lake, tmp_path, content, sentence):
    (tmp_path / "events.json").write_bytes(content)
    with pytest.raises(RefusedError, match=rf"events\.json: {sentence}"):
        ingest(lake, "epcis", tmp_path)
    with pytest.raises(RefusedError, match="no such file or folder"):
        ingest(lake, "epcis", tmp_path / "nothing")
    assert not lake.path.exists()


def test_a_feed_that_comes_before_any_parcel_is_refused(lake, feed):
    with pytest.raises(RefusedError, match=r"refers to parcels.*bring them first"):
        ingest(lake, "epcis", feed(event()), now=NOW)


def test_check_digits_of_the_textbook():
    assert gs1.check_digit("629104150021") == 3
    assert gs1.check_digit("37610425002123456") == 9
    assert gs1.key("urn:epc:id:sgln:0614141.12345.400") == "0614141123452"
    assert gs1.key("https://id.gs1.org/414/0614141123452/254/1") == "0614141123452"
    assert gs1.key("P1") == "P1"


@given(st.from_regex(r"[0-9]{12}|[0-9]{17}", fullmatch=True), st.data())
def test_one_wrong_digit_is_always_noticed(digits, data):
    whole = digits + str(gs1.check_digit(digits))
    at = data.draw(st.integers(0, len(digits) - 1))
    wrong = data.draw(st.sampled_from("0123456789").filter(lambda d: d != whole[at]))
    changed = whole[:at] + wrong + whole[at + 1 :]
    assert gs1.check_digit(changed[:-1]) != int(changed[-1])


moves = st.tuples(st.sampled_from(["ADD", "DELETE", "OBSERVE"]), st.sampled_from("abcd"),
                  st.lists(st.sampled_from("abcd"), max_size=3))  # fmt: skip


@given(st.lists(moves, max_size=30))
def test_nothing_is_ever_inside_itself_or_in_two_places(steps):
    inside = Containment()
    for step in steps:
        inside.move(*step)
        for each in "abcd":
            assert sum(each in held for held in inside.children.values()) <= 1
            assert inside.leaves([each])
