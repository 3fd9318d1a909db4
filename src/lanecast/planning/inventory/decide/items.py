"""The items that may be ordered, checked row by row."""

import numpy as np
import polars as pl

NEEDED = ("unique_id", "on_hand", "lead_d", "review_d", "unit_cost", "price")
USUAL: dict[str, float | None] = {
    "on_order": 0.0,
    "case_pack": 1.0,
    "least": 0.0,
    "most": np.inf,
    "shelf_life_d": 0.0,
    "order_cost": None,
}
RULES = {  # column: the least that is valid
    "on_hand": 0.0,
    "on_order": 0.0,
    "lead_d": 0.0,
    "review_d": 1.0,
    "unit_cost": 0.0,
    "price": 0.0,
    "case_pack": 1.0,
    "least": 0.0,
    "most": 0.0,
    "shelf_life_d": 0.0,
}
WHOLE = ("review_d", "case_pack", "shelf_life_d")


def checked(items: pl.DataFrame) -> pl.DataFrame:
    """Return the items with all columns, sorted by ``unique_id``.

    Raises
    ------
    ValueError
        When a column is missing, an item occurs twice, a number makes no sense, or the largest
        order is below the least one. The message names item, column and value.
    """
    if lost := [name for name in NEEDED if name not in items.columns]:
        raise ValueError(f"items: no column {', '.join(lost)}; got {', '.join(items.columns)}.")
    given = items.with_columns(
        pl.col(name).fill_null(usual) if name in items.columns else pl.lit(usual).alias(name)
        for name, usual in USUAL.items()
    ).sort("unique_id")
    if (twice := given["unique_id"].is_duplicated()).any():
        name = given.filter(twice)["unique_id"][0]
        raise ValueError(f"items.unique_id: {name!r} occurs twice; expected one row per item.")
    for name, low in RULES.items():
        value = given[name].cast(pl.Float64).fill_null(np.nan).to_numpy()
        bad = ~(value >= low) | (np.isinf(value) & (name != "most"))
        if name in WHOLE:
            bad |= value != np.floor(value)
        if bad.any():
            at = int(bad.argmax())
            whole = "a whole number" if name in WHOLE else "a number"
            raise ValueError(
                f"items.{name}: expected {whole} of at least {low:g}, got {value[at]:g} for "
                f"{given['unique_id'][at]!r}."
            )
    small = given.filter(pl.col("most") < pl.col("least"))
    if small.height:
        row = small.row(0, named=True)
        raise ValueError(
            f"items.most: expected at least the least order, {row['least']:g}, got "
            f"{row['most']:g} for {row['unique_id']!r}."
        )
    return given
