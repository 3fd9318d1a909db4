"""The loop: which rows share a batch, how often each is used, and what a seed fixes."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn

from lanecast.nn.training import Training, train

N, BATCH, EPOCHS = 103, 10, 3
SIZES = torch.tensor(np.random.default_rng(0).integers(1, 30, N))
HOW = Training(epochs=EPOCHS, batch=BATCH, rate=1e-2)


def run(how=HOW, sizes=SIZES, progress=None):
    """Train a tiny net and return its weights, and the rows of each batch."""
    torch.manual_seed(3)
    net = nn.Sequential(nn.Linear(2, 4), nn.Dropout(0.3), nn.Linear(4, 1))
    x = torch.randn(N, 2, generator=torch.Generator().manual_seed(1))
    batches = []

    def loss(answer, y, row):
        batches.append(row.tolist())
        return ((answer[:, 0] - y) ** 2).mean()

    y = x.sum(1) + 1
    return train(net, loss, [x], [y, torch.arange(N)], how, progress, sizes), batches


def same(one, other):
    return all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("sizes", [None, SIZES])
def test_every_row_is_used_once_in_every_epoch(sizes):
    _, batches = run(sizes=sizes)
    per_epoch = len(batches) // EPOCHS
    assert per_epoch == -(-N // BATCH)
    epochs = [batches[i * per_epoch : (i + 1) * per_epoch] for i in range(EPOCHS)]
    for epoch in epochs:
        assert sorted(row for batch in epoch for row in batch) == list(range(N))
    assert len({tuple(map(tuple, epoch)) for epoch in epochs}) == EPOCHS


def test_rows_of_like_length_share_a_batch():
    _, batches = run()
    epoch = [SIZES[batch] for batch in batches[: len(batches) // EPOCHS]]
    ranges = sorted((part.min().item(), part.max().item()) for part in epoch)
    assert all(high <= low for (_, high), (low, _) in pairwise(ranges))
    order = [part.float().mean().item() for part in epoch]
    assert order != sorted(order)  # but a short epoch would not end with the longest


def test_the_same_seed_gives_the_same_bytes_with_and_without_progress():
    told = []
    quiet, batches = run()
    loud, again = run(progress=told.append)
    assert same(quiet, loud)
    assert batches == again
    assert told == pytest.approx([1 / 3, 2 / 3, 1.0])
    other, _ = run(Training(epochs=EPOCHS, batch=BATCH, rate=1e-2, seed=1))
    assert not same(quiet, other)


def test_the_number_of_threads_is_as_before():
    before = torch.get_num_threads()
    run(Training(epochs=1, batch=BATCH, threads=before + 1))
    assert torch.get_num_threads() == before


def test_weights_are_the_mean_of_the_late_ones():
    seen = []
    net = nn.Linear(1, 1, bias=False)
    x = torch.ones(8, 1)

    def loss(answer, y):
        seen.append(net.weight.item())
        return ((answer - y) ** 2).mean()

    how = Training(epochs=10, batch=8, rate=0.1, average_from=0.6)
    found = train(net, loss, [x], [3 * x], how)
    late = [*seen[6:], net.weight.item()]  # after the steps 6 to 10
    assert found["weight"].item() == pytest.approx(np.mean(late), rel=1e-5)
