"""The serving load of a request: what is read and refused, and which defaults are told."""

from typing import Any

import pytest

from service.domain.architecture import ModelKind
from service.domain.errors import Reason
from service.domain.precision import Precision
from service.domain.workload import (
    Engine,
    LatencyLimit,
    Parallelism,
    Speculative,
)
from tests.service.rpc.asking import (
    INF,
    INFERENCE,
    NAN,
    assumed,
    inference,
    violations_of,
)

PROFILE = [1.0] * 168
BAD: list[tuple[dict[str, Any], str, Reason]] = [
    ({"model": "llama-4-9b"}, "model", Reason.UNKNOWN_MODEL),
    ({"precision": 77}, "precision", Reason.BAD_FIELD),
    ({"kvPrecision": "PRECISION_INT4"}, "kv_precision", Reason.BAD_FIELD),
    ({"engine": 77}, "engine", Reason.BAD_FIELD),
    ({"inputTokens": None}, "input_tokens", Reason.FIELD_REQUIRED),
    ({"outputTokens": 0}, "output_tokens", Reason.FIELD_REQUIRED),
    ({"inputTokens": -1}, "input_tokens", Reason.BAD_FIELD),
    ({"inputTokens": 131_000}, "input_tokens", Reason.BAD_FIELD),
    ({"reasoningTokens": 131_000}, "input_tokens", Reason.BAD_FIELD),
    ({"reasoningTokens": -1}, "reasoning_tokens", Reason.BAD_FIELD),
    ({"concurrency": None}, "concurrency", Reason.FIELD_REQUIRED),
    ({"concurrency": -1}, "concurrency", Reason.BAD_FIELD),
    ({"offline": True}, "offline", Reason.BAD_FIELD),
    ({"requestsPerSecond": 1}, "requests_per_second", Reason.BAD_FIELD),
    *(
        ({"concurrency": None, "requestsPerSecond": rate}, "requests_per_second", Reason.BAD_FIELD)
        for rate in (-1, NAN, INF, 1e9)
    ),
    ({"profile": PROFILE}, "profile", Reason.BAD_FIELD),
    ({"peakFactor": 2}, "peak_factor", Reason.BAD_FIELD),
    *(
        ({"concurrency": None, "requestsPerSecond": 2} | one, field, Reason.BAD_FIELD)
        for one, field in (
            ({"profile": PROFILE[1:]}, "profile"),
            ({"profile": [0.0] * 168}, "profile"),
            ({"profile": [*PROFILE[1:], -1.0]}, "profile[167]"),
            ({"profile": [NAN, *PROFILE[1:]]}, "profile[0]"),
            ({"profile": PROFILE, "peakFactor": 2}, "peak_factor"),
            ({"peakFactor": 0.5}, "peak_factor"),
            ({"peakFactor": NAN}, "peak_factor"),
        )
    ),
    *(
        ({"prefixCacheHitRate": rate}, "prefix_cache_hit_rate", Reason.BAD_FIELD)
        for rate in (1, -0.1, NAN)
    ),
    *(
        ({"speculative": one}, f"speculative.{field}", reason)
        for one, field, reason in (
            ({"draftTokens": 3}, "acceptance", Reason.FIELD_REQUIRED),
            ({"acceptance": 1, "draftTokens": 3}, "acceptance", Reason.BAD_FIELD),
            ({"acceptance": 0.5, "draftTokens": 17}, "draft_tokens", Reason.BAD_FIELD),
        )
    ),
    *(({"utilization": one}, "utilization", Reason.BAD_FIELD) for one in (0, 1.01, NAN)),
    *(
        ({"latency": {"maxTimeToFirstTokenMs": one}}, "latency.max_time_to_first_token_ms", reason)
        for one, reason in ((0, Reason.BAD_FIELD), (NAN, Reason.BAD_FIELD))
    ),
    (
        {"latency": {"minTokensPerSecondPerUser": -1}},
        "latency.min_tokens_per_second_per_user",
        Reason.BAD_FIELD,
    ),
    (
        {"concurrency": None, "offline": True, "latency": {"minTokensPerSecondPerUser": 20}},
        "latency",
        Reason.BAD_FIELD,
    ),
    *(({"hoursPerMonth": one}, "hours_per_month", Reason.BAD_FIELD) for one in (745, 0.5, NAN)),
    ({"egressGbPerMonth": -1}, "egress_gb_per_month", Reason.BAD_FIELD),
    ({"gpuCount": 0}, "gpu_count", Reason.BAD_FIELD),
    ({"parallelism": {"data": 2}}, "parallelism.data", Reason.BAD_FIELD),
    ({"parallelism": {"zeroStage": 0}}, "parallelism.zero_stage", Reason.BAD_FIELD),
    ({"constraints": {"deadline": "5s"}}, "constraints.deadline", Reason.BAD_FIELD),
    ({"imageSteps": 5}, "image_steps", Reason.BAD_FIELD),
    ({"guidance": False}, "guidance", Reason.BAD_FIELD),
    ({"model": "bert-large", "inputTokens": 100}, "output_tokens", Reason.BAD_FIELD),
    *(
        ({"model": "bert-large", "inputTokens": 100, "outputTokens": None} | one, field, reason)
        for one, field, reason in (
            ({"inputTokens": 513}, "input_tokens", Reason.BAD_FIELD),
            ({"kvPrecision": "PRECISION_FP8"}, "kv_precision", Reason.BAD_FIELD),
            ({"latency": {"minTokensPerSecondPerUser": 5}}, "latency", Reason.BAD_FIELD),
        )
    ),
    *(
        (
            {"model": "stable-diffusion-1.5", "inputTokens": None, "outputTokens": None} | one,
            field,
            Reason.BAD_FIELD,
        )
        for one, field in (
            ({"inputTokens": 5}, "input_tokens"),
            ({"engine": "ENGINE_VLLM"}, "engine"),
            ({"imageSteps": 1001}, "image_steps"),
            ({"latency": {"maxTimeToFirstTokenMs": 5}}, "latency"),
        )
    ),
    ({"baseline": INFERENCE | {"concurrency": 0}}, "baseline.concurrency", Reason.FIELD_REQUIRED),
    ({"baseline": INFERENCE | {"baseline": INFERENCE}}, "baseline.baseline", Reason.BAD_FIELD),
]


