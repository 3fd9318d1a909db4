"""A small causal transformer: each step of a sequence sees itself and what came before.

References
----------
.. [1] Vaswani et al. (2017). Attention is all you need. *NeurIPS* 30.
.. [2] Xiong et al. (2020). On layer normalization in the transformer architecture. *ICML*.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as f


class Block(nn.Module):
    """Attention to earlier steps, then two layers for each step alone; norms come first [2]_."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads, self.dropout = heads, dropout
        self.before, self.after = nn.LayerNorm(width), nn.LayerNorm(width)
        self.mix = nn.Linear(width, 3 * width)
        self.leave = nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 3 * width), nn.Linear(3 * width, width)

    def forward(self, hidden: Tensor) -> Tensor:
        """Return steps, shape (n, steps, width), each changed by what came before it."""
        n, steps, width = hidden.shape
        mixed = self.mix(self.before(hidden)).view(n, steps, 3, self.heads, width // self.heads)
        query, key, value = mixed.permute(2, 0, 3, 1, 4)
        dropout = self.dropout if self.training else 0.0
        seen = f.scaled_dot_product_attention(query, key, value, dropout_p=dropout, is_causal=True)
        hidden = hidden + self.leave(seen.transpose(1, 2).reshape(n, steps, width))
        inner: Tensor = f.silu(self.up(self.after(hidden)))
        out: Tensor = hidden + self.down(f.dropout(inner, self.dropout, self.training))
        return out


class CausalTransformer(nn.Module):
    """Blocks over steps that are vectors already, with an embedding of the place in the sequence.

    Parameters
    ----------
    width, heads, depth
        Size of a step, attention heads (they divide the width) and number of blocks.
    longest
        Steps that a sequence may have.
    """

    def __init__(
        self, width: int, heads: int, depth: int, longest: int, dropout: float = 0.1
    ) -> None:
        super().__init__()
        self.place = nn.Parameter(torch.randn(longest, width) * 0.02)
        self.blocks = nn.ModuleList(Block(width, heads, dropout) for _ in range(depth))
        self.last = nn.LayerNorm(width)

    def forward(self, steps: Tensor) -> Tensor:
        """Return hidden states, shape (n, steps, width), of vectors of the same shape.

        Padding belongs at the end: what comes later is not seen by what came before.
        """
        hidden = steps + self.place[: steps.shape[1]]
        for block in self.blocks:
            hidden = block(hidden)
        out: Tensor = self.last(hidden)
        return out
