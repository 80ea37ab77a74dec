"""EstimateService through the chain, with use cases that only keep what they were asked."""

from typing import Any

import pytest
from google.rpc import error_details_pb2
from google.rpc.code_pb2 import Code
from google.rpc.status_pb2 import Status
from gpuquote.v1 import architecture_pb2, money_pb2
from gpuquote.v1 import estimate_service_pb2 as pb

from service.catalog.replica import Readiness, ReadyReason, ReadyStatus
from service.domain.errors import Precondition, Reason
from service.rpc.dispatch import Call, Dispatcher, RpcError
from tests.builders import NOW, an_offer
from tests.estimates import FakeServing, FakeTraining
from tests.fakes import FakeClock, FakeSource, a_catalog, a_dispatcher, detail

TRAINING = "/gpuquote.v1.EstimateService/EstimateTraining"
INFERENCE = "/gpuquote.v1.EstimateService/EstimateInference"


def training_request(**fields: Any) -> pb.EstimateTrainingRequest:
    usual: dict[str, Any] = {"model": "llama-3.1-8b", "tokens": 10**12}
    return pb.EstimateTrainingRequest(**(usual | fields))


def inference_request(**fields: Any) -> pb.EstimateInferenceRequest:
    usual: dict[str, Any] = {
        "model": "llama-3.1-8b",
        "input_tokens": 100,
        "output_tokens": 50,
        "concurrency": 8,
    }
    return pb.EstimateInferenceRequest(**(usual | fields))


def refused(dispatcher: Dispatcher, request: Any, method: str = TRAINING) -> Status:
    with pytest.raises(RpcError) as raised:
        dispatcher.call(method, request, Call())
    return raised.value.status


def test_a_question_goes_to_the_use_case_with_the_catalogue_and_the_time() -> None:
    source, train, serve = FakeSource(a_catalog(an_offer())), FakeTraining(), FakeServing()
    dispatcher = a_dispatcher(source, train=train, serve=serve)
    answer = dispatcher.call(TRAINING, training_request(), Call())
    assert isinstance(answer.message, pb.EstimateTrainingResponse)
    assert train.asked[0].workload.tokens == 10**12
    assert train.moments == [NOW]
    served = dispatcher.call(INFERENCE, inference_request(), Call())
    assert isinstance(served.message, pb.EstimateInferenceResponse)
    assert serve.asked[0].workload.concurrency == 8
    for one in (answer, served):
        assert one.message is not None
        assert one.message.catalog_revision == source.snapshot.revision  # type: ignore[attr-defined]


def test_an_answer_may_not_be_cached() -> None:
    source = FakeSource(a_catalog(an_offer()))
    answer = a_dispatcher(source).call(TRAINING, training_request(), Call())
    assert answer.metadata["gpuquote-revision"] == source.snapshot.revision
    assert "gpuquote-content-revision" not in answer.metadata
    assert "gpuquote-max-age" not in answer.metadata


def test_a_revision_that_was_answered_from_can_be_named_again() -> None:
    source, clock = FakeSource(a_catalog(an_offer())), FakeClock()
    dispatcher = a_dispatcher(source, clock=clock)
    request = training_request()
    first = dispatcher.call(TRAINING, request, Call())
    pinned = training_request(catalog_revision=source.snapshot.revision)
    source.snapshot = a_catalog(an_offer(price="9.99"), snapshot_id="s2")
    assert dispatcher.call(TRAINING, request, Call()).to_proto_bytes() != first.to_proto_bytes()
    assert dispatcher.call(TRAINING, pinned, Call()).to_proto_bytes() == first.to_proto_bytes()


def test_a_revision_that_nobody_was_answered_from_is_refused() -> None:
    dispatcher = a_dispatcher(FakeSource(a_catalog(an_offer())))
    status = refused(dispatcher, training_request(catalog_revision="0123456789abcdef"))
    assert status.code == Code.FAILED_PRECONDITION
    assert detail(status, error_details_pb2.ErrorInfo).reason == "REVISION_NOT_KEPT"


def test_the_answer_is_in_the_currency_of_the_request() -> None:
    dispatcher = a_dispatcher(FakeSource(a_catalog(an_offer())))
    answer = dispatcher.call(TRAINING, training_request(currency_code="EUR"), Call()).message
    assert isinstance(answer, pb.EstimateTrainingResponse)
    assert answer.cost.p50 == money_pb2.Money(currency_code="EUR", amount="80.00")
    assert answer.exchange_rate.date == "2026-10-07"
    served = dispatcher.call(INFERENCE, inference_request(currency_code="EUR"), Call()).message
    assert isinstance(served, pb.EstimateInferenceResponse)
    assert served.monthly_cost.p50 == money_pb2.Money(currency_code="EUR", amount="80.00")


def test_all_that_is_wrong_is_told_with_reason_and_nearest() -> None:
    dispatcher = a_dispatcher(FakeSource(a_catalog(an_offer())))
    status = refused(dispatcher, training_request(model="llama-3.1-7b", gpu_count=0))
    assert status.code == Code.INVALID_ARGUMENT
    info = detail(status, error_details_pb2.ErrorInfo)
    assert info.reason == "UNKNOWN_MODEL"
    assert "llama-3.1-8b" in info.metadata["nearest"]
    violations = detail(status, error_details_pb2.BadRequest).field_violations
    assert [one.field for one in violations] == ["model", "gpu_count"]


def test_params_are_required_before_anything_is_read() -> None:
    dispatcher = a_dispatcher(FakeSource(a_catalog(an_offer())))
    request = training_request(model="", architecture=architecture_pb2.Architecture(layers=5))
    status = refused(dispatcher, request)
    (violation,) = detail(status, error_details_pb2.BadRequest).field_violations
    assert (violation.field, violation.reason) == ("architecture.params", "FIELD_REQUIRED")


def test_a_workload_that_does_not_fit_is_told_what_would() -> None:
    def train(*_: Any, **__: Any) -> Any:
        raise Precondition(
            Reason.DOES_NOT_FIT,
            "needs 1300 GB, 640 GB are there; the smallest change that fits: gpuCount=16",
            metadata={
                "constraint": "MEMORY",
                "needed": "1300",
                "limit": "640",
                "unit": "GB",
                "smallestChange": "gpuCount=16",
            },
        )

    status = refused(
        a_dispatcher(FakeSource(a_catalog(an_offer())), train=train), training_request()
    )
    assert status.code == Code.FAILED_PRECONDITION
    info = detail(status, error_details_pb2.ErrorInfo)
    assert info.reason == "DOES_NOT_FIT"
    assert dict(info.metadata) == {
        "constraint": "MEMORY",
        "needed": "1300",
        "limit": "640",
        "unit": "GB",
        "smallestChange": "gpuCount=16",
    }


def test_before_prices_are_loaded_nothing_is_estimated() -> None:
    starting = Readiness(status=ReadyStatus.UNAVAILABLE, reasons=(ReadyReason.STARTING,))
    dispatcher = a_dispatcher(FakeSource(a_catalog(), ready=starting))
    status = refused(dispatcher, training_request())
    assert status.code == Code.UNAVAILABLE
    assert detail(status, error_details_pb2.ErrorInfo).reason == "STORE_UNREACHABLE"
