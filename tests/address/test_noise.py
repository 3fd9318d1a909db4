import random
from collections import Counter

import pytest

from lanecast.address.grammars import COUNTRIES, LANGUAGES, words
from lanecast.address.made import Place, addresses, made
from lanecast.address.made_east import addresses as eastern
from lanecast.address.noise import JUDGED, KINDS, Word, noisy, written
from lanecast.address.parts import NAMES
from lanecast.address.postcodes import formed, plain

TOWN = Place("US", "North Platte", "69101", "Nebraska", "NE")
ADDRESS = [
    *(Word("107", "house_number"), Word("N", "road"), Word("Härvard", "road")),
    *(Word("Street", "road", ", "), Word("Fort", "city"), Word("Myers", "city", ", ")),
    *(Word("FL", "state"), Word("33901", "postcode", "")),
]


@pytest.mark.parametrize("kind", KINDS)
def test_each_noise_keeps_labels_where_their_text_is(kind: str) -> None:
    for seed in range(60):
        spoilt = KINDS[kind](list(ADDRESS), random.Random(seed))
        text, spans = written(spoilt)
        assert [text[a:b] for a, b, _ in spans] == [word.text for word in spoilt]
        assert {label for *_, label in spans} <= {*NAMES}
        assert all(word.text.strip() == word.text != "" for word in spoilt)


@pytest.mark.parametrize("kind", KINDS)
def test_each_noise_does_something_and_repeats_with_its_seed(kind: str) -> None:
    found = [KINDS[kind](list(ADDRESS), random.Random(seed)) for seed in range(30)]
    assert found == [KINDS[kind](list(ADDRESS), random.Random(seed)) for seed in range(30)]
    assert any(written(each)[0] != written(ADDRESS)[0] for each in found)


@pytest.mark.parametrize("kind", ["substitute", "keyboard", "insert", "delete", "swap", "heard"])
def test_slips_in_letters_leave_numbers_and_labels(kind: str) -> None:
    for seed in range(40):
        spoilt = KINDS[kind](list(ADDRESS), random.Random(seed))
        assert [word.label for word in spoilt] == [word.label for word in ADDRESS]
        assert [w.text for w in spoilt if w.text.isdigit()] == ["107", "33901"]


def test_no_noise_at_all_changes_nothing() -> None:
    assert noisy(ADDRESS, list(KINDS), 0, random.Random(1)) == ADDRESS
    assert set(JUDGED) < set(KINDS)


def test_what_is_made_repeats_and_has_known_labels() -> None:
    towns = {"US": [TOWN, Place("US", "Chicago", "60601", "Illinois", "IL")]}
    towns |= {country: [Place(country, "Ort", "1234", "Land", "LA")] for country in COUNTRIES}
    shares = dict.fromkeys(COUNTRIES, 1.0)
    runs = [
        [each for each, _ in zip(addresses(towns, shares, seed), range(400), strict=False)]
        for seed in (4, 4, 5)
    ]
    assert runs[0] == runs[1] != runs[2]
    labels = Counter(word.label for _, words in runs[0] for word in words)
    assert set(labels) <= {*NAMES} and {"road", "city", "postcode", "unit"} <= set(labels)
    for _, each in runs[0]:
        assert each and "{" not in written(each)[0] and "}" not in written(each)[0]


def test_a_made_town_keeps_its_name_and_state() -> None:
    rng = random.Random(3)
    some = [made(TOWN, [TOWN], rng) for _ in range(300)]
    names = {" ".join(w.text for w in each if w.label == "city") for each in some}
    assert names <= {"", "North Platte", "N Platte", "N. Platte"} and len(names) > 2
    states = {" ".join(w.text for w in each if w.label == "state") for each in some}
    assert states == {"", "NE", "Nebraska"}


@pytest.mark.parametrize(
    ("country", "begun"),
    [("US", "22314"), ("GB", "NW1"), ("CA", "T2V"), ("NL", "1012"), ("IE", "D02"), ("JP", "")],
)
def test_codes_have_the_form_of_their_country(country: str, begun: str) -> None:
    rng = random.Random(6)
    town = Place(country, "Ort", begun, "Land")
    found = [[w.text for w in made(town, [town], rng) if w.label == "postcode"] for _ in range(300)]
    codes = {"".join(each) for each in found if each}
    assert len(codes) > 50
    assert {code for code in codes if not formed(plain(code, country), country)} == set()
    assert any(len(each) == 2 for each in found) == (country != "JP")


def test_quarters_states_and_notes_stand_as_their_country_writes_them() -> None:
    rng = random.Random(2)
    town = Place("BR", "Osasco", "06010-000", "São Paulo", "27")
    texts = [written(made(town, [town], rng)) for _ in range(400)]
    assert any(" - SP" in text for text, _ in texts)
    assert any(text[a:b] == "Jardim" for text, s in texts for a, b, label in s if label == "suburb")
    assert any(label == "other" for _, spans in texts for *_, label in spans)
    assert not any("27" in text[a:b] for text, s in texts for a, b, label in s if label == "state")


def test_latin_addresses_of_japan_have_quarters_and_no_streets() -> None:
    rng = random.Random(3)
    town = Place("JP", "Chiyoda")
    labels = [{w.label for w in made(town, [town], rng)} for _ in range(200)]
    assert not any("road" in each for each in labels)
    assert sum({"suburb", "state"} <= each for each in labels) > 80


def test_addresses_without_blanks_are_made_of_three_countries() -> None:
    some = [e for e, _ in zip(eastern({"CN": 1, "TW": 1, "JP": 1}, 2), range(200), strict=False)]
    assert {country for country, _ in some} == {"CN", "TW", "JP"}
    assert {word.label for _, words in some for word in words} <= {*NAMES}
    assert not any("{" in written(words)[0] for _, words in some)


def test_every_country_has_a_language_and_words_know_what_they_mark() -> None:
    assert set(COUNTRIES.values()) <= set(LANGUAGES)
    assert "type" in words()["street"] and "type" in words()["rue"]
    assert "unit" in words()["apt"] and "way" in words()["nw"]
