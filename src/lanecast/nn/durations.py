"""A small net that answers with the whole distribution of a duration.

The time axis is cut into bins of log(duration / baseline); the net gives a probability for each,
so that quantiles cannot cross, and a censored duration contributes what is known of it: that it
lies in none of the bins already passed (discrete-time survival likelihood [1]_).

References
----------
.. [1] Kvamme & Borgan (2021). Continuous and discrete-time survival prediction with neural
       networks. *Lifetime Data Analysis* 27.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as f


class DurationNet(nn.Module):
    """Embeddings and numbers -> two residual layers -> logits over bins.

    Parameters
    ----------
    sizes
        Number of codes of each categorical input; code 0 is "never seen".
    numbers
        Number of numeric inputs, standardised; what is missing is 0 and flagged in a mask.
    bins
        Number of bins of the time axis.
    """

    def __init__(
        self, sizes: Sequence[int], numbers: int, bins: int, width: int = 128, dropout: float = 0.1
    ) -> None:
        super().__init__()
        dims = [min(24, 2 + round(size**0.4)) for size in sizes]
        self.embed = nn.ModuleList(
            nn.Embedding(size, dim) for size, dim in zip(sizes, dims, strict=True)
        )
        self.enter = nn.Linear(sum(dims) + 2 * numbers, width)
        self.first = nn.Linear(width, width)
        self.second = nn.Linear(width, width)
        self.leave = nn.Linear(width, bins)
        self.dropout = dropout
        for table in self.embed:
            nn.init.normal_(table.weight, std=0.05)  # type: ignore[arg-type]

    def forward(self, codes: Tensor, numbers: Tensor) -> Tensor:
        """Return logits, shape (n, bins), of codes (n, n_codes) and numbers (n, n_numbers)."""
        seen = [table(codes[:, i]) for i, table in enumerate(self.embed)]
        missing = numbers.isnan()
        flat = torch.cat([*seen, numbers.nan_to_num(), missing.to(numbers.dtype)], dim=1)
        hidden = f.silu(self.enter(flat))
        for layer in (self.first, self.second):
            hidden = hidden + f.silu(layer(f.dropout(hidden, self.dropout, self.training)))
        logits: Tensor = self.leave(hidden)
        return logits


def survival_loss(logits: Tensor, place: Tensor, ended: Tensor, weight: Tensor) -> Tensor:
    """Weighted negative log-likelihood of ended and censored durations.

    Parameters
    ----------
    place
        Position on the time axis in bins, shape (n,): 3.25 is a quarter into bin 3.
    ended
        1 where the duration ended there, 0 where it was only known to last longer, shape (n,).
    """
    chance = f.log_softmax(logits.float(), dim=1)
    index = place.long().clamp(0, logits.shape[1] - 1)
    log_event = chance.gather(1, index[:, None])[:, 0]
    inside = chance.exp().gather(1, index[:, None])[:, 0]
    below = chance.exp().cumsum(1).gather(1, index[:, None])[:, 0] - inside
    passed = below + inside * (place - index).clamp(0, 1)
    log_censored = torch.log1p(-passed.clamp(max=1 - 1e-6))
    each = torch.where(ended > 0, log_event, log_censored)
    return -(weight * each).sum() / weight.sum()


def quantiles(chance: np.ndarray, edges: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """Invert the piecewise-linear distribution function of each row.

    Parameters
    ----------
    chance
        Probability of each bin, shape (n, bins), rows sum to 1.
    edges
        Edges of the bins, shape (bins + 1,), increasing.
    levels
        Quantile levels in (0, 1), shape (n_levels,), increasing.

    Returns
    -------
    np.ndarray
        Shape (n, n_levels), never decreasing along a row.
    """
    total = np.cumsum(chance, axis=1)
    total /= total[:, -1:]
    out = np.empty((len(chance), len(levels)))
    rows = np.arange(len(chance))
    for i, level in enumerate(levels):  # a handful of levels, all rows at once
        index = np.minimum((total < level).sum(axis=1), chance.shape[1] - 1)
        before = np.where(index > 0, total[rows, index - 1], 0.0)
        share = (level - before) / np.maximum(total[rows, index] - before, 1e-12)
        step = edges[index + 1] - edges[index]
        out[:, i] = edges[index] + np.clip(share, 0, 1) * step
    return out
