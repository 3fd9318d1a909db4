"""The console put together: screens, sign-in and search, mounted on the app of the service."""

import warnings
from collections.abc import Sequence
from types import ModuleType

import nicegui
from fastapi import FastAPI
from nicegui import ui
from starlette.responses import RedirectResponse, Response

from .assets import routes as asset_routes
from .door import Door
from .finding import routes as finding_routes
from .frame import Screen
from .opening import nowhere, shown
from .pages import addresses, admin, data, models, network, parcel, parcels, plan, today
from .signing import routes as signing_routes
from .vouching import routes as vouching_routes

PLACE = "/console"
PATIENCE_S = 30.0  # that a page may take to begin, on a machine that is busy
# Each has SCREEN and build(page), in the order of the navigation.
PAGES: Sequence[ModuleType] = (
    today,
    network,
    parcels,
    parcel,
    addresses,
    plan,
    models,
    data,
    admin,
)
ROUTES = (asset_routes, signing_routes, vouching_routes, finding_routes)


def mount(app: FastAPI) -> None:
    """Let ``app``, made by ``service.app.create``, show the console; once in a process."""
    inside = nicegui.app
    inside.state.parts = app.state.parts
    inside.config.socket_io_js_transports = ["websocket"]
    inside.add_middleware(Door)
    for routes in ROUTES:
        inside.include_router(routes)
    screens: list[Screen] = [each.SCREEN for each in PAGES]
    for each in PAGES:
        ui.page(each.SCREEN.path, response_timeout=PATIENCE_S)(
            shown(each.SCREEN, screens, each.build)
        )
    inside.add_exception_handler(404, nowhere(screens))
    app.add_api_route("/", _start, include_in_schema=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # NiceGUI looks at every object there is
        ui.run_with(
            app,
            title="Lanecast",
            language="en-US",
            mount_path=PLACE,
            tailwind=False,
            reconnect_timeout=5,
            show_welcome_message=False,
        )


def _start() -> Response:
    return RedirectResponse(f"{PLACE}/")
