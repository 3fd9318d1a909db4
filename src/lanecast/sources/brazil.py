"""States of Brazil with their clocks, and the days on which parcels are not delivered there."""

from datetime import UTC, date, datetime, timedelta

import polars as pl

ZONES = {
    "America/Araguaina": "TO",
    "America/Bahia": "BA",
    "America/Belem": "AP PA",
    "America/Boa_Vista": "RR",
    "America/Campo_Grande": "MS",
    "America/Cuiaba": "MT",
    "America/Fortaleza": "CE MA PB PI RN",
    "America/Maceio": "AL SE",
    "America/Manaus": "AM",
    "America/Porto_Velho": "RO",
    "America/Recife": "PE",
    "America/Rio_Branco": "AC",
    "America/Sao_Paulo": "DF ES GO MG PR RJ RS SC SP",
}
STATES = {state: zone for zone, states in ZONES.items() for state in states.split()}
BOX = {"lat": (-34.0, 6.0), "lon": (-74.0, -28.0)}
KNOWN_AHEAD = datetime(2016, 1, 1, tzinfo=UTC)

FIXED = {
    (1, 1): "New Year",
    (4, 21): "Tiradentes",
    (5, 1): "Labour Day",
    (9, 7): "Independence Day",
    (10, 12): "Our Lady of Aparecida",
    (11, 2): "All Souls",
    (11, 15): "Republic Day",
    (12, 25): "Christmas",
}
MOVABLE = {-48: "Carnival Monday", -47: "Carnival Tuesday", -2: "Good Friday", 60: "Corpus Christi"}


def easter(year: int) -> date:
    """Return Easter Sunday of the Gregorian calendar (the anonymous algorithm of 1876)."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    shift = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 19 * shift) // 433
    month = (h + shift - 7 * m + 90) // 25
    return date(year, month, (h + shift - 7 * m + 33 * month + 19) % 32)


def holidays(year: int) -> dict[date, str]:
    """Return the national holidays of ``year``, and the days treated like one everywhere."""
    fixed = {date(year, month, day): name for (month, day), name in FIXED.items()}
    return fixed | {easter(year) + timedelta(days=n): name for n, name in MOVABLE.items()}


def calendar(first: int, last: int) -> pl.DataFrame:
    """Return rows of the canonical table ``calendars`` for all states, years ``first`` to ``last``.

    Working days are Monday to Friday without holidays: in the Olist data 7 % of the deliveries
    fall on a Saturday or Sunday, and a holiday has a tenth of the deliveries of its weekday.
    """
    names = {day: name for year in range(first, last + 1) for day, name in holidays(year).items()}
    named = pl.DataFrame(list(names.items()), {"date": pl.Date, "holiday": pl.String}, orient="row")
    days = pl.select(date=pl.date_range(date(first, 1, 1), date(last, 12, 31)))
    regions = pl.DataFrame({"region": [f"BR-{state}" for state in sorted(STATES)]})
    return (
        regions.join(days, how="cross")
        .join(named, on="date", how="left", maintain_order="left")
        .with_columns(
            is_working=(pl.col("date").dt.weekday() <= 5) & pl.col("holiday").is_null(),
            recorded_at=pl.lit(KNOWN_AHEAD).dt.cast_time_unit("us"),
        )
    )
