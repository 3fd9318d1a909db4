"""What the service is told and answers, as JSON; made by ``lanecast.service.typed``.

Instants are text as RFC 3339 writes them: ``datetime.fromisoformat`` reads it.
"""

# ruff: noqa: E501
from typing import Any, Literal, NotRequired, TypedDict


class Action(TypedDict):
    """What was decided to be done about a parcel, and what it is expected to save."""

    plan_id: "str"
    action: "Literal['call_ahead', 'slot_change', 'require_code', 'require_signature', 'pickup_point', 'address_verification', 'open_trace']"
    asof: "str"
    saving: "NotRequired[float | None]"
    price: "NotRequired[float | None]"


class Added(TypedDict):
    """A lane that leaves at any time and takes ``hours``."""

    start: "str"
    goal: "str"
    hours: "float"


class Address(TypedDict):
    """An address as it was typed."""

    text: "str"
    country: "NotRequired[str | None]"
    asof: "NotRequired[str | None]"


class AllAnswering(TypedDict):
    """Every problem."""

    items: "list[Answering]"


class Answering(TypedDict):
    """What answers the questions of a problem now."""

    problem: "str"
    live: "str | None"
    shadow: "str | None"
    answers: "str | None"
    fallback: "str | None"


class Arrival(TypedDict):
    """When a parcel arrives, as a distribution, and what that rests on."""

    parcel_id: "str"
    status: "Literal['open', 'delivered', 'closed']"
    ended_at: "str | None"
    asof: "str"
    asked_at: "str"
    eta_at: "str | None"
    promised_at: "str | None"
    chance_late: "float | None"
    hours: "dict[str, float] | None"
    moment: "Literal['checkout', 'shipped', 'in_transit']"
    model: "str"
    version: "str"
    slice: "str | None"
    coverage_80: "float | None"
    quality: "list[str]"
    fallback: "str | None"
    drivers: "NotRequired[list[dict[str, Any]] | None]"


class Arrivals(TypedDict):
    """Answers in the order of the question, and what could not be answered."""

    items: "list[Arrival]"
    refused: "list[Problem]"


class Asked(TypedDict):
    """Parcels to ask about."""

    parcel_ids: "list[str]"
    asof: "NotRequired[str | None]"


class Backtest(TypedDict):
    """Replay a period: refit, predict what was asked next, and score it."""

    kind: "Literal['backtest']"
    problem: "Literal['eta', 'events', 'trajectory', 'demand', 'address']"
    since: "str"
    until: "str"
    every: "NotRequired[str]"
    seed: "NotRequired[int]"


class Beside(TypedDict):
    """A shadow beside what was live."""

    version: "str | None"
    n: "NotRequired[int]"
    unit: "NotRequired[str | None]"
    shadow: "NotRequired[float | None]"
    live: "NotRequired[float | None]"


class Bottleneck(TypedDict):
    """A facility or lane, and what its loss would cost in parcel-hours a day."""

    kind: "str"
    node_id: "str | None"
    parcels: "float"
    cut_off: "float"
    extra_h: "float"
    criticality_h: "float"


class Bottlenecks(TypedDict):
    """The worst to lose, the worst first."""

    asof: "str"
    items: "list[Bottleneck]"


class Candidate(TypedDict):
    """An address that may be meant."""

    label: "str"
    components: "dict[str, str]"
    records: "list[dict[str, str]]"
    granularity: "str"
    score: "float"
    why: "list[dict[str, Any]]"
    lat: "float | None"
    lon: "float | None"
    house: "dict[str, str] | None"


class Candidates(TypedDict):
    """Addresses that may be meant, the likeliest first."""

    items: "list[Candidate]"
    ordered_by: "Literal['plain', 'learnt']"
    version: "str | None"
    asof: "str | None"
    faults: "list[str]"


class Changed(TypedDict):
    """What answers from now on."""

    problem: "str"
    version: "str"
    role: "Literal['live', 'shadow']"
    gates: "list[Gate]"
    tracking: "str"


class Changes(TypedDict):
    """Lanes whose riding times changed from one day to the next."""

    asof: "str"
    judged: "int"
    changed: "list[dict[str, Any]]"


class Code(TypedDict):
    """A carrier's code, and what it means where somebody has said so."""

    carrier_id: "str | None"
    code: "str"
    waiting: "int"
    stored: "int"
    status: "str | None"


class Codes(TypedDict):
    """Codes that nobody has translated, most events first; and those that were mapped."""

    items: "list[Code]"


