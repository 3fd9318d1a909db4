import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lanecast.nn.durations import survival_loss
from lanecast.nn.risks import UNKNOWN, competing_loss
from lanecast.nn.training import some_threads

CHANCE = [[0.05, 0.1, 0.15, 0.1], [0.2, 0.1, 0.05, 0.25]]  # of two causes in four bins
LOGITS = torch.log(torch.tensor([CHANCE])) + 3.0


def one(place, cause, weight=1.0):
    how = torch.tensor([place]), torch.tensor([cause]), torch.tensor([weight])
    return competing_loss(LOGITS, *how).item()


@settings(max_examples=40)
@given(
    hnp.arrays(np.float32, (5, 6), elements=st.floats(-4, 4, width=32)),
    hnp.arrays(np.float32, 5, elements=st.floats(0, 5.875, width=32)),
    hnp.arrays(bool, 5),
    hnp.arrays(np.float32, 5, elements=st.floats(0.125, 2, width=32)),
)
def test_with_one_cause_it_is_the_survival_likelihood(logits, place, ended, weight):
    logits, place, ended, weight = map(torch.from_numpy, (logits, place, ended, weight))
    cause = torch.where(ended, 0, UNKNOWN)
    mine = competing_loss(logits[:, None], place, cause, weight)
    torch.testing.assert_close(mine, survival_loss(logits, place, ended.float(), weight))


@pytest.mark.parametrize(("place", "cause"), [(0.0, 0), (1.75, 0), (2.0, 1), (3.9, 1)])
def test_an_end_scores_the_chance_of_its_cause_in_its_bin(place, cause):
    assert one(place, cause) == pytest.approx(-np.log(CHANCE[cause][int(place)]), rel=1e-5)


@pytest.mark.parametrize("place", [0.0, 0.5, 1.25, 3.0, 3.75])
def test_an_open_row_scores_the_chance_of_all_later_cells(place):
    both = np.sum(CHANCE, axis=0)
    index = int(place)
    later = both[index + 1 :].sum() + both[index] * (1 - (place - index))
    assert one(place, UNKNOWN) == pytest.approx(-np.log(later), rel=1e-4, abs=1e-6)


def test_the_loss_is_the_weighted_mean_over_rows_and_weight_0_leaves_one_out():
    rows = [(0.5, 0, 1.0), (2.5, 1, 3.0), (1.5, UNKNOWN, 2.0), (3.5, 0, 0.0)]
    place, cause, weight = (torch.tensor(each) for each in zip(*rows, strict=True))
    mean = sum(w * one(p, c) for p, c, w in rows) / 6
    together = competing_loss(LOGITS.expand(4, -1, -1), place, cause, weight)
    assert together.item() == pytest.approx(mean, rel=1e-5)


def test_a_batch_of_which_nothing_is_known_teaches_nothing():
    logits = LOGITS.clone().requires_grad_()
    loss = competing_loss(logits, torch.zeros(1), torch.tensor([UNKNOWN]), torch.zeros(1))
    loss.backward()
    assert loss.item() == 0
    assert not logits.grad.any()


def test_minimising_it_finds_the_cumulative_incidences_under_censoring():
    """Three exponential risks, of which the third is only seen as an end of the watch."""
    rng = np.random.default_rng(0)
    rate, n, bins, step = np.array([0.6, 0.3, 0.6]), 4000, 17, 0.25
    times = rng.exponential(1 / rate, (n, 3))
    cause = times.argmin(1)
    place = torch.tensor(np.minimum(times.min(1) / step, bins - 1e-3), dtype=torch.float32)
    causes = torch.tensor(np.where(cause == 2, UNKNOWN, cause))
    logits = torch.zeros(1, 2, bins, requires_grad=True)
    fit = torch.optim.LBFGS([logits], max_iter=30, line_search_fn="strong_wolfe")

    def closure():
        fit.zero_grad()
        loss = competing_loss(logits.expand(n, -1, -1), place, causes, torch.ones(n))
        loss.backward()
        return loss

    with some_threads():
        fit.step(closure)
    found = logits.detach().flatten().softmax(0).view(2, bins).cumsum(1).numpy()[:, :12]
    until = step * np.arange(1, 13)
    law = rate[:2, None] / 0.9 * (1 - np.exp(-0.9 * until))
    assert np.abs(found - law).max() < 0.03
    ended = cause != 2
    naive = [((cause == k) & (place.numpy() < 12)).sum() / ended.sum() for k in (0, 1)]
    assert naive[0] > law[0, -1] + 0.02  # dropping the censored ones would have been off
