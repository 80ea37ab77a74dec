"""The chain: request id, deadline, decoding, behaviours, errors, metric, log."""

import logging
from collections.abc import Callable

import pytest
from google.protobuf.message import Message
from google.rpc import error_details_pb2
from google.rpc.code_pb2 import Code
from gpuquote.v1 import catalog_service_pb2 as pb
from prometheus_client import CollectorRegistry

from service.domain.errors import NotFound, Reason
from service.rpc.call import Answer
from service.rpc.dispatch import DEFAULT_TIMEOUT_SECONDS, Call, Dispatcher, RpcError
from service.rpc.methods import Method, Scope
from tests.fakes import detail

GET_OFFER = "/gpuquote.v1.CatalogService/GetOffer"
REQUEST = pb.GetOfferRequest(name="offers/x")


def answer(_: Message) -> Answer:
    return Answer(pb.GetOfferResponse(), metadata={"kept": "yes"})


class Watch:
    """A monotonic clock that each look moves on."""

    def __init__(self, *, step: float = 0.0) -> None:
        self.at = 1000.0
        self.step = step

    def __call__(self) -> float:
        self.at += self.step
        return self.at


def dispatcher(
    handler: Callable[[Message], Answer] = answer,
    *,
    registry: CollectorRegistry | None = None,
    watch: Watch | None = None,
) -> Dispatcher:
    method = Method(
        name=GET_OFFER,
        request=pb.GetOfferRequest,
        response=pb.GetOfferResponse,
        handler=handler,
        scope=Scope.READ,
        is_cacheable=True,
    )
    return Dispatcher(
        {GET_OFFER: method},
        registry=registry or CollectorRegistry(),
        monotonic=watch or Watch(),
    )


def refused(
    chain: Dispatcher, request: Message | bytes = REQUEST, call: Call | None = None
) -> RpcError:
    with pytest.raises(RpcError) as raised:
        chain.call(GET_OFFER, request, call or Call())
    return raised.value


def test_a_good_call_has_the_handlers_answer_and_a_request_id() -> None:
    found = dispatcher().call(GET_OFFER, REQUEST, Call())
    assert found.message == pb.GetOfferResponse()
    assert found.metadata["kept"] == "yes"
    assert len(found.metadata["x-request-id"]) == 20


def test_the_callers_request_id_is_kept() -> None:
    call = Call(metadata={"x-request-id": "01JD6Z3V2M"})
    assert dispatcher().call(GET_OFFER, REQUEST, call).metadata["x-request-id"] == "01JD6Z3V2M"
    given = Call(request_id="mine", metadata={"x-request-id": "other"})
    assert dispatcher().call(GET_OFFER, REQUEST, given).metadata["x-request-id"] == "mine"


@pytest.mark.parametrize("bad", ["", "a b", "a\r\nset-cookie: x", "a" * 65, "\N{SNOWMAN}"])
def test_a_harmful_request_id_is_replaced(bad: str) -> None:
    call = Call(metadata={"x-request-id": bad})
    made = dispatcher().call(GET_OFFER, REQUEST, call).metadata["x-request-id"]
    assert made != bad
    assert made.isalnum()


def test_an_error_carries_its_status_and_the_request_id() -> None:
    def handler(_: Message) -> Answer:
        raise NotFound(Reason.OFFER_NOT_FOUND, "no", metadata={"name": "offers/x"})

    error = refused(dispatcher(handler), call=Call(request_id="mine"))
    assert error.status.code == Code.NOT_FOUND
    assert error.metadata == {"x-request-id": "mine"}
    assert detail(error.status, error_details_pb2.RequestInfo).request_id == "mine"


def test_a_fault_of_ours_is_internal_and_says_nothing() -> None:
    def handler(_: Message) -> Answer:
        raise ZeroDivisionError("the secret")

    error = refused(dispatcher(handler))
    assert error.status.code == Code.INTERNAL
    assert b"secret" not in error.status.SerializeToString()
    assert b"Traceback" not in error.status.SerializeToString()


def test_bytes_are_decoded_with_the_methods_request() -> None:
    seen: list[Message] = []

    def handler(request: Message) -> Answer:
        seen.append(request)
        return answer(request)

    dispatcher(handler).call(GET_OFFER, REQUEST.SerializeToString(), Call())
    assert seen == [REQUEST]


