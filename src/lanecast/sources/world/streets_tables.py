"""Streets as tables: the world's gazetteer, what was typed, and what is true."""

import numpy as np
import polars as pl

from .canonical import postal
from .infrastructure import seen
from .people import AREAS, Addresses
from .scene import Scene
from .streets import HARM, KINDS, NUMBERS, ROADS, Streets

GAZETTEER, LICENCE = "world", "made by simulation"


def street_tables(
    at: Streets, homes: Addresses, ids: pl.Series, scene: Scene
) -> dict[str, pl.DataFrame]:
    """Return `gazetteers`, `gazetteer_postcodes`, `gazetteer_premises` and `typed_addresses`."""
    codes = _codes(scene)
    premises = _premises(at, homes, codes)
    covers = pl.concat(
        [
            frame.group_by("country").agg(rows=pl.len().cast(pl.Int64), kind=pl.lit(kind).first())
            for frame, kind in ((codes, "postcodes"), (premises, "premises"))
        ],
        how="diagonal",
    ).sort("kind", "country")
    typed = pl.DataFrame({"address_id": ids, "text": at.text}).with_columns(
        country=codes["country"].gather(homes.area)
    )
    frames = {
        "gazetteers": covers.with_columns(licence=pl.lit(LICENCE)),
        "gazetteer_postcodes": codes.with_columns(
            record_id=pl.format("{}:{}", "country", "postal_code")
        ),
        "gazetteer_premises": premises,
    }
    frames = {
        name: frame.with_columns(gazetteer_id=pl.lit(GAZETTEER)) for name, frame in frames.items()
    }
    frames["typed_addresses"] = typed
    return {name: f.with_columns(recorded_at=seen(scene, f.height)) for name, f in frames.items()}


def _codes(scene: Scene) -> pl.DataFrame:
    """Return one row per area, in their order."""
    net = scene.net
    area = np.arange(len(net.stations) * AREAS)
    region = net.region[net.stations][area // AREAS]
    centre = net.position[net.stations][area // AREAS]
    return pl.DataFrame(
        {
            "country": [net.countries[c] for c in net.country_of[region]],
            "postal_code": postal(area),
            "city": [net.cities[r] for r in region],
            "state_code": [net.regions[r][3:] for r in region],
            "lat": centre[:, 0],
            "lon": centre[:, 1],
        }
    )


def _premises(at: Streets, homes: Addresses, codes: pl.DataFrame) -> pl.DataFrame:
    """Return every house that somebody lives in, and the next number beside it."""
    lived = pl.DataFrame(
        {"area": homes.area, "road": at.road, "number": at.number, "unit": at.unit,
         "lat": homes.position[:, 0], "lon": homes.position[:, 1]}
    )  # fmt: skip
    beside = lived.with_columns(number=pl.col("number") % NUMBERS + 1, unit=pl.lit(0, pl.Int64))
    houses = pl.concat([lived, beside]).unique(
        ["area", "road", "number", "unit"], keep="first", maintain_order=True
    )
    names = pl.Series([name for area in at.roads for name in area])
    where = codes.select("country", "city", "postal_code", state="state_code")
    return houses.select(
        record_id=pl.format("{}-{}-{}-{}", "area", "road", "number", "unit"),
        road=names.gather(houses["area"] * ROADS + houses["road"]),
        house_number=pl.col("number").cast(pl.String),
        unit=pl.when(pl.col("unit") > 0).then(pl.col("unit").cast(pl.String)),
        lat="lat",
        lon="lon",
        **{name: where[name].gather(houses["area"]) for name in where.columns},
    )


def street_truth(at: Streets, homes: Addresses, ids: pl.Series) -> dict[str, pl.DataFrame]:
    """Return `address_truth`: the right parts, what went wrong, and whether that does harm."""
    names = pl.Series([name for area in at.roads for name in area])
    harmful = at.wrong[:, [KINDS.index(kind) for kind in HARM]].any(axis=1)
    wrong = [",".join(np.array(KINDS)[row]) for row in at.wrong]
    return {
        "address_truth": pl.DataFrame(
            {
                "address_id": ids,
                "road": names.gather(pl.Series(homes.area * ROADS + at.road)),
                "house_number": at.number,
                "unit": at.unit,
                "postal_code": postal(homes.area),
                "wrong": wrong,
                "harmful": harmful,
            }
        )
    }
