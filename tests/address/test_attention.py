import random
from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import logsumexp
from threadpoolctl import ThreadpoolController

from lanecast.address.gazetteer.arrays import Gazetteer
from lanecast.address.made import Place, made
from lanecast.address.noise import written
from lanecast.address.parts import NAMES
from lanecast.address.tokens import tokens
from lanecast.address.verify.models import chain
from lanecast.address.verify.models.attention import FittedAttention, packed, unpacked
from lanecast.address.verify.models.attention_net import Attention, Net, Row, _padded
from lanecast.address.verify.models.inputs import LETTERS, SIGNS, seen
from lanecast.address.verify.models.one_thread import one_thread

TOWNS = [Place("US", "Chicago", "60637", "Illinois", "IL"), Place("US", "Boone", "", "Iowa", "IA")]
QUICK = Attention(width=32, depth=2, steps=90, batch=32, rate=5e-3)


def strings(many: int, seed: int = 1) -> list[Row]:
    rng, rows = random.Random(seed), []
    for _ in range(many):
        text, spans = written(made(TOWNS[rng.random() < 0.5], TOWNS, rng))
        words = tokens(text)
        labels = [next((n for a, b, n in spans if a <= w.start < b), "other") for w in words]
        rows.append((seen(words, None, "US"), [NAMES.index(label) for label in labels]))
    return rows


@pytest.fixture(scope="module")
def small() -> FittedAttention:
    def rounds() -> Iterator[list[Row]]:
        while True:
            yield strings(400)

    return QUICK.fit(rounds())


def test_it_reads_strings_that_it_has_not_learnt(small: FittedAttention) -> None:
    right = [
        chain.likeliest(small.scores(words), small.weights["next"]) == labels
        for words, labels in strings(100, 2)
    ]
    assert np.mean(right) > 0.5


def test_it_goes_on_from_what_it_learnt(small: FittedAttention) -> None:
    hardly = replace(QUICK, steps=1, rate=1e-6)
    on, anew = (hardly.fit([strings(64)], start=each) for each in (small, None))
    for name, value in small.weights.items():
        np.testing.assert_allclose(on.weights[name], value, atol=0.02 * np.abs(value).max() + 1e-5)
    assert np.abs(anew.weights["out.weight"] - small.weights["out.weight"]).max() > 0.05


@pytest.fixture(scope="module")
def net(small: FittedAttention) -> Net:
    net = Net(QUICK.width, QUICK.depth, 0.0).eval()
    net.load_state_dict({name: torch.tensor(value) for name, value in small.weights.items()})
    return net


def test_numpy_reads_as_torch_does(small: FittedAttention, net: Net) -> None:
    rows = strings(20, 3)
    letters, at, signs, labels = _padded(rows)
    with torch.no_grad():
        expected = net(letters, at, signs, labels >= 0).numpy()
    for (words, right), scores in zip(rows, expected, strict=True):
        np.testing.assert_allclose(small.scores(words), scores[: len(right)], atol=2e-5)


def test_the_loss_is_minus_the_log_chance_of_the_labels(small: FittedAttention, net: Net) -> None:
    rows = strings(8, 4)
    letters, at, signs, labels = _padded(rows)
    with torch.no_grad():
        loss = float(net.loss(net(letters, at, signs, labels >= 0), labels))
    follows = small.weights["next"]
    chances = []
    for words, right in rows:
        scores = small.scores(words)
        chances.append(chain.worth(right, scores, follows) - chain.marginals(scores, follows)[1])
    assert loss == pytest.approx(-np.mean(chances), abs=1e-4)


def test_weights_are_eight_bits_and_survive_a_file(small: FittedAttention) -> None:
    file = packed(small.weights)
    again = unpacked(file)
    assert {n: v.shape for n, v in again.weights.items()} == {
        n: v.shape for n, v in small.weights.items()
    }
    for name, value in small.weights.items():
        np.testing.assert_allclose(again.weights[name], value, atol=1e-6)
    assert len(file) < 1.3 * sum(value.size for value in small.weights.values())


def test_steps_without_strings_are_refused() -> None:
    with pytest.raises(ValueError, match="rounds: ended after 2 of 90 steps"):
        QUICK.fit([strings(40)])


def test_equal_strings_give_equal_weights() -> None:
    short = Attention(width=16, depth=1, steps=2, batch=32)
    one, other = (packed(short.fit([strings(64)]).weights) for _ in range(2))
    assert one == other


@given(st.text(max_size=80), st.sampled_from(["US", "JP", None]))
@settings(max_examples=60, deadline=None)
def test_any_text_is_read(small: FittedAttention, text: str, country: str | None) -> None:
    words = tokens(text)
    what = seen(words, None, country)
    assert what.letters.shape == (len(words), LETTERS) and what.signs.shape == (len(words), SIGNS)
    if words:
        labels, chance = small.labels(words, None, country)
        assert len(labels) == len(words) and set(labels) <= {*NAMES} and 0 < chance <= 1 + 1e-6


def test_a_gazetteer_only_adds_to_what_is_seen(known: Gazetteer) -> None:
    words = tokens("12 Main St, Chicago, IL 60637")
    bare, beside = seen(words, None, "US").signs, seen(words, known, "US").signs
    assert all(set(a) - {0} <= set(b) for a, b in zip(bare, beside, strict=True))
    assert (bare != beside).any()


@given(st.integers(1, 5), st.integers(2, 4), st.integers(0, 1000))
@settings(max_examples=60, deadline=None)
def test_chains_are_what_trying_all_of_them_finds(words: int, labels: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    scores = (3 * rng.normal(size=(words, labels))).astype(np.float32)
    follows = rng.normal(size=(labels, labels)).astype(np.float32)
    every = {c: chain.worth(c, scores, follows) for c in product(range(labels), repeat=words)}
    total = logsumexp(list(every.values()))
    best = max(every, key=lambda c: every[c])
    assert every[tuple(chain.likeliest(scores, follows))] == pytest.approx(every[best], abs=1e-4)
    each, level = chain.marginals(scores, follows)
    assert level == pytest.approx(total, abs=1e-4)
    expected = np.zeros((words, labels))
    for one, value in every.items():
        expected[np.arange(words), one] += np.exp(value - total)
    np.testing.assert_allclose(each, expected, atol=1e-4)
    found = chain.readings(scores, follows, 3)
    assert every[tuple(found[0][0])] == pytest.approx(every[best], abs=1e-4)
    assert sum(chance for _, chance in found) <= 1 + 1e-5 and found[0][1] <= 1
    for labels_, chance in found:
        assert chance == pytest.approx(float(np.exp(every[tuple(labels_)] - total)), abs=1e-4)
    assert [c for _, c in found[1:]] == sorted((c for _, c in found[1:]), reverse=True)


def test_products_run_on_one_thread_while_anybody_reads() -> None:
    pools = ThreadpoolController().select(user_api="blas")

    def threads() -> set[int]:
        return {pool["num_threads"] for pool in pools.info()}

    with pools.limit(limits=2):
        before = threads()
        with one_thread():
            with one_thread():
                assert threads() == {1}
            assert threads() == {1}  # the first one still reads
        assert threads() == before


def test_a_chance_is_never_above_one_however_sure_the_scores_are() -> None:
    sure = np.full((7, 16), -30, np.float32)
    sure[np.arange(7), [1, 2, 2, 11, 11, 13, 8]] = 41.7
    assert all(c <= 1 for _, c in chain.readings(sure, np.full((16, 16), 0.37, np.float32), 3))
