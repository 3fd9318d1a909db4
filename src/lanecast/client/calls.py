"""What may be asked of the service: one function per operation, from arguments to a request."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Literal

from . import messages as m
from .call import Call, Json, Paged, get, place, post, said


def parcels(
    *,
    status: Literal["open", "delivered", "closed", "all"] = "open",
    sort: str = "saving",
    order: Literal["ascending", "descending"] = "descending",
    search: str | None = None,
    facility_id: str | None = None,
    carrier_id: str | None = None,
    action: str | None = None,
    late_from: float | None = None,
    asof: datetime | None = None,
    unmask: bool = False,
    limit: int = 500,
) -> Paged[dict[str, Any]]:
    """List parcels, those first about which most can be saved; ``limit`` rows a request."""
    wanted: dict[str, Any] = {
        "status": status,
        "sort": sort,
        "order": order,
        "search": search,
        "action": action,
    }
    wanted |= {"facility_id": facility_id, "carrier_id": carrier_id, "late_from": late_from}
    wanted |= {"asof": asof, "unmask": unmask or None}
    return Paged(get("parcels", **wanted, limit=limit), "offset")


def parcel(parcel_id: str, asof: datetime | None = None, unmask: bool = False) -> Call[m.Life]:
    """Tell what is known of a parcel, and what has happened to it."""
    return get("parcels", parcel_id, asof=asof, unmask=unmask or None)


def eta(parcel_id: str, asof: datetime | None = None, drivers: bool = False) -> Call[m.Arrival]:
    """Say when a parcel arrives."""
    return get("parcels", parcel_id, "eta", asof=asof, drivers=drivers or None)


def etas(parcel_ids: Sequence[str], asof: datetime | None = None) -> Call[m.Arrivals]:
    """Say when up to 1,000 parcels arrive; those nobody knows are named in ``refused``."""
    return post("parcels", "eta", parcel_ids=list(parcel_ids), asof=asof)


def risks(parcel_id: str, asof: datetime | None = None) -> Call[m.Risks]:
    """Say what may go wrong with a parcel, and which action would save most."""
    return get("parcels", parcel_id, "risks", asof=asof)


def path(parcel_id: str, asof: datetime | None = None) -> Call[dict[str, Any]]:
    """Say where a parcel may go from here, stop by stop, with times."""
    return get("parcels", parcel_id, "path", asof=asof)


def decide(
    parcel_id: str, action: str, decision: Literal["accept", "decline"], why: str = ""
) -> Call[m.Decided]:
    """Accept or decline what is proposed for a parcel."""
    return post("parcels", parcel_id, "actions", action=action, decision=decision, why=why)


def geometry(asof: datetime | None = None) -> Call[m.Geometry]:
    """Give facilities and lanes to draw, with volume, utilisation and delay."""
    return get("network", "geometry", asof=asof)


def node(node_id: str, asof: datetime | None = None) -> Call[m.Facts]:
    """Tell what is known of a facility, merchant, cell, region, carrier or lane."""
    return get("network", "nodes", node_id, asof=asof)


def dependence(node_id: str, asof: datetime | None = None) -> Call[m.Dependence]:
    """List the places and the flows that have no way without a facility."""
    return get("network", "nodes", node_id, "dependence", asof=asof)


def ways(
    start: str,
    goal: str,
    at: datetime,
    k: int = 3,
    deadline: datetime | None = None,
    asof: datetime | None = None,
) -> Call[m.Ways]:
    """Find the fastest and the most reliable way between two places, and ways that differ."""
    return get("network", "ways", start=start, goal=goal, at=at, k=k, deadline=deadline, asof=asof)


def whatif(
    close: Sequence[str] = (),
    slow: Sequence[m.Slowed] = (),
    add: Sequence[m.Added] = (),
    asof: datetime | None = None,
) -> Call[m.Effects]:
    """Say which parcels a change would touch, and when they would arrive instead."""
    changes = {"close": list(close), "slow": list(slow), "add": list(add)}
    return post("network", "whatif", **changes, asof=asof)


def bottlenecks(top: int = 10, asof: datetime | None = None) -> Call[m.Bottlenecks]:
    """List facilities and lanes whose loss would cost most parcel-hours a day."""
    return get("network", "bottlenecks", top=top, asof=asof)


def changes(asof: datetime | None = None) -> Call[m.Changes]:
    """List lanes whose riding times changed from one day to the next."""
    return get("network", "changes", asof=asof)


def verify(text: str, country: str | None = None, asof: datetime | None = None) -> Call[m.Verified]:
    """Verify an address: its parts, what confirms each, what is wrong, what to do next."""
    return post("address", "verify", text=text, country=country, asof=asof)


def verify_many(addresses: Sequence[Json], asof: datetime | None = None) -> Call[m.VerifiedAll]:
    """Verify up to 1,000 addresses, each ``{"text": ..., "country": ...}``."""
    return post("address", "verify", "batch", addresses=list(addresses), asof=asof)


def suggest(
    text: str,
    country: str | None = None,
    near: tuple[float, float] | None = None,
    earlier: Sequence[str] = (),
    limit: int = 10,
    asof: datetime | None = None,
) -> Call[m.Candidates]:
    """Suggest addresses for what was typed so far; ``near`` is latitude and longitude."""
    place = None if near is None else {"lat": near[0], "lon": near[1]}
    more = {"near": place, "earlier": list(earlier), "limit": limit, "asof": asof}
    return post("address", "suggest", text=text, country=country, **more)


def plans(asof: datetime | None = None) -> Call[m.Plans]:
    """List the order lists and rosters that are stored, the newest first."""
    return get("planning", "plans", asof=asof)


def forecasts(
    *,
    unique_id: str | None = None,
    site: str | None = None,
    product_id: str | None = None,
    frequency: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    newest: bool = True,
    asof: datetime | None = None,
    limit: int = 500,
) -> Paged[m.Forecast]:
    """List stored forecasts of demand and of work."""
    which = {"unique_id": unique_id, "site": site, "product_id": product_id}
    when = {"frequency": frequency, "since": since, "until": until, "asof": asof}
    return Paged(
        get("planning", "forecasts", **which, **when, newest=newest, limit=limit), "offset"
    )


def orders(
    *,
    site: str | None = None,
    product_id: str | None = None,
    plan_id: str | None = None,
    since: date | None = None,
    until: date | None = None,
    only_ordered: bool = False,
    newest: bool = True,
    asof: datetime | None = None,
    limit: int = 500,
) -> Paged[m.Ordered]:
    """List what to order or to move."""
    which = {"site": site, "product_id": product_id, "plan_id": plan_id, "newest": newest}
    when = {"since": since, "until": until, "asof": asof, "only_ordered": only_ordered}
    return Paged(get("planning", "orders", **which, **when, limit=limit), "offset")


def roster(
    *,
    site: str | None = None,
    process: str | None = None,
    worker_id: str | None = None,
    plan_id: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    newest: bool = True,
    asof: datetime | None = None,
    limit: int = 500,
) -> Paged[m.Shift]:
    """List who works when, at what."""
    which = {"site": site, "process": process, "worker_id": worker_id, "plan_id": plan_id}
    when = {"since": since, "until": until, "asof": asof, "newest": newest}
    return Paged(get("planning", "roster", **which, **when, limit=limit), "offset")


def overrides(limit: int = 100) -> Paged[m.Kept]:
    """List overrides, newest first, with who and why."""
    return Paged(get("planning", "overrides", limit=limit), "before")


def override(wanted: m.OfForecast | m.OfOrder | m.OfShift) -> Call[m.Kept]:
    """Override a planned value; the plan stays, and the override is shown beside it."""
    return Call("POST", place("planning", "overrides"), {}, said(dict(wanted)))


def send_event(event: Json) -> Call[m.Received]:
    """Send one event; once this returns, it is on the disk of the service."""
    return Call("POST", place("events"), {}, said(event))


def send_events(events: Sequence[Json]) -> Call[m.Received]:
    """Send up to 10,000 events; one that is not valid is named, and does not hold up the others."""
    return post("events", "batch", events=list(events))


def send_epcis(document: Json) -> Call[m.Received]:
    """Send a GS1 EPCIS 2.0 document."""
    return Call("POST", place("events", "epcis"), {}, document)


def ingests(limit: int = 50) -> Paged[m.Ingest]:
    """List what came into the lake, when and from where."""
    return Paged(get("data", "ingests", limit=limit), "before")


def quarantine(unmask: bool = False) -> Call[m.Quarantine]:
    """List what was set aside, by reason."""
    return get("data", "quarantine", unmask=unmask or None)


def codes() -> Call[m.Codes]:
    """List carriers' codes that nobody has translated, and those that were mapped."""
    return get("data", "codes")


