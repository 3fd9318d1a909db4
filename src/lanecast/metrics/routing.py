"""How like are two orders of the same stops, and how far off are the times, array to array.

The definitions of the last-mile literature [1]_. Routes are rows of whole numbers that name stops,
in the order in which they are visited; shorter rows end in -1.

Two errors of time are often printed under one name. ``package_error`` asks when *this* parcel
comes; ``step_error`` asks when the k-th stop of the day is done, whichever it is. The second is the
error of an order statistic, never larger on average than the first, blind to wrong orders, and no
answer to a buyer. Never put both in one column.

References
----------
.. [1] Wu et al. (2023). LaDe: the first comprehensive last-mile delivery dataset from industry.
       arXiv:2306.10675.
"""

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Route = npt.NDArray[np.int64]
END = -1


def hit_rate(predicted: npt.ArrayLike, actual: npt.ArrayLike, k: int) -> Array:
    """Return HR@k, shape (n,): the share of the first k predicted stops that are in the first k.

    Of a route shorter than k, all its stops count.

    Examples
    --------
    >>> hit_rate([[1, 2, 3, 4]], [[2, 1, 4, 3]], 3)
    array([0.66666667])
    """
    if k < 1:
        raise ValueError(f"k: expected at least 1, got {k}.")
    first, second = _routes(predicted, actual)
    size = np.minimum((second != END).sum(axis=1), k)
    head, truth = first[:, :k], second[:, :k]
    met = (head[:, :, None] == truth[:, None, :]) & (head != END)[:, :, None]
    return np.asarray(met.sum(axis=(1, 2)) / size)


def kendall(predicted: npt.ArrayLike, actual: npt.ArrayLike) -> Array:
    """Return KRC, shape (n,): pairs in the right order less those in the wrong one, over all pairs.

    A route of one stop has no pair, and NaN.

    Examples
    --------
    >>> kendall([[1, 2, 3]], [[1, 3, 2]])
    array([0.33333333])
    """
    place, there = _places(predicted, actual)
    pairs = np.triu(np.ones((place.shape[1],) * 2, dtype=bool), 1)
    both = there[:, :, None] & there[:, None, :] & pairs
    right = np.sign(place[:, None, :] - place[:, :, None]) * both
    count = both.sum(axis=(1, 2))
    total = right.sum(axis=(1, 2))
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def square_deviation(predicted: npt.ArrayLike, actual: npt.ArrayLike) -> Array:
    """Return LSD, shape (n,): the mean square of how many places a stop is off.

    Examples
    --------
    >>> square_deviation([[1, 2, 3]], [[3, 2, 1]])
    array([2.66666667])
    """
    place, there = _places(predicted, actual)
    off = np.where(there, (place - np.arange(place.shape[1])) ** 2, 0.0)
    return np.asarray(off.sum(axis=1) / there.sum(axis=1))


def edit_distance(predicted: npt.ArrayLike, actual: npt.ArrayLike) -> Array:
    """Return ED, shape (n,): stops to insert, delete or replace until the routes are equal.

    The routes may hold different stops (Levenshtein, 1966).

    Examples
    --------
    >>> edit_distance([[1, 2, 3, 4]], [[2, 3, 4, -1]])
    array([1.])
    """
    first, second = _shapes(predicted, actual)
    long, other = ((each != END).sum(axis=1) for each in (first, second))
    rows = np.arange(len(first))
    before = np.tile(np.arange(second.shape[1] + 1.0), (len(first), 1))
    found = before[rows, other].copy()
    for i in range(first.shape[1]):
        now = np.empty_like(before)
        now[:, 0] = i + 1
        for j in range(second.shape[1]):
            replaced = before[:, j] + (first[:, i] != second[:, j])
            now[:, j + 1] = np.minimum(np.minimum(before[:, j + 1], now[:, j]) + 1, replaced)
        found = np.where(long == i + 1, now[rows, other], found)
        before = now
    return np.asarray(found)


def package_error(predicted_h: npt.ArrayLike, actual_h: npt.ArrayLike) -> Array:
    """Return the absolute error of each parcel's own time, shape (n, stops).

    Columns name parcels, the same ones in both; NaN where there is none.

    Examples
    --------
    >>> package_error([[1.0, 2.0]], [[2.0, 1.0]])
    array([[1., 1.]])
    """
    first, second = np.asarray(predicted_h, np.float64), np.asarray(actual_h, np.float64)
    if first.shape != second.shape or first.ndim != 2:
        raise ValueError(f"Expected two arrays (n, stops), got {first.shape} and {second.shape}.")
    return np.asarray(np.abs(first - second))


def step_error(predicted_h: npt.ArrayLike, actual_h: npt.ArrayLike) -> Array:
    """Return the absolute error of the time of the k-th stop, whichever it is, shape (n, stops).

    Examples
    --------
    >>> step_error([[1.0, 2.0]], [[2.0, 1.0]])
    array([[0., 0.]])
    """
    error = package_error(predicted_h, actual_h)
    first, second = np.asarray(predicted_h, np.float64), np.asarray(actual_h, np.float64)
    there = ~np.isnan(error)
    ordered = (np.sort(np.where(there, each, np.nan), axis=1) for each in (first, second))
    return package_error(*ordered)


def _shapes(predicted: npt.ArrayLike, actual: npt.ArrayLike) -> tuple[Route, Route]:
    first, second = np.asarray(predicted, np.int64), np.asarray(actual, np.int64)
    if first.ndim != 2 or second.ndim != 2 or len(first) != len(second):
        raise ValueError(f"Expected routes (n, stops), got {first.shape} and {second.shape}.")
    for name, route in (("predicted", first), ("actual", second)):
        if ((route[:, :-1] == END) & (route[:, 1:] != END)).any():
            raise ValueError(f"{name}: a stop follows after -1, which ends a route.")
    return first, second


def _routes(predicted: npt.ArrayLike, actual: npt.ArrayLike) -> tuple[Route, Route]:
    """Return routes over the same stops, each visited once.

    Raises
    ------
    ValueError
        When they are not.
    """
    first, second = _shapes(predicted, actual)
    same = first.shape == second.shape and (np.sort(first) == np.sort(second)).all()
    ordered = np.sort(second)
    twice = (ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] != END)
    if not same or twice.any() or (second[:, :1] == END).any():
        raise ValueError(
            "Expected both routes to visit the same stops, at least one, each once; use "
            "edit_distance for others."
        )
    return first, second


def _places(predicted: npt.ArrayLike, actual: npt.ArrayLike) -> tuple[Array, npt.NDArray[np.bool_]]:
    """Return where each stop of the actual route stands in the predicted one, and which are."""
    first, second = _routes(predicted, actual)
    there = second != END
    met = second[:, :, None] == first[:, None, :]
    return np.asarray(met.argmax(axis=2), dtype=np.float64), there
