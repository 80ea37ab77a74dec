"""Requests of the estimators, and what is read of them."""

from typing import Any

import pytest
from google.protobuf import json_format
from gpuquote.v1 import estimate_service_pb2 as pb

from service.domain.errors import InvalidRequest, Reason
from service.market.answers import InferenceQuestion, TrainingQuestion
from service.rpc.constraints import Market
from service.rpc.terms import Known
from service.rpc.workloads import read_estimate_inference, read_estimate_training
from tests.builders import an_offer
from tests.fakes import EXCHANGE_RATES, GPUS, MODELS, a_catalog

SNAPSHOT = a_catalog(an_offer(), an_offer(provider="lambda", offer_id="lambda-h100"))
KNOWN = Known(
    models=MODELS,
    market=Market(gpus=GPUS, providers=("lambda", "nimbus"), rates=EXCHANGE_RATES),
    snapshot=SNAPSHOT,
)
TRAINING: dict[str, Any] = {"model": "llama-3.1-8b", "tokens": 10**12}
INFERENCE: dict[str, Any] = {
    "model": "llama-3.1-8b",
    "inputTokens": 1000,
    "outputTokens": 200,
    "concurrency": 64,
}
NAN, INF = "NaN", "Infinity"  # as JSON of protobuf spells them


def training_request(**fields: Any) -> pb.EstimateTrainingRequest:
    """Build a request from JSON names over a usual one; None leaves a field out."""
    return json_format.ParseDict(_given(TRAINING | fields), pb.EstimateTrainingRequest())


def inference_request(**fields: Any) -> pb.EstimateInferenceRequest:
    """Build a request from JSON names over a usual one; None leaves a field out."""
    return json_format.ParseDict(_given(INFERENCE | fields), pb.EstimateInferenceRequest())


def _given(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def training(**fields: Any) -> TrainingQuestion:
    """Read a request of training."""
    return read_estimate_training(training_request(**fields), KNOWN).question


def inference(**fields: Any) -> InferenceQuestion:
    """Read a request of serving."""
    return read_estimate_inference(inference_request(**fields), KNOWN).question


def faults_of(read: Any, **fields: Any) -> InvalidRequest:
    """Return the error of a request that is refused."""
    with pytest.raises(InvalidRequest) as raised:
        read(**fields)
    return raised.value


def assumed(question: TrainingQuestion | InferenceQuestion) -> dict[str, str]:
    """Return what was assumed, by name."""
    return {one.name: one.value for one in question.terms.assumptions}


def violations_of(read: Any, **fields: Any) -> list[tuple[str, Reason]]:
    """Return what is wrong with a request, by field and reason."""
    return [(one.field, one.reason) for one in faults_of(read, **fields).violations]
