"""A distribution that is known by its quantiles, one per row.

Between levels the quantile function is linear, so probability lies evenly between neighbouring
quantiles. Beyond the outermost levels a rule is needed:

- below, the first piece goes on in a straight line to level 0, but not below zero if the lowest
  quantile is not negative (a duration has none);
- above, the rest decays exponentially, at the rate at which the last two levels decay. That is
  exact for an exponential tail, too thin for a Pareto one.
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def checked(level: npt.ArrayLike, quantile: npt.ArrayLike) -> tuple[Array, Array]:
    """Return levels, shape (L,), and quantiles, shape (n, L), as floats.

    Raises
    ------
    ValueError
        When there are fewer than two levels, they do not increase in (0, 1), a quantile is not
        finite, shapes do not fit, or quantiles cross.
    """
    level, quantile = np.asarray(level, np.float64), np.asarray(quantile, np.float64)
    rising = level.ndim == 1 and level.size > 1 and bool((np.diff(level) > 0).all())
    if not rising or not 0 < level[0] <= level[-1] < 1:
        raise ValueError(
            f"level: expected two or more increasing numbers in (0, 1), got {level.tolist()}."
        )
    if quantile.ndim != 2 or quantile.shape[1] != level.size:
        raise ValueError(
            f"quantile: expected one column per level, {level.size}, got shape {quantile.shape}."
        )
    if not np.isfinite(quantile).all():
        row = int(np.argwhere(~np.isfinite(quantile))[0, 0])
        raise ValueError(f"quantile: expected finite numbers, got {quantile[row]} in row {row}.")
    if (np.diff(quantile, axis=1) < 0).any():
        row = int(np.argwhere(np.diff(quantile, axis=1) < 0)[0, 0])
        raise ValueError(f"quantile: row {row} crosses, {quantile[row]}; sort each row first.")
    return level, quantile


def reached(level: npt.ArrayLike, quantile: npt.ArrayLike, x: npt.ArrayLike) -> Array:
    """Return the probability of at most ``x``, shape (n, K).

    Parameters
    ----------
    level
        Levels in (0, 1), shape (L,), increasing.
    quantile
        Quantiles, shape (n, L), increasing along the row.
    x
        Values in the unit of ``quantile``, shape (n, K).

    Raises
    ------
    ValueError
        As ``checked``.
    """
    level, quantile = checked(level, quantile)
    x = _columns("x", x, len(quantile))
    total = np.zeros(x.shape)
    for mass, low, high in _pieces(level, quantile):
        width = high - low
        part = (np.clip(x, low, high) - low) / np.where(width > 0, width, 1)
        total += mass * np.where(width > 0, part, x >= low)
    last, scale, late = _tail(level, quantile, x)
    tail = np.where(scale > 0, -np.expm1(-late), x >= last)
    return np.asarray(np.minimum(total + (1 - level[-1]) * tail, 1.0))


def excess(level: npt.ArrayLike, quantile: npt.ArrayLike, x: npt.ArrayLike) -> Array:
    """Return the expected amount above ``x``, shape (n, K): the mean of ``max(T - x, 0)``.

    Parameters and errors as in ``reached``.
    """
    level, quantile = checked(level, quantile)
    x = _columns("x", x, len(quantile))
    total = np.zeros(x.shape)
    for mass, low, high in _pieces(level, quantile):
        rest = high - np.clip(x, low, high)
        width = np.where(high > low, high - low, 1)
        total += mass * (rest**2 / (2 * width) + np.maximum(low - x, 0))
    last, scale, late = _tail(level, quantile, x)
    tail = scale * np.exp(-late) + np.maximum(last - x, 0)
    return np.asarray(total + (1 - level[-1]) * tail)


def inverse(level: npt.ArrayLike, quantile: npt.ArrayLike, u: npt.ArrayLike) -> Array:
    """Return the value that is reached with probability ``u`` in [0, 1), shape (n, K).

    ``u`` has shape (n, K); uniform numbers become draws. Other parameters and errors as in
    ``reached``.
    """
    level, quantile = checked(level, quantile)
    u = _columns("u", u, len(quantile))
    if not ((u >= 0) & (u < 1)).all():
        raise ValueError("u: expected probabilities in [0, 1).")
    nodes = np.concatenate(([0.0], level))
    values = np.concatenate((_lowest(level, quantile), quantile), axis=1)
    i = np.clip(np.searchsorted(nodes, u, side="right"), 1, level.size)
    low, high = (np.take_along_axis(values, j, axis=1) for j in (i - 1, i))
    inner = low + (high - low) * (u - nodes[i - 1]) / (nodes[i] - nodes[i - 1])
    tail = quantile[:, -1:] - _decay(level, quantile) * np.log((1 - u) / (1 - level[-1]))
    return np.asarray(np.where(u > level[-1], tail, inner))


def _pieces(level: Array, quantile: Array) -> Iterator[tuple[float, Array, Array]]:
    """Yield probability, lower and upper end, shape (n, 1), of each linear piece."""
    yield float(level[0]), _lowest(level, quantile), quantile[:, :1]
    for i in range(level.size - 1):
        yield float(level[i + 1] - level[i]), quantile[:, i : i + 1], quantile[:, i + 1 : i + 2]


def _lowest(level: Array, quantile: Array) -> Array:
    first, second = quantile[:, :1], quantile[:, 1:2]
    straight = first - level[0] * (second - first) / (level[1] - level[0])
    return np.asarray(np.where(first >= 0, np.maximum(straight, 0), straight))


def _tail(level: Array, quantile: Array, x: Array) -> tuple[Array, Array, Array]:
    """Return where the tail starts, its scale, and how many scales ``x`` lies in it."""
    last, scale = quantile[:, -1:], _decay(level, quantile)
    beyond = np.clip(x - last, 0, 700 * scale)  # exp(-700) is nothing
    return last, scale, beyond / np.where(scale > 0, scale, 1)


def _decay(level: Array, quantile: Array) -> Array:
    """Return the mean of what exceeds the highest quantile, shape (n, 1)."""
    return (quantile[:, -1:] - quantile[:, -2:-1]) / float(
        np.log((1 - level[-2]) / (1 - level[-1]))
    )


def _columns(name: str, value: npt.ArrayLike, rows: int) -> Array:
    array = np.asarray(value, np.float64)
    if array.ndim != 2 or array.shape[0] != rows or np.isnan(array).any():
        raise ValueError(f"{name}: expected numbers, shape ({rows}, K), got shape {array.shape}.")
    return array
