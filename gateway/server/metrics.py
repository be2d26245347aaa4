"""What is counted, for Prometheus; names are a contract with dashboards.

With several workers the client library keeps its numbers in files of a shared folder, and whichever worker is asked adds them up.
"""

import os

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

MULTIPROCESS_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"

REQUESTS = Counter(
    "gateway_requests_total",
    "GraphQL requests, by kind of operation and by outcome: ok, partial (data with errors), refused, failed.",
    ["kind", "outcome"],
)
SECONDS = Histogram(
    "gateway_request_seconds",
    "From a request's first byte to its answer's last; of subscriptions, until they end.",
    ["kind"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0),
)
REFUSALS = Counter("gateway_refusals_total", "Requests refused before any subgraph was asked, by code.", ["code"])
RATE_LIMITED = Counter(
    "gateway_rate_limited_total",
    "Requests and executions past a rate limit, by limit; measured ones were answered all the same.",
    ["limit", "outcome"],
)
COSTS = Histogram(
    "gateway_operation_cost",
    "What operations cost, by kind of figure: estimate, before they run; actual, of answers that were weighed.",
    ["figure"],
    buckets=(1, 3, 10, 30, 100, 300, 1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000),
)
COST_LIMITED = Counter(
    "gateway_cost_limited_total",
    "Operations that cost more than the limit, by outcome; measured ones were answered all the same.",
    ["outcome"],
)
RATE_STORE_FAILURES = Counter(
    "gateway_rate_store_failures_total", "Failures of the store of the rate limits; buckets in memory took over."
)
FETCHES = Counter("gateway_fetches_total", "Requests to subgraphs that answers took.")
PLANS = Counter("gateway_plans_total", "Plans made because none was remembered.")
RELOADS = Counter("gateway_supergraph_reloads_total", "Changes of the supergraph file, by outcome.", ["outcome"])
SERVED = Gauge(
    "gateway_supergraph_loaded_timestamp_seconds",
    "When the schema in service was loaded.",
    multiprocess_mode="mostrecent",
)
STREAMS = Gauge("gateway_subscriptions", "Subscriptions under way.", multiprocess_mode="livesum")


class Counters:
    """The children of the labelled metrics, looked up once instead of once a request."""

    def __init__(self) -> None:
        self._requests: dict[tuple[str, str], Counter] = {}
        self._seconds: dict[str, Histogram] = {}

    def answered(self, kind: str, outcome: str, seconds: float) -> None:
        """Count one request."""
        counter = self._requests.get((kind, outcome))
        if counter is None:
            counter = self._requests[kind, outcome] = REQUESTS.labels(kind, outcome)
        counter.inc()
        histogram = self._seconds.get(kind)
        if histogram is None:
            histogram = self._seconds[kind] = SECONDS.labels(kind)
        histogram.observe(seconds)


def exposition() -> tuple[bytes, str]:
    """The metrics of all workers as text, and its content type."""
    if MULTIPROCESS_VARIABLE in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry), CONTENT_TYPE_LATEST
    return generate_latest(), CONTENT_TYPE_LATEST
