"""A booster from LightGBM text that somebody may have changed: LightGBM itself may crash on it."""

import re
from pathlib import Path
from typing import Any

import numpy as np

NODE = ("left_child", "right_child", "split_feature", "decision_type", "threshold")


def booster(file: Path) -> Any:
    """Return the booster in ``file``.

    Where sizes of trees are given, LightGBM reads trees in threads, and an error in a thread ends
    the process; without them it reads one after the other and its errors are exceptions. What it
    takes without looking, and would follow out of its arrays, is checked here.

    Raises
    ------
    ValueError
        When the text is no model, or a tree in it lacks a part or points to what is not there.
    """
    import lightgbm

    text = re.sub(r"(?m)^tree_sizes=.*\n", "", file.read_text(encoding="utf-8"), count=1)
    head, *trees = re.split(r"(?m)^Tree=\d+$", text.partition("\nend of trees")[0])
    classes, per_round, features = (
        int(found[1]) if (found := re.search(rf"(?m)^{name}=(\d{{1,6}})$", head)) else -1
        for name in ("num_class", "num_tree_per_iteration", "max_feature_idx")
    )
    if not 1 <= per_round == classes or features < 0 or len(trees) % per_round:
        raise ValueError(f"{file}: its header is not that of {len(trees)} trees of LightGBM")
    for number, tree in enumerate(trees):
        if not _whole(dict(re.findall(r"(?m)^(\w+)=(.*)$", tree)), features):
            raise ValueError(f"{file}: tree {number} lacks a part, or points to what is not there")
    return lightgbm.Booster(model_str=text)


def _whole(tree: dict[str, str], last_feature: int) -> bool:
    """Return whether children come after their parents, and all that is named is there."""
    if not {"num_leaves", "num_cat", *NODE} <= tree.keys():
        return False
    leaves, categories = int(tree["num_leaves"]), int(tree["num_cat"])
    left, right, feature, decision, threshold = (
        np.array(tree[name].split(), dtype=float) for name in NODE
    )
    inner = leaves - 1
    if not len(left) == len(right) == len(feature) == len(decision) == len(threshold) == inner:
        return False
    children = np.stack([left, right])
    after = (children > np.arange(inner)) & (children < inner)
    leaf = (children < 0) & (children >= -leaves)
    sound = bool((after | leaf).all() and ((feature >= 0) & (feature <= last_feature)).all())
    by_category = threshold[decision.astype(int) % 2 == 1]
    sound &= bool(((by_category >= 0) & (by_category < categories)).all())
    bounds = np.array(tree.get("cat_boundaries", "0").split(), dtype=int)
    words = len(tree.get("cat_threshold", "").split())
    rising = bounds[0] == 0 and bounds[-1] == words and (np.diff(bounds) > 0).all()
    return sound and len(bounds) == categories + 1 and bool(rising)
