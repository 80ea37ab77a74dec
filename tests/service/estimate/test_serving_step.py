import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.precision import Precision
from service.domain.workload import Engine
from service.estimate.serving_step import (
    Layout,
    Step,
    ideal_step_seconds,
    selected,
    stacked,
    step_of,
    step_seconds,
)
from tests.service.estimate.serving_cases import CALIBRATION, H100, gpu, sizes_of

CONSTANTS = CALIBRATION.constants


def a_step(
    model: str = "Llama-3.1-8B",
    gpu_model_id: str = H100,
    *,
    tensor: int = 1,
    pipeline: int = 1,
    is_data_parallel: bool = False,
    cached_share: float = 0.0,
    input_tokens: int = 1000,
    verified: int = 1,
    compute: Precision = Precision.BF16,
    precision: Precision = Precision.BF16,
    engine: Engine = Engine.VLLM,
) -> Step:
    return step_of(
        sizes_of(model),
        gpu(gpu_model_id),
        precision=precision,
        kv_precision=Precision.BF16,
        compute=compute,
        engine=engine,
        input_tokens=input_tokens,
        cached_share=cached_share,
        output_tokens=500,
        tokens_per_sequence=verified,
        layout=Layout(
            tensor=np.array(float(tensor)),
            pipeline=np.array(float(pipeline)),
            attention_data_parallel=np.array(float(is_data_parallel)),
            expert=np.array(1.0),
        ),
    )


def seconds(step: Step, batch: float = 16, prompts: float = 0) -> float:
    taken = step_seconds(
        step, CONSTANTS, sequences=np.array(float(batch)), prompt_tokens=np.array(float(prompts))
    )
    return float(taken)


def test_one_user_waits_for_all_weights_to_be_read() -> None:
    step = a_step()
    # 7.5 billion weights that are read, in bf16, at 3.35 TB/s.
    read = (8_029_995_008 - 128_256 * 4096) * 2 / 3.35e12
    ideal = ideal_step_seconds(step, sequences=np.array(1.0), prompt_tokens=np.array(0.0))
    assert float(ideal) == pytest.approx(read, rel=0.02)
    assert 1.1 * read < seconds(step, batch=1) < 3 * read


@given(
    model=st.sampled_from(["Llama-3.1-8B", "gpt-oss-120b", "DeepSeek-V3", "Gemma-3-27b-it"]),
    gpu_model_id=st.sampled_from([H100, "b200-sxm-180gb", "mi300x-192gb", "l40s-48gb"]),
    tensor=st.sampled_from([1, 2, 8]),
    batch=st.floats(0, 1024),
    prompts=st.floats(0, 1e6),
)
def test_no_step_is_faster_than_the_ideal_and_more_work_never_shortens_it(
    model: str, gpu_model_id: str, tensor: int, batch: float, prompts: float
) -> None:
    step = a_step(model, gpu_model_id, tensor=tensor)
    taken = seconds(step, batch, prompts)
    ideal = ideal_step_seconds(step, sequences=np.array(batch), prompt_tokens=np.array(prompts))
    assert float(ideal) <= taken
    assert taken <= seconds(step, batch + 1, prompts)
    assert taken <= seconds(step, batch, prompts + 1)


def test_eight_gpus_read_a_large_model_faster_but_not_eight_times() -> None:
    ratio = seconds(a_step("Llama-3.1-70B")) / seconds(a_step("Llama-3.1-70B", tensor=8))
    assert 2 < ratio < 8


def test_the_bus_costs_more_than_nvlink() -> None:
    nvlink = seconds(a_step("Llama-3.1-70B", H100, tensor=8), batch=256)
    bus = seconds(a_step("Llama-3.1-70B", "h100-pcie-80gb", tensor=8), batch=256)
    lone = seconds(a_step("Llama-3.1-70B", "h100-pcie-80gb"), batch=256) / 8
    assert bus > nvlink
    assert bus > lone


def test_joining_gpus_takes_time_even_for_one_token() -> None:
    # Two all-reduces in each of 80 layers, longer on the bus than on NVLink.
    nvlink, bus = (
        seconds(a_step("Llama-3.1-70B", name, tensor=8), batch=1)
        - seconds(a_step("Llama-3.1-70B", name), batch=1) / 8
        for name in (H100, "h100-pcie-80gb")
    )
    waits = 160 * CONSTANTS.all_reduce_seconds
    assert nvlink > waits
    assert bus - nvlink == pytest.approx(
        waits * (CONSTANTS.pcie_all_reduce_factor - 1) * CONSTANTS.vllm_factor, rel=0.1
    )


def test_few_tokens_touch_few_experts() -> None:
    step = a_step("DeepSeek-V3", tensor=8)
    one, many = (
        float(ideal_step_seconds(step, sequences=np.array(b), prompt_tokens=np.array(0.0)))
        for b in (1.0, 512.0)
    )
    # 8 of 256 experts against nearly all of them.
    assert one < many / 8


def test_a_prompt_now_and_then_does_not_make_every_step_read_all_experts() -> None:
    step = a_step("gpt-oss-120b", input_tokens=1000)
    alone = seconds(step, batch=4)
    # Four prompts of 1,000 tokens in 500 steps: eight tokens a step.
    with_prompts = seconds(step, batch=4, prompts=8)
    twelve_users = seconds(step, batch=12)
    assert alone < with_prompts < twelve_users


def test_data_parallel_attention_reads_its_weights_on_each_gpu_and_no_cache_twice() -> None:
    shared = a_step("DeepSeek-V3", tensor=8)
    parallel = a_step("DeepSeek-V3", tensor=8, is_data_parallel=True)
    assert seconds(parallel, batch=1) > seconds(shared, batch=1)
    assert float(shared.kv_bytes) == 8 * float(parallel.kv_bytes)


def test_a_cached_prefix_costs_attention_of_what_is_left_only() -> None:
    whole, half = a_step(cached_share=0.0), a_step(cached_share=0.5)
    assert float(half.prompt_tokens) == 500
    # (1 - h) tokens that each see (1 + h) as much: 1 - h^2 of the attention.
    spent = float(half.prompt_tokens) * float(half.input_attention_flops)
    assert spent == pytest.approx(0.75 * 1000 * float(whole.input_attention_flops))


def test_verifying_proposed_tokens_reads_weights_and_cache_once() -> None:
    plain, verified = a_step(), a_step(verified=4)
    assert seconds(plain, batch=4) < seconds(verified, batch=4) < 2 * seconds(plain, batch=4)


def test_latent_attention_decodes_in_its_compressed_space() -> None:
    step = a_step("DeepSeek-V3", tensor=8)
    assert float(step.output_attention_flops) == 2 * 128 * (2 * 512 + 64) * 61 * 1250


def test_the_measured_share_of_the_peak_places_other_vendors() -> None:
    assert float(a_step(gpu_model_id="mi300x-192gb").matmul_factor) == pytest.approx(
        668.4 / 1307 / 0.8
    )
    assert float(a_step().matmul_factor) == 1


def test_rows_that_are_joined_give_what_they_give_alone() -> None:
    steps = [a_step(), a_step("gpt-oss-120b", "b200-sxm-180gb", tensor=2)]
    batch = np.array([3.0, 70.0])
    joined = step_seconds(stacked(steps), CONSTANTS, sequences=batch, prompt_tokens=batch)
    alone = [seconds(step, b, b) for step, b in zip(steps, batch.tolist(), strict=True)]
    assert joined.tolist() == pytest.approx(alone, rel=1e-12)
    second = selected(stacked(steps), np.array([False, True]))
    assert float(second.tensor[0]) == 2
