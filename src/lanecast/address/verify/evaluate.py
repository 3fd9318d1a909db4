"""How good the chance was that an address is not found."""

import numpy as np
import numpy.typing as npt
import polars as pl

from lanecast.metrics.calibration import ece
from lanecast.metrics.detection import average_precision, roc_auc


def evaluate(chance: npt.ArrayLike, not_found: npt.ArrayLike) -> pl.DataFrame:
    """Return one row: ``n, not_found`` and ``predicted`` (means), ``ece, brier, roc_auc, pr_auc``.

    Parameters
    ----------
    chance
        That a courier does not find the address, shape (n,), n at least 1.
    not_found
        1 where none did, else 0, shape (n,).
    """
    p, hit = np.asarray(chance, np.float64), np.asarray(not_found, np.float64)
    return pl.DataFrame(
        {
            "n": p.size,
            "not_found": hit.mean(),
            "predicted": p.mean(),
            "ece": ece(p, hit),
            "brier": np.square(p - hit).mean(),
            "roc_auc": roc_auc(p, hit),
            "pr_auc": average_precision(p, hit),
        }
    )
