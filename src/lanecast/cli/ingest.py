"""``lanecast ingest``: one's own data, looked at first, then stored whole or not at all."""

from pathlib import Path
from typing import Annotated, Any

import typer

from lanecast.sources.ingest import Source
from lanecast.sources.ingest import ingest as run
from lanecast.tables.lake import Lake

from .talk import progress, show, tell, writable, write_json

LakeOption = Annotated[Path, typer.Option("--lake", help="Folder of the lake.")]
JsonOption = Annotated[
    Path | None, typer.Option("--json", help="Write the result as JSON to this file; - prints it.")
]
NEXT = {"delhivery": "trajectory"} | dict.fromkeys(
    ("series", "walmart", "m5", "m4", "vn1"), "demand"
)


def ingest(
    path: Annotated[Path, typer.Argument(help="Folder, or file for epcis.")],
    source: Annotated[
        Source,
        typer.Option(
            help="csv: canonical tables as CSV or Parquet, see `lanecast tables`; series: "
            "unique_id, ds, y, see docs/demand.md; the others are public data and EPCIS."
        ),
    ],
    lake: LakeOption = Path("lake"),
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would happen; nothing is written.")
    ] = False,
    zone: Annotated[
        str | None, typer.Option(help="IANA zone of times without offset, e.g. Europe/Paris.")
    ] = None,
    json: JsonOption = None,
) -> None:
    """Check raw files and store them; bad rows go to quarantine with the reason.

    Examples
    --------
      lanecast ingest --source csv --dry-run my_tables/

      lanecast ingest --source olist --lake lake olist/
    """
    writable(json=json)
    if lake.exists() and not lake.is_dir():
        raise ValueError(f"--lake: {lake} is a file; expected a folder, or a new name.")
    with progress(quiet=json is not None) as say:
        report = run(
            Lake(lake),
            source,
            path,
            dry_run=dry_run,
            zone=zone,
            progress=lambda table, rows: say(f"{table}: {rows:,} rows", 0.0),
        )
    if json is not None:
        result: dict[str, Any] = {
            "dry_run": dry_run,
            "rows": report.rows.to_dicts(),
            "findings": report.findings.to_dicts(),
        }
        write_json(json, result, "" if dry_run else f"all is stored in {lake}")
    else:
        show(report.rows, "What would be stored" if dry_run else "What was stored")
        if report.findings.height:
            show(report.findings.drop("file"), "What was found")
        if dry_run:
            beside = f"compared with the lake {lake}" if lake.exists() else f"no lake {lake} yet"
            tell(f"Nothing was written; {beside}.")
        else:
            problem = NEXT.get(source, "eta")
            new = int(report.rows["new"].sum())
            then = f"Next: lanecast fit {problem} --lake {lake}"
            tell(f"Lake: {lake}. {then if new else 'No row was new, so nothing was stored.'}")
    if not report.ok():
        raise typer.Exit(5)
