"""Base stocks of a network of places, which is read from a file of JSON or CSV."""

from json import loads as read_json
from pathlib import Path
from typing import Any

import polars as pl

from lanecast.planning import inventory

from .talk import show, write_json

NUMBERS = ("lead", "holding", "rate", "sd", "short")  # columns of a CSV file, beside name and from


def base_stocks(path: Path, json: Path | None) -> None:
    """Print base stocks of the network in a file.

    Raises
    ------
    ValueError
        When the file is missing, cannot be read, or holds no network.
    """
    if not path.is_file():
        raise ValueError(
            f"--echelons: {path} is no file; give one of JSON or CSV (docs/inventory.md)."
        )
    stocks = _rows(path) if path.suffix.lower() == ".csv" else _listed(path)
    try:
        plan = inventory.echelons(stocks)
    except ValueError as error:
        raise ValueError(f"--echelons: {path}: {error}") from error
    result = {"cost": plan.objective, "status": plan.status, "stocks": plan.table.to_dicts()}
    if json is not None:
        write_json(json, result)
        return
    show(plan.table, f"Base stocks, {plan.status}: {plan.objective:,.2f} per time")


def _listed(path: Path) -> list[dict[str, Any]]:
    try:
        given = read_json(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"--echelons: {path} is no JSON: {error}") from error
    stocks = given.get("stocks") if isinstance(given, dict) else None
    if not isinstance(stocks, list) or not all(isinstance(each, dict) for each in stocks):
        raise ValueError(f'--echelons: {path}: expected {{"stocks": [{{"name": ...}}, ...]}}.')
    return stocks


def _rows(path: Path) -> list[dict[str, Any]]:
    """Return a row of CSV per place; what is empty is left out."""
    try:
        rows = pl.read_csv(path, infer_schema=False).to_dicts()
    except (pl.exceptions.PolarsError, UnicodeDecodeError) as error:
        raise ValueError(f"--echelons: {path} is no CSV: {error}") from error
    return [
        {key: _number(value) if key in NUMBERS else value for key, value in row.items() if value}
        for row in rows
    ]


def _number(text: str) -> float | str:
    """Return a number; what is none stays, and is refused with its place."""
    try:
        return float(text)
    except ValueError:
        return text
