"""Where does the truth stand among many scored answers, when other true ones are passed over?

References
----------
.. [1] Bordes et al. (2013). Translating embeddings for modeling multi-relational data. *NeurIPS*.
       (Filtered ranks.)
.. [2] Berrendorf et al. (2020). On the ambiguity of rank-based evaluation of entity alignment or
       link prediction methods. *arXiv* 2002.06914. (Ties, and what chance gives.)
"""

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def filtered_rank(
    score: npt.ArrayLike, truth: npt.ArrayLike, hidden: npt.ArrayLike
) -> tuple[Array, npt.NDArray[np.int64]]:
    """Return the realistic rank of each truth, and how many answers stood beside it.

    The realistic rank is the mean of the best and the worst place that a tie allows [2]_, so that
    the same score for all is worth what chance gives. ``placing.reciprocal_rank`` and
    ``placing.top_k`` take it from there.

    Parameters
    ----------
    score
        Shape (n, answers), higher is better.
    truth
        Index of the true answer, shape (n,).
    hidden
        Answers that are passed over, shape (n, answers); the truth itself never is.

    Returns
    -------
    tuple
        Ranks from 1, shape (n,), and candidates including the truth, shape (n,).

    Raises
    ------
    ValueError
        When shapes differ, a truth is no answer, or a score is NaN.
    """
    scores = np.asarray(score)
    true = np.asarray(truth, dtype=np.int64)
    out = np.array(hidden, dtype=bool)
    if scores.ndim != 2 or true.shape != scores.shape[:1] or out.shape != scores.shape:
        raise ValueError(
            f"score, truth, hidden: expected (n, k), (n,) and (n, k); got {scores.shape}, "
            f"{true.shape} and {out.shape}."
        )
    if ((true < 0) | (true >= scores.shape[1])).any():
        raise ValueError(
            f"truth: expected 0 to {scores.shape[1] - 1}, got {true.min()} to {true.max()}."
        )
    if np.isnan(scores).any():
        raise ValueError("score: expected numbers or infinities, got NaN.")
    rows = np.arange(true.size)
    out[rows, true] = True
    own = scores[rows, true][:, None]
    above = ((scores > own) & ~out).sum(axis=1)
    beside = ((scores == own) & ~out).sum(axis=1)
    return 1 + above + beside / 2, scores.shape[1] - out.sum(axis=1) + 1


def chance(candidates: npt.ArrayLike, k: int) -> tuple[float, float]:
    """Return the MRR and the hits at ``k`` that random scores without ties are expected to have.

    Of c candidates, ``H(c) / c`` (H the harmonic number) and ``min(k, c) / c``, averaged [2]_.

    Examples
    --------
    >>> chance([2, 4], 1)
    (0.6354166666666666, 0.375)
    """
    counts = np.asarray(candidates, dtype=np.int64)
    if not counts.size:
        return float("nan"), float("nan")
    harmonic = np.cumsum(1 / np.arange(1, counts.max() + 1))
    hits = np.minimum(k, counts) / counts
    return float(np.mean(harmonic[counts - 1] / counts)), float(np.mean(hits))
