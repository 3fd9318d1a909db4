"""GS1 EPCIS 2.0 documents (JSON-LD): what readers saw of parcels, bags and trucks.

Object and transaction events are scans of the EPCs that they list; aggregation events are scans of
what is packed, and say what is inside what, so that a scan of a truck is one of each parcel in it.
Containment is followed in the order of event time, within the files of one ingest. Other kinds of
events are set aside. A document is held in memory whole; docs/ingest.md has the measured size.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from lanecast.tables import parcel
from lanecast.tables.schema import LONGEST_ID
from lanecast.tables.status import translate

from . import gs1
from .containment import Containment
from .files import first_line, utf8
from .oddities import Odd
from .piece import Piece
from .report import RefusedError

Event = dict[str, Any]
ROW = {
    "event_id": pl.String,
    "parcel_id": pl.String,
    "status": pl.String,
    "event_at": pl.String,
    "utc_offset_min": pl.Int16,
    "facility_id": pl.String,
    "raw_code": pl.String,
    "recorded_at": pl.String,
    "type": pl.String,
    "action": pl.String,
    "epc": pl.String,
    "disposition": pl.String,
}
RETURNED = {"shipping": "returning", "departing": "returning", "receiving": "returned"}
KINDS = ("ObjectEvent", "AggregationEvent", "TransactionEvent")
OFFSET = "an offset such as -03:00"


def read(path: Path, zone: str | None, now: datetime, size: int) -> Iterator[Piece]:
    """Return the scans of an EPCIS document, or of all ``*.json`` and ``*.jsonld`` of a folder.

    Raises
    ------
    RefusedError
        When a file is missing, is not JSON, or is no EPCIS document.
    """
    if not path.exists():
        raise RefusedError(f"{path}: no such file or folder; give an EPCIS document.")
    found = [path] if path.is_file() else sorted([*path.glob("*.json"), *path.glob("*.jsonld")])
    if not found:
        raise RefusedError(f"{path}: no *.json or *.jsonld; expected EPCIS 2.0 documents.")
    return _pieces([(file.name, event) for file in found for event in events(file)], now, size)


def events(file: Path) -> list[Event]:
    """Return the events of one document: a capture, a query result, a list, or one event.

    Raises
    ------
    RefusedError
        When the file is empty, not UTF-8, not JSON, or has no list of events.
    """
    if not file.stat().st_size:
        raise RefusedError(f"{file.name}: is empty; expected an EPCIS 2.0 document.")
    utf8(file)
    try:
        document = json.loads(file.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise RefusedError(f"{file.name}: is not JSON: {first_line(error)}.") from error
    return listed(document, file.name)


def listed(document: Any, name: str) -> list[Event]:
    """Return the events of a document that has been read; ``name`` is how errors call it.

    Raises
    ------
    RefusedError
        When it has no list of events, or an empty one.
    """
    found = _listed(document)
    if found is None or not all(isinstance(event, dict) for event in found):
        raise RefusedError(
            f"{name}: has no events; expected epcisBody.eventList (EPCISDocument), "
            "epcisBody.queryResults.resultsBody.eventList (EPCISQueryDocument) or a list of events."
        )
    if not found:
        raise RefusedError(f"{name}: has an empty list of events.")
    return found


@dataclass(frozen=True)
class Captured:
    """What one document says.

    Attributes
    ----------
    scans
        Rows as ``read`` hands them over.
    of
        Number of the event, from 0, that each scan was made of.
    spoiled
        Events of which no scan can be made: number, and the rule that it broke.
    """

    scans: pl.DataFrame
    of: list[int]
    spoiled: list[tuple[int, Odd]]


def capture(document: Any, name: str, now: datetime, most: int) -> Captured:
    """Return the scans of one document; what is inside what is followed within it.

    Raises
    ------
    RefusedError
        As ``listed``; and when there are more than ``most`` scans.
    """
    told = listed(document, name)
    inside, wrong = Containment(), _declared(told)
    rows: list[tuple[Any, ...]] = []
    of: list[int] = []
    bad: list[tuple[int, Odd]] = []
    for i in sorted(range(len(told)), key=lambda i: _moment(told[i])):
        spoiled = _Spoiled()
        for row in _scans(told[i], inside, wrong, now, spoiled):
            rows.append(row)
            of.append(i)
            if len(rows) > most:
                raise RefusedError(f"{name}: makes more than {most} scans; send it in parts.")
        bad += [(i, rule) for _, rule in spoiled.frames()]
    return Captured(pl.DataFrame(rows, ROW, orient="row"), of, bad)


def bare(word: Any) -> str | None:
    """Return a word of the vocabulary from a bare word, a URN or a web URI."""
    if not word:
        return None
    tail = str(word).rsplit("/", 1)[-1].rsplit(":", 1)[-1]
    for prefix in ("BizStep-", "Disp-"):
        tail = tail.removeprefix(prefix)
    return tail


def status(step: str | None, disposition: str | None) -> tuple[str, str]:
    """Return our status and the code as it came; a disposition that is an incident goes first."""
    known = translate("epcis")
    code = "/".join(word for word in (step, disposition) if word) or "none"
    if disposition in ("damaged", "stolen"):
        return known[disposition], code
    if disposition == "returned" and step in RETURNED:
        return RETURNED[step], code
    return known.get((step or "").lower(), "unknown"), code


def _listed(document: Any) -> list[Any] | None:
    if isinstance(document, list):
        return document
    if not isinstance(document, dict):
        return None
    if str(document.get("type", "")).endswith("Event"):
        return [document]
    body = document.get("epcisBody")
    if not isinstance(body, dict):
        return None
    results = body.get("queryResults")
    for place in (body, results.get("resultsBody") if isinstance(results, dict) else None):
        if isinstance(place, dict):
            if isinstance(place.get("eventList"), list):
                return place["eventList"]  # type: ignore[no-any-return]
            if isinstance(place.get("event"), dict):
                return [place["event"]]
    return None


@dataclass
class _Spoiled:
    """Events of which no scan can be made, by the rule that they broke."""

    rows: dict[tuple[str, str, str], list[str]] = field(default_factory=dict)

    def add(self, event: Event, column: str, code: str, valid: str) -> None:
        self.rows.setdefault((column, code, valid), []).append(json.dumps(event, sort_keys=True))

    def frames(self) -> list[tuple[pl.DataFrame, Odd]]:
        return [
            (pl.DataFrame({"event": rows}), Odd(*rule, pl.lit(True)))
            for rule, rows in self.rows.items()
        ]


def _pieces(told: list[tuple[str, Event]], now: datetime, size: int) -> Iterator[Piece]:
    inside, wrong = Containment(), _declared([event for _, event in told])
    names = list(dict.fromkeys(name for name, _ in told))
    file = names[0] if len(names) == 1 else f"{len(names)} files"
    rows: list[tuple[Any, ...]] = []
    spoiled = _Spoiled()
    for _, event in sorted(told, key=lambda pair: _moment(pair[1])):
        rows += _scans(event, inside, wrong, now, spoiled)
        if len(rows) >= size:
            yield Piece(parcel.SCANS, file, pl.DataFrame(rows, ROW, orient="row"))
            rows = []
    frame = pl.DataFrame(rows, ROW, orient="row")
    yield Piece(parcel.SCANS, file, frame, spoiled.frames())


def _declared(told: Iterable[Event]) -> set[str]:
    return {_name(event) for event in told if event.get("errorDeclaration")}


def _name(event: Event) -> str:
    if event.get("eventID"):
        return str(event["eventID"])
    said = {k: v for k, v in event.items() if k not in ("recordTime", "errorDeclaration")}
    text = json.dumps(said, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _moment(event: Event) -> datetime:
    try:
        moment = datetime.fromisoformat(str(event.get("eventTime")))
    except ValueError:
        return datetime.max.replace(tzinfo=UTC)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _scans(
    event: Event, inside: Containment, wrong: set[str], now: datetime, spoiled: _Spoiled
) -> Iterator[tuple[Any, ...]]:
    kind, name = str(event.get("type")), _name(event)
    if kind not in KINDS:
        spoiled.add(event, "type", "unsupported_event", f"one of {', '.join(KINDS)}")
        return
    if event.get("errorDeclaration"):
        valid = "an event that stands; scans are never taken back"
        spoiled.add(event, "errorDeclaration", "error_declaration", valid)
        return
    if name in wrong:
        valid = "an event that is not declared an error in the same ingest"
        spoiled.add(event, "eventID", "declared_erroneous", valid)
        return
    try:
        parent, listed, place = _keys(event)
    except (ValueError, TypeError, AttributeError) as error:
        spoiled.add(event, "epcList", "bad_identifier", first_line(error))
        return
    action = str(event.get("action", "OBSERVE"))
    if kind == "AggregationEvent" and parent is not None:
        listed = inside.move(action, parent, listed)
    if not listed:
        spoiled.add(event, "epcList", "no_epc", "at least one EPC that is a parcel or holds some")
        return
    offset = _minutes(event.get("eventTimeZoneOffset"))
    if offset is None:
        spoiled.add(event, "eventTimeZoneOffset", "missing_offset", OFFSET)
        return
    disposition = bare(event.get("disposition"))
    ours, code = status(bare(event.get("bizStep")), disposition)
    recorded = str(event.get("recordTime") or now.isoformat())
    for each in inside.leaves(listed):
        yield (
            _short(f"{name}#{each}"),
            each,
            ours,
            None if event.get("eventTime") is None else str(event["eventTime"]),
            offset,
            place,
            code,
            recorded,
            kind,
            action,
            each,
            disposition,
        )


def _keys(event: Event) -> tuple[str | None, list[str], str | None]:
    """Return the keys of the parent, of what is listed, and of the place."""
    parent = event.get("parentID")
    listed = event.get("childEPCs" if event["type"] == "AggregationEvent" else "epcList") or []
    place = (event.get("readPoint") or event.get("bizLocation") or {}).get("id")
    return (
        gs1.key(parent) if parent else None,
        [gs1.key(each) for each in listed],
        gs1.key(place) if place else None,
    )


def _minutes(offset: Any) -> int | None:
    try:
        gap = datetime.strptime(str(offset), "%z").utcoffset()
    except ValueError:
        return None
    return int(gap.total_seconds() // 60) if gap is not None else None


def _short(event_id: str) -> str:
    if len(event_id) <= LONGEST_ID:
        return event_id
    return hashlib.sha256(event_id.encode()).hexdigest()[:32]
