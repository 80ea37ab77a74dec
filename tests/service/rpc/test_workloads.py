"""Whole requests to questions: everything at once, baselines, and any message at all."""

import contextlib
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from gpuquote.v1 import estimate_service_pb2 as pb
from hypothesis import given, settings
from hypothesis import strategies as st

from service.domain.constraints import Adjustment
from service.domain.errors import InvalidRequest, Reason
from service.domain.filter import parse_filter
from service.domain.geo import GEO_GROUPS
from service.domain.money import Money
from service.domain.offer import PurchaseModel, Trust
from service.domain.precision import Precision
from service.domain.workload import (
    Objective,
    Parallelism,
    TrainingMethod,
)
from service.rpc.workloads import read_estimate_inference, read_estimate_training
from tests.fakes import MODELS
from tests.service.rpc.asking import (
    INFERENCE,
    KNOWN,
    TRAINING,
    assumed,
    faults_of,
    inference,
    training,
    violations_of,
)

# Thousands of cases: tracing them would double their time.
pytestmark = pytest.mark.no_cover

BAD: list[tuple[dict[str, Any], str, Reason]] = [
    ({"baseline": TRAINING | {"tokens": 0}}, "baseline.tokens", Reason.FIELD_REQUIRED),
    ({"baseline": TRAINING | {"currencyCode": "EUR"}}, "baseline.currency_code", Reason.BAD_FIELD),
    ({"baseline": TRAINING | {"baseline": TRAINING}}, "baseline.baseline", Reason.BAD_FIELD),
    (
        {"baseline": TRAINING | {"constraints": {"geo": ["MARS"]}}},
        "baseline.constraints.geo",
        Reason.BAD_FIELD,
    ),
]


@pytest.mark.parametrize(("fields", "field", "reason"), BAD)
def test_a_bad_baseline_is_refused_by_field_and_reason(
    fields: dict[str, Any], field: str, reason: Reason
) -> None:
    assert violations_of(training, **fields) == [(field, reason)]


def test_all_violations_come_at_once() -> None:
    found = faults_of(
        training,
        model="llama-4-9b",
        tokens=-1,
        gpuCount=0,
        parallelism={"tensor": -1},
        constraints={"geo": ["MARS"]},
        baseline={"model": "llama-3.1-8b"},
    )
    assert [one.field for one in found.violations] == [
        "model",
        "gpu_count",
        "tokens",
        "parallelism.tensor",
        "constraints.geo",
        "baseline.tokens",
    ]


def test_a_bare_training_run_tells_every_default() -> None:
    question = training()
    assert question.workload.tokens == 10**12
    assert question.workload.architecture is MODELS.by_id["llama-3.1-8b"].architecture
    assert assumed(question) == {
        "maxGpuCount": "16384 GPUs",
        "confidence": "0.9",
        "method": "FULL",
        "precision": "BF16",
        "sequenceLength": "8192 tokens",
        "datasetGb": "0 GB",
        "keptCheckpointCount": "3",
        "egressGb": "the final weights, once",
        "constraints.purchaseModel": "ON_DEMAND",
        "constraints.trust": "FIRST_PARTY, VERIFIED_HOST",
        "constraints.availability": "AVAILABLE, LIMITED, NOT_STATED",
    }


def test_what_is_given_is_no_assumption() -> None:
    question = training(
        gpuModel="l4-24gb",
        gpuCount=8,
        confidence=0.5,
        method="TRAINING_METHOD_QLORA",
        loraRank=8,
        precision="PRECISION_FP16",
        sequenceLength=512,
        pricePerGpuHour={"currencyCode": "EUR", "amount": "0.80"},
    )
    assert question.terms.assumptions == ()
    assert question.terms.dollars_per_gpu_hour == Decimal("1.0000")
    assert question.workload.method is TrainingMethod.QLORA
    assert (question.workload.lora_rank, question.workload.sequence_length) == (8, 512)
    assert question.placement.gpu_count == 8


