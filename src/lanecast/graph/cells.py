"""H3 cells of places: hexagons of some 36 square kilometres."""

import h3
import polars as pl

RESOLUTION = 6


def with_cell(rows: pl.DataFrame) -> pl.DataFrame:
    """Return ``rows`` with ``cell``, the H3 cell of ``lat`` and ``lon``; null without them."""
    at = rows.select("lat", "lon").unique().drop_nulls().sort("lat", "lon")
    names = [h3.latlng_to_cell(lat, lon, RESOLUTION) for lat, lon in at.iter_rows()]
    return rows.join(
        at.with_columns(cell=pl.Series(names, dtype=pl.String)),
        on=["lat", "lon"],
        how="left",
        maintain_order="left",
    )


def cell_places(cells: pl.Series) -> pl.DataFrame:
    """Return ``cell`` with ``lat`` and ``lon`` of its middle."""
    middles = [h3.cell_to_latlng(cell) for cell in cells]
    return pl.DataFrame(
        {"cell": cells, "lat": [at[0] for at in middles], "lon": [at[1] for at in middles]},
        schema={"cell": pl.String, "lat": pl.Float64, "lon": pl.Float64},
    )
