"""What is counted for Prometheus. Labels are few and known: no id of a person, no path as sent."""

from prometheus_client import Counter, Histogram

SECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

_requests = Counter(
    "cf_requests", "Requests answered, by route template.", ["method", "route", "status"]
)
_seconds = Histogram("cf_request_seconds", "Time to answer.", ["route"], buckets=SECONDS)
_refusals = Counter("cf_refusals", "Problems told, by code.", ["route", "code"])
_limited = Counter(
    "cf_rate_limited", "Calls of known partners beyond their limit.", ["partner_id", "policy"]
)


def count(method: str, route: str, status: int, seconds: float) -> None:
    """Counts an answer."""
    _requests.labels(method, route, str(status)).inc()
    _seconds.labels(route).observe(seconds)


def count_refusal(route: str, code: str) -> None:
    """Counts a problem that was told."""
    _refusals.labels(route, code).inc()


def count_limited(partner_id: str, policy: str) -> None:
    """Counts a call of a known partner that came too early."""
    _limited.labels(partner_id, policy).inc()
