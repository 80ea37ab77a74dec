import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc
import pytest
from google.rpc import code_pb2, error_details_pb2, status_pb2
from gpuquote.v1 import catalog_service_pb2
from grpc_health.v1 import health_pb2
from grpc_status import rpc_status

from service.rest.app import create_app
from service.rest.grpc_transport import GrpcTransport
from service.rest.problem import problem_of_status
from service.rest.transport import RpcFailed
from tests.service.rest.fakes import LIST_OFFERS

REQUEST = catalog_service_pb2.ListOffersRequest(page_size=7)
_Handler = Callable[[Any, grpc.ServicerContext], Any]


class _Service(grpc.GenericRpcHandler):
    """Answers ListOffers and health checks with the given functions."""

    def __init__(self, offers: _Handler, health: _Handler) -> None:
        self._handlers = {
            LIST_OFFERS: grpc.unary_unary_rpc_method_handler(
                offers,
                request_deserializer=catalog_service_pb2.ListOffersRequest.FromString,
                response_serializer=catalog_service_pb2.ListOffersResponse.SerializeToString,
            ),
            "/grpc.health.v1.Health/Check": grpc.unary_unary_rpc_method_handler(
                health,
                request_deserializer=health_pb2.HealthCheckRequest.FromString,
                response_serializer=health_pb2.HealthCheckResponse.SerializeToString,
            ),
        }

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> Any:
        return self._handlers.get(handler_call_details.method)


def _no_offers(*_: Any) -> catalog_service_pb2.ListOffersResponse:
    return catalog_service_pb2.ListOffersResponse()


def _serving(*_: Any) -> health_pb2.HealthCheckResponse:
    return health_pb2.HealthCheckResponse(status=health_pb2.HealthCheckResponse.SERVING)


@contextmanager
def _transport(
    offers: _Handler = _no_offers, health: _Handler = _serving
) -> Iterator[GrpcTransport]:
    with ThreadPoolExecutor(2) as pool:
        server = grpc.server(pool)
        server.add_generic_rpc_handlers((_Service(offers, health),))
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        transport = GrpcTransport(f"127.0.0.1:{port}")
        try:
            yield transport
        finally:
            transport.close()
            server.stop(0).wait()


def _call(transport: GrpcTransport, *, timeout_seconds: float = 5.0) -> Any:
    return transport.call(
        LIST_OFFERS, REQUEST, timeout_seconds=timeout_seconds, metadata={"x-request-id": "r-1"}
    )


def test_a_call_carries_request_metadata_and_deadline_and_brings_all_metadata_back() -> None:
    seen: dict[str, Any] = {}

    def offers(request: Any, context: grpc.ServicerContext) -> Any:
        seen["page_size"] = request.page_size
        seen["remaining"] = context.time_remaining()
        seen["metadata"] = dict(context.invocation_metadata())
        context.send_initial_metadata((("gpuquote-revision", "rev-1"),))
        context.set_trailing_metadata((("gpuquote-max-age", "60"), ("some-bin", b"\x00")))
        return catalog_service_pb2.ListOffersResponse(catalog_revision="r")

    with _transport(offers) as transport:
        reply = _call(transport, timeout_seconds=3.0)
    assert reply.message.catalog_revision == "r"
    assert reply.metadata == {"gpuquote-revision": "rev-1", "gpuquote-max-age": "60"}
    assert seen["page_size"] == 7
    assert seen["metadata"]["x-request-id"] == "r-1"
    assert 2 < seen["remaining"] < 3.5


def test_an_error_of_the_service_keeps_its_details() -> None:
    status = status_pb2.Status(code=code_pb2.NOT_FOUND, message="gone")
    status.details.add().Pack(error_details_pb2.ErrorInfo(reason="OFFER_NOT_FOUND"))

    def offers(_: Any, context: grpc.ServicerContext) -> Any:
        context.abort_with_status(rpc_status.to_status(status))

    with _transport(offers) as transport, pytest.raises(RpcFailed) as caught:
        _call(transport)
    assert caught.value.status == status


def _failed_reason(code: grpc.StatusCode) -> Any:
    def offers(_: Any, context: grpc.ServicerContext) -> Any:
        context.abort(code, "runtime text with 10.0.0.1")

    with _transport(offers) as transport, pytest.raises(RpcFailed) as caught:
        _call(transport)
    return problem_of_status(caught.value.status)


def test_errors_of_the_runtime_have_reasons_and_tell_no_addresses() -> None:
    overloaded = _failed_reason(grpc.StatusCode.RESOURCE_EXHAUSTED)
    assert (overloaded.http_status, overloaded.reason) == (429, "OVERLOADED")
    assert overloaded.headers["Retry-After"] == "1"
    assert "10.0.0.1" not in overloaded.detail
    assert _failed_reason(grpc.StatusCode.UNIMPLEMENTED).http_status == 501


def test_a_service_that_is_gone_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    transport = GrpcTransport(f"127.0.0.1:{port}")
    try:
        with pytest.raises(RpcFailed) as caught:
            _call(transport, timeout_seconds=1.0)
        problem = problem_of_status(caught.value.status)
        assert (problem.http_status, problem.reason) == (503, "SERVICE_UNREACHABLE")
        assert problem.headers["Retry-After"] == "1"
        assert str(port) not in problem.detail
        assert transport.readiness().status == "unavailable"
        assert transport.readiness().reasons == ("service_unreachable",)
    finally:
        transport.close()


def test_the_deadline_ends_a_call() -> None:
    def offers(*_: Any) -> Any:
        time.sleep(0.3)
        return catalog_service_pb2.ListOffersResponse()

    with _transport(offers) as transport, pytest.raises(RpcFailed) as caught:
        _call(transport, timeout_seconds=0.05)
    problem = problem_of_status(caught.value.status)
    assert (problem.http_status, problem.reason) == (504, "DEADLINE_EXCEEDED")


def _health(
    status: Any, metadata: tuple[tuple[str, str], ...] = ()
) -> Callable[[Any, grpc.ServicerContext], Any]:
    def check(_: Any, context: grpc.ServicerContext) -> Any:
        context.set_trailing_metadata(metadata)
        return health_pb2.HealthCheckResponse(status=status)

    return check


@pytest.mark.parametrize(
    ("serving", "metadata", "status", "reasons"),
    [
        ("SERVING", (), "ok", ()),
        (
            "SERVING",
            (("gpuquote-status", "degraded"), ("gpuquote-reasons", "store_unavailable; baseline")),
            "degraded",
            ("store_unavailable", "baseline"),
        ),
        ("NOT_SERVING", (("gpuquote-reasons", "no_data"),), "unavailable", ("no_data",)),
        ("NOT_SERVING", (("gpuquote-reasons", "A,B"),), "unavailable", ("A", "B")),
        ("NOT_SERVING", (), "unavailable", ("service_not_serving",)),
    ],
)
def test_readiness_is_the_health_of_the_service(
    serving: str, metadata: Any, status: str, reasons: tuple[str, ...]
) -> None:
    health = _health(health_pb2.HealthCheckResponse.ServingStatus.Value(serving), metadata)
    with _transport(health=health) as transport:
        readiness = transport.readiness()
    assert (readiness.status, readiness.reasons) == (status, reasons)


def test_the_revision_is_not_known_over_the_hop() -> None:
    with _transport() as transport:
        assert transport.revision() is None


def test_the_gateway_works_over_the_hop() -> None:
    with _transport() as transport:
        answer = create_app(transport, version="1").test_client().get("/v1/offers")
    assert answer.get_json()["offers"] == []
