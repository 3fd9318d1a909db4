"""What happens first, and when: competing risks in discrete time.

One softmax over (cause, bin of time) gives the joint law. Who ended by a cause contributes its
cell; who was open contributes the chance of all cells later than that, so that nobody is dropped.

References
----------
.. [1] Lee et al. (2018). DeepHit: a deep learning approach to survival analysis with competing
       risks. *AAAI* 32.
"""

import torch
from torch import Tensor
from torch.nn import functional as f

UNKNOWN = -1  # cause of those still open


def competing_loss(logits: Tensor, place: Tensor, cause: Tensor, weight: Tensor) -> Tensor:
    """Return the weighted negative log-likelihood, a scalar.

    Parameters
    ----------
    logits
        Of cells, shape (n, causes, bins).
    place
        Position on the time axis in bins, shape (n,): 3.25 is a quarter into bin 3.
    cause
        What ended it there, shape (n,), or ``UNKNOWN`` where it was only known to last longer.
    weight
        Shape (n,); 0 leaves a row out.
    """
    n, _, bins = logits.shape
    chance = f.log_softmax(logits.float().reshape(n, -1), dim=1).view_as(logits)
    index = place.long().clamp(0, bins - 1)
    at_bin = chance.gather(2, index[:, None, None].expand(-1, logits.shape[1], 1))[:, :, 0]
    log_event = at_bin.gather(1, cause.clamp(min=0)[:, None])[:, 0]
    total = chance.exp().sum(1)
    inside = total.gather(1, index[:, None])[:, 0]
    below = total.cumsum(1).gather(1, index[:, None])[:, 0] - inside
    passed = below + inside * (place - index).clamp(0, 1)
    log_open = torch.log1p(-passed.clamp(max=1 - 1e-6))
    each = torch.where(cause == UNKNOWN, log_open, log_event)
    return -(weight * each).sum() / weight.sum().clamp(min=1e-9)
