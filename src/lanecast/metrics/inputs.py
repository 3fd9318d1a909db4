"""What every metric asks of its arrays, refused in a sentence when it is not so."""

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def finite(name: str, value: npt.ArrayLike, ndim: int = 1) -> Array:
    """Return ``value`` as floats with ``ndim`` axes, not empty and without NaN or infinity.

    Raises
    ------
    ValueError
        When it is not so; the message names the parameter and an example.
    """
    array = np.asarray(value, dtype=np.float64)
    if array.ndim != ndim or array.size == 0:
        axes = "numbers, shape (n,)" if ndim == 1 else f"an array with {ndim} axes"
        raise ValueError(f"{name}: expected {axes} with n > 0, got shape {array.shape}.")
    if not np.isfinite(array).all():
        where = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        bad = int((~np.isfinite(array)).sum())
        raise ValueError(
            f"{name}: expected finite numbers, got {bad} that are not, the first at {where}: "
            f"{array[where]}."
        )
    return array


def alike(**values: npt.ArrayLike) -> tuple[Array, ...]:
    """Return the named vectors as floats of one length.

    Raises
    ------
    ValueError
        As ``finite``, and when the lengths differ.
    """
    arrays = {name: finite(name, value) for name, value in values.items()}
    if len({array.size for array in arrays.values()}) > 1:
        got = ", ".join(f"{name} {array.size}" for name, array in arrays.items())
        raise ValueError(f"{got}: expected vectors of one length.")
    return tuple(arrays.values())


def flags(name: str, value: npt.ArrayLike, size: int) -> npt.NDArray[np.bool_]:
    """Return ``value`` as ``size`` booleans; 0 and 1 are booleans too.

    Raises
    ------
    ValueError
        When it holds anything else, or another number of them.
    """
    array = np.asarray(value)
    if array.shape != (size,):
        raise ValueError(f"{name}: expected {size} booleans, got shape {array.shape}.")
    if array.dtype != np.bool_ and not np.isin(array, (0, 1)).all():
        raise ValueError(f"{name}: expected booleans, got {array[~np.isin(array, (0, 1))][0]}.")
    return array.astype(np.bool_)


def weights(weight: npt.ArrayLike | None, size: int) -> Array:
    """Return ``size`` weights >= 0 that are not all zero; None weighs every row the same.

    Raises
    ------
    ValueError
        When a weight is negative or not finite, all are zero, or the number is another.
    """
    if weight is None:
        return np.ones(size)
    array = finite("weight", weight)
    if array.size != size or (array < 0).any() or not array.any():
        raise ValueError(
            f"weight: expected {size} numbers >= 0 that are not all 0, got {array.size} "
            f"from {array.min():g} to {array.max():g}."
        )
    return array


def levels(level: npt.ArrayLike, size: int) -> Array:
    """Return ``size`` quantile levels in (0, 1), strictly increasing.

    Raises
    ------
    ValueError
        When they are not.
    """
    array = finite("level", level)
    inside = ((array > 0) & (array < 1)).all() and (np.diff(array) > 0).all()
    if array.size != size or not inside:
        raise ValueError(
            f"level: expected {size} increasing numbers in (0, 1), got {array.tolist()}."
        )
    return array