class Decided(TypedDict):
    """What a person decided about a proposed action."""

    action: "str"
    decision: "Literal['accept', 'decline']"
    why: "NotRequired[str]"


class Dependence(TypedDict):
    """What has no way without a facility."""

    asof: "str"
    node_id: "str"
    places: "list[str]"
    parcels: "float"
    parcels_all: "float"
    flows: "list[dict[str, Any]]"


class Done(TypedDict):
    """A row of what was done, and what was live since."""

    id: "int"
    problem: "str"
    version: "str"
    action: "Literal['register', 'shadow', 'unshadow', 'promote', 'rollback']"
    at: "str"
    who: "str"
    why: "str"
    gates: "list[Gate]"


class Effect(TypedDict):
    """What a change does: parcels of all, affected, without a way, and parcel-hours longer."""

    parcels: "float"
    affected: "float"
    cut_off: "float"
    extra_h: "float"
    rows: "list[dict[str, Any]]"


class Effects(TypedDict):
    """What a change does to the parcels of a usual day, and to those under way."""

    asof: "str"
    daily: "Effect"
    under_way: "Effect"


class Entries(TypedDict):
    """Rows, and where to go on."""

    items: "list[Entry]"
    next_before: "int | None"
    broken_at: "int | None"


class Entry(TypedDict):
    """One row of the audit."""

    id: "int"
    at: "str"
    who: "str"
    action: "str"
    subject: "str"
    detail: "dict[str, Any]"
    request_id: "str"


class Facts(TypedDict):
    """What is known of a node: attributes, edges, statistics of its lanes."""

    asof: "str"
    node: "dict[str, Any]"
    edges: "list[dict[str, Any]]"
    lanes: "list[Lane]"
    times: "list[dict[str, Any]]"


class Fit(TypedDict):
    """Learn a model from what was recorded, and register it."""

    kind: "Literal['fit']"
    problem: "Literal['eta', 'events', 'trajectory', 'demand', 'workforce', 'address', 'suggest']"
    asof: "NotRequired[str | None]"
    days: "NotRequired[int | None]"
    seed: "NotRequired[int]"


class Forecast(TypedDict):
    """Forecasts of demand or of work in a period, at any level of a hierarchy."""

    unique_id: "str"
    ds: "str"
    model: "str"
    version: "str"
    asof: "str"
    frequency: "Literal['h', 'd', 'w', 'm']"
    level: "str"
    mean: "NotRequired[float | None]"
    q010: "NotRequired[float | None]"
    q025: "NotRequired[float | None]"
    q050: "NotRequired[float | None]"
    q100: "NotRequired[float | None]"
    q200: "NotRequired[float | None]"
    q300: "NotRequired[float | None]"
    q400: "NotRequired[float | None]"
    q500: "NotRequired[float | None]"
    q600: "NotRequired[float | None]"
    q700: "NotRequired[float | None]"
    q800: "NotRequired[float | None]"
    q900: "NotRequired[float | None]"
    q950: "NotRequired[float | None]"
    q975: "NotRequired[float | None]"
    q990: "NotRequired[float | None]"
    slice: "NotRequired[str | None]"
    coverage_80: "NotRequired[float | None]"
    quality: "NotRequired[str | None]"
    fallback: "NotRequired[str | None]"
    override: "NotRequired[Override | None]"


class Forecasts(TypedDict):
    """A page of forecasts."""

    items: "list[Forecast]"
    total: "int"


class Gate(TypedDict):
    """What a model was held against before it went live."""

    name: "str"
    passed: "bool"
    said: "str"
    value: "float | None"
    limit: "float | None"
    unit: "str"


class Gates(TypedDict):
    """All gates of a version."""

    items: "list[Gate]"


class Geometry(TypedDict):
    """Facilities and lanes to draw."""

    asof: "str"
    facilities: "list[dict[str, Any]]"
    lanes: "list[dict[str, Any]]"


class Ingest(TypedDict):
    """One commit of the lake."""

    number: "int"
    at: "str"
    source: "str"
    rows: "dict[str, int]"


class Ingests(TypedDict):
    """Commits, newest first, and where to go on."""

    items: "list[Ingest]"
    next_before: "int | None"


class Issued(TypedDict):
    """A new key; it is shown this once, and not again when the request is repeated."""

    key_id: "str"
    key: "str | None"


