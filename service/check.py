"""`python -m service check PART`: exit code 0 when that part answers; for health checks.

It asks whether a part is alive, not whether it is ready: a container must not be restarted
because its store is away.
"""

import urllib.request

import grpc
from grpc_health.v1 import health_pb2

from service.config import Settings

FAULTS: tuple[type[Exception], ...] = ()
HTTP_OK = 200
TIMEOUT_SECONDS = 2.0


def run(settings: Settings, part: str) -> int:
    """Return 0 when the part answers, 1 when it does not."""
    if part == "grpc":
        return int(not grpc_answers(settings.grpc_port))
    port, path = {
        "rest": (settings.rest_port, "healthz"),
        "metrics": (settings.metrics_port, "metrics"),
    }[part]
    return int(not http_answers(f"http://127.0.0.1:{port}/{path}"))


def http_answers(url: str) -> bool:
    """Whether a GET gives 200 in time."""
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS) as answer:
            return bool(answer.status == HTTP_OK)
    except OSError:
        return False


def grpc_answers(port: int) -> bool:
    """Whether a health check is answered in time, whatever the answer."""
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        check = channel.unary_unary(
            "/grpc.health.v1.Health/Check",
            request_serializer=health_pb2.HealthCheckRequest.SerializeToString,
            response_deserializer=health_pb2.HealthCheckResponse.FromString,
        )
        try:
            check(health_pb2.HealthCheckRequest(), timeout=TIMEOUT_SECONDS)
        except grpc.RpcError:
            return False
    return True
