"""What a running service is made of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

import polars as pl

from . import asking
from .addresses import Addresses
from .aside import Aside
from .counts import Counts
from .desk import Desk, View
from .erasures import Erasures
from .jobs import Jobs
from .limits import Buckets
from .models import Models
from .networks import Networks
from .oidc import Oidc
from .settings import Settings
from .state import State
from .tenants import Tenant

PAST = 4  # lists of past moments that are kept


@dataclass(frozen=True)
class Parts:
    """Everything that routes and pages reach for; made once at the start, closed at the end."""

    settings: Settings
    state: State
    tenants: Mapping[str, Tenant]
    buckets: Buckets
    models: Models
    desks: Mapping[str, Desk]
    networks: Mapping[str, Networks]
    jobs: Mapping[str, Jobs]
    addresses: Mapping[str, Addresses]
    counts: Mapping[str, Counts]
    erasures: Mapping[str, Erasures]
    past: dict[str, Aside]  # lists of parcels as of a moment
    oidc: Oidc | None = None
    lists: dict[str, tuple[View, pl.DataFrame]] = field(default_factory=dict)


def assemble(settings: Settings) -> Parts:
    """Open the state and the data of each tenant."""
    state = State(settings.home / "service.db")
    tenants = {name: Tenant.open(name, lake, settings) for name, lake in settings.lakes.items()}
    models = Models(state)
    desks = {name: _desk(models, tenant) for name, tenant in tenants.items()}
    networks = {name: Networks(each.lake, each.now) for name, each in tenants.items()}
    addresses = {name: Addresses(each.lake) for name, each in tenants.items()}
    counts = {name: Counts(each.lake, each.now) for name, each in tenants.items()}
    buckets = Buckets(settings.requests_per_s, settings.burst)
    jobs = {name: Jobs(state, tenant) for name, tenant in tenants.items()}
    past = {name: Aside(most=PAST) for name in tenants}

    def forget(name: str) -> None:
        models.forget(tenants[name])
        networks[name].forget()
        counts[name].forget()
        past[name] = Aside(most=PAST)
        desks[name].touch(None)

    erasures = {
        name: Erasures(state, tenant, settings.home, partial(forget, name))
        for name, tenant in tenants.items()
    }
    oidc = Oidc(settings.oidc) if settings.oidc is not None else None
    return Parts(
        *(settings, state, tenants, buckets, models, desks, networks, jobs, addresses),
        *(counts, erasures, past, oidc),
    )


def _desk(models: Models, tenant: Tenant) -> Desk:
    return Desk(
        tenant.lake,
        tenant.clock,
        partial(asking.etas, models, tenant),
        partial(asking.risks, models, tenant),
        partial(asking.who, models, tenant),
    )
