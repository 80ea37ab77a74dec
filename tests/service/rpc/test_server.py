"""A real server on loopback, asked by a generic client."""

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc
import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from google.rpc import error_details_pb2
from google.rpc.status_pb2 import Status
from gpuquote.v1 import catalog_service_pb2 as pb
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from grpc_status import rpc_status

from service.catalog.replica import Readiness
from service.catalog.snapshot import Snapshot
from service.rpc.dispatch import Dispatcher
from service.rpc.methods import contract_services
from service.rpc.pools import MAX_SHORT_CALLS
from service.rpc.server import MAX_REQUEST_BYTES, GrpcServer, PortTaken
from tests.builders import an_offer
from tests.fakes import OK, FakeSource, a_catalog, a_dispatcher, detail

LIST_OFFERS = "/gpuquote.v1.CatalogService/ListOffers"
GET_OFFER = "/gpuquote.v1.CatalogService/GetOffer"
SECONDS = 5


@contextmanager
def serving(dispatcher: Dispatcher, **options: Any) -> Iterator[grpc.Channel]:
    server = GrpcServer(dispatcher, lambda: OK, host="127.0.0.1", port=0, **options)
    port = server.start()
    # A subchannel of its own: channels to one port share a connection otherwise.
    with grpc.insecure_channel(
        f"127.0.0.1:{port}", options=(("grpc.use_local_subchannel_pool", 1),)
    ) as channel:
        yield channel
    server.stop(grace=0)


@pytest.fixture(scope="module")
def channel() -> Iterator[grpc.Channel]:
    source = FakeSource(a_catalog(an_offer(), an_offer(offer_id="b", price="1.5")))
    with serving(a_dispatcher(source)) as open_channel:
        yield open_channel


def call(
    channel: grpc.Channel, method: str, request: bytes, **options: Any
) -> tuple[bytes, dict[str, str]]:
    stub: Any = channel.unary_unary(method)
    answer, made = stub.with_call(request, timeout=SECONDS, **options)
    return answer, {entry.key: entry.value for entry in made.trailing_metadata() or ()}


def refused(channel: grpc.Channel, method: str, request: bytes, **options: Any) -> grpc.RpcError:
    with pytest.raises(grpc.RpcError) as raised:
        call(channel, method, request, **options)
    return raised.value


def status_in(error: grpc.RpcError) -> Status:
    status: Status | None = rpc_status.from_call(error)
    assert status is not None
    return status


def test_an_answer_comes_with_its_metadata(channel: grpc.Channel) -> None:
    answer, trailing = call(channel, LIST_OFFERS, b"", metadata=(("x-request-id", "mine"),))
    found = pb.ListOffersResponse.FromString(answer)
    assert [offer.name for offer in found.offers] == [
        "offers/b",
        "offers/nimbus-h100-sxm-1x-on-demand",
    ]
    assert trailing["x-request-id"] == "mine"
    assert trailing["gpuquote-revision"] == found.catalog_revision
    assert {"gpuquote-content-revision", "gpuquote-max-age", "gpuquote-last-modified"} <= set(
        trailing
    )


def test_an_error_has_code_text_details_and_request_id(channel: grpc.Channel) -> None:
    request = pb.ListOffersRequest(page_size=-1, gpu_model=["h100x"])
    error = refused(channel, LIST_OFFERS, request.SerializeToString())
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    status = status_in(error)
    assert error.details() == status.message
    assert detail(status, error_details_pb2.ErrorInfo).domain == "gpuquote"
    assert len(detail(status, error_details_pb2.BadRequest).field_violations) == 2
    trailing = {entry.key: entry.value for entry in error.trailing_metadata()}
    info = detail(status, error_details_pb2.RequestInfo)
    assert info.request_id == trailing["x-request-id"]


def test_a_hundred_missing_names_still_fit_the_trailers(channel: grpc.Channel) -> None:
    names = [f"offers/nimbus-h100-sxm-8x-us-east-{number}-on-demand" for number in range(100)]
    request = pb.BatchGetOffersRequest(names=names).SerializeToString()
    error = refused(channel, "/gpuquote.v1.CatalogService/BatchGetOffers", request)
    assert error.code() is grpc.StatusCode.NOT_FOUND
    metadata = detail(status_in(error), error_details_pb2.ErrorInfo).metadata
    assert metadata["missingCount"] == "100"
    assert metadata["names"].startswith(names[0])


@pytest.mark.parametrize("junk", [b"\xff\xff\xff\xff", b"\x0a", b"\x0a\x02\xc0\xaf"])
def test_bytes_that_are_no_request_are_an_invalid_argument(
    channel: grpc.Channel, junk: bytes
) -> None:
    error = refused(channel, GET_OFFER, junk)
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert detail(status_in(error), error_details_pb2.ErrorInfo).reason == "BAD_MESSAGE"


