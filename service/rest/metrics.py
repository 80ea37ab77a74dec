"""How long requests take, by route, method and status."""

from typing import Final

from prometheus_client import CollectorRegistry, Histogram

# OpenTelemetry's buckets of http.server.request.duration.
_BUCKETS_SECONDS: Final = (
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
)  # fmt: skip
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class RequestMetrics:
    """The histogram `http_server_request_duration_seconds`, registered once per registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._duration = Histogram(
            "http_server_request_duration_seconds",
            "Time from the first line of our code to the finished answer.",
            ("route", "method", "status"),
            buckets=_BUCKETS_SECONDS,
            registry=registry,
        )
        self._children: dict[tuple[str, str, int], Histogram] = {}  # a look-up costs microseconds

    def observe(self, *, route: str, method: str, status: int, seconds: float) -> None:
        """Note one request. `route` is a pattern, never a path: labels must stay few."""
        label = method if method in _METHODS else "OTHER"
        key = (route, label, status)
        child = self._children.get(key)
        if child is None:
            child = self._children[key] = self._duration.labels(route, label, str(status))
        child.observe(seconds)
