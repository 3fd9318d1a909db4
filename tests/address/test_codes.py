"""Codes like those of USPS DPV and Loqate, by case."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lanecast.address.gazetteer.arrays import Gazetteer
from lanecast.address.verify import verify
from lanecast.address.verify.codes import avc_like, dpv_like

TOWN = ", Alexandria, VA 22314"
AVC = re.compile(r"[VPUAC][0-5][0-5]-[IU][0-5][0-5]-P[0-6]-(\d{1,2}|100)")


def said(text: str, country: str, known: Gazetteer) -> dict[str, Any]:
    return verify(text, known, country).row()


@pytest.mark.parametrize(
    ("text", "code", "footnotes"),
    [
        ("107 Harvard St" + TOWN, "Y", "AA BB"),
        ("107 Harvard St Apt 2" + TOWN, "Y", "AA BB"),
        ("107 Harvrad St, Alexandira, VA 22314", "Y", "AA BB"),  # as put right
        ("107 Harvard St Apt 9" + TOWN, "S", "AA CC"),
        ("107 Harvard St PMB 12" + TOWN, "S", "AA CC RR"),
        ("103 Harvard St" + TOWN, "N", "AA M3"),
        ("Harvard St" + TOWN, "N", "AA M1"),
        ("107 Nowhere Rd" + TOWN, "N", "A1"),
        ("PO Box" + TOWN, "N", "A1 P1"),
    ],
)
def test_like_dpv(known: Gazetteer, text: str, code: str, footnotes: str) -> None:
    assert said(text, "US", known)["dpv_like"] == {"code": code, "footnotes": footnotes.split()}


def test_a_missing_unit_is_default(known: Gazetteer) -> None:
    parts = verify("107 Harvard St" + TOWN, known, "US").components
    found = dpv_like(parts, "US", unit_expected=True)
    assert found == {"code": "D", "footnotes": ["AA", "N1"]}


@pytest.mark.parametrize(
    ("text", "country"),
    [
        ("Marienplatz 8, 80331 München", "DE"),
        ("12 Main St, Chicago, IL 60637", "US"),  # no register of houses there
        ("PO Box 12" + TOWN, "US"),  # no register of boxes anywhere
        ("", "US"),
    ],
)
def test_what_is_not_covered_is_not_evaluated(known: Gazetteer, text: str, country: str) -> None:
    assert said(text, country, known)["dpv_like"] is None


@pytest.mark.parametrize(
    ("text", "country", "code"),
    [
        ("107 Harvard St" + TOWN, "US", "V44-I44-P6-100"),
        ("107 Harvard St Apt 2" + TOWN, "US", "V55-I55-P6-100"),
        ("107 Harvard St Apt 9" + TOWN, "US", "P44-I45-P6-100"),
        ("103 Harvard St" + TOWN, "US", "P33-I34-P6-100"),
        ("Harvard St" + TOWN, "US", "P33-I33-P6-100"),
        ("107 Harvard St, Alexandria, VA 23314", "US", "V44-I44-P5-97"),
        ("107 Harvrad St, Alexandira, VA 22314", "US", "V42-I44-P6-94"),
        ("12 Main St, Springfield", "US", "A22-I24-P0-100"),
        ("Marienplatz 8, 80331 Berlin", "DE", "C22-I24-P6-83"),
        ("Marienplatz 8, 99999 Neustadt", "DE", "U00-I04-P2-100"),
        ("", "US", "U00-U00-P0-0"),
        ("107 Harvard St, Alexandria, VA 22314 tel 555 0134 ring twice", "US", "V44-U44-P6-100"),
    ],
)
def test_like_avc(known: Gazetteer, text: str, country: str, code: str) -> None:
    assert said(text, country, known)["avc_like"] == code


def test_every_text_has_a_code_of_that_form(known: Gazetteer) -> None:
    @given(st.text(max_size=60), st.sampled_from([None, "US", "DE", "ZZ"]))
    def law(text: str, country: str | None) -> None:
        reply = verify(text, known, country)
        assert AVC.fullmatch(reply.avc_like), reply.avc_like
        if reply.verdict["possible_next_action"] == "accept":
            assert reply.avc_like[0] == "V"
            assert reply.dpv_like is None or reply.dpv_like["code"] == "Y"

    law()


def test_verified_means_that_all_is_confirmed(known: Gazetteer) -> None:
    parts = {
        name: dict(part) for name, part in verify("107 Harvard St" + TOWN, known).components.items()
    }
    assert avc_like(parts, "US", (), (), ()).startswith("V44")
    assert avc_like(parts, "US", ("a", "b"), (), ()).startswith("A44")
    assert avc_like(parts, "US", (), (), ("unit",)).startswith("P44")
    parts["city"]["confirmation"] = "unconfirmed_but_plausible"
    assert avc_like(parts, "US", (), (), ()).startswith("P44")
    parts["city"]["confirmation"] = "unconfirmed_and_suspicious"
    assert avc_like(parts, "US", (), (), ()).startswith("C44")
