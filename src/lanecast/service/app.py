"""The service put together: parts, routes, and what surrounds every request."""

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from fastapi import FastAPI

from lanecast import __version__

from . import keys, problems
from .aside import finish
from .clock import wall
from .guard import Guard
from .idempotency import Idempotent, unfinished
from .monitor import Monitor
from .parts import Parts, assemble
from .routes import (
    address,
    audit,
    data,
    erasures,
    events,
    health,
    jobs,
    models,
    network,
    overrides,
    parcels,
    planning,
)
from .routes import keys as key_routes
from .settings import Settings

STOP_S = 30.0  # that the end waits for what is being made aside
ROUTES = (
    health.routes,
    key_routes.routes,
    audit.routes,
    parcels.routes,
    network.routes,
    address.routes,
    planning.routes,
    overrides.routes,
    events.routes,
    data.routes,
    models.routes,
    jobs.routes,
    erasures.routes,
)


def create(settings: Settings) -> FastAPI:
    """Return the app; it opens nothing before it starts."""
    parts = assemble(settings)

    @asynccontextmanager
    async def running(app: FastAPI) -> AsyncIterator[None]:
        interrupted = unfinished(parts.state)
        gc.collect()
        gc.freeze()  # what libraries hold for ever need not be looked through during requests
        structlog.get_logger().info("started", version=__version__, interrupted=interrupted)
        if parts.oidc is None:
            keys.unvouched(parts.state, wall())
        for desk in parts.desks.values():
            desk.start()
        for name, tenant in parts.tenants.items():
            tenant.events.after.append(parts.desks[name].touch)
            tenant.events.start(parts.state)
        for each in parts.jobs.values():
            each.start()
        for known in parts.networks.values():
            known.prepare()
        monitor = Monitor(parts.models, parts.tenants.values(), settings.home, settings.tracking)
        monitor.start()
        yield
        monitor.stop()
        for erasing in parts.erasures.values():
            erasing.stop()
        for each in parts.jobs.values():
            each.stop()
        for tenant in parts.tenants.values():
            tenant.events.stop()
        for desk in parts.desks.values():
            desk.stop()
        for counts in parts.counts.values():
            counts.stop()
        if not finish(STOP_S):
            structlog.get_logger().warning("stopped", unfinished=True)
        parts.state.close()

    app = FastAPI(
        title="Lanecast",
        version=__version__,
        summary="When a parcel arrives, what goes wrong, what to do: predictions and decisions.",
        docs_url=None,  # those pages would load scripts from elsewhere
        redoc_url=None,
        lifespan=running,
        separate_input_output_schemas=False,
    )
    app.state.parts = parts
    for routes in ROUTES:
        app.include_router(routes)
    problems.install(app)
    app.add_middleware(Idempotent, state=parts.state)
    app.add_middleware(Guard, body_bytes=settings.body_bytes, timeout_s=settings.timeout_s)
    return app


def first_key(parts: Parts) -> str | None:
    """Return a key with all scopes of an administrator if there has never been one."""
    if parts.state.read("select 1 from keys limit 1"):
        return None
    _, key = keys.issue(parts.state, next(iter(parts.tenants)), "first", keys.ADMIN, wall())
    return key
