"""Where does the truth stand among the answers to a question?"""

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def top_k(rank: npt.ArrayLike, k: int) -> float:
    """Return the share of questions whose truth is among the first k answers.

    Parameters
    ----------
    rank
        Place of the truth, 1 for the first, shape (n,); NaN where it was not among the answers.

    Raises
    ------
    ValueError
        When k is below 1, or a rank is below 1.

    Examples
    --------
    >>> top_k([1, 3, float("nan"), 2], 2)
    0.5
    """
    places = _ranks(rank)
    if k < 1:
        raise ValueError(f"k: expected at least 1, got {k}.")
    return float(np.mean(np.nan_to_num(places, nan=np.inf) <= k)) if len(places) else float("nan")


def reciprocal_rank(rank: npt.ArrayLike) -> float:
    """Return the mean of 1 / rank (MRR); 0 counts where the truth was not among the answers.

    Examples
    --------
    >>> reciprocal_rank([1, 2, float("nan"), 4])
    0.4375
    """
    places = _ranks(rank)
    return float(np.mean(np.nan_to_num(1 / places))) if len(places) else float("nan")


def _ranks(rank: npt.ArrayLike) -> Array:
    places = np.asarray(rank, dtype=np.float64)
    if (places < 1).any():
        raise ValueError(f"rank: expected places from 1, got {np.nanmin(places):g}.")
    return places
