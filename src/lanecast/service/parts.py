"""What a running service is made of."""

from collections.abc import Mapping
from dataclasses import dataclass

from .limits import Buckets
from .models import Models
from .settings import Settings
from .state import State
from .tenants import Tenant


@dataclass(frozen=True)
class Parts:
    """Everything that routes and pages reach for; made once at the start, closed at the end."""

    settings: Settings
    state: State
    tenants: Mapping[str, Tenant]
    buckets: Buckets
    models: Models


def assemble(settings: Settings) -> Parts:
    """Open the state and the data of each tenant."""
    state = State(settings.home / "service.db")
    return Parts(
        settings,
        state,
        {name: Tenant.open(name, lake, settings) for name, lake in settings.lakes.items()},
        Buckets(settings.requests_per_s, settings.burst),
        Models(state),
    )
