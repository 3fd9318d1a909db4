"""Heads where work is served at once: the laws of Erlang."""

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def erlang_b(servers: int, load: npt.ArrayLike) -> Array:
    """Return the chance that a call finds all servers busy and is lost, M/M/s/s.

    ``load`` [erlangs] is arrivals times mean service, of any shape. The stable recursion
    B(0) = 1, B(s) = a B(s-1) / (s + a B(s-1)).

    Raises
    ------
    ValueError
        When ``servers`` or ``load`` is negative.
    """
    a = _checked(servers, load)
    blocked = np.ones_like(a)
    for s in range(1, servers + 1):
        blocked = a * blocked / (s + a * blocked)
    return blocked


def erlang_c(servers: int, load: npt.ArrayLike) -> Array:
    """Return the chance to wait in M/M/s; 1 where ``load`` is not below ``servers``.

    C = B / (1 - rho (1 - B)) with rho = load / servers.
    """
    a = _checked(servers, load)
    blocked = erlang_b(servers, a)
    rho = a / max(servers, 1)
    waits = blocked / np.maximum(1 - rho * (1 - blocked), 1e-300)
    return np.where(a < servers, np.minimum(waits, 1.0), 1.0)


def waiting(servers: int, load: npt.ArrayLike) -> Array:
    """Return the mean wait in M/M/s, in mean service times; infinite where it never ends."""
    a = _checked(servers, load)
    free = np.maximum(servers - a, 0.0)
    return np.where(free > 0, erlang_c(servers, a) / np.where(free > 0, free, 1.0), np.inf)


def served_within(servers: int, load: npt.ArrayLike, within: float) -> Array:
    """Return the chance to wait at most ``within`` mean service times in M/M/s.

    1 - C exp(-(s - a) within).
    """
    a = _checked(servers, load)
    if not within >= 0:
        raise ValueError(f"within: expected a number >= 0, got {within}.")
    late = erlang_c(servers, a) * np.exp(-np.maximum(servers - a, 0.0) * within)
    return np.where(a < servers, 1 - late, 0.0)


def erlang_a(servers: int, load: float, patience: float) -> tuple[float, float]:
    """Return the chance to wait and the share that leaves, M/M/s+M.

    Parameters
    ----------
    patience
        Mean patience in mean service times, > 0.

    Notes
    -----
    A birth and death process: with n present, deaths have rate min(n, s) + (n - s)+ / patience
    per service time. Of the arrivals, E[queue] / (patience load) leave [1]_.

    References
    ----------
    .. [1] Garnett, Mandelbaum & Reiman (2002). Designing a call center with impatient customers.
       *Manufacturing & Service Operations Management* 4(3), table 1.
    """
    a = float(_checked(servers, load))
    if not patience > 0:
        raise ValueError(f"patience: expected a number > 0, got {patience}.")
    most = int(servers + 20 + 4 * (a + patience * a + 10 * np.sqrt((1 + patience) * a + 1)))
    present = np.arange(1, most + 1)
    death = np.minimum(present, servers) + np.maximum(present - servers, 0) / patience
    log = np.concatenate([[0.0], np.cumsum(np.log(max(a, 1e-300)) - np.log(death))])
    chance = np.exp(log - log.max())
    chance /= chance.sum()
    queue = float(chance[servers:] @ np.arange(most + 1 - servers))
    return float(chance[servers:].sum()), queue / (patience * a) if a > 0 else 0.0


def heads(load: npt.ArrayLike, target: float, within: float) -> npt.NDArray[np.int64]:
    """Return the fewest servers for which ``target`` of the calls wait at most ``within``.

    ``load`` [erlangs] has one entry per interval, each taken as if it went on for ever; ``within``
    is in mean service times.
    """
    a = np.atleast_1d(_checked(0, load))
    if not 0 < target < 1:
        raise ValueError(f"target: expected a number between 0 and 1, got {target}.")
    found = np.where(a > 0, -1, 0).astype(np.int64)
    servers = 1
    while (found < 0).any():
        good = (found < 0) & (served_within(servers, a, within) >= target)
        found[good] = servers
        servers += 1
    return found


def _checked(servers: int, load: npt.ArrayLike) -> Array:
    a = np.asarray(load, np.float64)
    if servers < 0:
        raise ValueError(f"servers: expected a number >= 0, got {servers}.")
    if not (np.isfinite(a) & (a >= 0)).all():
        raise ValueError(f"load: expected finite numbers >= 0, got {a}.")
    return a
