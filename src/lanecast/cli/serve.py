"""``lanecast serve``: REST and the console, in one process."""

from pathlib import Path
from typing import Annotated, get_args

import typer

from lanecast.service.settings import Clock, from_environment, named_lakes

from .talk import errors, tell


def serve(
    lake: Annotated[
        list[str] | None,
        typer.Option(help="Lake, or tenant=lake; may be given several times."),
    ] = None,
    home: Annotated[
        Path | None, typer.Option(help="Folder of the service: state, journal, models.")
    ] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
    clock: Annotated[
        str | None, typer.Option(help=f"What now means: {', '.join(get_args(Clock))}.")
    ] = None,
    tracking: Annotated[str | None, typer.Option(help="URI of an MLflow tracking server.")] = None,
    console: Annotated[
        bool, typer.Option("--console/--no-console", help="Show the web console under /console.")
    ] = True,
) -> None:
    """Answer over HTTP: REST under /v1, and the console.

    Examples
    --------
      lanecast serve --lake demo/lake --home demo/service

      lanecast serve --lake acme=lakes/acme --lake other=lakes/other --port 8080
    """
    import uvicorn

    from lanecast.service.app import create, first_key
    from lanecast.service.logs import configure
    from lanecast.service.patience import Patient

    told = {"home": home, "host": host, "port": port, "clock": clock, "tracking": tracking}
    settings = from_environment(told | {"lakes": named_lakes(lake) if lake else None})
    for path in settings.lakes.values():
        if not path.is_dir():
            raise ValueError(f"--lake: {path} is no folder; make one with lanecast ingest or demo.")
    configure()
    app = create(settings)
    for tenant in app.state.parts.tenants.values():
        tenant.events.take()  # before anything runs: another service may have it
    if console:
        from lanecast.console.app import mount

        mount(app)
    if (key := first_key(app.state.parts)) is not None:
        errors.print("Key of the administrator, shown this once; keep it:", highlight=False)
        tell(key)
    errors.print(f"http://{settings.host}:{settings.port}", highlight=False)
    uvicorn.run(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=15,
        forwarded_allow_ips=list(settings.proxies) or None,
        h11_max_incomplete_event_size=65_536,
        http=Patient,
    )
