"""What a model must show before it goes live: each gate says what was found and what would do."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from lanecast.artifact.schemas import changes
from lanecast.tables.lake import Lake

from .kinds import TABLES, Kind

COVERAGE = (0.75, 0.85)  # measured share inside the 80 % range
SLOWEST_MS = 100.0  # one prediction, median
TIMES = 15  # that it is measured
FEWEST = 200  # answers that a comparison must rest on
LATELY = timedelta(days=7)  # in which there is a question to measure time with
EVEN = 0.01  # an incumbent may be missed by this share: so much is luck


@dataclass(frozen=True)
class Gate:
    """One gate; ``value`` and ``limit`` in ``unit``, None where there is no number."""

    name: str
    passed: bool
    said: str
    value: float | None = None
    limit: float | None = None
    unit: str = ""

    def told(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Model:
    """A model with what its gates ask for."""

    version: str
    fitted: Any
    context: Mapping[str, Any]
    manifest: Mapping[str, Any]

    @property
    def until(self) -> datetime:
        """Return the moment until which it learnt."""
        return datetime.fromisoformat(self.manifest["about"]["trained_until"])

    @property
    def asks(self) -> tuple[Any, Any]:
        """Return how far it looks ahead, in periods of which length; None where it has none."""
        about = self.manifest["about"]
        return about.get("horizon"), about.get("frequency")


def schema(model: Model) -> Gate:
    """Compare the tables that it was learnt from with those of this version."""
    name = "schema"
    for table, then in model.manifest["schemas"].items():
        if table not in TABLES:
            return Gate(name, False, f"It was learnt from {table}, which is no table any more.")
        if found := changes(TABLES[table], then):
            return Gate(name, False, f"{table} had another form: {', '.join(found)}.")
    return Gate(name, True, f"{len(model.manifest['schemas'])} tables have the form they had.")


def coverage(model: Model) -> Gate:
    """Look at the measured share inside the 80 % range."""
    name, (low, high) = "coverage_80", COVERAGE
    value = _held_out(model).get("coverage_80")
    if value is None:
        said = "Coverage was not measured on held-out questions; fit on a longer history."
        return Gate(name, False, said, None, low, "1")
    said = (
        f"{value:.1%} of deliveries were inside the 80 % range; expected {low:.0%} to {high:.0%}."
    )
    return Gate(name, low <= value <= high, said, value, low if value < low else high, "1")


def baseline(model: Model, unit: str, what: str = "loss") -> Gate:
    """Compare its held-out loss with that of the baseline on the same questions.

    ``what`` names another loss than the main one.
    """
    name, held = "baseline" if what == "loss" else f"baseline_{what}", _held_out(model)
    if what not in held:
        said = (
            "It was not measured beside the baseline; fit on a longer history, or force it after a "
            "back-test."
        )
        return Gate(name, False, said, unit=unit)
    ours, theirs = held[what]["model"], held[what]["baseline"]
    said = f"{unit} {ours:.4g} on {held['n']:,} held-out questions; the baseline has {theirs:.4g}."
    return Gate(name, ours < theirs, said, ours, theirs, unit)


def incumbent(kind: Kind, lake: Lake, now: datetime, model: Model, old: Model | None) -> Gate:
    """Ask the live model what the candidate was asked, where neither had learnt the answers.

    That is, questions after both were fitted; else those that the candidate was measured on, if the
    live one was fitted before them. Where there are none, nothing is compared and nothing passes.
    """
    name, unit = "incumbent", kind.unit
    if old is None:
        return Gate(name, True, "No model is live.", unit=unit)
    if old.version == model.version:
        return Gate(name, True, "It is live already.", unit=unit)
    if model.asks != old.asks:
        said = f"Not comparable: it forecasts {_asked(model)}, and {old.version} {_asked(old)}."
        return Gate(name, False, f"{said} Force it after a back-test.", unit=unit)
    since, until = _span(kind, now, max(model.until, old.until))
    if until - since >= timedelta(days=1):
        n, (ours, theirs) = losses(kind, lake, now, model, [model, old], since, until)
        if n >= FEWEST:
            said = f"on {n:,} questions of {since:%Y-%m-%d} to {until:%Y-%m-%d}, later than both"
            return _beside(name, ours, theirs, unit, said)
    held = _held_out(model)
    if "loss" in held and old.until <= datetime.fromisoformat(held["from"]):
        start, end = (datetime.fromisoformat(held[each]) for each in ("from", "to"))
        n, (theirs,) = losses(kind, lake, model.until, model, [old], start, end)
        if n >= FEWEST:
            said = f"on {n:,} questions that both had not learnt from"
            return _beside(name, held["loss"]["model"], theirs, unit, said)
    said = (
        f"Not comparable: {old.version} has learnt what this one was measured on, and fewer than "
        f"{FEWEST} later questions have been answered. Wait {max(kind.ripe.days, 1)} days, or "
        "force it."
    )
    return Gate(name, False, said, unit=unit)


def later(kind: Kind, lake: Lake, now: datetime, model: Model, plain: Model) -> Gate:
    """Compare with the baseline on later questions, for models that were not measured before."""
    name, unit = "baseline", kind.unit
    since, until = _span(kind, now, model.until)
    if until - since >= timedelta(days=1):
        n, (ours, theirs) = losses(kind, lake, now, model, [model, plain], since, until)
        if n >= FEWEST:
            said = f"{unit} {ours:.4g} on {n:,} later questions; the baseline has {theirs:.4g}."
            return Gate(name, ours < theirs, said, ours, theirs, unit)
    said = f"It was not measured, and fewer than {FEWEST} later questions have been answered."
    return Gate(name, False, said, unit=unit)


def latency(kind: Kind, lake: Lake, now: datetime, model: Model) -> Gate:
    """Measure one prediction on this machine, from the question to the answer."""
    name = "latency"
    context = kind.ready(model.context)
    assert kind.asked is not None
    rows = kind.asked(lake.asof(now), now - LATELY, now).collect("polars")
    if not len(rows):
        said = f"No question of the last {LATELY.days} days to measure with."
        return Gate(name, False, said, unit="ms")
    one = rows.filter(rows["parcel_id"] == rows["parcel_id"][0])[:1]
    spent = []
    for _ in range(TIMES):
        started = time.perf_counter()
        model.fitted.predict(kind.verbs.assemble(one, context).to_native())
        spent.append(1000 * (time.perf_counter() - started))
    value = median(spent)
    said = f"One prediction takes {value:.1f} ms here; expected at most {SLOWEST_MS:.0f} ms."
    return Gate(name, value <= SLOWEST_MS, said, value, SLOWEST_MS, "ms")


def losses(
    kind: Kind,
    lake: Lake,
    now: datetime,
    asked: Model,
    models: Sequence[Model],
    since: datetime,
    until: datetime,
) -> tuple[int, list[float]]:
    """Return how many questions of [since, until), put as to ``asked``, could be scored at ``now``.

    And the mean loss of each of ``models`` on them.
    """
    if kind.later is not None:
        about, fitted = asked.manifest["about"], [each.fitted for each in models]
        return kind.later(lake, now, fitted, about, since, until)
    found = [loss(kind, lake, now, each, since, until) for each in models]
    return min(n for n, _ in found), [value for _, value in found]


def loss(
    kind: Kind, lake: Lake, now: datetime, model: Model, since: datetime, until: datetime
) -> tuple[int, float]:
    """Return how many questions of [since, until) could be scored at ``now``, and the mean loss."""
    assert kind.loss is not None
    x = kind.questions(lake, since, until, model.context)
    if x.is_empty():
        return 0, float("nan")
    return kind.loss(model.fitted.predict(x), kind.outcomes(lake, now))


def _beside(name: str, ours: float, theirs: float, unit: str, where: str) -> Gate:
    limit = theirs * (1 + EVEN)
    said = f"{unit} {ours:.4g} {where}; the live one has {theirs:.4g}, and {EVEN:.0%} more is even."
    return Gate(name, ours <= limit, said, ours, limit, unit)


def _span(kind: Kind, now: datetime, learnt: datetime) -> tuple[datetime, datetime]:
    """Return from when to when there are questions that are later and whose answers are known."""
    until = now - kind.ripe
    return learnt if kind.period is None else max(learnt, until - kind.period), until


def _asked(model: Model) -> str:
    horizon, frequency = model.asks
    return f"{horizon} periods of {frequency}"


def _held_out(model: Model) -> Mapping[str, Any]:
    held: Mapping[str, Any] = model.manifest["metrics"].get("held_out", {})
    return held
