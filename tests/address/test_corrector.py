"""A search proposes, the house proves; nothing else is ever changed by it."""

import random
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lanecast.address.gazetteer.arrays import Gazetteer
from lanecast.address.gazetteer.stored import gazetteer
from lanecast.address.noise import KINDS, Word
from lanecast.address.verify import verify
from lanecast.address.verify.corrector import Corrector
from lanecast.address.verify.reply import Reply
from lanecast.sources.gazetteers import Edition, read
from lanecast.sources.ingest import ingest_pieces
from lanecast.tables.lake import Lake

from .conftest import AT

ROADS = ("Harvard St", "King St", "Duke St", "Cameron Station Bv")
ASKED = ("confirm", "confirm_add_subpremises", "fix")


def test_a_street_that_the_register_lacks_as_written_is_proposed_and_to_be_confirmed(
    known: Gazetteer,
) -> None:
    text, corrector = "107 Harvd Sreett, Alexandria, VA 22314", Corrector()
    without = verify(text, known, "US")
    assert "unknown_road" in without.faults and without.decided_by == "gazetteer"
    reply = verify(text, known, "US", corrector=corrector)
    assert reply.decided_by == "corrector_and_gazetteer"
    assert reply.verdict["possible_next_action"] == "confirm"
    assert reply.components["road"]["normalized"] == "HARVARD ST"
    assert reply.components["road"]["spell_corrected"] and "misspelt_road" in reply.faults
    assert reply.row()["proof"]["house_number"]["how"] == "exact" and not reply.candidates
    assert (corrector.asked, corrector.proposed) == (1, 1)


@pytest.mark.parametrize("number", ["109", "10", ""])
def test_without_the_house_nothing_is_proposed(known: Gazetteer, number: str) -> None:
    text = f"{number} Harvd Sreett, Alexandria, VA 22314"
    assert verify(text, known, "US", corrector=Corrector()) == verify(text, known, "US")


@pytest.fixture(scope="module")
def twins(files: Path, tmp_path_factory: pytest.TempPathFactory) -> Gazetteer:
    """Return a register in which two streets have the same houses."""
    folder = tmp_path_factory.mktemp("twins")
    columns = ("id", "road", "house_number", "postal_code", "city", "state", "country")
    rows = [(f"{road} {n}", road, n, "22314", "Alexandria", "VA", "US")
            for road in ("Elmwood St", "Elkwood St") for n in ("1", "2")]  # fmt: skip
    others = (("Oak St", "3"), ("N Montgomery St", "7"), ("104th St", "5"))
    rows += [(road, road, n, *rows[0][3:]) for road, n in others]
    pl.DataFrame(rows, columns, orient="row").write_csv(folder / "houses.csv")
    lake = Lake(folder / "lake")
    for form, file in (("geonames", files / "postal.parquet"), ("csv", folder / "houses.csv")):
        ingest_pieces(lake, form, read(form, file, Edition(form, AT)))
    return gazetteer(Lake(lake.path))


def test_two_streets_that_both_have_the_house_are_none(twins: Gazetteer) -> None:
    unsure = "1 Elmkwood Stretet, Alexandria, VA 22314"
    assert verify(unsure, twins, "US", corrector=Corrector()) == verify(unsure, twins, "US")
    apart = verify("1 Elmwuud Sdtretet, Alexandria, VA 22314", twins, "US", corrector=Corrector())
    assert apart.components["road"]["normalized"] == "Elmwood St"


def test_a_street_without_the_house_that_is_more_alike_is_meant(twins: Gazetteer) -> None:
    for text in ("3 Elmwuud Sdtretet, Alexandria, VA 22314", "1 Oakk Strteett, Alexandria, VA"):
        assert verify(text, twins, "US", corrector=Corrector()) == verify(text, twins, "US")


@pytest.mark.parametrize(
    ("text", "road"),
    [
        ("7 Montgomry, Alexandria, VA 22314", "N Montgomery St"),
        ("7 S Montgomry Strteet, Alexandria, VA 22314", None),  # another way
        ("7 N St, Alexandria, VA 22314", None),  # nothing tells which
        ("5 105th Avenue, Alexandria, VA 22314", None),  # another number
        ("5 104th, Alexandria, VA 22314", "104th St"),
    ],
)
def test_another_way_or_number_is_another_street(
    twins: Gazetteer, text: str, road: str | None
) -> None:
    reply = verify(text, twins, "US", corrector=Corrector())
    if road is None:
        assert reply == verify(text, twins, "US")
    else:
        assert reply.components["road"]["normalized"] == road


@pytest.mark.parametrize(
    "text",
    [
        "107 Harvard St, Alexandria, VA 22314",  # as it stands in the register
        "109 Harvard St, Alexandria, VA 22314",  # there is the street, and no such house
        "12 Main St, Springfield",  # two places
        "107 Harvd Sreett, Chicago, IL 60637",  # no register
        "107 Harvd Sreett, Alexandria, VA 22313",  # no such postal code
        "107 улица Мира, Alexandria, VA 22314",
        "Harvd Sreett, Alexandria, VA 22314",
        "",
    ],
)
def test_where_a_register_has_nothing_to_prove_nothing_changes(known: Gazetteer, text: str) -> None:
    corrector = Corrector()
    assert verify(text, known, "US", corrector=corrector) == verify(text, known, "US")
    assert corrector.proposed == 0


def told(known: Gazetteer, text: str) -> Reply:
    """Return the reply, after everything that must always hold has been looked at."""
    without, reply = verify(text, known, "US"), verify(text, known, "US", corrector=Corrector())
    if reply.decided_by != "corrector_and_gazetteer":
        assert reply == without
        return reply
    assert reply.verdict["possible_next_action"] in ASKED
    parts, before = reply.components, without.components
    assert parts["road"]["proof"] and parts["road"]["spell_corrected"]
    assert parts["house_number"]["proof"]["how"] == "exact"
    assert parts["house_number"]["normalized"] == before["house_number"]["text"]
    kept = set(before) - {"road", "house_number", "unit"}
    assert {n: parts[n] for n in kept} == {n: before[n] for n in kept}
    assert set(parts) - set(before) <= {"postcode"}
    return reply


@settings(deadline=None, max_examples=150)
@given(st.randoms(use_true_random=False), st.sampled_from(("", " 22314", " 22304", " 22341")))
def test_it_never_changes_a_number_nor_accepts_nor_touches_another_part(
    known: Gazetteer, rng: random.Random, code: str
) -> None:
    words = [Word(each, "road") for each in rng.choice(ROADS).split()]
    for _ in range(rng.randrange(1, 6)):
        words = KINDS[rng.choice(("substitute", "insert", "delete", "swap", "split"))](words, rng)
    road = " ".join(word.text for word in words)
    number = rng.choice(("101", "107", "1500", "9", "104", "9a", "9-11", "0", "107 apt 2"))
    told(known, f"{number} {road}, Alexandria, VA{code}")


@settings(deadline=None, max_examples=100)
@given(st.text(max_size=80))
def test_no_text_makes_it_raise_or_change_what_it_may_not(known: Gazetteer, text: str) -> None:
    told(known, f"107 {text}, Alexandria, VA 22314")


def test_a_street_of_a_thousand_letters_is_none(known: Gazetteer) -> None:
    told(known, f"107 {'harvrad' * 150} street, Alexandria, VA 22314")
