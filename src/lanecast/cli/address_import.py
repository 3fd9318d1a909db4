"""``lanecast address import``: gazetteers, stored in the lake and compiled."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import polars as pl
import typer

from lanecast.address.country_names import country_of
from lanecast.address.gazetteer.stored import gazetteer
from lanecast.sources.gazetteers import Edition, opened, pieces
from lanecast.sources.headers import NAMES
from lanecast.sources.ingest import ingest_pieces
from lanecast.tables.address import GAZETTEER_POSTCODES
from lanecast.tables.lake import Lake

from .address_imported import complete, completed, replaced, stored, unused
from .options import JsonOption, LakeOption
from .talk import moment, note, progress, show, tell, writable, write_json

Files = list[Path] | None
CountryOption = Annotated[
    str | None,
    typer.Option(
        "--country",
        help="ISO 3166-1 alpha-2, where the file has no country; of "
        "GeoNames, the only one to take.",
    ),
]


def bring(
    geonames: Annotated[
        Files, typer.Option("--geonames", help="Postal codes or places of GeoNames; repeatable.")
    ] = None,
    openaddresses: Annotated[
        Files, typer.Option("--openaddresses", help="OpenAddresses CSV: NUMBER, STREET, CITY, ...")
    ] = None,
    geojson: Annotated[
        Files, typer.Option("--geojson", help="GeoJSON points, one per house.")
    ] = None,
    csv: Annotated[
        Files,
        typer.Option(
            "--csv",
            help="CSV or Parquet: houses (road, house_number, city, postal_code), or "
            "places (city, postal_code).",
        ),
    ] = None,
    lake: LakeOption = Path("lake"),
    country: CountryOption = None,
    name: Annotated[
        str | None,
        typer.Option(
            "--name", help="What proofs call it; later editions keep it. Else that of the file."
        ),
    ] = None,
    edition: Annotated[
        str | None, typer.Option("--edition", help="Date of the data; else that of the file.")
    ] = None,
    licence: Annotated[
        str | None, typer.Option("--licence", help="Licence and attribution, kept in the lake.")
    ] = None,
    json: JsonOption = None,
) -> None:
    """Store a gazetteer: what addresses are proved with. A newer edition replaces an older one.

    Examples
    --------
      lanecast address import --geonames allCountries.txt

      lanecast address import --openaddresses us_va.csv --country US

      lanecast address import --csv communes.csv --country FR
    """
    writable(json=json)
    asked = {"geonames": geonames, "openaddresses": openaddresses, "geojson": geojson, "csv": csv}
    files = [(form, file) for form, some in asked.items() for file in some or ()]
    if not files:
        raise ValueError(f"no file; expected {', '.join(f'--{form} FILE' for form in asked)}.")
    if lake.exists() and not lake.is_dir():
        raise ValueError(f"--lake: {lake} is a file; expected a folder, or a new name.")
    given, unknown = country_of(country)
    if unknown:
        raise ValueError(
            f"--country: {country!r} is no country; expected ISO 3166-1 alpha-2, for example DE."
        )
    if name is not None and not (name.strip() and name.isprintable()):
        raise ValueError(f"--name: {name!r}; expected a name that proofs can quote.")
    at = moment("edition", edition) if edition else max(_written(file) for _, file in files)
    if at > (now := datetime.now(UTC)) + timedelta(days=1):
        raise ValueError(f"--edition: {at:%Y-%m-%d} is not yet; expected until {now:%Y-%m-%d}.")
    names = [name or (form if form == "geonames" else file.stem) for form, file in files]
    reports, held = [], [opened(form, file, given) for form, file in files]  # all, or none
    with progress(quiet=json is not None) as say:
        for done, (form, file) in enumerate(files):
            say(file.name, done / (len(files) + 1))
            rows = pieces(held[done], form, Edition(names[done], at, given, licence))
            reports.append(ingest_pieces(Lake(lake), form, rows))
        say("compiling", len(files) / (len(files) + 1))
        found = gazetteer(Lake(lake))
    for each in held:
        for column in each.lacks:
            called = " or ".join(NAMES[column][:3])
            note(f"{each.file.name}: no column {called}, so no {column} of it is known.")
    counts = pl.concat([report.rows for report in reports])
    findings = pl.concat([report.findings for report in reports])
    counts = counts.group_by("table", maintain_order=True).sum()
    editions = [stored(Lake(lake), each, at) for each in dict.fromkeys(names)]
    for text in filter(None, map(unused, editions)):
        note(text)
    lists = any(each.table == GAZETTEER_POSTCODES for each in held)
    countries = [country for each in editions for country in each.covers]
    all_codes = complete(found, countries) if lists else {}
    if json is not None:
        read_as = [{"file": each.file.name, "read_as": each.what} for each in held]
        said = {
            "rows": counts.to_dicts(),
            "files": read_as,
            "gazetteers": [each.row() for each in editions],
            "complete": all_codes,
            "findings": findings.to_dicts(),
        }
        write_json(json, said)
    else:
        for each in held:
            tell(f"{each.file.name} was read as {each.what}.")
        show(counts, "What was stored")
        if findings.height:
            show(findings.drop("file"), "What was found")
        for edition_held in editions:
            tell(replaced(edition_held))
        if all_codes:
            tell(completed(all_codes))
        many = len(found.countries)
        tell(
            f"{many} {'country' if many == 1 else 'countries'}. "
            f"Next: lanecast address verify --lake {lake} --help"
        )
    if not all(report.ok() for report in reports):
        raise typer.Exit(5)


def _written(file: Path) -> datetime:
    """Return when a file was last written, to the second; what is missing is told later."""
    at = file.stat().st_mtime if file.is_file() else 0
    return datetime.fromtimestamp(int(at), UTC)
