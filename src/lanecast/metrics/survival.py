"""Scores when some outcomes are not known yet.

``time`` is the moment of the event or, where ``event`` is False, the last moment at which it had
not happened (right censoring); both have shape (n,). Censoring is assumed independent of the
event. At equal times an event comes before a censoring.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .inputs import Array, finite, flags


@dataclass(frozen=True)
class Steps:
    """A curve that starts at 1 and falls at each ``time``, shape (m,), to ``value``, shape (m,)."""

    time: Array
    value: Array

    def at(self, t: npt.ArrayLike) -> Array:
        """Return the value at ``t``, of its shape, jumps at ``t`` included."""
        return self._after(np.searchsorted(self.time, t, side="right"))

    def before(self, t: npt.ArrayLike) -> Array:
        """Return the value just before ``t``, of its shape."""
        return self._after(np.searchsorted(self.time, t, side="left"))

    def _after(self, jumps: npt.NDArray[np.int64] | np.int64) -> Array:
        return np.concatenate(([1.0], self.value))[jumps]


@dataclass(frozen=True)
class Ipcw:
    """Weights, shape (n,), the cap that holds for them, and how many rows it cut."""

    weight: Array
    cap: float
    capped: int


def kaplan_meier(time: npt.ArrayLike, event: npt.ArrayLike) -> Steps:
    """Return the share that has not had its event yet, over time.

    Raises
    ------
    ValueError
        When a time is not finite, or ``event`` are not as many booleans.

    References
    ----------
    .. [1] Kaplan & Meier (1958). Nonparametric Estimation from Incomplete Observations. *JASA* 53.

    Examples
    --------
    >>> kaplan_meier([1, 2, 2, 3], [1, 1, 0, 1]).value.tolist()
    [0.75, 0.5, 0.0]
    """
    moments, events, _, risk = _counts(time, event)
    left = np.cumprod(1 - events / risk)[events > 0]
    return Steps(moments[events > 0], left.astype(np.float64))


def censoring(time: npt.ArrayLike, event: npt.ArrayLike) -> Steps:
    """Return G, the share that is not censored yet, over time: Kaplan-Meier with parts swapped.

    Those with an event at the same moment are no longer at risk of being censored.

    Raises
    ------
    ValueError
        As ``kaplan_meier``.

    Examples
    --------
    >>> censoring([1, 2, 2, 3], [1, 1, 0, 1]).value.tolist()
    [0.5]
    """
    moments, events, censored, risk = _counts(time, event)
    left = np.cumprod(1 - censored / np.maximum(risk - events, 1.0))
    return Steps(moments[censored > 0], left[censored > 0])


def ipcw(
    time: npt.ArrayLike, event: npt.ArrayLike, cap: float = 20.0, g: Steps | None = None
) -> Ipcw:
    """Return inverse probability of censoring weights ``event / G(time-)``.

    A known outcome stands for those like it that are not known yet; weights are 1 on average.
    Pass them as ``weight`` to ``point.mae``, ``quantile.coverage`` and others.

    Parameters
    ----------
    cap
        Largest weight: bias that is accepted against variance, so it is reported with ``capped``.
    g
        Censoring curve, if it was estimated elsewhere; None takes that of these rows.

    Raises
    ------
    ValueError
        As ``kaplan_meier``, when ``cap`` is below 1, or no event is known.

    References
    ----------
    .. [1] Robins & Finkelstein (2000). Correcting for Noncompliance and Dependent Censoring ...
           with Inverse Probability of Censoring Weighted Log-Rank Tests. *Biometrics* 56(3).
    """
    if not cap >= 1:
        raise ValueError(f"cap: expected a weight >= 1, got {cap}.")
    time = finite("time", time)
    event = flags("event", event, time.size)
    if not event.any():
        raise ValueError("event: expected a known event at least, got censored rows only.")
    before = (g or censoring(time, event)).before(time)
    raw = np.where(event, 1 / np.maximum(before, np.finfo(np.float64).tiny), 0.0)
    return Ipcw(np.minimum(raw, cap), float(cap), int((raw > cap).sum()))


def brier(
    time: npt.ArrayLike,
    event: npt.ArrayLike,
    survival: npt.ArrayLike,
    horizon: npt.ArrayLike,
    g: Steps | None = None,
) -> Array:
    """Return the censoring-weighted Brier score of ``survival`` at each horizon, shape (K,).

    Parameters
    ----------
    survival
        Predicted probability that the event comes after the horizon, shape (n, K).
    horizon
        Moments in the unit of ``time``, shape (K,).
    g
        As in ``ipcw``.

    Raises
    ------
    ValueError
        As ``kaplan_meier``; when shapes do not fit, a probability is outside [0, 1], or nothing
        is observed as late as a horizon.

    References
    ----------
    .. [1] Graf, Schmoor, Sauerbrei & Schumacher (1999). Assessment and comparison of prognostic
           classification schemes for survival data. *Statistics in Medicine* 18, section 4.
    """
    time, horizon = finite("time", time), finite("horizon", horizon)
    event, p = flags("event", event, time.size), finite("survival", survival, 2)
    if p.shape != (time.size, horizon.size) or (p < 0).any() or (p > 1).any():
        raise ValueError(
            f"survival: expected probabilities, shape {(time.size, horizon.size)}, got "
            f"{p.min():g} to {p.max():g}, shape {p.shape}."
        )
    g = g or censoring(time, event)
    if (g.at(horizon) <= 0).any():
        raise ValueError(f"horizon: nothing is observed as late as {horizon.max():g}.")
    gone = event[:, None] & (time[:, None] <= horizon)
    there = time[:, None] > horizon
    known = np.where(gone, 1 / np.maximum(g.before(time), np.finfo(np.float64).tiny)[:, None], 0)
    return np.asarray((known * p**2 + there / g.at(horizon) * (1 - p) ** 2).mean(axis=0))


def _counts(
    time: npt.ArrayLike, event: npt.ArrayLike
) -> tuple[Array, npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the distinct times, events and censorings at each, and who was at risk."""
    time = finite("time", time)
    event = flags("event", event, time.size)
    moments, where = np.unique(time, return_inverse=True)
    events = np.bincount(where[event], minlength=moments.size)
    censored = np.bincount(where[~event], minlength=moments.size)
    risk = np.cumsum((events + censored)[::-1])[::-1]
    return moments, events, censored, risk
