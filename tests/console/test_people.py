from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lanecast.console import people
from lanecast.console.query import Query
from lanecast.service.problems import Refused

NOON = datetime(2026, 11, 21, 12, 30, tzinfo=UTC)
BERLIN, SAO_PAULO = ZoneInfo("Europe/Berlin"), ZoneInfo("America/Sao_Paulo")


def test_instants_are_told_in_the_zone_of_the_reader_with_the_local_one_beside() -> None:
    viewer = people.Viewer(BERLIN, NOON)
    assert viewer.instant(NOON) == "Sat 21 Nov, 13:30"
    assert "09:30 Sao Paulo" in viewer.time(NOON, SAO_PAULO)
    assert "local" not in viewer.time(NOON, ZoneInfo("Europe/Paris"))
    night = NOON.replace(hour=1)
    assert "Fri 22:30 Sao Paulo" in viewer.time(night, SAO_PAULO)
    assert viewer.instant(NOON.replace(year=2024)) == "Thu 21 Nov 2024, 13:30"
    assert "UTC+5:30" in viewer.time(NOON, people.offset(330))
    assert viewer.span(NOON, NOON + timedelta(hours=2)).endswith("15:30")


@pytest.mark.parametrize(
    ("hours", "told"),
    [
        (0, "0 min"),
        (35 / 60, "35 min"),
        (1 + 52 / 60, "1 h 52 min"),
        (24, "1 d"),
        (51, "2 d 3 h"),
        (47.99, "2 d"),
        (24 * 40 + 13, "41 d"),
        (-1.5, "-1 h 30 min"),
    ],
)
def test_durations_have_their_two_largest_units(hours: float, told: str) -> None:
    assert people.duration(hours) == told


def test_shares_and_money_as_people_read_them() -> None:
    told = [people.percent(x) for x in (0.0, 0.001, 0.31, 0.999, 1.0, None)]
    assert told == ["0 %", "<1 %", "31 %", ">99 %", "100 %", people.DASH]
    assert people.money(1234.5, "EUR") == "€1,234.50"
    assert people.money(1234.5) == "1,234.50"
    assert people.words("out_for_delivery") == "Out for delivery"
    assert people.zone("../../etc/passwd") is None
    assert people.zone("Europe/Berlin") == BERLIN


TEXTS = st.text(min_size=1, max_size=5)


@settings(max_examples=40)
@given(st.dictionaries(TEXTS, TEXTS.filter(str.strip), max_size=3))
def test_a_query_comes_back_as_it_was_written(values: dict[str, str]) -> None:
    written = Query({name: value.strip()[:512] for name, value in values.items()})
    assert Query.read(str(written)) == written.with_()


def test_a_query_with_nonsense_means_its_defaults_and_names_a_naive_instant() -> None:
    query = Query.read("?sort=evil&page=-1&late=7&asof=2026-01-01T00:00:00")
    assert query.one_of("sort", ("saving",), "saving") == "saving"
    assert query.count("page", 0, 100) == 0
    assert query.share("late") is None
    with pytest.raises(Refused, match="with offset"):
        query.instant("asof")
    assert str(query.with_(sort=None, page=2, late=None, asof="")) == "?page=2"
