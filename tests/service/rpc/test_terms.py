"""Where a workload may be placed, and what holds for its money."""

from dataclasses import replace
from typing import Any

import pytest

from service.domain.errors import Reason
from service.facts.tables import load_gpu_registry
from service.rpc.workloads import read_estimate_inference, read_estimate_training
from tests.service.rpc.asking import (
    INF,
    KNOWN,
    NAN,
    faults_of,
    inference_request,
    training,
    training_request,
    violations_of,
)

BAD: list[tuple[dict[str, Any], str, Reason]] = [
    ({"gpuModel": "h100x"}, "gpu_model", Reason.UNKNOWN_GPU_MODEL),
    ({"gpuModel": "gpuModels/"}, "gpu_model", Reason.UNKNOWN_GPU_MODEL),
    ({"gpuModel": "h100"}, "gpu_model", Reason.UNKNOWN_GPU_MODEL),
    ({"gpuModel": "y" * 5000}, "gpu_model", Reason.UNKNOWN_GPU_MODEL),
    *(({"gpuCount": count}, "gpu_count", Reason.BAD_FIELD) for count in (0, -8, 10**9)),
    ({"maxGpuCount": -1}, "max_gpu_count", Reason.BAD_FIELD),
    ({"gpuCount": 8, "maxGpuCount": 4}, "gpu_count", Reason.BAD_FIELD),
    *(({"confidence": value}, "confidence", Reason.BAD_FIELD) for value in (0.8, -1, NAN, 90)),
    (
        {"gpuModel": "l4-24gb", "pricePerGpuHour": {"currencyCode": "USD", "amount": "-1"}},
        "price_per_gpu_hour.amount",
        Reason.BAD_MONEY,
    ),
    (
        {"gpuModel": "l4-24gb", "pricePerGpuHour": {"currencyCode": "USD", "amount": "0"}},
        "price_per_gpu_hour.amount",
        Reason.BAD_MONEY,
    ),
    (
        {"gpuModel": "l4-24gb", "pricePerGpuHour": {"currencyCode": "USD", "amount": "1e3"}},
        "price_per_gpu_hour.amount",
        Reason.BAD_MONEY,
    ),
    (
        {"gpuModel": "l4-24gb", "pricePerGpuHour": {"currencyCode": "XXX", "amount": "1"}},
        "price_per_gpu_hour.currency_code",
        Reason.BAD_MONEY,
    ),
    ({"pricePerGpuHour": {"currencyCode": "USD", "amount": "1"}}, "gpu_model", Reason.BAD_FIELD),
    ({"offer": "nimbus"}, "offer", Reason.BAD_NAME),
    ({"offer": "offers/lambda-h100", "gpuModel": "l4-24gb"}, "gpu_model", Reason.BAD_FIELD),
    *(
        (
            {"gpuModel": "l4-24gb", "pricePerGpuHour": {"currencyCode": "USD", "amount": "1"}}
            | other,
            field,
            Reason.BAD_FIELD,
        )
        for other, field in (
            ({"offer": "offers/l4"}, "offer"),
            ({"adjustments": [{"provider": "lambda", "discountPercent": 5}]}, "adjustments"),
            ({"constraints": {"countryCode": ["US"]}}, "constraints.country_code"),
            ({"datasetGb": 5}, "dataset_gb"),
            ({"egressGb": 0}, "egress_gb"),
            ({"keptCheckpointCount": 5}, "kept_checkpoint_count"),
        )
    ),
    ({"datasetGb": -1}, "dataset_gb", Reason.BAD_FIELD),
    ({"datasetGb": INF}, "dataset_gb", Reason.BAD_FIELD),
    ({"egressGb": NAN}, "egress_gb", Reason.BAD_FIELD),
    ({"keptCheckpointCount": 1001}, "kept_checkpoint_count", Reason.BAD_FIELD),
    ({"currencyCode": "XXX"}, "currency_code", Reason.BAD_MONEY),
    ({"currencyCode": "eur"}, "currency_code", Reason.BAD_MONEY),
]


@pytest.mark.parametrize(("fields", "field", "reason"), BAD)
def test_bad_terms_are_refused_by_field_and_reason(
    fields: dict[str, Any], field: str, reason: Reason
) -> None:
    assert violations_of(training, **fields) == [(field, reason)]


def test_an_ambiguous_gpu_names_its_candidates() -> None:
    found = faults_of(training, gpuModel="H100 80GB")
    assert "h100-pcie-80gb, h100-sxm-80gb" in found.detail


@pytest.mark.parametrize(
    "text", ["h100-sxm-80gb", "gpuModels/h100-sxm-80gb", "H100 SXM", "NVIDIA H100 SXM5 80GB"]
)
def test_a_gpu_goes_by_id_name_and_alias(text: str) -> None:
    known = replace(KNOWN, market=replace(KNOWN.market, gpus=load_gpu_registry()))
    request = training_request(gpuModel=text, constraints={"gpuModel": [text]})
    question = read_estimate_training(request, known).question
    assert question.placement.gpu_model == "h100-sxm-80gb"
    assert question.terms.constraints.gpu_models == {"h100-sxm-80gb"}


def test_the_currency_of_the_answer_needs_a_rate() -> None:
    asked = read_estimate_training(training_request(currencyCode="EUR"), KNOWN)
    assert asked.currency_code == "EUR"
    assert read_estimate_training(training_request(), KNOWN).currency_code == "USD"
    asked_too = read_estimate_inference(inference_request(currencyCode="USD"), KNOWN)
    assert asked_too.currency_code == "USD"


def test_a_count_of_gpus_leaves_the_limit_open() -> None:
    assert training(gpuCount=8).placement.max_gpu_count == 16_384
    assert training(gpuCount=20_000).placement.max_gpu_count == 20_000
    assert training(gpuCount=8, maxGpuCount=64).placement.max_gpu_count == 64
