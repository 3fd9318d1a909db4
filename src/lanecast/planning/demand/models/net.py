"""The net: an encoder of the past, a gate over references for each step, and quantiles around it.

The shape is that of a dense encoder-decoder with covariates of each step [1]_. Its point forecast
is a mean of the references, with weights of the step, and what is learnt beyond; so it starts where
the simple methods end, and a series that wanders, repeats or is mostly zero needs no other net.

References
----------
.. [1] Das et al. (2023). Long-term forecasting with TiDE: time-series dense encoder.
       *Transactions on Machine Learning Research*.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu, softplus

NEAR, PLACE, EMBEDDED = 12, 6, 6


class Net(nn.Module):
    """See the module.

    Parameters
    ----------
    past, reference, ahead
        Numbers of a series, references of a step, numbers of a step.
    codes
        How many values each attribute has, the unknown one included.
    horizon, levels
        Steps, and quantiles of each; the middle one is the median.
    """

    def __init__(
        self,
        past: int,
        reference: int,
        ahead: int,
        codes: tuple[int, ...],
        horizon: int,
        levels: int,
        width: int,
    ) -> None:
        super().__init__()
        self.embed = nn.ModuleList(nn.Embedding(count, EMBEDDED) for count in codes)
        self.enter = nn.Linear(past + EMBEDDED * len(codes), width)
        self.blocks = nn.ModuleList(_block(width) for _ in range(2))
        self.unfold = nn.Linear(width, horizon * NEAR)
        self.place = nn.Parameter(torch.randn(horizon, PLACE) * 0.3)
        half = width // 2
        self.step = nn.Linear(NEAR + PLACE + reference + ahead, half)
        self.deep = _block(half)
        self.gate = nn.Linear(half, reference)
        self.shift = nn.Linear(half, 1)
        self.apart = nn.Linear(half, levels - 1)
        for head in (self.gate, self.shift):
            nn.init.zeros_(head.weight)
            nn.init.zeros_(head.bias)
        nn.init.constant_(self.apart.bias, -1.5)

    def forward(self, past: Tensor, code: Tensor, reference: Tensor, ahead: Tensor) -> Tensor:
        """Return quantiles in order, shape (B, H, L), in the units of the inputs."""
        known = [past, *(embed(code[:, i]) for i, embed in enumerate(self.embed))]
        x = gelu(self.enter(torch.cat(known, dim=1)))
        for block in self.blocks:
            x = x + block(x)
        count, horizon = reference.shape[:2]
        near = self.unfold(x).view(count, horizon, NEAR)
        place = self.place.expand(count, -1, -1)
        h = gelu(self.step(torch.cat([near, place, reference, ahead], dim=2)))
        h = h + self.deep(h)
        share = torch.softmax(self.gate(h), dim=2)
        median = (share * reference).sum(dim=2, keepdim=True) + self.shift(h)
        gap = softplus(self.apart(h))
        half = gap.shape[2] // 2
        below = median - gap[:, :, :half].cumsum(dim=2).flip(2)
        above = median + gap[:, :, half:].cumsum(dim=2)
        return torch.cat([below, median, above], dim=2)


def _block(width: int) -> nn.Sequential:
    return nn.Sequential(
        nn.LayerNorm(width), nn.Linear(width, width), nn.GELU(), nn.Dropout(0.1),
        nn.Linear(width, width),
    )  # fmt: skip


def pinball(level: Tensor) -> Any:
    """Return the weighted pinball loss at ``level``; an outcome that is not known has weight 0."""

    def loss(q: Tensor, y: Tensor, weight: Tensor) -> Tensor:
        miss = y.unsqueeze(2) - q.float()
        each = torch.maximum(level * miss, (level - 1) * miss).mean(dim=2)
        return (each * weight).mean()

    return loss
