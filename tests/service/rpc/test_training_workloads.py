"""The training run of a request: what is read and refused, and which defaults are told."""

from dataclasses import replace
from typing import Any

import pytest

from service.domain.errors import Reason
from service.domain.models import ModelRegistry
from service.rpc.workloads import read_estimate_training
from tests.builders import a_language_model, an_architecture
from tests.service.rpc.asking import (
    INF,
    KNOWN,
    NAN,
    assumed,
    training,
    training_request,
    violations_of,
)

BAD: list[tuple[dict[str, Any], str, Reason]] = [
    ({"tokens": 0}, "tokens", Reason.FIELD_REQUIRED),
    ({"tokens": -1}, "tokens", Reason.BAD_FIELD),
    ({"tokens": 10**17 + 1}, "tokens", Reason.BAD_FIELD),
    ({"images": 5}, "images", Reason.BAD_FIELD),
    ({"tokens": None, "images": 5}, "images", Reason.BAD_FIELD),
    ({"model": "stable-diffusion-1.5"}, "tokens", Reason.BAD_FIELD),
    ({"examples": 5, "meanTokens": 5}, "examples", Reason.BAD_FIELD),
    ({"tokens": None, "examples": 5}, "mean_tokens", Reason.FIELD_REQUIRED),
    ({"tokens": None, "examples": 5, "meanTokens": 8193}, "mean_tokens", Reason.BAD_FIELD),
    ({"tokens": None, "examples": 10**17, "meanTokens": 2}, "examples", Reason.BAD_FIELD),
    ({"meanTokens": 5}, "mean_tokens", Reason.BAD_FIELD),
    ({"epochs": 2}, "epochs", Reason.BAD_FIELD),
    ({"packing": False}, "packing", Reason.BAD_FIELD),
    *(
        ({"tokens": None, "examples": 5, "meanTokens": 5, "epochs": epochs}, "epochs", reason)
        for epochs, reason in ((NAN, Reason.BAD_FIELD), (-1, Reason.BAD_FIELD))
    ),
    ({"sequenceLength": -1}, "sequence_length", Reason.BAD_FIELD),
    ({"sequenceLength": 131_073}, "sequence_length", Reason.BAD_FIELD),
    (
        {"model": "stable-diffusion-1.5", "tokens": None, "images": 5, "sequenceLength": 77},
        "sequence_length",
        Reason.BAD_FIELD,
    ),
    ({"method": 77}, "method", Reason.BAD_FIELD),
    ({"loraRank": 8}, "lora_rank", Reason.BAD_FIELD),
    ({"method": "TRAINING_METHOD_LORA", "loraRank": 1025}, "lora_rank", Reason.BAD_FIELD),
    *(
        ({"precision": f"PRECISION_{name}"}, "precision", Reason.BAD_FIELD)
        for name in ("INT8", "MXFP4", "INT4", "Q4_K_M")
    ),
    ({"precision": 77}, "precision", Reason.BAD_FIELD),
    ({"recompute": 77}, "recompute", Reason.BAD_FIELD),
    ({"objective": 77}, "objective", Reason.BAD_FIELD),
    ({"microBatchSize": -1}, "micro_batch_size", Reason.BAD_FIELD),
    *(({"mfu": mfu}, "mfu", Reason.BAD_FIELD) for mfu in (0, 1.01, -0.1, NAN, INF)),
    ({"mfu": 0.4, "benchmark": True}, "benchmark", Reason.BAD_FIELD),
    ({"parallelism": {"tensor": 3}}, "parallelism.tensor", Reason.BAD_FIELD),
    ({"parallelism": {"tensor": -2}}, "parallelism.tensor", Reason.BAD_FIELD),
    ({"parallelism": {"pipeline": 5}}, "parallelism.pipeline", Reason.BAD_FIELD),
    ({"parallelism": {"expert": 2}}, "parallelism.expert", Reason.BAD_FIELD),
    ({"parallelism": {"zeroStage": 4}}, "parallelism.zero_stage", Reason.BAD_FIELD),
    (
        {"parallelism": {"attentionDataParallel": True}},
        "parallelism.attention_data_parallel",
        Reason.BAD_FIELD,
    ),
    (
        {"model": "mixtral-8x7b", "parallelism": {"expert": 3}},
        "parallelism.expert",
        Reason.BAD_FIELD,
    ),
    (
        {
            "model": "stable-diffusion-1.5",
            "tokens": None,
            "images": 5,
            "parallelism": {"tensor": 2},
        },
        "parallelism.tensor",
        Reason.BAD_FIELD,
    ),
    ({"gpuCount": 12, "parallelism": {"tensor": 8}}, "parallelism.tensor", Reason.BAD_FIELD),
    (
        {"gpuCount": 16, "parallelism": {"tensor": 2, "pipeline": 2, "data": 2}},
        "parallelism.tensor",
        Reason.BAD_FIELD,
    ),
]


