"""Questions without an answer yet: they are neither left out nor counted as good news.

Answers come at different speeds (a delivery in time is known before one that is late), so among
recent questions the known ones are not a fair sample. Two ways, for two needs:

- ``counted``: inverse probability of censoring. Nothing but the date of today censors, so an
  answer that took u is seen of all questions that are older than u, and weighs ``1 / G(u)`` with G
  their share [1]_. Unbiased without a model, and noisy for slow answers.
- ``believed``: a question open after u happens with ``p S1(u) / (p S1(u) + (1 - p) S0(u))``, p
  being what a model says, S1 and S0 the shares of hits and of misses that take longer than u (the
  step E of a mixture cure model [2]_). Learning from it again is step M.

References
----------
.. [1] Robins & Rotnitzky (1992). Recovery of information and adjustment for dependent censoring
       using surrogate markers. *AIDS Epidemiology*.
.. [2] Boag (1949); Dempster, Laird & Rubin (1977), maximum likelihood from incomplete data.
"""

import numpy as np

from .rows import Answers, Array

LEAST = 0.05  # probability of being known; a weight is at most twenty
OLD = 0.98  # of the answers have come by the age at which a question shows the law of answers


def counted(known: Answers, half_life_d: float) -> Array:
    """Return weights, shape (n,), 0 for open ones, of mean 1 over all rows of a half-life."""
    age, order = known.age_h, np.argsort(known.age_h)
    weight = 0.5 ** (age / 24 / half_life_d)
    if not len(age):
        return weight
    above = np.cumsum(weight[order][::-1])[::-1] / weight.sum()
    place = np.searchsorted(age[order], known.waited_h, side="left")
    seen = np.append(above, 0.0)[place]
    return np.asarray(np.where(known.known, weight / np.maximum(seen, LEAST), 0.0))


def believed(known: Answers, chance: Array) -> tuple[Array, Array]:
    """Return for every row how likely it happens, and whether it still says anything (1 or 0).

    Parameters
    ----------
    chance
        What a model says of each row, shape (n,).
    """
    done = known.known
    unit = known.waited_h / known.scale_h
    hit, weight = np.where(done, known.hit, 0.0), done.astype(np.float64)
    if done.all() or not done.any():
        return hit, weight
    old = done & (known.age_h >= np.quantile(known.waited_h[done], OLD))
    law = old if known.hit[old].sum() >= 20 else done
    longer = [_longer(unit[law & (known.hit == value)], unit[~done]) for value in (1, 0)]
    p = chance[~done]
    yes, no = p * longer[0], (1 - p) * longer[1]
    hit[~done] = yes / np.maximum(yes + no, 1e-12)
    weight[~done] = longer[0] + longer[1] > 2e-3
    return hit, weight


def _longer(taken: Array, waited: Array) -> Array:
    """Return the share of ``taken`` that lies above each of ``waited``."""
    if not len(taken):
        return np.zeros(len(waited))
    return np.asarray(1 - np.searchsorted(np.sort(taken), waited, side="right") / len(taken))