def map_code(
    code: str, status: str, carrier_id: str | None = None, why: str = ""
) -> Call[m.Meaning]:
    """Say what a carrier's code means."""
    return post("data", "codes", code=code, status=status, carrier_id=carrier_id, why=why)


def models() -> Call[m.AllAnswering]:
    """Say for every problem which model answers."""
    return get("models")


def versions(problem: str, limit: int | None = None) -> Call[m.Versions]:
    """List the versions of a problem's models, and what was live when."""
    return get("models", problem, limit=limit)


def gates(problem: str, version: str) -> Call[m.Gates]:
    """Say which gates a version passes."""
    return get("models", problem, "versions", version, "gates")


def beside(problem: str) -> Call[m.Beside]:
    """Compare the shadow of a problem with what is live."""
    return get("models", problem, "shadow")


def promote(
    problem: str, version: str, why: str = "", force: bool = False
) -> Call[m.Changed | m.Job]:
    """Let a version answer, if it passes its gates or by force; a job, if they take long."""
    return post("models", problem, "versions", version, "promote", why=why, force=force)


def shadow(problem: str, version: str, why: str = "") -> Call[m.Changed]:
    """Let a version answer beside the live one; its answers are only stored."""
    return post("models", problem, "versions", version, "shadow", why=why)


