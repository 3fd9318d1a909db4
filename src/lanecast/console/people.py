"""Instants, durations, money and shares as people read them."""

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel.numbers import format_currency, get_currency_precision
from markupsafe import Markup

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
TIME = Markup('<time datetime="{iso}">{told}</time>')
BOTH = Markup('{time} <span class="local">({local} {place})</span>')
DASH = "\N{EN DASH}"


@dataclass(frozen=True)
class Viewer:
    """Who reads: their zone, and the moment that the page is about (whose year is left out)."""

    zone: tzinfo
    now: datetime

    def date(self, instant: datetime | None, zone: tzinfo | None = None) -> str:
        """Return a day: "Sat 21 Nov"; with the year where it is another than this one."""
        if instant is None:
            return DASH
        there = instant.astimezone(zone or self.zone)
        year = "" if there.year == self.now.astimezone(self.zone).year else f" {there.year}"
        return f"{DAYS[there.weekday()]} {there.day} {MONTHS[there.month - 1]}{year}"

    def instant(self, instant: datetime | None, zone: tzinfo | None = None) -> str:
        """Return an instant: "Sat 21 Nov, 13:30"."""
        if instant is None:
            return DASH
        there = instant.astimezone(zone or self.zone)
        return f"{self.date(instant, zone)}, {there:%H:%M}"

    def time(self, instant: datetime | None, local: tzinfo | None = None) -> Markup:
        """Return an instant for a page, and beside it the local one where that differs."""
        if instant is None:
            return Markup(DASH)
        mine = TIME.format(iso=instant.isoformat(), told=self.instant(instant))
        here = instant.astimezone(self.zone)
        if local is None or here.utcoffset() == instant.astimezone(local).utcoffset():
            return mine
        there = instant.astimezone(local)
        same_day = there.date() == here.date()
        told = f"{there:%H:%M}" if same_day else f"{DAYS[there.weekday()]} {there:%H:%M}"
        return BOTH.format(time=mine, local=told, place=place(local, instant))

    def span(self, first: datetime, last: datetime) -> str:
        """Return from when to when: "Sat 21 Nov, 11:50 to 15:40", with a dash."""
        one, other = first.astimezone(self.zone), last.astimezone(self.zone)
        if one.date() == other.date():
            return f"{self.instant(first)} {DASH} {other:%H:%M}"
        return f"{self.instant(first)} {DASH} {self.instant(last)}"

    def ago(self, instant: datetime, now: datetime | None = None) -> str:
        """Return how long ago something was: "4 min ago"."""
        hours = ((now or self.now) - instant).total_seconds() / 3600
        return "just now" if hours < 1 / 60 else f"{duration(hours)} ago"


def zone(name: str) -> tzinfo | None:
    """Return the zone of a name; None where there is none."""
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def offset(minutes: int | None) -> tzinfo | None:
    """Return the zone so many minutes ahead of UTC."""
    return None if minutes is None else timezone(timedelta(minutes=minutes))


def place(of: tzinfo, instant: datetime) -> str:
    """Return what to call a zone: "Sao Paulo", or "UTC-3" where it has no place."""
    if isinstance(of, ZoneInfo) and of.key not in ("UTC", "Etc/UTC"):
        return of.key.rpartition("/")[2].replace("_", " ")
    minutes = round((of.utcoffset(instant) or timedelta()).total_seconds() / 60)
    hours, rest = divmod(abs(minutes), 60)
    sign = "+" if minutes > 0 else "-"
    return f"UTC{sign}{hours}{f':{rest:02d}' if rest else ''}" if minutes else "UTC"


def duration(hours: float) -> str:
    """Return a duration in its two largest units: "2 d 3 h", "1 h 52 min", "35 min"."""
    minutes = round(abs(hours) * 60)
    sign = "-" if hours < 0 and minutes else ""
    days, rest = divmod(minutes, 24 * 60)
    whole, left = divmod(rest, 60)
    if days >= 10:
        return f"{sign}{days + (whole >= 12)} d"
    if days:
        whole += left >= 30
        days, whole = (days + 1, 0) if whole == 24 else (days, whole)
        return f"{sign}{days} d {whole} h" if whole else f"{sign}{days} d"
    if whole:
        return f"{sign}{whole} h {left} min" if left else f"{sign}{whole} h"
    return f"{sign}{left} min"


def money(amount: float | None, currency: str | None = None) -> str:
    """Return an amount: "€12.30"; without a currency the bare number."""
    if amount is None:
        return DASH
    if currency is None:
        return f"{amount:,.2f}"
    return str(format_currency(amount, currency, locale="en"))


def minor(amount: int, currency: str | None) -> str:
    """Return an amount in minor units, such as cents, as ``money``."""
    digits = get_currency_precision(currency) if currency else 2
    return money(amount / 10**digits, currency)


def percent(share: float | None) -> str:
    """Return a share: "31 %"; what is nearly nothing or everything is not called so."""
    if share is None:
        return DASH
    if 0 < share < 0.005:
        return "<1 %"
    if 0.995 < share < 1:
        return ">99 %"
    return f"{100 * share:.0f} %"


def count(number: int) -> str:
    """Return a number of things: "10,000"."""
    return f"{number:,}"


def words(code: str | None) -> str:
    """Return a code as words: "Out for delivery"."""
    return code.replace("_", " ").capitalize() if code else DASH
