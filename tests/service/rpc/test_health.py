"""gRPC health follows the readiness of the catalogue."""

import threading
from collections.abc import Iterator

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from prometheus_client import REGISTRY

from service.catalog.replica import Readiness, ReadyStatus
from service.rpc.server import GrpcServer
from tests.fakes import OK, FakeSource, a_catalog, a_dispatcher

SECONDS = 5
SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
DEGRADED = Readiness(status=ReadyStatus.DEGRADED, reasons=("STORE_UNREACHABLE", "BASELINE_PRICES"))
UNAVAILABLE = Readiness(status=ReadyStatus.UNAVAILABLE, reasons=("NO_PRICES",))


class Setup:
    def __init__(self) -> None:
        self.source = FakeSource(a_catalog(), OK)
        dispatcher = a_dispatcher(self.source)
        self.server = GrpcServer(dispatcher, self.source.readiness, host="127.0.0.1", port=0)
        self.channel = grpc.insecure_channel(f"127.0.0.1:{self.server.start()}")
        self.stub = health_pb2_grpc.HealthStub(self.channel)

    def check(self, service: str = "") -> tuple[int, dict[str, str]]:
        request = health_pb2.HealthCheckRequest(service=service)
        answer, call = self.stub.Check.with_call(request, timeout=SECONDS)
        return answer.status, {entry.key: entry.value for entry in call.trailing_metadata()}


@pytest.fixture
def setup() -> Iterator[Setup]:
    made = Setup()
    yield made
    made.channel.close()
    made.server.stop(grace=0)


@pytest.mark.parametrize(
    "service", ["", "gpuquote.v1.CatalogService", "gpuquote.v1.CollectionService"]
)
def test_every_service_is_as_ready_as_the_whole(setup: Setup, service: str) -> None:
    assert setup.check(service) == (SERVING, {"gpuquote-status": "ok", "gpuquote-reasons": ""})
    setup.source.ready = UNAVAILABLE
    assert setup.check(service)[0] == NOT_SERVING


def test_degraded_still_serves_and_says_why(setup: Setup) -> None:
    setup.source.ready = DEGRADED
    assert setup.check() == (
        SERVING,
        {
            "gpuquote-status": "degraded",
            "gpuquote-reasons": "STORE_UNREACHABLE,BASELINE_PRICES",
        },
    )


def test_an_unknown_service_is_not_found(setup: Setup) -> None:
    with pytest.raises(grpc.RpcError) as raised:
        setup.check("gpuquote.v1.Nope")
    assert raised.value.code() is grpc.StatusCode.NOT_FOUND


def test_a_watcher_is_told_of_changes(setup: Setup) -> None:
    stream = setup.stub.Watch(health_pb2.HealthCheckRequest(), timeout=SECONDS)
    assert next(stream).status == SERVING
    setup.source.ready = UNAVAILABLE
    assert next(stream).status == NOT_SERVING
    stream.cancel()


def test_stopping_says_not_serving_first(setup: Setup) -> None:
    stream = setup.stub.Watch(health_pb2.HealthCheckRequest(), timeout=SECONDS)
    assert next(stream).status == SERVING
    stopping = threading.Thread(target=setup.server.stop, args=(0,), kwargs={"pause": 0.3})
    stopping.start()
    assert next(stream).status == NOT_SERVING
    assert setup.check() == (
        NOT_SERVING,
        {"gpuquote-status": "unavailable", "gpuquote-reasons": "DRAINING"},
    )
    stopping.join(SECONDS)
    assert not stopping.is_alive()


@pytest.mark.parametrize(("ready", "gauge"), [(OK, 0), (DEGRADED, 1), (UNAVAILABLE, 1)])
def test_the_gauge_says_whether_answers_are_as_good_as_they_should_be(
    setup: Setup, ready: Readiness, gauge: int
) -> None:
    setup.source.ready = ready
    setup.server._health.refresh()
    assert REGISTRY.get_sample_value("gpuquote_degraded") == gauge