def rollback(problem: str, why: str = "") -> Call[m.Changed]:
    """Go back to the version that was live before."""
    return post("models", problem, "rollback", why=why)


def start(order: Json) -> Call[m.Job]:
    """Start a job, such as ``{"kind": "plan", "site": "whs_us_ny_01"}``."""
    return Call("POST", place("jobs"), {}, said(order))


def jobs(limit: int = 50) -> Call[m.ListedJobs]:
    """List jobs, newest first."""
    return get("jobs", limit=limit)


def job(job_id: str) -> Call[m.Job]:
    """Say how far a job is, and its result or error once it has ended."""
    return get("jobs", job_id)


def cancel(job_id: str) -> Call[m.Job]:
    """End a job that waits or runs."""
    return post("jobs", job_id, "cancel")


def audit(limit: int = 100) -> Paged[m.Entry]:
    """List who did what, newest first."""
    return Paged(get("audit", limit=limit), "before")


def keys() -> Call[m.Keys]:
    """List the keys of the company."""
    return get("keys")


def issue_key(name: str, scopes: Sequence[str], days: float | None = None) -> Call[m.Issued]:
    """Issue a key; it is shown this once."""
    return post("keys", name=name, scopes=list(scopes), days=days)


def rotate_key(key_id: str) -> Call[m.Issued]:
    """Issue the successor of a key, which itself lives on for seven days."""
    return post("keys", key_id, "rotate")


def revoke_key(key_id: str) -> Call[None]:
    """Revoke a key at once."""
    return Call("DELETE", place("keys", key_id))


def erase(buyer_id: str) -> Call[m.Receipt]:
    """Erase a buyer; the receipt tells how far it is."""
    return post("erasures", buyer_id=buyer_id)


def erasures() -> Call[m.Receipts]:
    """List the receipts of all erasures."""
    return get("erasures")


def erasure(erasure_id: str) -> Call[m.Receipt]:
    """Read a receipt."""
    return get("erasures", erasure_id)