@pytest.mark.parametrize(("fields", "field", "reason"), BAD)
def test_a_bad_serving_load_is_refused_by_field_and_reason(
    fields: dict[str, Any], field: str, reason: Reason
) -> None:
    assert violations_of(inference, **fields) == [(field, reason)]


def test_a_bare_serving_load_tells_every_default() -> None:
    question = inference(concurrency=None, requestsPerSecond=2.5)
    assert question.workload.requests_per_second == 2.5
    assert question.workload.concurrency is None
    assert assumed(question) == {
        "maxGpuCount": "16384 GPUs",
        "confidence": "0.9",
        "precision": "BF16",
        "peakFactor": "1",
        "utilization": "0.6",
        "engine": "VLLM",
        "kvPrecision": "BF16",
        "prefixCacheHitRate": "0",
        "hoursPerMonth": "730 hours",
        "egressGbPerMonth": "4 bytes for each output token",
        "constraints.purchaseModel": "ON_DEMAND",
        "constraints.trust": "FIRST_PARTY, VERIFIED_HOST",
        "constraints.availability": "AVAILABLE, LIMITED, NOT_STATED",
    }


def test_a_serving_load_is_read_whole() -> None:
    question = inference(
        precision="PRECISION_Q4_K_M",
        kvPrecision="PRECISION_FP8",
        concurrency=None,
        requestsPerSecond=2,
        profile=[0.0, *PROFILE[1:]],
        latency={"maxTimeToFirstTokenMs": 500, "minTokensPerSecondPerUser": 20},
        prefixCacheHitRate=0.5,
        reasoningTokens=100,
        speculative={"acceptance": 0.7, "draftTokens": 3},
        parallelism={"tensor": 4, "attentionDataParallel": True},
        utilization=0.8,
        hoursPerMonth=720,
        egressGbPerMonth=10,
    )
    workload = question.workload
    assert workload.engine is Engine.LLAMA_CPP
    assert workload.kv_precision is Precision.FP8
    assert workload.profile == (0.0, *PROFILE[1:])
    assert workload.latency == LatencyLimit(
        max_time_to_first_token_ms=500.0, min_tokens_per_second_per_user=20.0
    )
    assert workload.speculative == Speculative(acceptance=0.7, draft_tokens=3)
    assert workload.parallelism == Parallelism(tensor=4, attention_data_parallel=True)
    assert (workload.prefix_cache_hit_rate, workload.reasoning_tokens) == (0.5, 100)
    assert (question.hours_per_month, question.terms.egress_gb) == (720.0, 10.0)
    assert assumed(question)["engine"] == "LLAMA_CPP"


def test_an_offline_load_uses_all_of_its_capacity() -> None:
    question = inference(concurrency=None, offline=True)
    assert question.workload.is_offline
    assert question.workload.utilization == 1.0


def test_an_image_load_has_steps_and_no_tokens() -> None:
    question = inference(model="stable-diffusion-1.5", inputTokens=None, outputTokens=None)
    workload = question.workload
    assert workload.architecture.kind is ModelKind.DIFFUSION
    assert (workload.input_tokens, workload.output_tokens) == (0, 0)
    assert (workload.image_steps, workload.guidance) == (50, True)
    assert workload.flops_per_image_step == 0.4e12
    assert {"imageSteps": "50", "guidance": "true"}.items() <= assumed(question).items()
    assert {"engine", "kvPrecision"}.isdisjoint(assumed(question))


def test_an_encoder_needs_input_only() -> None:
    question = inference(model="bert-large", inputTokens=512, outputTokens=None)
    assert (question.workload.input_tokens, question.workload.output_tokens) == (512, 0)
    assert "egressGbPerMonth" not in assumed(question)