@pytest.mark.parametrize(("fields", "field", "reason"), BAD)
def test_a_bad_training_run_is_refused_by_field_and_reason(
    fields: dict[str, Any], field: str, reason: Reason
) -> None:
    assert violations_of(training, **fields) == [(field, reason)]


@pytest.mark.parametrize(
    ("sizes", "tokens", "source"),
    [
        ((4096, 131_072), 4096, "training length of models/a"),
        ((0, 2048), 2048, "context of models/a"),
        ((0, 131_072), 8192, "131072 tokens, is usually reached at the end"),
        ((0, 0), 2048, "no training length is stated"),
    ],
)
def test_the_sequence_is_the_one_that_the_model_was_trained_with(
    sizes: tuple[int, int], tokens: int, source: str
) -> None:
    model = a_language_model(
        "a",
        training_sequence_length=sizes[0],
        architecture=an_architecture(context_length=sizes[1]),
    )
    known = replace(KNOWN, models=ModelRegistry((model,)))
    question = read_estimate_training(training_request(model="a"), known).question
    (found,) = [one for one in question.terms.assumptions if one.name == "sequenceLength"]
    assert found.value == f"{tokens} tokens"
    assert source in found.source
    assert question.workload.sequence_length == tokens


@pytest.mark.parametrize(
    ("fields", "tokens", "how"),
    [
        ({}, 2_000_000, "5000 examples x 400 tokens x 1 epochs, packed"),
        ({"epochs": 2.5, "packing": True}, 5_000_000, "x 2.5 epochs"),
        ({"packing": False, "sequenceLength": 1000}, 5_000_000, "each padded"),
    ],
)
def test_examples_become_tokens(fields: dict[str, Any], tokens: int, how: str) -> None:
    question = training(tokens=None, examples=5000, meanTokens=400, **fields)
    assert question.workload.tokens == tokens
    (found,) = [one for one in question.terms.assumptions if one.name == "tokens"]
    assert found.value == f"{tokens} tokens"
    assert how in found.source


@pytest.mark.parametrize(
    ("trained_at", "mean_tokens", "tokens"),
    [(8192, 512, 2048), (8192, 2048, 2048), (8192, 3000, 8192), (1024, 512, 1024)],
)
def test_examples_that_are_short_are_not_trained_at_the_length_of_the_model(
    trained_at: int, mean_tokens: int, tokens: int
) -> None:
    model = a_language_model("a", training_sequence_length=trained_at)
    known = replace(KNOWN, models=ModelRegistry((model,)))
    fields = training_request(model="a", tokens=None, examples=10, meanTokens=mean_tokens)
    question = read_estimate_training(fields, known).question
    assert question.workload.sequence_length == tokens
    adapters = training(tokens=None, examples=10, meanTokens=9, method="TRAINING_METHOD_LORA")
    assert assumed(adapters)["egressGb"] == "the adapters, once"


def test_images_are_trained_on_images() -> None:
    question = training(model="stable-diffusion-1.5", tokens=None, images=10**9)
    assert (question.workload.images, question.workload.tokens) == (10**9, 0)
    assert "sequenceLength" not in assumed(question)
