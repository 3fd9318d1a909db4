"""Laws of embeddings: what is planted is found, a new node is described, ranks are as a loop's."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import polars as pl
import pytest

from lanecast.graph import link
from lanecast.graph.build import build
from lanecast.graph.embed import Embedding, turned
from lanecast.graph.link import embedded, judged, near, popular, ranks
from lanecast.graph.triples import Triples, appeared, flows, triples
from lanecast.nn.training import Training

from .conftest import NOW

torch = pytest.importorskip("torch")
SHORT = Training(epochs=15, batch=128, rate=0.05, decay=0.0)


def planted(seed: int = 0, colours: int = 4, each: int = 10) -> tuple[Triples, np.ndarray]:
    """Merchants of a colour send to cells of that colour; a third of it is kept aside."""
    rng = np.random.default_rng(seed)
    size = colours * each
    names = [f"cell:{i:03d}" for i in range(size)] + [f"merchant:{i:03d}" for i in range(size)]
    colour = np.tile(np.arange(size) % colours, 2)
    pairs = [
        (size + a, 0, b) for a in range(size) for b in range(size) if a % colours == b % colours
    ]
    rows = rng.permutation(np.array(pairs))
    about = np.stack([np.arange(2 * size), colour], axis=1)
    cut = len(rows) // 3
    words = tuple(f"colour:{i}" for i in range(colours))
    place = np.stack([colour + 0.0, colour + 0.0], axis=1)
    return Triples(tuple(names), ("sends",), words, rows[cut:], about, place), rows[:cut]


@pytest.mark.parametrize("layers", [0, 2])
@pytest.mark.parametrize("against", [0, 40])
def test_what_is_planted_is_found_and_chance_is_beaten(layers, against):
    past, asked = planted()
    how = Embedding(layers=layers, width=8, n3=0.01, against=against, training=SHORT)
    found = judged(embedded(how.fit(past), past), past, asked).row(0, named=True)
    assert found["mrr_chance"] < 0.2
    assert found["mrr"] > 0.8
    assert judged(near(past), past, asked)["hits_10"][0] == 1.0


def test_one_that_is_new_is_described_by_what_is_known_of_it():
    past, _ = planted()
    new = "merchant:new"
    now = replace(
        past,
        entities=(*past.entities, new),
        about=np.concatenate([past.about, [[len(past.entities), 2]]]),
        place=np.concatenate([past.place, [[2.0, 2.0]]]),
    )
    asked = np.array([[len(past.entities), 0, cell] for cell in range(40) if cell % 4 == 2])
    fit = {
        layers: Embedding(layers=layers, width=8, n3=0.01, training=SHORT).fit(past)
        for layers in (0, 2)
    }
    place, _ = ranks(embedded(fit[2], now), now, asked)
    assert (place == 1).all()  # the others of its colour are passed over
    blind, count = ranks(embedded(fit[0], now), now, asked)
    assert (blind == (count + 1) / 2).all()


def test_the_same_seed_gives_the_same_vectors_and_another_does_not():
    past, _ = planted()
    one, same, other = (
        Embedding(width=4, training=Training(epochs=1, seed=seed)).fit(past).vectors(past)
        for seed in (0, 0, 1)
    )
    assert np.array_equal(one, same) and not np.allclose(one, other)


def test_vectors_are_learnt_in_full_precision_where_half_is_asked_for():
    past, _ = planted()
    how = Embedding(layers=2, width=4, training=Training(epochs=1))
    plain = how.fit(past).vectors(past)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        half = how.fit(past)
        mixed = half.vectors(past)
    assert mixed.dtype == np.float32 and np.isfinite(mixed).all()
    assert np.array_equal(mixed, half.vectors(past))
    assert np.corrcoef(plain.ravel(), mixed.ravel())[0, 1] > 0.95


def test_a_turned_head_meets_its_tail_as_complex_numbers_do():
    rng = np.random.default_rng(0)
    h, r, t = rng.normal(size=(3, 5, 4)) + 1j * rng.normal(size=(3, 5, 4))
    split = [torch.from_numpy(np.concatenate([x.real, x.imag], axis=1)) for x in (h, r, t)]
    ours = (turned(split[0], split[1]) * split[2]).sum(1).numpy()
    assert ours == pytest.approx((h * r * t.conj()).sum(1).real)


def test_ranks_are_those_of_a_loop_however_the_questions_are_cut(monkeypatch):
    past, asked = planted(seed=1)
    score = popular(past)
    place, count = ranks(score, past, asked)
    true = {tuple(row) for row in np.concatenate([past.rows, asked]).tolist()}
    for (h, r, t), ours, many in zip(asked.tolist(), place, count, strict=True):
        all_scores = score(np.array([h]), np.array([r]))[0]
        others = [all_scores[e] for e in range(40) if e != t and (h, r, e) not in true]
        above, beside = (np.sum(np.array(others) > all_scores[t]), others.count(all_scores[t]))
        assert (ours, many) == (1 + above + beside / 2, len(others) + 1)
    monkeypatch.setattr(link, "CHUNK", 100)
    assert np.array_equal(ranks(score, past, asked)[0], place)


def test_the_future_changes_no_triple_and_what_appears_is_new(world_lake):
    at = NOW - timedelta(days=40)
    known = flows(world_lake, at)
    assert known.equals(flows(world_lake.asof(at), at))
    past, later = (
        triples(build(world_lake, moment), flows(world_lake, moment)) for moment in (at, NOW)
    )
    fresh, odd = appeared(past, later)
    assert len(fresh) > 100 and odd >= 0
    names = {
        (past.entities[h], past.relations[r], past.entities[t]) for h, r, t in past.rows.tolist()
    }
    told = {tuple(row) for row in pl.concat([known, flows(world_lake, NOW)]).unique().rows()}
    kind = past.relations.index("sends_to_cell")
    for h, r, t in fresh[fresh[:, 1] == kind].tolist():
        new = (past.entities[h], past.relations[r], past.entities[t])
        assert new in told and new not in names
    assert appeared(past, past)[0].shape == (0, 3)


def test_nonsense_is_refused():
    past, _ = planted()
    for wrong in ({"layers": -1}, {"width": 0}, {"forget": 1.0}, {"n3": -1.0}):
        with pytest.raises(ValueError, match="Expected"):
            Embedding(**wrong)
    with pytest.raises(ValueError, match="past"):
        Embedding().fit(replace(past, rows=past.rows[:0]))
