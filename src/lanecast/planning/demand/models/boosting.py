"""What LightGBM is told by the pooled trees, those of quantiles and those of counts alike."""


def settings(
    leaves: int,
    rate: float,
    smallest: int,
    features: float,
    rows: float,
    seed: int,
    threads: int,
    **objective: str | float,
) -> dict[str, object]:
    """Return the parameters of LightGBM: the same trees for the same seed, however many threads.

    Parameters
    ----------
    smallest
        Rows of a leaf at least.
    features, rows
        Shares that are drawn for each tree.
    """
    return {
        **objective,
        "num_leaves": leaves,
        "learning_rate": rate,
        "min_data_in_leaf": smallest,
        "feature_fraction": features,
        "bagging_fraction": rows,
        "bagging_freq": 1,
        "seed": seed,
        "num_threads": threads,
        "deterministic": True,
        "force_col_wise": True,
        "max_bin": 127,
        "verbosity": -1,
    }
