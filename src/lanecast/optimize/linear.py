"""A linear programme that is written block by block, and solved by HiGHS."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.optimize import linprog

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Solved:
    """``x`` of the best solution, None where there is none, and its ``objective``.

    ``worth`` of a row is what one more in its upper bound would save.
    """

    x: Floats | None
    objective: float
    status: str
    worth: Floats


@dataclass
class Program:
    """Minimise cost x with 0 <= x <= high and rows between two bounds."""

    size: int = 0
    cost: list[Floats] = field(default_factory=list)
    high: list[Floats] = field(default_factory=list)
    row: list[Ints] = field(default_factory=list)
    col: list[Ints] = field(default_factory=list)
    value: list[Floats] = field(default_factory=list)
    least: list[Floats] = field(default_factory=list)
    most: list[Floats] = field(default_factory=list)
    rows: int = 0

    def block(
        self, shape: tuple[int, ...], cost: npt.ArrayLike = 0.0, high: npt.ArrayLike = np.inf
    ) -> Ints:
        """Add variables of that shape, each between 0 and ``high``; return their numbers."""
        count = int(np.prod(shape))
        for into, value in ((self.cost, cost), (self.high, high)):
            into.append(np.broadcast_to(np.asarray(value, np.float64), shape).ravel())
        found = np.arange(self.size, self.size + count).reshape(shape)
        self.size += count
        return found

    def constrain(
        self, count: int, *parts: tuple[Ints, Ints, npt.ArrayLike],
        least: npt.ArrayLike = -np.inf, most: npt.ArrayLike = np.inf,
    ) -> None:  # fmt: skip
        """Add ``count`` rows; each part is (row of 0 .. count - 1, variable, coefficient)."""
        for row, col, value in parts:
            row, col = np.broadcast_arrays(row, col)
            self.row.append(row.ravel() + self.rows)
            self.col.append(col.ravel())
            self.value.append(np.broadcast_to(np.asarray(value, np.float64), row.shape).ravel())
        for into, bound in ((self.least, least), (self.most, most)):
            into.append(np.broadcast_to(np.asarray(bound, np.float64), (count,)))
        self.rows += count

    def solve(self) -> Solved:
        """Solve it without whole numbers, by an interior point method."""
        matrix = sparse.coo_matrix(
            (np.concatenate(self.value), (np.concatenate(self.row), np.concatenate(self.col))),
            shape=(self.rows, self.size),
        ).tocsr()
        least, most = np.concatenate(self.least), np.concatenate(self.most)
        equal = least == most
        below, above = ~equal & np.isfinite(most), ~equal & np.isfinite(least)
        found = linprog(
            np.concatenate(self.cost),
            A_ub=sparse.vstack([matrix[below], -matrix[above]]),
            b_ub=np.concatenate([most[below], -least[above]]),
            A_eq=matrix[equal],
            b_eq=least[equal],
            bounds=np.stack([np.zeros(self.size), np.concatenate(self.high)], axis=1),
            method="highs-ipm",
        )
        if found.status == 2:
            return Solved(None, np.inf, "infeasible", np.zeros(self.rows))
        if found.x is None or found.status != 0:
            raise RuntimeError(f"HiGHS: {found.message}")
        worth = np.zeros(self.rows)
        worth[below] = -found.ineqlin.marginals[: below.sum()]
        return Solved(np.asarray(found.x), float(found.fun), "optimal", worth)
