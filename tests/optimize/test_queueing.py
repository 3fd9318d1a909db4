import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lanecast.optimize.queueing import (
    erlang_a,
    erlang_b,
    erlang_c,
    heads,
    served_within,
    waiting,
)


def test_erlang_b_is_the_formula_of_the_book():
    # a^s / s! over the sum of a^k / k!
    for servers, load in ((1, 0.5), (5, 3.0), (10, 12.0)):
        terms = [load**k / math.factorial(k) for k in range(servers + 1)]
        assert erlang_b(servers, load) == pytest.approx(terms[-1] / sum(terms))


def test_the_eye_clinic_of_gross_and_harris():
    # Fundamentals of Queueing Theory, M/M/c: 6 patients an hour, 20 minutes each, 3 doctors:
    # Lq = 8/9 patients, Wq = 4/27 h = 8.89 min; the chance to wait is 4/9
    assert erlang_c(3, 2.0) == pytest.approx(4 / 9)
    assert waiting(3, 2.0) * 20 == pytest.approx(60 * 4 / 27)
    assert 6 * waiting(3, 2.0) / 3 == pytest.approx(8 / 9)


def test_the_call_centre_of_garnett_mandelbaum_and_reiman():
    # table 1: 48 calls a minute of one minute, 50 agents, mean patience two minutes:
    # 3.1 % leave, mean wait 3.7 s; without impatience 20.8 s
    _, leaves = erlang_a(50, 48.0, 2.0)
    assert round(100 * leaves, 1) == 3.1
    assert round(60 * 2.0 * leaves, 1) == 3.7  # share that leaves = wait / patience
    assert round(60 * float(waiting(50, 48.0)), 1) == 20.8


def test_one_server_is_m_m_1():
    assert erlang_c(1, 0.7) == pytest.approx(0.7)
    assert waiting(1, 0.7) == pytest.approx(0.7 / 0.3)
    assert served_within(1, 0.7, 2.0) == pytest.approx(1 - 0.7 * math.exp(-0.3 * 2))


@given(st.integers(1, 60), st.floats(0.05, 70))
def test_more_heads_never_make_anybody_wait_longer(servers, load):
    assert erlang_c(servers + 1, load) <= erlang_c(servers, load) + 1e-12
    assert waiting(servers + 1, load) <= waiting(servers, load)
    assert erlang_b(servers, load) <= erlang_c(servers, load) + 1e-12


@given(st.integers(1, 40), st.floats(0.5, 35))
def test_endless_patience_is_erlang_c_and_none_is_erlang_b(servers, load):
    waits, leaves = erlang_a(servers, load, 1e-7)
    assert waits == pytest.approx(float(erlang_b(servers, load)), abs=1e-5)
    assert leaves == pytest.approx(float(erlang_b(servers, load)), abs=1e-5)
    if load < 0.8 * servers:
        waits, leaves = erlang_a(servers, load, 1e4)
        assert waits == pytest.approx(float(erlang_c(servers, load)), rel=0.01, abs=1e-6)


def test_heads_are_the_fewest_that_reach_the_target():
    load = np.array([0.0, 0.3, 5.0, 47.0])
    found = heads(load, 0.8, 0.3)
    assert found[0] == 0
    for number, a in zip(found[1:], load[1:], strict=True):
        assert served_within(int(number), a, 0.3) >= 0.8 > served_within(int(number) - 1, a, 0.3)


@pytest.mark.parametrize(
    ("call", "word"),
    [
        (lambda: erlang_b(-1, 2.0), "servers"),
        (lambda: erlang_c(2, -1.0), "load"),
        (lambda: erlang_a(2, 1.0, 0.0), "patience"),
        (lambda: heads([1.0], 1.5, 0.1), "target"),
        (lambda: served_within(2, 1.0, -1.0), "within"),
    ],
)
def test_nonsense_is_refused_in_words(call, word):
    with pytest.raises(ValueError, match=word):
        call()
