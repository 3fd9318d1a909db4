"""Lower bounds on travel times from a few landmarks.

For a landmark L and static times d without any waiting, d(L, t) - d(L, v) and d(v, L) - d(t, L) are
at most d(v, t), by the triangle inequality (ALT: Goldberg and Harrelson, 2005). Timetables only add
to d, so that the bounds hold at every departure.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from .bins import Floats
from .evidence import Ints

MANY = 12
SAFE_S = 1.0  # single precision may not lift a bound above the truth


@dataclass(frozen=True)
class Landmarks:
    """``outward`` [landmark, node] from landmarks and ``inward`` to them [s], single precision."""

    outward: NDArray[np.float32]
    inward: NDArray[np.float32]

    def bound(self, goal: int) -> Floats:
        """Return lower bounds on the time from every node to ``goal`` [s]; inf: no way."""
        best = np.zeros(self.outward.shape[1], np.float32)
        with np.errstate(invalid="ignore"):
            for away, back in zip(self.outward, self.inward, strict=True):
                np.fmax(best, away[goal] - away, out=best)
                np.fmax(best, back - back[goal], out=best)
        result: Floats = np.maximum(best.astype(float) - SAFE_S, 0.0)
        return result


def landmarks(head: Ints, tail: Ints, least_s: Floats, nodes: int, many: int = MANY) -> Landmarks:
    """Return landmarks of a network whose lanes take at least ``least_s`` [s].

    Each is the node farthest from those chosen before, within what they reach.
    """
    order = np.lexsort((least_s, tail, head))
    fresh = np.ones(len(order), bool)
    fresh[1:] = (np.diff(head[order]) != 0) | (np.diff(tail[order]) != 0)
    kept = order[fresh]  # a sparse matrix would add up parallel lanes
    shape = (nodes, nodes)
    there = csr_matrix((np.maximum(least_s[kept], 1e-3), (head[kept], tail[kept])), shape=shape)
    back = there.T.tocsr()
    travelled = np.unique(np.concatenate([head, tail]))
    chosen: list[int] = []
    outward, inward = [], []
    nearest = np.full(nodes, np.inf)
    for _ in range(min(many, len(travelled))):
        reached = np.where(np.isfinite(nearest[travelled]), nearest[travelled], -1.0)
        unseen = np.isinf(nearest[travelled])
        at = travelled[int(np.argmax(unseen)) if unseen.any() else int(np.argmax(reached))]
        chosen.append(int(at))
        outward.append(dijkstra(there, indices=at))
        inward.append(dijkstra(back, indices=at))
        nearest = np.minimum(nearest, np.minimum(outward[-1], inward[-1]))
    if not chosen:
        nothing = np.zeros((0, nodes), np.float32)
        return Landmarks(nothing, nothing)
    return Landmarks(np.stack(outward).astype(np.float32), np.stack(inward).astype(np.float32))
