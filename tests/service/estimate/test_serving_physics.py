"""What no constant may change: bounds and directions that physics gives to plans."""

import dataclasses
import math
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from service.domain.precision import Precision
from service.domain.workload import InferenceWorkload, LatencyLimit, Parallelism, Placement
from service.estimate.plan import NoPlan, ServingPlan
from service.estimate.serving import plan_serving
from tests.service.estimate.serving_cases import CALIBRATION, H100, a_load, gpu, planned

# As of the other tests with thousands of plannings: tracing would double their time.
pytestmark = pytest.mark.no_cover
MODELS = ("Llama-3.1-8B", "Llama-3.1-70B", "gpt-oss-120b", "DeepSeek-V3", "Gemma-3-27b-it")
GPUS = (
    *(H100, "a100-sxm-80gb", "b200-sxm-180gb", "mi300x-192gb", "mi355x-288gb", "l40s-48gb"),
    *("l4-24gb", "rtx-4090-24gb", "gaudi-3-128gb", "tpu-v5e-16gb", "mi250x-128gb"),
)
KINDS: tuple[dict[str, Any], ...] = (
    *({"concurrency": count} for count in (1, 64, 1000)),
    {"is_offline": True},
    {"requests_per_second": 10.0},
)
PRECISIONS = (Precision.BF16, Precision.FP8, Precision.INT4)


@st.composite
def loads(draw: st.DrawFn) -> InferenceWorkload:
    return a_load(
        draw(st.sampled_from(MODELS)),
        precision=draw(st.sampled_from(PRECISIONS)),
        input_tokens=draw(st.integers(1, 20_000)),
        output_tokens=draw(st.integers(1, 4000)),
        **draw(st.sampled_from(KINDS)),
    )


def a_possible(load: InferenceWorkload, gpu_model_id: str) -> ServingPlan:
    plan = planned(load, gpu_model_id)
    assume(isinstance(plan, ServingPlan))
    assert isinstance(plan, ServingPlan)
    return plan


def gpus_a_request(load: InferenceWorkload, plan: ServingPlan) -> float:
    return plan.gpu_count * (load.output_tokens or 1) / plan.serving_capacity.p50


@settings(max_examples=60)
@given(load=loads(), gpu_model_id=st.sampled_from(GPUS))
def test_nothing_is_faster_than_the_ideal_roofline(
    load: InferenceWorkload, gpu_model_id: str
) -> None:
    plan = a_possible(load, gpu_model_id)
    rate = plan.output_per_second
    assert 0 < rate.p10 <= rate.p50 <= rate.p90 <= plan.ideal_output_per_second * (1 + 1e-9)
    if plan.time_to_first_token_ms is not None:
        accelerator = gpu(gpu_model_id)
        most_flops = max(accelerator.peak_flops.values()) * plan.tensor
        sizes = load.architecture
        tables = 2 * sizes.vocab_size * sizes.hidden_size
        least_flops = 2 * load.input_tokens * (sizes.active_params - tables)
        assert plan.time_to_first_token_ms.p10 >= 1e3 * least_flops / most_flops
    if plan.time_per_output_token_ms is not None:
        assert math.isfinite(plan.time_per_output_token_ms.p90)


@settings(max_examples=40)
@given(load=loads(), gpu_model_id=st.sampled_from(GPUS), times=st.integers(2, 5))
def test_longer_answers_never_cost_less(
    load: InferenceWorkload, gpu_model_id: str, times: int
) -> None:
    plan = a_possible(load, gpu_model_id)
    longer = dataclasses.replace(load, output_tokens=times * load.output_tokens)
    other = a_possible(longer, gpu_model_id)
    # Where only the longer answers need several nodes, these may hold far larger batches.
    assume((plan.pipeline > 1) == (other.pipeline > 1))
    assert gpus_a_request(longer, other) >= gpus_a_request(load, plan) * 0.999


@settings(max_examples=40)
@given(load=loads(), gpu_model_id=st.sampled_from(GPUS), times=st.floats(1.0, 3.0))
def test_a_faster_gpu_at_an_equal_price_never_costs_more(
    load: InferenceWorkload, gpu_model_id: str, times: float
) -> None:
    plan = a_possible(load, gpu_model_id)
    slower = gpu(gpu_model_id)
    faster = dataclasses.replace(
        slower,
        memory_bytes_per_second=times * slower.memory_bytes_per_second,
        peak_flops={name: times * peak for name, peak in slower.peak_flops.items()},
    )
    other = plan_serving(
        load, faster, gpus_per_node=8, placement=Placement(), calibration=CALIBRATION
    )
    assert isinstance(other, ServingPlan)
    assert gpus_a_request(load, other) <= gpus_a_request(load, plan) * 1.001


@settings(max_examples=40)
@given(load=loads(), gpu_model_id=st.sampled_from(GPUS), share=st.floats(0.01, 0.99))
def test_a_cached_prefix_never_makes_it_slower(
    load: InferenceWorkload, gpu_model_id: str, share: float
) -> None:
    plan = a_possible(load, gpu_model_id)
    cached = dataclasses.replace(load, prefix_cache_hit_rate=share)
    other = a_possible(cached, gpu_model_id)
    assert gpus_a_request(cached, other) <= gpus_a_request(load, plan) * 1.001


@settings(max_examples=30)
@given(load=loads(), gpu_model_id=st.sampled_from(GPUS))
def test_smaller_weights_never_need_more_memory(load: InferenceWorkload, gpu_model_id: str) -> None:
    fits = [
        isinstance(planned(dataclasses.replace(load, precision=precision), gpu_model_id), NoPlan)
        for precision in PRECISIONS
    ]
    if Precision.BF16 in gpu(gpu_model_id).peak_flops:
        assert fits == sorted(fits, reverse=True)


@settings(max_examples=30)
@given(
    load=loads().filter(lambda one: one.requests_per_second is not None),
    gpu_model_id=st.sampled_from(GPUS),
)
def test_a_relaxed_latency_limit_never_costs_more(
    load: InferenceWorkload, gpu_model_id: str
) -> None:
    counts: list[float] = []
    for rate in (None, 5.0, 15.0, 30.0, 60.0):
        limit = LatencyLimit(min_tokens_per_second_per_user=rate)
        plan = planned(dataclasses.replace(load, latency=limit), gpu_model_id)
        counts.append(plan.gpu_count if isinstance(plan, ServingPlan) else math.inf)
    assert counts == sorted(counts)


@pytest.mark.parametrize("gpu_model_id", GPUS)
@pytest.mark.parametrize("model", MODELS)
def test_more_users_get_more_together_and_no_more_each(model: str, gpu_model_id: str) -> None:
    # In one layout: the planner may choose another one for more users.
    whole_node = Parallelism(tensor=8)
    found = [
        planned(
            a_load(model, concurrency=count, precision=Precision.FP8, parallelism=whole_node),
            gpu_model_id,
        )
        for count in (1, 16, 256)
    ]
    plans = [plan for plan in found if isinstance(plan, ServingPlan)]
    together = [plan.output_per_second.p50 for plan in plans]
    each = [plan.output_per_second_per_user.p50 for plan in plans]
    assert together == sorted(together)
    assert each == sorted(each, reverse=True)
