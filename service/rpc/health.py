"""gRPC health v1: serving as long as usable prices are in memory.

A store that is gone or prices that are old are `degraded`, which still serves: a shared fault must
not take all replicas out together. Trailing metadata say more than the one word of the protocol.
"""

from collections.abc import Callable, Iterable

import grpc
import prometheus_client as prometheus
from grpc_health.v1 import health_pb2
from grpc_health.v1.health import OVERALL_HEALTH, HealthServicer

from service.catalog.replica import Readiness, ReadyStatus

STATUS = "gpuquote-status"
REASONS = "gpuquote-reasons"
DRAINING = "DRAINING"

_DEGRADED = prometheus.Gauge(
    "gpuquote_degraded",
    "1 if prices cannot be answered, or only from what is left: /readyz says why.",
    multiprocess_mode="mostrecent",
)

_SERVING: int = health_pb2.HealthCheckResponse.SERVING
_NOT_SERVING: int = health_pb2.HealthCheckResponse.NOT_SERVING


class ReadinessHealth(HealthServicer):  # type: ignore[misc] # grpc_health has no types
    """Answers Check from the readiness of the moment; `refresh` tells those who Watch."""

    def __init__(self, readiness: Callable[[], Readiness], services: Iterable[str]) -> None:
        super().__init__()
        self._readiness = readiness
        self._services = (OVERALL_HEALTH, *services)
        self._is_draining = False
        self._told: int | None = None
        self.refresh()

    def Check(  # noqa: N802 - the name of the RPC
        self, request: health_pb2.HealthCheckRequest, context: grpc.ServicerContext
    ) -> health_pb2.HealthCheckResponse:
        """Answer for "" and for each service; NOT_FOUND for others."""
        if request.service not in self._services:
            context.abort(grpc.StatusCode.NOT_FOUND, "There is no such service.")
        found = self._now()
        context.set_trailing_metadata(
            ((STATUS, found.status.value), (REASONS, ",".join(found.reasons)))
        )
        return health_pb2.HealthCheckResponse(status=_serving_status(found))

    def refresh(self) -> None:
        """Tell the watchers where the readiness has changed, and the gauge how it is."""
        found = self._now()
        _DEGRADED.set(0 if found.status is ReadyStatus.OK else 1)
        status = _serving_status(found)
        if status != self._told:
            self._told = status
            for service in self._services:
                self.set(service, status)

    def drain(self) -> None:
        """Say NOT_SERVING from now on."""
        self._is_draining = True
        self.refresh()

    def _now(self) -> Readiness:
        if self._is_draining:
            return Readiness(status=ReadyStatus.UNAVAILABLE, reasons=(DRAINING,))
        return self._readiness()


def _serving_status(readiness: Readiness) -> int:
    return _NOT_SERVING if readiness.status is ReadyStatus.UNAVAILABLE else _SERVING
