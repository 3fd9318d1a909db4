import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lanecast.nn.durations import DurationNet, quantiles, survival_loss
from lanecast.nn.training import Training, train

LEVELS = np.array([0.05, 0.1, 0.5, 0.9, 0.95])


@given(hnp.arrays(float, (3, 8), elements=st.floats(0, 1)))
def test_quantiles_never_cross_and_stay_on_the_axis(raw):
    chance = (raw + 1e-6) / (raw + 1e-6).sum(axis=1, keepdims=True)
    found = quantiles(chance, np.linspace(-1, 1, 9), LEVELS)
    assert (np.diff(found, axis=1) >= 0).all()
    assert (np.abs(found) <= 1).all()


def test_quantiles_agree_with_interpolating_the_distribution_row_by_row():
    chance = np.random.default_rng(0).dirichlet(np.ones(10), 50)
    edges = np.linspace(0, 5, 11)
    naive = [np.interp(LEVELS, np.concatenate([[0], np.cumsum(row)]), edges) for row in chance]
    np.testing.assert_allclose(quantiles(chance, edges, LEVELS), naive, atol=1e-9)


def test_a_censored_duration_scores_the_chance_of_lasting_longer():
    logits = torch.log(torch.tensor([[0.1, 0.2, 0.3, 0.4]]))
    one = torch.ones(1)
    event = survival_loss(logits, torch.tensor([1.5]), one, one)
    censored = survival_loss(logits, torch.tensor([1.5]), torch.zeros(1), one)
    assert event.item() == pytest.approx(-np.log(0.2), rel=1e-5)
    assert censored.item() == pytest.approx(-np.log(1 - 0.1 - 0.1), rel=1e-5)


def test_the_net_finds_the_distribution_under_censoring():
    """Exponential durations in bins of width 0.25, half of them cut short at random."""
    rng = np.random.default_rng(0)
    n, group = 6000, rng.integers(1, 3, 6000)
    duration, limit = rng.exponential(group), rng.uniform(0, 4, 6000)
    ended = duration <= limit
    place = np.minimum(np.minimum(duration, limit) / 0.25, 31.99)
    net = DurationNet([3], 1, 32, width=16, dropout=0.0)
    codes = torch.tensor(group[:, None])
    numbers = torch.full((n, 1), float("nan"))
    tensors = [torch.tensor(each, dtype=torch.float32) for each in (place, ended, np.ones(n))]
    net.load_state_dict(
        train(net, survival_loss, [codes, numbers], tensors, Training(epochs=15, rate=1e-2))
    )
    chance = net.eval()(torch.tensor([[1], [2]]), torch.full((2, 1), float("nan"))).softmax(1)
    median = quantiles(chance.detach().numpy(), np.linspace(0, 8, 33), np.array([0.5]))[:, 0]
    np.testing.assert_allclose(median, np.log(2) * np.array([1, 2]), rtol=0.12)
    naive = np.median(duration[ended & (group == 2)])
    assert naive < 0.8 * np.log(2) * 2  # dropping the censored ones would have been far off


def test_the_same_seed_gives_the_same_weights():
    codes, numbers = torch.ones(64, 1, dtype=torch.long), torch.randn(64, 2)
    targets = [torch.rand(64) * 4, torch.ones(64), torch.ones(64)]

    def fit():
        torch.manual_seed(1)
        net = DurationNet([3], 2, 4, width=8)
        return train(net, survival_loss, [codes, numbers], targets, Training(epochs=2, batch=16))

    first, second = fit(), fit()
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_training_refuses_nonsense():
    with pytest.raises(ValueError, match="epochs >= 1"):
        Training(epochs=0)