@pytest.mark.parametrize("junk", [b"\xff\xff\xff", b"\x0a\x02\xc0\xaf", b"\x0a\x05ab"])
def test_bytes_that_are_no_request_are_refused(junk: bytes) -> None:
    error = refused(dispatcher(), junk)
    assert error.status.code == Code.INVALID_ARGUMENT
    assert detail(error.status, error_details_pb2.ErrorInfo).reason == "BAD_MESSAGE"


def test_declared_behaviours_are_checked_before_the_handler() -> None:
    def handler(_: Message) -> Answer:
        raise AssertionError("must not be reached")

    error = refused(dispatcher(handler), pb.GetOfferRequest())
    assert error.status.code == Code.INVALID_ARGUMENT
    assert detail(error.status, error_details_pb2.ErrorInfo).reason == "FIELD_REQUIRED"


@pytest.mark.parametrize(("left", "is_answered"), [(-1.0, False), (0.0699, False), (0.0701, True)])
def test_a_call_without_time_left_is_refused_at_once(left: float, *, is_answered: bool) -> None:
    calls: list[Message] = []

    def handler(request: Message) -> Answer:
        calls.append(request)
        return answer(request)

    chain, call = dispatcher(handler), Call(deadline=1000.0 + left)
    if is_answered:
        chain.call(GET_OFFER, REQUEST, call)
    else:
        error = refused(chain, call=call)
        assert error.status.code == Code.DEADLINE_EXCEEDED
        assert detail(error.status, error_details_pb2.ErrorInfo).reason == "DEADLINE_EXCEEDED"
    assert len(calls) == int(is_answered)


def test_a_call_without_a_deadline_gets_one() -> None:
    assert DEFAULT_TIMEOUT_SECONDS == 5.0
    assert dispatcher().call(GET_OFFER, REQUEST, Call(deadline=None)).message is not None


def test_an_unknown_method_is_unimplemented() -> None:
    with pytest.raises(RpcError) as raised:
        dispatcher().call("/gpuquote.v1.CatalogService/Guess", REQUEST, Call())
    assert raised.value.status.code == Code.UNIMPLEMENTED
    assert detail(raised.value.status, error_details_pb2.ErrorInfo).reason == "UNIMPLEMENTED"


def test_every_call_is_measured_by_method_and_code() -> None:
    registry = CollectorRegistry()
    chain = dispatcher(registry=registry)
    chain.call(GET_OFFER, REQUEST, Call())
    refused(chain, pb.GetOfferRequest())
    for name in ("/a.B/C", "/d.E/F"):
        with pytest.raises(RpcError):
            chain.call(name, REQUEST, Call())

    def count(method: str, code: str) -> float | None:
        labels = {"method": method, "code": code}
        return registry.get_sample_value("rpc_server_call_duration_seconds_count", labels)

    assert count("gpuquote.v1.CatalogService/GetOffer", "OK") == 1
    assert count("gpuquote.v1.CatalogService/GetOffer", "INVALID_ARGUMENT") == 1
    assert count("_OTHER", "UNIMPLEMENTED") == 2


def test_a_call_is_one_debug_line(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="service.rpc.dispatch"):
        dispatcher().call(GET_OFFER, REQUEST, Call(request_id="mine"))
    record = next(r for r in caplog.records if r.name == "service.rpc.dispatch")
    assert record.levelno == logging.DEBUG
    assert record.__dict__["method"] == "gpuquote.v1.CatalogService/GetOffer"
    assert record.__dict__["code"] == "OK"
    assert record.__dict__["request_id"] == "mine"


def test_a_slow_call_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    dispatcher(watch=Watch(step=0.6)).call(GET_OFFER, REQUEST, Call())
    record = next(r for r in caplog.records if r.name == "service.rpc.dispatch")
    assert record.levelno == logging.WARNING
    assert record.__dict__["duration_ms"] == pytest.approx(600)


def test_the_cause_that_a_caller_is_not_told_is_logged_with_the_id_that_it_is_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail(_: Message) -> Answer:
        raise ZeroDivisionError("the cause")

    with pytest.raises(RpcError) as raised:
        dispatcher(fail).call(GET_OFFER, REQUEST, Call())
    record = next(r for r in caplog.records if r.levelno == logging.ERROR)
    assert record.__dict__["request_id"] == raised.value.metadata["x-request-id"]
