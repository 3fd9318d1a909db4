"""What Prometheus may read of a service: names, units, and what each is for."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

REGISTRY = CollectorRegistry()
STEPS = (0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.3, 1.0, 3.0, 10.0)

REQUESTS = Counter(
    "lanecast_requests",
    "Requests by route and status.",
    ["method", "route", "status"],
    registry=REGISTRY,
)
SECONDS = Histogram(
    "lanecast_request_seconds",
    "Time to answer.",
    ["method", "route"],
    buckets=STEPS,
    registry=REGISTRY,
)
ACCEPTED = Counter(
    "lanecast_events_accepted", "Events that were acknowledged.", ["tenant"], registry=REGISTRY
)
WAITING = Gauge(
    "lanecast_events_waiting",
    "Acknowledged events that are not in the lake yet.",
    ["tenant"],
    registry=REGISTRY,
)
AGE = Gauge(
    "lanecast_data_age_seconds",
    "Time since the last scan was recorded.",
    ["tenant"],
    registry=REGISTRY,
)
FALLBACKS = Counter(
    "lanecast_fallbacks",
    "Answers that no live model gave, though one was promoted.",
    ["tenant", "problem", "by"],
    registry=REGISTRY,
)
COVERAGE = Gauge(
    "lanecast_coverage_80",
    "Measured share inside the 80 % range.",
    ["tenant", "problem", "slice"],
    registry=REGISTRY,
)
BRIER = Gauge(
    "lanecast_brier",
    "Mean squared error of chances whose outcome is known.",
    ["tenant", "problem", "event"],
    registry=REGISTRY,
)
CALIBRATION = Gauge(
    "lanecast_calibration_error",
    "Mean distance of chances to the share that came true, less what luck would show.",
    ["tenant", "problem", "event"],
    registry=REGISTRY,
)
DRIFT = Gauge(
    "lanecast_drift",
    "Population stability index of an input.",
    ["tenant", "problem", "input"],
    registry=REGISTRY,
)