def test_a_training_run_is_read_whole() -> None:
    question = training(
        model="mixtral-8x7b",
        gpuCount=64,
        objective="OBJECTIVE_TIME",
        recompute="RECOMPUTE_FULL",
        microBatchSize=2,
        parallelism={"tensor": 8, "pipeline": 2, "data": 4, "expert": 4, "zeroStage": 0},
        mfu=0.4,
        datasetGb=500,
        egressGb=0,
        keptCheckpointCount=5,
        offer="offers/nimbus-h100-sxm-1x-on-demand",
        constraints={
            "deadline": "86400s",
            "budget": {"currencyCode": "EUR", "amount": "1000"},
            "gpuFamily": ["h100"],
            "vendor": ["nvidia"],
            "geo": ["EU"],
            "purchaseModel": ["PURCHASE_MODEL_SPOT"],
            "filter": "vram_gb >= 80",
            "maxAge": "3600s",
            "trust": ["TRUST_HOST"],
        },
        adjustments=[
            {
                "provider": "providers/nimbus",
                "purchaseModel": "PURCHASE_MODEL_SPOT",
                "discountPercent": 12.5,
                "creditRemaining": {"currencyCode": "EUR", "amount": "100"},
                "committedGpuCount": 8,
                "until": "2027-06-30",
            }
        ],
    )
    assert question.workload.parallelism == Parallelism(
        tensor=8, pipeline=2, data=4, expert=4, zero_stage=0
    )
    assert question.placement.objective is Objective.TIME
    assert question.placement.deadline == timedelta(days=1)
    assert (question.dataset_gb, question.kept_checkpoint_count) == (500.0, 5)
    terms = question.terms
    assert terms.egress_gb == 0.0
    assert terms.offer_id == "nimbus-h100-sxm-1x-on-demand"
    assert terms.constraints.gpu_models == {"h100-sxm-80gb", "h100-pcie-80gb"}
    assert terms.constraints.country_codes == GEO_GROUPS["EU"]
    assert terms.constraints.purchase_models == {PurchaseModel.SPOT}
    assert terms.constraints.trust == {Trust.HOST}
    assert terms.constraints.filter == parse_filter("vram_gb >= 80")
    assert terms.constraints.budget == Money(amount=Decimal("1250.00"))
    assert terms.adjustments == (
        Adjustment(
            provider="nimbus",
            purchase_model=PurchaseModel.SPOT,
            discount=Decimal("0.125"),
            credit=Decimal(125),
            committed_gpu_count=8,
            until=date(2027, 6, 30),
        ),
    )


def test_a_baseline_is_a_question_of_its_own() -> None:
    question = training(baseline=TRAINING | {"precision": "PRECISION_FP8"})
    assert question.baseline is not None
    assert question.baseline.workload.precision is Precision.FP8
    assert question.baseline.baseline is None
    serving = inference(baseline=INFERENCE | {"concurrency": 8})
    assert serving.baseline is not None
    assert serving.baseline.workload.concurrency == 8


# Any message at all

_TEXTS = st.sampled_from(
    (
        *("", "llama-3.1-8b", "bert-large", "stable-diffusion-1.5", "h100-sxm-80gb", "offers/a"),
        *("USD", "EUR", "1.5", "nimbus", "US", "EU", "H100", "NVIDIA", "2027-01-01", "vram_gb > 1"),
    )
) | st.text(max_size=8)
_INTEGERS = st.sampled_from([0, 1, 2, 8, 32, 4096]) | st.integers(-(2**31), 2**31 - 1)
_DOUBLES = st.sampled_from([0.0, 0.5, 0.75, 0.9, 1.0]) | st.floats()


def _values(field: FieldDescriptor, depth: int) -> st.SearchStrategy[Any]:
    if field.message_type is not None:
        return _messages(field.message_type, depth - 1)
    if field.enum_type is not None:
        return st.integers(0, len(field.enum_type.values) + 1)
    return {
        FieldDescriptor.CPPTYPE_STRING: _TEXTS,
        FieldDescriptor.CPPTYPE_DOUBLE: _DOUBLES,
        FieldDescriptor.CPPTYPE_BOOL: st.booleans(),
        FieldDescriptor.CPPTYPE_INT64: _INTEGERS | st.integers(-(2**63), 2**63 - 1),
    }.get(field.cpp_type, _INTEGERS)


@st.composite
def _messages(draw: st.DrawFn, descriptor: Any, depth: int) -> Message:
    message: Message = GetMessageClass(descriptor)()
    fields = [field for field in descriptor.fields if field.message_type is None or depth > 0]
    for field in draw(st.lists(st.sampled_from(fields), max_size=8, unique_by=lambda f: f.name)):
        values = _values(field, depth)
        if field.is_repeated:
            getattr(message, field.name).extend(draw(st.lists(values, max_size=3)))
        elif field.message_type is not None:
            getattr(message, field.name).CopyFrom(draw(values))
        else:
            setattr(message, field.name, draw(values))
    return message


@settings(max_examples=150, deadline=None)
@given(_messages(pb.EstimateTrainingRequest.DESCRIPTOR, 3))
def test_any_training_request_is_read_or_refused(request: pb.EstimateTrainingRequest) -> None:
    with contextlib.suppress(InvalidRequest):
        read_estimate_training(request, KNOWN)


@settings(max_examples=150, deadline=None)
@given(_messages(pb.EstimateInferenceRequest.DESCRIPTOR, 3))
def test_any_inference_request_is_read_or_refused(request: pb.EstimateInferenceRequest) -> None:
    with contextlib.suppress(InvalidRequest):
        read_estimate_inference(request, KNOWN)


@settings(max_examples=200, deadline=None)
@given(
    _messages(pb.EstimateTrainingRequest.DESCRIPTOR.fields_by_name["architecture"].message_type, 1)
)
def test_any_architecture_is_completed_or_refused(architecture: Any) -> None:
    request = pb.EstimateTrainingRequest(architecture=architecture, tokens=10**9)
    with contextlib.suppress(InvalidRequest):
        question = read_estimate_training(request, KNOWN).question
        assert question.workload.architecture.params == architecture.params
