"""LightGBM text that was changed is refused in words, and never ends the process."""

import re

import lightgbm as lgb
import numpy as np
import pytest

from lanecast.artifact.trees import booster


@pytest.fixture(scope="module")
def text(tmp_path_factory):
    """A booster with splits by number and by category, as LightGBM writes it."""
    rng = np.random.default_rng(0)
    x = np.column_stack([rng.normal(size=(500, 3)), rng.integers(0, 5, 500)])
    settings = {"verbosity": -1, "num_leaves": 7, "num_threads": 1, "min_data_per_group": 1}
    data = lgb.Dataset(x, x[:, 0] + 2 * (x[:, 3] == 2), categorical_feature=[3])
    file = tmp_path_factory.mktemp("trees") / "trees.txt"
    lgb.train(settings, data, 5).save_model(file)
    return file.read_text()


def changed(key, value):
    return lambda text: re.sub(rf"(?m)^{key}=\S+", f"{key}={value}", text, count=1)


FORGED = {
    "nothing": lambda text: "",
    "the first half": lambda text: text[: len(text) // 2],
    "a line less": lambda text: re.sub(r"threshold=.*\n", "", text, count=1),
    "too many leaves": changed("num_leaves", 1_000_000_000),
    "leaves below nothing": changed("num_leaves", -5),
    "a child beyond the end": changed("left_child", 99999),
    "a child before the first leaf": changed("left_child", -99999),
    "a child that is its parent": changed("left_child", 0),
    "a feature beyond the last": changed("split_feature", 99),
    "more categories than there are": changed("num_cat", 500),
    "categories beyond the end": lambda text: re.sub(
        r"cat_boundaries=0 \d+", "cat_boundaries=0 999", text
    ),
    "a number that is text": changed("threshold", "abc"),
    "no trees in a round": changed("num_tree_per_iteration", 0),
    "more trees in a round than there are": changed("num_tree_per_iteration", 1000),
    "fewer values than leaves": lambda text: re.sub(r"leaf_value=.*", "leaf_value=1", text),
    "fewer features than are read": changed("max_feature_idx", 0),
    "an unknown objective": changed("objective", "nonsense"),
}


@pytest.mark.parametrize("case", FORGED)
def test_what_was_forged_is_an_exception(text, tmp_path, case):
    file = tmp_path / "trees.txt"
    file.write_text(FORGED[case](text))
    with pytest.raises((ValueError, lgb.basic.LightGBMError)):
        booster(file)


def test_what_was_saved_answers_the_same(text, tmp_path):
    file = tmp_path / "trees.txt"
    file.write_text(text)
    x = np.random.default_rng(1).normal(size=(50, 4))
    both = (booster(file), lgb.Booster(model_file=file))
    ours, theirs = (each.predict(x, num_threads=1) for each in both)
    np.testing.assert_array_equal(ours, theirs)


def test_sizes_of_trees_that_lie_do_not_matter(text, tmp_path):
    file = tmp_path / "trees.txt"
    file.write_text(changed("tree_sizes", 99_999_999)(text))
    assert booster(file).num_trees() == 5
