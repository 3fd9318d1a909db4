"""What no model may read: true parameters, true times, true chances, true effects."""

import numpy as np
import polars as pl

from .canonical import postal
from .claims import REASONS, Claims, effects
from .clock import FAR
from .infrastructure import lane_ids
from .linehaul import Travel
from .names import words
from .network import LEGS
from .outcomes import OUTCOMES, Doors
from .people import Addresses, Buyers, Merchants
from .promises import Plan
from .risks import CAUSES, INTERVENTIONS, chance
from .runs import Runs
from .scene import Scene
from .streams import Floats, Ints
from .timetable import NEVER


def lane_times(scene: Scene) -> pl.DataFrame:
    """Return the law of each lane's time from departure to arrival.

    Seconds = planned x level x exp(drift sin(2 pi (day / period + phase))) x shift from
    ``shift_day`` on x exp(sigma z) x (1 + 0.4 severity), and rarely a breakdown.
    """
    net, shock = scene.net, scene.shock
    return pl.DataFrame(
        {
            "lane_id": lane_ids(net),
            "leg": words(LEGS, net.leg),
            "planned_s": net.duration,
            "level": shock.level,
            "sigma": shock.sigma,
            "mean_departure_delay_s": shock.late,
            "drift": shock.drift,
            "period_d": shock.period,
            "phase": shock.phase,
            "shift_day": shock.shift_day,
            "shift": shock.shift,
        }
    )


def legs(parcel_id: pl.Series, state: Travel, run: Runs, scene: Scene) -> pl.DataFrame:
    """Return every ride that began: what the parcel wanted, what it got, and when."""
    names = state.legs[0] if state.legs else ()
    ride = {name: np.concatenate([leg[name] for leg in state.legs]) for name in names}
    ride = {name: values[ride["leave"] < FAR] for name, values in ride.items()}
    clock, at = scene.clock, run.table.at
    return pl.DataFrame(
        {
            "parcel_id": parcel_id.gather(pl.Series(ride["parcel"])),
            "leg": words(LEGS, ride["leg"]),
            "lane_id": lane_ids(scene.net).gather(pl.Series(ride["lane"])),
            "departure": ride["taken"],
            "scheduled_at": clock.instants(at[ride["taken"]]),
            "missed": ride["taken"] - ride["wanted"],
            "ready_at": clock.instants(ride["ready"]),
            "departed_at": clock.instants(ride["leave"]),
            "arrived_at": clock.instants(ride["arrive"]),
        }
    )


def missed_departures(state: Travel, run: Runs, scene: Scene) -> pl.DataFrame:
    """Return departures that left parcels behind: ``offered`` stood there, ``taken`` went."""
    table, many = run.table, len(run.table.lane)
    wanted = np.concatenate([leg["wanted"] for leg in state.legs])
    got = np.concatenate([leg["taken"] for leg in state.legs])
    came, went = np.bincount(wanted, minlength=many), np.bincount(got, minlength=many)
    offered = np.cumsum(came) - np.cumsum(went) + went
    row = np.flatnonzero((offered > went) & (table.at < NEVER))
    return pl.DataFrame(
        {
            "lane_id": lane_ids(scene.net).gather(pl.Series(table.lane[row])),
            "departure": row,
            "scheduled_at": scene.clock.instants(table.at[row]),
            "capacity": table.capacity[row],
            "cancelled": table.capacity[row] == 0,
            "offered": offered[row],
            "taken": went[row],
        }
    )