class Job(TypedDict):
    """A job, and what became of it."""

    job_id: "str"
    kind: "Literal['fit', 'backtest', 'solve', 'plan', 'promote']"
    arguments: "dict[str, Any]"
    status: "Literal['queued', 'running', 'done', 'failed', 'cancelled', 'lost']"
    step: "str"
    share: "float"
    made_at: "str"
    started_at: "str | None"
    ended_at: "str | None"
    result: "dict[str, Any] | None"
    error: "JobError | None"


class JobError(TypedDict):
    """Why a job did not end well."""

    type: "str"
    code: "str"
    detail: "str"


class Kept(TypedDict):
    """An override, and of which row it is."""

    kind: "Literal['forecast', 'order', 'shift']"
    of: "dict[str, str]"
    value: "dict[str, Any] | None"
    who: "str"
    why: "str"
    at: "str"


class Keys(TypedDict):
    """All keys of a company."""

    items: "list[ListedKey]"


class Lane(TypedDict):
    """A lane with what scans showed of it; rates are shares, ``ratio`` is usual time to plan."""

    lane_id: "str | None"
    head_id: "str"
    tail_id: "str"
    carrier_id: "str | None"
    parcels_per_day: "float | None"
    utilisation: "float | None"
    ratio: "float | None"
    miss_rate: "float | None"


class Leg(TypedDict):
    """One lane of a way."""

    lane_id: "str | None"
    head_id: "str"
    tail_id: "str"
    carrier_id: "str | None"
    mode: "str | None"


class Life(TypedDict):
    """A parcel: the facts, and what has happened to it."""

    parcel_id: "str"
    asof: "str"
    facts: "dict[str, Any]"
    scans: "list[Scan]"


class ListedJobs(TypedDict):
    """Jobs, newest first."""

    items: "list[Job]"


class ListedKey(TypedDict):
    """A key without what would let anybody in."""

    key_id: "str"
    name: "str"
    scopes: "list[str]"
    made_at: "str"
    expires_at: "str | None"
    revoked_at: "str | None"
    replaces: "str | None"


class Meaning(TypedDict):
    """What a carrier's code means."""

    code: "str"
    carrier_id: "NotRequired[str | None]"
    status: "Literal['created', 'picked_up', 'arrived', 'departed', 'customs', 'on_hold', 'delayed', 'out_for_delivery', 'ready_for_pickup', 'delivery_failed', 'delivered', 'returning', 'returned', 'lost', 'damaged', 'cancelled', 'unknown']"
    why: "NotRequired[str]"


class Near(TypedDict):
    """A place, in degrees."""

    lat: "float"
    lon: "float"


class OfForecast(TypedDict):
    """Another mean of a forecast; null goes back to it."""

    kind: "Literal['forecast']"
    unique_id: "str"
    ds: "str"
    mean: "float | None"
    why: "str"


class OfOrder(TypedDict):
    """Other pieces to order; null goes back to the plan."""

    kind: "Literal['order']"
    plan_id: "str"
    product_id: "str"
    facility_id: "str"
    source_id: "str"
    order_date: "str"
    units: "int | None"
    why: "str"


class OfShift(TypedDict):
    """A shift that is cancelled, or another worker or process for it; none: back to the plan."""

    kind: "Literal['shift']"
    plan_id: "str"
    worker_id: "str"
    started_at: "str"
    cancelled: "NotRequired[bool]"
    to_worker_id: "NotRequired[str | None]"
    to_process: "NotRequired[Literal['receive', 'put_away', 'pick', 'pack', 'sort', 'dispatch', 'returns'] | None]"
    why: "str"


class Ordered(TypedDict):
    """What to order or to move, and what that is expected to cost."""

    plan_id: "str"
    product_id: "str"
    facility_id: "str"
    source_id: "str"
    order_date: "str"
    asof: "str"
    units: "int"
    cases: "NotRequired[int | None]"
    due_date: "NotRequired[str | None]"
    reorder_units: "NotRequired[float | None]"
    up_to_units: "NotRequired[float | None]"
    cost: "NotRequired[float | None]"
    reason: "NotRequired[str | None]"
    override: "NotRequired[Override | None]"


class Orders(TypedDict):
    """A page of what to order."""

    items: "list[Ordered]"
    total: "int"


class Override(TypedDict):
    """What a person changed of a planned value."""

    value: "dict[str, Any] | None"
    who: "str"
    why: "str"
    at: "str"


class Overrides(TypedDict):
    """Overrides, newest first, and where to go on."""

    items: "list[Kept]"
    next_before: "str | None"


class Page(TypedDict):
    """A page of parcels."""

    items: "list[dict[str, Any]]"
    total: "int"
    asof: "str"


