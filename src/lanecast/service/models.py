"""The models that answer: held in memory, exchanged at once, and replaced step by step if broken.

live -> the last good one -> the baseline of what the lake knows -> None, and then the carrier's
date or the promise is all there is. Each answer says which it was.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

import structlog

from . import figures, live, versions
from .aside import begin
from .kinds import baseline, kind
from .state import State
from .tenants import Tenant

Step = Literal["last_good", "later", "baseline"]
LOOK_S = 1.0  # between two looks at what is live
AGAIN_S = 60.0  # between two tries to load what is broken, or to fit a baseline anew
REMEMBERED = 8  # versions that stay in memory


@dataclass(frozen=True)
class Serving:
    """A model that can answer.

    Parameters
    ----------
    context
        Ready for single requests.
    manifest
        Of its folder; empty for a baseline.
    fallback
        Why it answers if it is not the live one: ``last_good``, an earlier one that can be read;
        ``later``, one that went live after the moment asked about but had learnt nothing after it;
        ``baseline``, what can be counted in the lake.
    """

    problem: str
    version: str
    fitted: Any
    context: Mapping[str, Any]
    manifest: Mapping[str, Any]
    fallback: Step | None = None


@dataclass(frozen=True)
class _Held:
    serving: Serving | None
    promoted: bool  # whether any version ever was
    mark: int
    looked: float
    tried: float


@dataclass
class Models:
    """The models of all tenants."""

    state: State
    clock: Callable[[], float] = time.monotonic
    _held: dict[tuple[str, str], _Held] = field(default_factory=dict)
    _loaded: OrderedDict[tuple[str, str, str], Serving] = field(default_factory=OrderedDict)
    _locks: dict[tuple[str, str], threading.Lock] = field(default_factory=dict)

    def live(self, tenant: Tenant, problem: str) -> Serving | None:
        """Return what answers now; None where the carrier's date is all there is.

        Only the first question waits for a model to be read. Later the old one answers until the
        new one is there.
        """
        serving = self.serving(tenant, problem)
        by = "carrier" if serving is None else serving.fallback
        if by is not None and self._held[tenant.name, problem].promoted:
            figures.FALLBACKS.labels(tenant.name, problem, by).inc()
        return serving

    def serving(self, tenant: Tenant, problem: str) -> Serving | None:
        """Return what would answer now, as ``live``, without counting that as an answer."""
        key = tenant.name, problem
        held = self._held.get(key)
        if held is None:
            held = self.refresh(tenant, problem)
        elif self.clock() - held.looked > LOOK_S:
            self._held[key] = replace(held, looked=self.clock())
            broken = held.serving is None or held.serving.fallback is not None
            due = broken and self.clock() - held.tried > AGAIN_S
            if due or live.mark(self.state, *key) != held.mark:
                self._aside(lambda: self.refresh(tenant, problem))
        return held.serving

    def at(self, tenant: Tenant, problem: str, instant: datetime) -> Serving | None:
        """Return what would have answered at ``instant``; may take seconds for a baseline."""
        wanted = live.stack(self.state, tenant.name, problem, instant)
        for version in wanted:
            if (found := self._load(tenant, problem, version)) is not None:
                step: Step | None = None if version == wanted[0] else "last_good"
                return _as(found, step)
        for version in live.ever(self.state, tenant.name, problem):
            learnt = int(version.partition("-")[0]) * 3600
            found = self._load(tenant, problem, version) if learnt <= instant.timestamp() else None
            if found is not None:
                return _as(found, "later")
        return self._baseline(tenant, problem, instant)

    def shadow(self, tenant: Tenant, problem: str) -> Serving | None:
        """Return the version whose answers are stored beside those of the live one."""
        version = live.shadow(self.state, tenant.name, problem)
        return None if version is None else self._load(tenant, problem, version)

    def refresh(self, tenant: Tenant, problem: str) -> _Held:
        """Read what is live now, and let it answer from here on."""
        key = tenant.name, problem
        with self._locks.setdefault(key, threading.Lock()):
            mark = live.mark(self.state, *key)
            serving = None
            for version in (wanted := live.stack(self.state, *key)):
                if (found := self._load(tenant, problem, version)) is not None:
                    serving = _as(found, None if version == wanted[0] else "last_good")
                    break
            now = self.clock()
            held = self._held[key] = _Held(serving, bool(wanted), mark, now, now)
        if serving is None:
            self._aside(lambda: self._fall(tenant, problem, held))
        return held

    def forget(self, tenant: Tenant) -> None:
        """Read everything of a tenant anew, since what was learnt has changed."""
        for key in [each for each in self._loaded if each[0] == tenant.name]:
            self._loaded.pop(key, None)
        for name, problem in list(self._held):
            if name == tenant.name:
                self.refresh(tenant, problem)

    def _fall(self, tenant: Tenant, problem: str, held: _Held) -> None:
        """Let the baseline answer, unless something better has come meanwhile."""
        serving = self._baseline(tenant, problem, tenant.now())
        key = tenant.name, problem
        with self._locks[key]:
            if serving is not None and self._held[key].mark == held.mark:
                self._held[key] = replace(held, serving=serving, tried=self.clock())

    def _load(self, tenant: Tenant, problem: str, version: str) -> Serving | None:
        key = tenant.name, problem, version
        if (found := self._loaded.pop(key, None)) is None:
            try:
                fitted, context, manifest = versions.load(tenant.home, problem, version)
                ready = kind(problem).ready(context)
            except Exception as error:  # whatever is wrong with it, others must answer
                words = str(error) or type(error).__name__
                structlog.get_logger().error(
                    "model broken", tenant=tenant.name, problem=problem, version=version, why=words
                )
                return None
            found = Serving(problem, version, fitted, ready, manifest)
        self._loaded[key] = found
        while len(self._loaded) > REMEMBERED:
            self._loaded.popitem(last=False)
        return found

    def _baseline(self, tenant: Tenant, problem: str, instant: datetime) -> Serving | None:
        if kind(problem).baseline is None:
            return None
        day = f"{instant:%Y-%m-%d}"
        key = tenant.name, problem, f"baseline-{day}"
        if (found := self._loaded.get(key)) is None:
            try:
                fitted, context = baseline(problem, tenant.lake(), instant)
                ready = kind(problem).ready(context)
            except Exception as error:  # too little is known, or the lake cannot be read
                structlog.get_logger().warning(
                    "no baseline", tenant=tenant.name, problem=problem, why=str(error)
                )
                return None
            found = Serving(problem, f"baseline-{day}", fitted, ready, {}, "baseline")
            self._loaded[key] = found
        return found

    def _aside(self, do: Callable[[], object]) -> None:
        def told() -> None:
            try:
                do()
            except Exception as error:  # such as a lake that is gone; it is tried again later
                structlog.get_logger().warning("models", error=type(error).__name__)

        begin(told)


def _as(found: Serving, step: Step | None) -> Serving:
    return Serving(found.problem, found.version, found.fitted, found.context, found.manifest, step)