def parcel_risks(
    parcel_id: pl.Series, plans: Plan, handed: Ints, trip: Travel, expected: Floats,
    state: Doors, made: Claims,
) -> pl.DataFrame:  # fmt: skip
    """Return true chances and the true life of each parcel, also after the end.

    ``p_failed_first`` is for the first attempt at the moment it came, null where none came;
    ``p_failed_planned`` for the planned moment, in a usual round and fair weather.
    """
    clock = state.scene.clock
    tried = state.tried < FAR
    ends = state.outcome > 0
    done = np.where(ends, state.done, FAR)
    hazard = {f"hazard_{cause}": state.hazard[i] for i, cause in enumerate(CAUSES)}
    frame = pl.DataFrame(
        {
            "parcel_id": parcel_id,
            "outcome": words(OUTCOMES, state.outcome),
            "is_open": done > clock.end,
            "handed_at": clock.instants(handed),
            "station_at": clock.instants(np.where(trip.alive, trip.t, FAR)),
            "first_attempt_at": clock.instants(state.tried),
            "done_at": clock.instants(done),
            "delivered_at": clock.instants(np.where(np.isin(state.outcome, [1, 2]), done, FAR)),
            "planned_handed_at": clock.instants(plans.handed),
            "planned_station_at": clock.instants(plans.station),
            "planned_at": clock.instants(plans.door),
            "attempts": state.attempts,
            "failed_first": state.failed,
            "wrong_door": state.wrong,
            "p_failed_first": chance(state.hazard),
            "p_failed_planned": chance(expected),
            "p_lost": 1 - trip.keep,
            "p_damaged": state.p_damaged,
            "p_claim": made.chance,
            **hazard,
        }
    )
    has = pl.Series(tried)
    first = ["failed_first", "p_failed_first", *hazard]
    return frame.with_columns(pl.when(has).then(pl.col(name)).alias(name) for name in first)


def intervention_effects(parcel_id: pl.Series, state: Doors, made: Claims) -> pl.DataFrame:
    """Return the true change of each parcel's chances under each intervention."""
    frame = pl.DataFrame({"parcel_id": parcel_id, **effects(state, made)})
    has = pl.Series(state.tried < FAR)
    first = [name for name in frame.columns if name.startswith("failed_first")]
    return frame.with_columns(pl.when(has).then(pl.col(name)).alias(name) for name in first)


def intervention_mechanisms() -> pl.DataFrame:
    """Return what each intervention multiplies: six hazards and three chances."""
    parts = [*CAUSES, "unattended", "wrong_door", "abuse"]
    rows = [(name, *values) for name, values in INTERVENTIONS.items()]
    return pl.DataFrame(rows, schema=["intervention", *parts], orient="row").with_columns(
        pl.col(parts).cast(pl.Float64)
    )


def claims_table(parcel_id: pl.Series, made: Claims, state: Doors) -> pl.DataFrame:
    """Return the claims made before the end."""
    clock = state.scene.clock
    of = np.flatnonzero(made.claimed & (made.at <= clock.end))
    return pl.DataFrame(
        {
            "parcel_id": parcel_id.gather(pl.Series(of)),
            "claimed_at": clock.instants(made.at[of]),
            "reason": words(REASONS, made.reason[of]),
        }
    )


def traits(
    ids: dict[str, pl.Series], sellers: Merchants, homes: Addresses, people: Buyers, scene: Scene
) -> dict[str, pl.DataFrame]:
    """Return the traits of addresses, merchants and buyers."""
    address = pl.DataFrame(
        {
            "address_id": ids["address"], "postal_code": postal(homes.area),
            "faulty": homes.faulty, "absent": homes.absent, "closed": homes.closed,
            "theft": homes.theft, "turn": homes.turn,
        }
    )  # fmt: skip
    merchant = pl.DataFrame(
        {
            "merchant_id": ids["merchant"], "prep_s": sellers.prep, "spread": sellers.spread,
            "turn_day": sellers.turn, "turned": sellers.turned, "weekday": sellers.weekday,
            "handover_s": sellers.handover, "popularity": sellers.popularity,
        }
    )  # fmt: skip
    buyer = pl.DataFrame({"buyer_id": ids["buyer"], "abuse": people.abuse})
    promotions = pl.DataFrame(
        {
            "country": np.repeat(scene.net.countries, scene.cal.uplift.shape[1]),
            "date": np.tile(
                scene.clock.dates(np.arange(scene.cal.uplift.shape[1]) - 7).to_numpy(),
                len(scene.net.countries),
            ),
            "uplift": scene.cal.uplift.ravel(),
        }
    ).filter(pl.col("uplift") > 1)
    return {
        "address_traits": address, "merchant_traits": merchant, "buyer_traits": buyer,
        "promotions": promotions,
    }  # fmt: skip
