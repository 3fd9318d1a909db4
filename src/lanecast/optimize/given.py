"""Numbers that a caller gives, refused by name where they make no sense."""

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def arrays(*values: npt.ArrayLike) -> tuple[Array, ...]:
    """Return each value as an array of floats."""
    return tuple(np.asarray(value, np.float64) for value in values)


def above_zero(**values: npt.ArrayLike) -> None:
    """Refuse what is not a finite number above zero.

    Raises
    ------
    ValueError
        The message names the parameter, the value, and what would be valid.
    """
    for name, value in values.items():
        array = np.asarray(value, np.float64)
        if bad := array[~(np.isfinite(array) & (array > 0))].tolist():
            raise ValueError(f"{name}: expected a finite number above 0, got {bad[0]}.")


def not_negative(**values: npt.ArrayLike) -> None:
    """Refuse what is not a finite number of at least zero; errors as ``above_zero``."""
    for name, value in values.items():
        array = np.asarray(value, np.float64)
        if bad := array[~(np.isfinite(array) & (array >= 0))].tolist():
            raise ValueError(f"{name}: expected a finite number of at least 0, got {bad[0]}.")


def chances(name: str, value: npt.ArrayLike) -> Array:
    """Return the probabilities of 0, 1, 2 ..., along the last axis, scaled to sum to 1.

    Raises
    ------
    ValueError
        When one is negative or not a number, or their sum is not 1 within 1e-6.
    """
    array = np.asarray(value, np.float64)
    if array.ndim == 0 or not (array >= 0).all():
        raise ValueError(f"{name}: expected probabilities >= 0 of 0, 1, 2 ..., got {array}.")
    total = array.sum(axis=-1, keepdims=True)
    if np.abs(total - 1).max(initial=0) > 1e-6:
        far = float(total.ravel()[np.abs(total - 1).argmax()])
        raise ValueError(f"{name}: expected probabilities that sum to 1, got {far:.6g}.")
    return np.asarray(array / total)
