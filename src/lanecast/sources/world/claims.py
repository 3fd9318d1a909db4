"""Delivered, but not received: who claims it, why, and with what true chance."""

from dataclasses import dataclass

import numpy as np

from .clock import DAY, FAR
from .network import UNRELIABLE
from .outcomes import DELIVERED, Doors
from .people import Buyers
from .risks import INTERVENTIONS, chance, claim, misplaced, stolen, unattended
from .streams import Bools, Floats, Ints

REASONS = ("stolen", "wrong_door", "abuse")


@dataclass(frozen=True)
class Claims:
    """``claimed``, the ``reason`` (index of ``REASONS``) and ``at`` [s] of each parcel.

    ``left``, ``theft``, ``wrong``, ``abuse`` are the chances that make up ``chance``.
    """

    claimed: Bools
    reason: Ints
    at: Ints
    left: Floats
    theft: Floats
    wrong: Floats
    abuse: Floats
    chance: Floats


def claims(state: Doors, people: Buyers) -> Claims:
    """Draw the claims for parcels that were scanned as delivered at the door."""
    buys, homes = state.buys, state.homes
    rng, size, home = state.scene.streams.noise("claims"), len(state.done), buys.address
    left = unattended(homes.kind[home], buys.value)
    theft = stolen(homes.theft[home], buys.value)
    wrong = misplaced(homes.kind[home], homes.faulty[home], UNRELIABLE[buys.carrier])
    abuse = np.minimum(people.abuse[buys.buyer[buys.order]] * (buys.value / 60) ** 0.4, 0.5)
    taken = (rng.random(size) < left) & (rng.random(size) < theft) & ~state.wrong
    strayed = state.wrong & (rng.random(size) < 0.5)
    abused = rng.random(size) < abuse
    at_door = state.outcome == DELIVERED
    claimed = at_door & (taken | strayed | abused)
    lag = 3600 + (rng.lognormal(0.2, 0.8, size) * DAY).astype(np.int64)
    return Claims(
        claimed, np.where(strayed, 1, np.where(taken, 0, 2)),
        np.where(claimed, state.done + lag, FAR),
        left, theft, wrong, abuse, claim(left, theft, wrong, abuse),
    )  # fmt: skip


def effects(state: Doors, made: Claims) -> dict[str, Floats]:
    """Return the true change of each chance [1] that each intervention would bring.

    ``failed_first`` is for the first attempt as it came, ``claim`` for a delivery at the door;
    loss and damage happen before the door and do not change.
    """
    result = {}
    usual = chance(state.hazard)
    for name, change in INTERVENTIONS.items():
        result[f"failed_first_{name}"] = chance(state.hazard, change) - usual
        other = claim(made.left, made.theft, made.wrong, made.abuse, change)
        result[f"claim_{name}"] = other - made.chance
    return result