def test_a_request_that_is_too_large_is_refused(channel: grpc.Channel) -> None:
    large = pb.ListOffersRequest(filter="x" * MAX_REQUEST_BYTES).SerializeToString()
    assert refused(channel, LIST_OFFERS, large).code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    below = pb.ListOffersRequest(filter="x" * (MAX_REQUEST_BYTES - 1000)).SerializeToString()
    assert refused(channel, LIST_OFFERS, below).code() is grpc.StatusCode.INVALID_ARGUMENT


def test_a_method_that_ours_do_not_have_is_unimplemented_with_details(
    channel: grpc.Channel,
) -> None:
    error = refused(channel, "/gpuquote.v1.CatalogService/GuessOffers", b"")
    assert error.code() is grpc.StatusCode.UNIMPLEMENTED
    assert detail(status_in(error), error_details_pb2.ErrorInfo).reason == "UNIMPLEMENTED"
    other = refused(channel, "/another.v1.Service/Method", b"")
    assert other.code() is grpc.StatusCode.UNIMPLEMENTED


def test_a_deadline_that_leaves_no_time_is_exceeded(channel: grpc.Channel) -> None:
    stub: Any = channel.unary_unary(LIST_OFFERS)
    with pytest.raises(grpc.RpcError) as raised:
        stub(b"", timeout=0.04)
    assert raised.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED


def test_no_error_ever_shows_a_traceback(channel: grpc.Channel) -> None:
    requests = (
        (LIST_OFFERS, pb.ListOffersRequest(filter="((((", order_by="\x00", page_token="\x7f")),
        (LIST_OFFERS, pb.ListOffersRequest(filter='name = "' + "\N{SNOWMAN}" * 800 + '"')),
        (GET_OFFER, pb.GetOfferRequest(name="offers/\r\nx: y")),
        (GET_OFFER, pb.GetOfferRequest(name="offers/%00")),
    )
    for method, request in requests:
        error = refused(channel, method, request.SerializeToString())
        assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
        sent = [str(error.details()), *(str(entry.value) for entry in error.trailing_metadata())]
        assert not any("Traceback" in text for text in sent)
        assert b"Traceback" not in status_in(error).SerializeToString()


def test_a_fault_of_ours_is_internal_without_its_text() -> None:
    class Broken(FakeSource):
        def current(self) -> Snapshot:
            raise ZeroDivisionError("the secret")

    with serving(a_dispatcher(Broken(a_catalog()))) as open_channel:
        error = refused(open_channel, LIST_OFFERS, b"")
    assert error.code() is grpc.StatusCode.INTERNAL
    assert b"secret" not in status_in(error).SerializeToString()
    assert b"Traceback" not in status_in(error).SerializeToString()


class Slow(FakeSource):
    """A catalogue that waits until it is let go."""

    def __init__(self, snapshot: Snapshot, ready: Readiness = OK) -> None:
        super().__init__(snapshot, ready)
        self.let_go = threading.Event()

    def current(self) -> Snapshot:
        self.let_go.wait(SECONDS)
        return self.snapshot


def test_calls_beyond_the_limit_are_refused_at_once_and_the_others_answered() -> None:
    source = Slow(a_catalog(an_offer()))
    beyond = 8
    with serving(a_dispatcher(source), workers=4) as open_channel:
        stub: Any = open_channel.unary_unary(LIST_OFFERS)
        made = [stub.future(b"", timeout=SECONDS) for _ in range(MAX_SHORT_CALLS + beyond)]
        done: list[grpc.StatusCode] = []
        all_refused = threading.Event()

        def note(future: Any) -> None:
            done.append(future.code())
            if len(done) == beyond:
                all_refused.set()

        for future in made:
            future.add_done_callback(note)
        assert all_refused.wait(SECONDS)
        assert set(done) == {grpc.StatusCode.RESOURCE_EXHAUSTED}
        source.let_go.set()
        codes = [future.code() for future in made]
    assert codes.count(grpc.StatusCode.OK) == MAX_SHORT_CALLS
    assert codes.count(grpc.StatusCode.RESOURCE_EXHAUSTED) == beyond


def test_health_answers_while_every_worker_is_busy() -> None:
    source = Slow(a_catalog(an_offer()))
    with serving(a_dispatcher(source), workers=2) as open_channel:
        stub: Any = open_channel.unary_unary(LIST_OFFERS)
        busy = [stub.future(b"", timeout=SECONDS) for _ in range(6)]
        answer, _ = call(open_channel, "/grpc.health.v1.Health/Check", b"")
        source.let_go.set()
        assert answer == b"\x08\x01"
        assert all(future.result() is not None for future in busy)


def test_idle_reflection_streams_do_not_starve_calls() -> None:
    source = FakeSource(a_catalog(an_offer()))
    with serving(a_dispatcher(source), workers=2) as open_channel:
        stub: Any = open_channel.stream_stream(
            "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"
        )
        end = threading.Event()

        def nothing() -> Iterator[bytes]:
            end.wait(SECONDS)
            yield from ()

        streams = [stub(nothing()) for _ in range(6)]
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda _: call(open_channel, LIST_OFFERS, b""), range(8)))
        end.set()
        for stream in streams:
            stream.cancel()
    assert len(answers) == 8