class Plan(TypedDict):
    """Plan a site: forecast, orders, work, roster, and one ledger of money."""

    kind: "Literal['plan']"
    site: "str"
    days: "NotRequired[int]"
    quick: "NotRequired[bool]"
    seed: "NotRequired[int]"


class Plans(TypedDict):
    """Plans, the newest first."""

    items: "list[StoredPlan]"


class Problem(TypedDict):
    """An error (RFC 9457)."""

    type: "str"
    title: "str"
    status: "int"
    detail: "str"
    code: "str"
    field: "NotRequired[str | None]"
    hint: "NotRequired[str | None]"
    instance: "str"


class Promotion(TypedDict):
    """Whether the gates decide."""

    why: "NotRequired[str]"
    force: "NotRequired[bool]"


class Quarantine(TypedDict):
    """What was set aside, by reason, most rows first."""

    items: "list[Reason]"


class Ready(TypedDict):
    """Whether questions can be answered."""

    ready: "bool"
    tenants: "dict[str, dict[str, Any]]"


class Reason(TypedDict):
    """Rows that broke one rule."""

    source: "str"
    table: "str"
    column: "str"
    code: "str"
    valid: "str"
    rows: "int"
    open: "int"
    first_at: "str"
    last_at: "str"
    examples: "list[dict[str, Any]]"
    values: "list[str | None]"


class Receipt(TypedDict):
    """What was erased; it names nobody."""

    erasure_id: "str"
    who: "str"
    status: "Literal['doing', 'done', 'failed', 'interrupted']"
    begun_at: "str"
    ended_at: "str | None"
    tables: "dict[str, int]"
    models: "int"
    notes: "int"
    digest: "str | None"


class Receipts(TypedDict):
    """Receipts, the newest first."""

    items: "list[Receipt]"


class Received(TypedDict):
    """What became of the events of one request."""

    accepted: "int"
    known: "int"
    refused: "list[Said]"
    set_aside: "list[Said]"
    promise: "NotRequired[str]"


class Risk(TypedDict):
    """How likely an event is for a parcel, as it was predicted at a moment."""

    event: "Literal['late', 'failed_first', 'returned', 'lost', 'not_received']"
    version: "str"
    asof: "str"
    chance: "NotRequired[float | None]"
    claimant: "NotRequired[float | None]"
    quality: "NotRequired[str | None]"
    fallback: "NotRequired[str | None]"


class Risks(TypedDict):
    """What may go wrong with a parcel, and what to do about it."""

    parcel_id: "str"
    asof: "str"
    items: "list[Risk]"
    action: "Action | None"


class Roster(TypedDict):
    """A page of shifts."""

    items: "list[Shift]"
    total: "int"


class Row(TypedDict):
    """An address of many; what is not valid is named, and the others are answered."""

    text: "str"
    country: "NotRequired[str | None]"


class Said(TypedDict):
    """What is said of one event: ``index`` counts from 0."""

    index: "int"
    field: "str"
    code: "str"
    hint: "str"
    value: "NotRequired[str | None]"


class Scan(TypedDict):
    """What was observed of a parcel; bitemporal, and only ever growing."""

    event_id: "str"
    status: "Literal['created', 'picked_up', 'arrived', 'departed', 'customs', 'on_hold', 'delayed', 'out_for_delivery', 'ready_for_pickup', 'delivery_failed', 'delivered', 'returning', 'returned', 'lost', 'damaged', 'cancelled', 'unknown']"
    event_at: "str"
    utc_offset_min: "NotRequired[int | None]"
    facility_id: "NotRequired[str | None]"
    carrier_id: "NotRequired[str | None]"
    incident: "NotRequired[Literal['carrier_damaged_parcel', 'carrier_sorting_error', 'carrier_parcel_lost', 'carrier_address_not_found', 'carrier_not_enough_time', 'carrier_vehicle_issue', 'consignee_not_home', 'consignee_refused', 'consignee_business_closed', 'consignee_not_available', 'consignee_incorrect_address', 'consignee_access_restricted', 'customs_delay', 'customs_documentation', 'customs_duties_unpaid', 'customs_rejected', 'weather_delay', 'natural_disaster', 'unknown'] | None]"
    attempt: "NotRequired[int | None]"
    lat: "NotRequired[float | None]"
    lon: "NotRequired[float | None]"
    raw_code: "NotRequired[str | None]"
    recorded_at: "str"


class Several(TypedDict):
    """Addresses as they were typed."""

    addresses: "list[Row]"
    asof: "NotRequired[str | None]"


