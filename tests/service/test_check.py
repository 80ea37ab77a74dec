import socket

import pytest

from service import check, metrics
from service.config import Settings
from service.rpc.server import GrpcServer
from tests.builders import an_offer
from tests.fakes import FakeSource, a_catalog, a_dispatcher


def a_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize("part", ["rest", "grpc", "metrics"])
def test_a_part_that_is_not_there_fails_its_check(part: str) -> None:
    port = str(a_free_port())
    settings = Settings.from_env(
        {
            "GPUQUOTE_REST_PORT": port,
            "GPUQUOTE_GRPC_PORT": port,
            "GPUQUOTE_METRICS_PORT": port,
        }
    )
    assert check.run(settings, part) == 1


def test_a_metrics_port_that_answers_passes() -> None:
    port = a_free_port()
    stop = metrics.serve(port)
    assert check.run(Settings.from_env({"GPUQUOTE_METRICS_PORT": str(port)}), "metrics") == 0
    stop()


def test_a_grpc_service_that_answers_passes_whatever_it_says() -> None:
    source = FakeSource(a_catalog(an_offer()))
    server = GrpcServer(a_dispatcher(source), source.readiness, host="127.0.0.1", port=0)
    port = server.start()
    assert check.run(Settings.from_env({"GPUQUOTE_GRPC_PORT": str(port)}), "grpc") == 0
    server.stop(0)
