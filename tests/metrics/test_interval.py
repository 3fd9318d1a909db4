import numpy as np
import pytest

from lanecast.metrics.interval import CHUNK, paired_bootstrap


def losses(n_blocks, per_block, gap, shared, seed):
    """Two forecasts whose difference has mean ``gap`` and, per block, a ``shared`` deviation."""
    random = np.random.default_rng(seed)
    block = np.repeat(np.arange(n_blocks), per_block)
    diff = gap + shared * random.normal(size=n_blocks)[block] + random.normal(size=block.size)
    b = random.gamma(2.0, 10.0, block.size)
    return b + diff, b, block


def test_the_estimate_is_the_mean_difference_and_lies_inside():
    a, b, block = losses(40, 5, 0.5, 1.0, 0)
    found = paired_bootstrap(a, b, block)
    assert found.estimate == pytest.approx((a - b).mean())
    assert found.low < found.estimate < found.high
    assert found.blocks == 40


def test_the_interval_holds_the_truth_as_often_as_it_says_although_rows_share_their_block():
    def holds(by):
        found = [
            paired_bootstrap(a, b, by(block), draws=200)
            for a, b, block in (losses(60, 6, 0.3, 1.0, seed) for seed in range(200))
        ]
        return np.mean([f.low <= 0.3 <= f.high for f in found])

    assert holds(lambda block: block) > 0.88  # 0.95 less three errors of 200 runs and of 60 blocks
    assert holds(lambda block: np.arange(block.size)) < 0.75  # rows are not independent


def test_a_bootstrap_of_rows_has_the_width_of_the_normal_interval():
    a, b, _ = losses(2000, 1, 0.3, 0.0, 0)
    found = paired_bootstrap(a, b, np.arange(a.size))
    error = (a - b).std() / np.sqrt(a.size)
    assert found.high - found.low == pytest.approx(2 * 1.96 * error, rel=0.08)


def test_runs_of_days_are_wider_when_days_depend_on_their_neighbours():
    random = np.random.default_rng(0)
    slow = np.convolve(random.normal(size=420), np.ones(21) / 21, mode="valid")
    day, b = np.arange(slow.size), np.zeros(slow.size)
    alone = paired_bootstrap(slow, b, day)
    runs = paired_bootstrap(slow, b, day, length=30)
    assert runs.high - runs.low > 2 * (alone.high - alone.low)


def test_a_run_of_all_blocks_is_the_whole_and_leaves_nothing_to_chance():
    a, b, block = losses(30, 3, 0.3, 1.0, 0)
    found = paired_bootstrap(a, b, block, length=30)
    assert (found.low, found.high) == pytest.approx((found.estimate, found.estimate))


def test_equal_forecasts_differ_by_nothing_and_swapping_changes_the_sign():
    a, b, block = losses(30, 3, 0.3, 1.0, 0)
    same = paired_bootstrap(a, a, block)
    assert (same.low, same.estimate, same.high) == (0, 0, 0)
    one, other = paired_bootstrap(a, b, block), paired_bootstrap(b, a, block)
    assert (one.low, one.high) == pytest.approx((-other.high, -other.low))


def test_names_and_order_of_rows_do_not_matter_and_the_seed_does():
    a, b, block = losses(30, 3, 0.3, 1.0, 0)
    order = np.random.default_rng(1).permutation(a.size)
    names = np.array([f"day-{i:02d}" for i in block])
    found = paired_bootstrap(a, b, block)
    again = paired_bootstrap(a[order], b[order], names[order])
    assert (again.low, again.high) == pytest.approx((found.low, found.high))
    assert paired_bootstrap(a, b, block, seed=1) != found


def test_many_blocks_are_drawn_in_pieces():
    n = CHUNK // 10
    found = paired_bootstrap(np.ones(n), np.zeros(n), np.arange(n), draws=12)
    assert (found.low, found.high) == (1, 1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"b": [1.0]}, "a 2, b 1: expected vectors of one length"),
        ({"a": [1.0, np.nan]}, "a: expected finite numbers"),
        ({"block": [1]}, "block: expected 2 identifiers"),
        ({"block": [1, 1]}, "block: expected two blocks at least"),
        ({"length": 3}, "length of 1 to their number, got 2 blocks and length=3"),
        ({"level": 1.0}, "Expected level in"),
        ({"draws": 0}, "draws >= 1"),
    ],
)
def test_nonsense_is_refused_in_a_sentence(change, message):
    given = {"a": [1.0, 2.0], "b": [2.0, 2.0], "block": [0, 1]} | change
    with pytest.raises(ValueError, match=message):
        paired_bootstrap(**given)