class Shift(TypedDict):
    """Who works when, at what."""

    plan_id: "str"
    worker_id: "str"
    facility_id: "str"
    started_at: "str"
    ended_at: "str"
    break_started_at: "NotRequired[str | None]"
    break_ended_at: "NotRequired[str | None]"
    process: "Literal['receive', 'put_away', 'pick', 'pack', 'sort', 'dispatch', 'returns']"
    asof: "str"
    paid_h: "float"
    is_temp: "bool"
    cost: "NotRequired[float | None]"
    override: "NotRequired[Override | None]"


class Slowed(TypedDict):
    """A lane that takes ``factor`` times as long."""

    lane_id: "str"
    factor: "float"


class Solve(TypedDict):
    """Decide on what was predicted, and store the plan."""

    kind: "Literal['solve']"
    problem: "Literal['eta', 'events', 'demand', 'inventory', 'workforce']"
    asof: "NotRequired[str | None]"
    budget: "NotRequired[float | None]"
    site: "NotRequired[str | None]"


class StoredPlan(TypedDict):
    """An order list or a roster that was stored."""

    kind: "Literal['order', 'shift']"
    plan_id: "str"
    facility_id: "str"
    asof: "str"
    rows: "int"
    amount: "float"
    unit: "str"
    cost: "float | None"
    first: "str"
    last: "str"


class Typed(TypedDict):
    """What was typed so far, and what speaks for some addresses."""

    text: "str"
    country: "NotRequired[str | None]"
    near: "NotRequired[Near | None]"
    earlier: "NotRequired[list[str]]"
    limit: "NotRequired[int]"
    asof: "NotRequired[str | None]"


class Verdict(TypedDict):
    """How fine what was entered and what is confirmed are, and what to do next."""

    input_granularity: "str"
    validation_granularity: "str"
    geocode_granularity: "str"
    address_complete: "bool"
    has_unconfirmed_components: "bool"
    has_inferred_components: "bool"
    has_replaced_components: "bool"
    has_spell_corrected_components: "bool"
    possible_next_action: "Literal['accept', 'confirm', 'confirm_add_subpremises', 'fix']"


class Verified(TypedDict):
    """What is known of an address: its parts, what proves each, what is wrong."""

    text: "str"
    country: "str | None"
    components: "dict[str, dict[str, Any]]"
    verdict: "Verdict"
    p_deliverable: "float | None"
    proof: "dict[str, Any]"
    faults: "list[str]"
    geocode: "dict[str, Any] | None"
    address: "dict[str, Any]"
    candidates: "list[str]"
    decided_by: "str"
    dpv_like: "dict[str, Any] | None"
    avc_like: "str"
    coverage: "dict[str, Any]"
    version: "NotRequired[str | None]"


class VerifiedAll(TypedDict):
    """Answers in the order of the question without what could not be answered."""

    items: "list[Verified]"
    refused: "list[Problem]"


class Version(TypedDict):
    """A model that is kept."""

    problem: "str"
    version: "str"
    role: "Literal['live', 'shadow', 'registered']"
    trained_until: "NotRequired[str | None]"
    created_at: "NotRequired[str | None]"
    seed: "NotRequired[int | None]"
    metrics: "NotRequired[dict[str, Any]]"
    broken: "NotRequired[str | None]"


class Versions(TypedDict):
    """The versions of a problem, the one that learnt last first, and what was done with them."""

    items: "list[Version]"
    log: "list[Done]"


class Wanted(TypedDict):
    """A key that is wanted."""

    name: "str"
    scopes: "list[str]"
    days: "NotRequired[float | None]"


class Way(TypedDict):
    """A way: its legs, when it is usually where, and when it may arrive."""

    legs: "list[Leg]"
    usual_at: "list[str | None]"
    arrival: "dict[str, str | None]"
    in_time: "float | None"


class Ways(TypedDict):
    """Ways between two places, the fastest first; ``reliable`` is the position of the surest."""

    asof: "str"
    start: "str"
    goal: "str"
    at: "str"
    ways: "list[Way]"
    reliable: "int | None"


class WhatIf(TypedDict):
    """Changes that happen at once."""

    close: "NotRequired[list[str]]"
    slow: "NotRequired[list[Slowed]]"
    add: "NotRequired[list[Added]]"
    asof: "NotRequired[str | None]"


class Whom(TypedDict):
    """Whose data are to be erased."""

    buyer_id: "str"


class Why(TypedDict):
    """A reason, which the log keeps."""

    why: "NotRequired[str]"