def test_a_taken_port_is_said_with_the_setting_to_change() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        dispatcher = a_dispatcher(FakeSource(a_catalog()))
        server = GrpcServer(dispatcher, lambda: OK, host="127.0.0.1", port=port)
        with pytest.raises(PortTaken, match=rf"127\.0\.0\.1:{port}.*GPUQUOTE_GRPC_PORT"):
            server.start()


def test_two_servers_share_a_port_only_when_told_to() -> None:
    dispatcher = a_dispatcher(FakeSource(a_catalog()))
    one = GrpcServer(dispatcher, lambda: OK, host="127.0.0.1", port=0, reuse_port=True)
    port = one.start()
    other = GrpcServer(dispatcher, lambda: OK, host="127.0.0.1", port=port, reuse_port=True)
    assert other.start() == port
    one.stop(grace=0)
    other.stop(grace=0)


def test_ipv6_loopback_is_an_address_too() -> None:
    dispatcher = a_dispatcher(FakeSource(a_catalog()))
    server = GrpcServer(dispatcher, lambda: OK, host="::1", port=0)
    try:
        port = server.start()
    except PortTaken:
        pytest.skip("this machine has no IPv6 loopback")
    with grpc.insecure_channel(f"[::1]:{port}") as open_channel:
        call(open_channel, LIST_OFFERS, b"")
    server.stop(grace=0)


def test_stop_lets_a_call_under_way_end() -> None:
    source = Slow(a_catalog(an_offer()))
    server = GrpcServer(a_dispatcher(source), lambda: OK, host="127.0.0.1", port=0)
    port = server.start()
    with grpc.insecure_channel(f"127.0.0.1:{port}") as open_channel:
        stub: Any = open_channel.unary_unary(LIST_OFFERS)
        future = stub.future(b"", timeout=SECONDS)
        grpc.channel_ready_future(open_channel).result(SECONDS)
        call(open_channel, "/grpc.health.v1.Health/Check", b"")
        stopping = threading.Thread(target=server.stop, args=(SECONDS,))
        stopping.start()
        source.let_go.set()
        assert future.result() is not None
        stopping.join(SECONDS)
        assert not stopping.is_alive()


class Generic:
    """A client that knows nothing but reflection, as command-line tools do."""

    def __init__(self, channel: grpc.Channel) -> None:
        self._channel = channel
        self._stub = reflection_pb2_grpc.ServerReflectionStub(channel)
        self._pool = descriptor_pool.DescriptorPool()

    def _ask(self, **request: Any) -> reflection_pb2.ServerReflectionResponse:
        requests = iter((reflection_pb2.ServerReflectionRequest(**request),))
        return next(self._stub.ServerReflectionInfo(requests, timeout=SECONDS))

    def services(self) -> set[str]:
        found = self._ask(list_services="").list_services_response
        return {service.name for service in found.service}

    def load(self, symbol: str) -> None:
        answer = self._ask(file_containing_symbol=symbol).file_descriptor_response
        for raw in answer.file_descriptor_proto:
            self._add(descriptor_pb2.FileDescriptorProto.FromString(raw))

    def _add(self, file: descriptor_pb2.FileDescriptorProto) -> None:
        for needed in file.dependency:
            answer = self._ask(file_by_filename=needed).file_descriptor_response
            for raw in answer.file_descriptor_proto:
                self._add(descriptor_pb2.FileDescriptorProto.FromString(raw))
        try:
            self._pool.FindFileByName(file.name)
        except KeyError:
            self._pool.Add(file)

    def call(self, service: str, rpc: str, arguments: dict[str, Any]) -> dict[str, Any]:
        method = self._pool.FindServiceByName(service).FindMethodByName(rpc)
        request = message_factory.GetMessageClass(method.input_type)()
        json_format.ParseDict(arguments, request)
        raw, _ = call(self._channel, f"/{service}/{rpc}", request.SerializeToString())
        answer = message_factory.GetMessageClass(method.output_type)()
        answer.ParseFromString(raw)
        return json_format.MessageToDict(answer)


def test_a_generic_client_finds_everything_by_reflection(channel: grpc.Channel) -> None:
    client = Generic(channel)
    assert client.services() == {
        *(service.full_name for service in contract_services()),
        "grpc.health.v1.Health",
        "grpc.reflection.v1alpha.ServerReflection",
    }
    client.load("gpuquote.v1.CatalogService")
    found = client.call("gpuquote.v1.CatalogService", "ListOffers", {"filter": "gpu_count = 1"})
    assert [offer["pricePerGpuHour"]["amount"] for offer in found["offers"]] == ["1.50", "2.49"]
