"""Questions without an answer yet: they are neither left out nor counted as good news.

Answers come at different speeds (a delivery in time is known before one that is late), so among
recent questions the known ones are not a fair sample. Two ways, for two needs:

- ``counted``: inverse probability of censoring. Nothing but the date of today censors, so an
  answer that took u is seen of all questions that are older than u, and weighs ``1 / G(u)`` with G
  their share [1]_. Unbiased without a model, and noisy for slow answers.
- ``believed``: a question open after u happens with ``p S1(u) / (p S1(u) + (1 - p) S0(u))``, p
  being what a model says, S1 and S0 the shares of hits and of misses that take longer than u (the
  step E of a mixture cure model [2]_). Learning from it again is step M. S1 and S0 can be those
  of the moment of asking: the last scan is answered sooner than the first, even for its promise.

References
----------
.. [1] Robins & Rotnitzky (1992). Recovery of information and adjustment for dependent censoring
       using surrogate markers. *AIDS Epidemiology*.
.. [2] Boag (1949); Dempster, Laird & Rubin (1977), maximum likelihood from incomplete data.
"""

import numpy as np

from .rows import FEWEST, Answers, Array, Mask

LEAST = 0.05  # probability of being known; a weight is at most twenty
OLD = 0.98  # of the answers have come by the age at which a question shows the law of answers


def counted(known: Answers, half_life_d: float) -> Array:
    """Return weights, shape (n,), 0 for open ones, of mean 1 over all rows of a half-life."""
    weight = 0.5 ** (known.age_h / 24 / half_life_d)
    return np.asarray(np.where(known.known, weight / seen(known, half_life_d), 0.0))


def seen(known: Answers, half_life_d: float = np.inf) -> Array:
    """Return how likely an answer that took as long as each had come by now, shape (n,)."""
    if not len(known.age_h):
        return np.zeros(0)
    order = np.argsort(known.age_h)
    weight = 0.5 ** (known.age_h[order] / 24 / half_life_d)
    above = np.append(np.cumsum(weight[::-1])[::-1] / weight.sum(), 0.0)
    place = np.searchsorted(known.age_h[order], known.waited_h, side="left")
    return np.asarray(np.maximum(above[place], LEAST))


def settled(known: Answers) -> Mask:
    """Return which questions a first fit may learn from, shape (n,).

    Where bad news is quicker than good (a claim comes in days, its absence is sure in a month), all
    young questions with an answer are hits, and no weight can mend that: only old ones are fair.
    """
    hits, misses = (known.waited_h[known.hit == value] for value in (1, 0))
    if not len(hits) or not len(misses) or np.median(hits) >= np.median(misses):
        return np.ones(len(known.hit), bool)
    old = known.age_h >= np.quantile(misses, OLD)
    return old if (known.hit[old] == 1).any() else np.ones(len(old), bool)


def believed(
    known: Answers,
    chance: Array,
    all_known: Answers | None = None,
    by_moment: bool = False,
) -> tuple[Array, Array]:
    """Return for every row how likely it happens, and whether it still says anything (1 or 0).

    Parameters
    ----------
    chance
        What a model says of each row, shape (n,).
    all_known
        Questions that show how long answers take; None: these.
    by_moment
        Whether that is learnt for each moment of asking by itself.
    """
    done, others = known.known, all_known or known
    hit, weight = np.where(done, known.hit, 0.0), done.astype(np.float64)
    if done.all() or not done.any():
        return hit, weight
    waited = known.waited_h / known.scale_h
    moment = known.x["moment"].to_numpy()
    for name in np.unique(moment[~done]) if by_moment else [None]:
        rows = ~done & (True if name is None else moment == name)
        longer = [_longer(taken, waited[rows]) for taken in _law(others, name)]
        yes, no = chance[rows] * longer[0], (1 - chance[rows]) * longer[1]
        hit[rows] = yes / np.maximum(yes + no, 1e-12)
        weight[rows] = longer[0] + longer[1] > 2e-3
    return hit, weight


def _law(known: Answers, moment: str | None) -> list[Array]:
    """Return how long answers take, in ``scale_h``: of hits, of misses.

    Of old questions where they had hits enough, else of all; of one moment, where it has enough.
    """
    told = known.known
    old = told & (known.age_h >= np.quantile(known.waited_h[told], OLD))
    own = np.zeros(len(told), bool)
    if moment is not None:
        own = (known.x["moment"] == moment).to_numpy()
    each = (old & own, told & own, old)
    law = next((rows for rows in each if known.hit[rows].sum() >= FEWEST), told)
    took = known.waited_h / known.scale_h
    return [took[law & (known.hit == value)] for value in (1, 0)]


def _longer(taken: Array, waited: Array) -> Array:
    """Return the share of ``taken`` that lies above each of ``waited``; of none, all do."""
    if not len(taken):
        return np.ones(len(waited))
    return np.asarray(1 - np.searchsorted(np.sort(taken), waited, side="right") / len(taken))
