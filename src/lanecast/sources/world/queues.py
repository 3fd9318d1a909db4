"""Two exact first-come-first-served laws, without a loop over parcels."""

import numpy as np

from .streams import Floats, Ints

SPAN = 1 << 31  # seconds; more than any time in the world, so keys of groups do not mix


def board(first_choice: Ints, capacity: Ints) -> Ints:
    """Return the departure that each parcel takes when departures can be full.

    ``capacity`` [parcels] belongs to the departures of all lanes, lane after lane and in order
    of time; the last of each lane never runs and has room for all. ``first_choice`` is the first
    departure a parcel can reach, in order of lane and of readiness. The seats of all departures
    form one row, and parcel k sits at

        s_k = max(first seat of its first choice, s_(k-1) + 1) = max_(i<=k)(seat_i - i) + k,

    a running maximum. A departure that is cancelled has no seats.
    """
    k = np.arange(len(first_choice))
    opening = np.concatenate([np.zeros(1, np.int64), np.cumsum(capacity)])
    seat = np.maximum.accumulate(opening[first_choice] - k) + k
    return np.searchsorted(opening, seat, side="right").astype(np.int64) - 1


def serve(line: Ints, arrival: Ints, service: Floats) -> Floats:
    """Return when each parcel leaves a sort line [s] that serves one at a time.

    ``line`` and ``arrival`` [s] are in order of line and of arrival; ``service`` [s] of each
    line is the time per parcel. Lindley's recursion f_k = max(a_k, f_(k-1)) + s solved by

        f_k = max_(i<=k)(a_i - i s) + (k + 1) s    within a line.
    """
    if not len(line):
        return np.zeros(0)
    begins = np.concatenate([[True], line[1:] != line[:-1]])
    first = np.flatnonzero(begins)
    rank = np.arange(len(line)) - np.repeat(first, np.diff(np.append(first, len(line))))
    each = service[line]
    shift = line * float(SPAN)
    slack = np.maximum.accumulate(arrival - rank * each + shift) - shift
    result: Floats = slack + (rank + 1) * each
    return result


def in_order(group: Ints, t: Ints) -> Ints:
    """Return the order by group, then time, then the order given."""
    return np.argsort(group * SPAN + t, kind="stable")
