import pytest
import torch

from lanecast.nn.sequence import CausalTransformer

WIDTH, LONGEST = 16, 10
CLOSE = {"rtol": 1e-5, "atol": 1e-6}


@pytest.fixture(scope="module")
def body():
    torch.manual_seed(0)
    return CausalTransformer(WIDTH, heads=4, depth=2, longest=LONGEST).eval()


@pytest.fixture(scope="module")
def steps():
    return torch.randn(3, LONGEST, WIDTH, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("first", range(1, LONGEST))
def test_what_comes_later_changes_nothing_before_it(body, steps, first):
    changed = steps.clone()
    changed[:, first:] *= -2.0
    before, after = body(steps), body(changed)
    torch.testing.assert_close(after[:, :first], before[:, :first], **CLOSE)
    assert ((after - before)[:, first:].abs().amax(2) > 1e-3).all()


def test_what_came_before_changes_every_later_step(body, steps):
    changed = steps.clone()
    changed[:, 0] = torch.randn(3, WIDTH, generator=torch.Generator().manual_seed(2))
    assert ((body(changed) - body(steps)).abs().amax(2) > 1e-4).all()


@pytest.mark.parametrize("size", [1, 4, LONGEST])
def test_padding_at_the_end_has_no_influence(body, steps, size):
    padded = steps.clone()
    padded[:, size:] = 99.0
    torch.testing.assert_close(body(padded)[:, :size], body(steps[:, :size]), **CLOSE)
    assert body(steps[:, :size]).shape == (3, size, WIDTH)


def test_a_sequence_is_read_the_same_alone_and_among_others(body, steps):
    together = body(steps)
    for i in range(3):
        torch.testing.assert_close(body(steps[i : i + 1])[0], together[i], **CLOSE)


def test_the_place_in_the_sequence_is_seen(body):
    same = torch.ones(1, LONGEST, WIDTH)
    out = body(same)[0]
    assert ((out[1:] - out[:-1]).abs().amax(1) > 1e-4).all()
