import dataclasses
import math
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.domain.architecture import ModelKind
from service.domain.precision import Precision
from service.domain.workload import (
    Objective,
    Parallelism,
    Recompute,
    TrainingMethod,
    TrainingWorkload,
)
from service.estimate import flops
from service.estimate.plan import Misfit, NoPlan, TrainingPlan
from service.facts.accelerators import load_accelerators
from service.facts.models import load_models
from tests.service.estimate.training_cases import (
    A100,
    H100,
    T4,
    a_plan,
    a_run,
    no_plan,
    outcome,
    the_gpu,
    the_model,
)

GPT_3 = a_run("GPT-3-175B", tokens=300_000_000_000)


def test_gpt_3_at_full_peak_takes_280_thousand_a100_hours_and_attention_a_percent_more() -> None:
    plan = a_plan(GPT_3, A100, gpu_count=1024)
    thumb_hours = plan.rule_of_thumb_flops / 312e12 / 3600
    assert thumb_hours == pytest.approx(280_449, rel=0.005)
    assert plan.ideal_gpu_hours == pytest.approx(thumb_hours * 1.0138, rel=0.001)


def test_gpt_3_takes_two_to_three_times_the_ideal() -> None:
    # Narayanan et al. (arXiv:2104.04473) take 34 days of 1,024 A100 with full recomputation.
    plan = a_plan(GPT_3, A100, gpu_count=1024)
    assert 2 < plan.gpu_hours.p50 / plan.ideal_gpu_hours < 3
    assert plan.gpu_hours.p10 < 34 * 24 * 1024 < plan.gpu_hours.p90


def test_llama_3_1_405b_has_its_published_hours_inside_the_band() -> None:
    run = a_run("Llama-3.1-405B", tokens=15_600_000_000_000, sequence_length=8192)
    plan = a_plan(run, H100, gpu_count=16_384)
    assert plan.gpu_hours.p10 < 30_840_000 < plan.gpu_hours.p90
    assert plan.is_measured


def test_the_plan_is_consistent_with_itself() -> None:
    plan = a_plan(GPT_3, A100, gpu_count=512)
    assert plan.gpu_count == plan.tensor * plan.pipeline * plan.data
    assert plan.memory.total <= plan.memory_limit_bytes
    assert plan.wall_hours.p50 * plan.gpu_count == pytest.approx(plan.gpu_hours.p50)
    assert plan.gpu_hours.p50 == pytest.approx(plan.ideal_gpu_hours / plan.mfu.p50)
    assert plan.gpu_hours.p90 == pytest.approx(plan.ideal_gpu_hours / plan.mfu.p10)
    assert plan.samples_per_second_per_gpu.p50 == pytest.approx(300e9 / (plan.gpu_hours.p50 * 3600))
    assert plan.energy_kwh is not None
    assert plan.energy_kwh.p50 == pytest.approx(plan.gpu_hours.p50 * 0.4 * 0.93)


def test_a_gpu_without_a_power_rating_has_no_energy() -> None:
    plan = a_plan(GPT_3, the_gpu(A100, power_watts=None), gpu_count=512)
    assert plan.energy_kwh is None


def test_restarts_are_in_a_full_run_once_and_in_a_benchmark_never() -> None:
    full = a_plan(GPT_3, A100, gpu_count=512)
    tuned = a_plan(dataclasses.replace(GPT_3, is_benchmark=True), A100, gpu_count=512)
    assert tuned.gpu_hours.p50 / full.gpu_hours.p50 == pytest.approx(0.81, abs=0.03)
    assert full.wall_hours.p50 * 512 == pytest.approx(full.gpu_hours.p50)


def test_recomputation_of_full_training_is_in_the_mfu_and_not_in_the_flops() -> None:
    keeping, again = (
        a_plan(dataclasses.replace(GPT_3, recompute=one), A100, gpu_count=512)
        for one in (Recompute.SELECTIVE, Recompute.FULL)
    )
    assert again.flops == keeping.flops
    assert 1.2 < again.gpu_hours.p50 / keeping.gpu_hours.p50 < 4 / 3


def test_recomputation_under_lora_is_in_the_flops_and_not_in_the_mfu() -> None:
    keeping, again = (
        a_plan(a_run(method=TrainingMethod.LORA, recompute=one), H100, gpu_count=8)
        for one in (Recompute.SELECTIVE, Recompute.FULL)
    )
    assert 1.4 < again.flops / keeping.flops <= 1.5
    assert again.mfu == keeping.mfu


def test_no_more_layers_are_recomputed_than_the_memory_asks_for() -> None:
    given_sizes = Parallelism(tensor=8, pipeline=1, data=128, zero_stage=3)
    run = a_run("Llama-3.1-405B", sequence_length=8192, parallelism=given_sizes)
    some = a_plan(run, H100, gpu_count=1024)
    every = a_plan(dataclasses.replace(run, recompute=Recompute.FULL), H100, gpu_count=1024)
    assert some.recompute is every.recompute is Recompute.FULL
    assert every.memory.total < some.memory.total <= some.memory_limit_bytes
    one_layer = (some.memory.total - every.memory.total) / 124  # 2 of 126 are recomputed
    assert some.memory.total + one_layer > some.memory_limit_bytes
    assert some.gpu_hours.p50 < every.gpu_hours.p50
    assert any("of the layers" in text for name, text in some.assumptions if name == "recompute")


def test_a_given_mfu_is_taken_at_its_word() -> None:
    plan = a_plan(dataclasses.replace(GPT_3, mfu=0.5, recompute=Recompute.FULL), A100, gpu_count=64)
    assert plan.gpu_hours.p10 == plan.gpu_hours.p90 == pytest.approx(2 * plan.ideal_gpu_hours)
    assert ("mfu", "as given, exact") in plan.assumptions


def test_unpacking_4_bit_weights_costs_time_that_short_batches_feel_most() -> None:
    def slowdown(length: int) -> float:
        lora, qlora = (
            a_plan(
                a_run(method=method, sequence_length=length, recompute=Recompute.FULL),
                A100,
                gpu_count=1,
            )
            for method in (TrainingMethod.LORA, TrainingMethod.QLORA)
        )
        return qlora.gpu_hours.p50 / lora.gpu_hours.p50

    assert slowdown(512) > slowdown(4096) > 1.0


def test_fine_tuning_is_never_called_measured() -> None:
    assert not a_plan(a_run(method=TrainingMethod.LORA), H100, gpu_count=1).is_measured
    assert not a_plan(GPT_3, "h200-sxm-141gb", gpu_count=512).is_measured


def test_every_assumption_has_a_name_of_its_own() -> None:
    runs = (
        a_run(method=TrainingMethod.QLORA, precision=Precision.FP8),
        a_run("BERT-large"),
        a_run("BERT-large", is_benchmark=True),
        a_run("Stable-Diffusion-1.5", tokens=0, images=9, flops_per_image_step=8e11),
    )
    for run in runs:
        names = [name for name, _ in a_plan(run, H100).assumptions]
        assert len(names) == len(set(names))


def test_what_the_mfu_was_not_fitted_to_is_said() -> None:
    def text(**changes: Any) -> str:
        return dict(a_plan(a_run(**changes), H100).assumptions)["mfu"]

    assert "no fine-tuning run was fitted" in text(method=TrainingMethod.LORA)
    assert "nothing else was fitted" in text(model="BERT-large")
    assert "one model" in dict(a_plan(images_run(), A100).assumptions)["mfu"]
    assert "fitted" not in text()


def test_every_token_of_an_encoder_with_a_decoder_is_said_to_go_through_both() -> None:
    t5 = dataclasses.replace(the_model("GPT-2-XL"), kind=ModelKind.ENCODER_DECODER)
    assert "upper bound" in dict(a_plan(a_run(architecture=t5), A100).assumptions)["flops"]


def test_how_a_count_was_found_is_said_unless_it_was_asked_for() -> None:
    run = a_run("Llama-3.1-405B", sequence_length=8192)
    plan = a_plan(run, H100)
    assert "without recomputing whole layers" in dict(plan.assumptions)["gpuCount"]
    assert "gpuCount" not in dict(a_plan(run, H100, gpu_count=1024).assumptions)
    in_time = a_plan(a_run(), H100, deadline=timedelta(days=30))
    assert "deadline" in dict(in_time.assumptions)["gpuCount"]
    fastest = a_plan(a_run(), H100, objective=Objective.TIME)
    assert "the most" in dict(fastest.assumptions)["gpuCount"]


def test_the_default_count_takes_the_fewest_gpu_hours_of_all_counts() -> None:
    # 792 H100 hold Llama 3.1 405B with 8,192 tokens without recomputing whole layers. Fewer have to
    # recompute some, more lose to communication.
    run = a_run("Llama-3.1-405B", sequence_length=8192)
    default = a_plan(run, H100)
    assert default.gpu_count == 792
    for count in (128, 256, 512, 1024, 2048):
        assert a_plan(run, H100, gpu_count=count).gpu_hours.p50 > default.gpu_hours.p50


def test_fp8_is_labelled_as_what_tuned_benchmarks_reach() -> None:
    plan = a_plan(dataclasses.replace(GPT_3, precision=Precision.FP8), H100, gpu_count=512)
    assert any("tuned benchmarks" in text for name, text in plan.assumptions if name == "precision")


def test_a_precision_that_a_gpu_lacks_is_refused_and_never_swapped() -> None:
    for gpu in (T4, "v100-sxm-32gb"):
        found = no_plan(a_run(), gpu)
        assert found.misfit is Misfit.PRECISION
        assert "FP16" in found.message
        assert found.smallest_change == "precision=FP16"
    assert no_plan(a_run(precision=Precision.FP8), A100).smallest_change == "precision=BF16"
    assert no_plan(a_run(precision=Precision.INT8), A100).misfit is Misfit.PRECISION


def test_weights_of_fp8_training_rest_in_16_bits_with_a_master_copy() -> None:
    run = a_run(recompute=Recompute.SELECTIVE)
    bf16 = a_plan(run, H100, gpu_count=8)
    fp8 = a_plan(dataclasses.replace(run, precision=Precision.FP8), H100, gpu_count=8)
    assert fp8.memory == bf16.memory


@pytest.mark.parametrize(
    ("changes", "gpu", "count", "change"),
    [
        ({}, "a100-sxm-40gb", 1, "gpuCount=8"),
        ({"parallelism": Parallelism(
            tensor=1, pipeline=1, data=8, zero_stage=0
        )}, A100, 8, "zeroStage=3"),
        (
            {"sequence_length": 65_536, "recompute": Recompute.NONE, "parallelism": Parallelism(
                tensor=8, pipeline=1, data=1
            )},
            A100,
            8,
            "recompute=FULL",
        ),
        ({"method": TrainingMethod.LORA, "parallelism": Parallelism(
            tensor=1, pipeline=1, data=1
        )}, "rtx-4080-16gb", 1, "method=QLORA"),
    ],
)  # fmt: skip
def test_what_does_not_fit_says_figures_and_the_mildest_change(
    changes: dict[str, Any], gpu: str, count: int, change: str
) -> None:
    found = no_plan(a_run(**changes), gpu, gpu_count=count)
    assert found.misfit is Misfit.MEMORY
    assert found.needed > found.limit > 0
    assert found.unit == "GB"
    assert found.smallest_change == change


def test_the_change_that_is_named_helps() -> None:
    run = a_run("Llama-3.1-70B", sequence_length=8192)
    change = no_plan(run, A100, gpu_count=8).smallest_change
    assert change.startswith("gpuCount=")
    assert a_plan(run, A100, gpu_count=int(change.removeprefix("gpuCount=")))


def test_parallelism_that_cannot_be_is_refused() -> None:
    given = Parallelism(tensor=4, pipeline=2, data=3)
    found = no_plan(a_run(parallelism=given), H100, gpu_count=32)
    assert found.misfit is Misfit.PARALLELISM
    assert "24, not gpuCount=32" in found.message


def test_parallelism_given_whole_is_the_count() -> None:
    given = Parallelism(tensor=4, pipeline=2, data=3)
    plan = a_plan(a_run(parallelism=given), H100)
    assert (plan.gpu_count, plan.tensor, plan.pipeline, plan.data) == (24, 4, 2, 3)


def test_without_a_count_the_fewest_whole_nodes_are_taken() -> None:
    assert a_plan(a_run(), H100).gpu_count == 8
    assert a_plan(a_run("Llama-3.1-70B"), H100).gpu_count % 8 == 0
    assert no_plan(a_run("Llama-3.1-70B"), H100, max_gpu_count=8).misfit is Misfit.MEMORY
    assert no_plan(a_run(), H100, max_gpu_count=4).misfit is Misfit.GPU_LIMIT


def test_one_node_with_recomputation_goes_before_several_without() -> None:
    run = a_run("Llama-3.1-8B", sequence_length=32_768)
    plan = a_plan(run, "a100-sxm-40gb")
    assert plan.gpu_count == 8
    assert plan.recompute is Recompute.FULL


def test_a_deadline_takes_the_fewest_nodes_that_meet_it_at_the_confidence() -> None:
    run = a_run("Llama-3.1-70B", tokens=1_000_000_000_000)
    limit = timedelta(days=30)
    plan = a_plan(run, H100, deadline=limit)
    hours = limit.total_seconds() / 3600
    assert plan.wall_hours.p90 <= hours
    assert a_plan(run, H100, gpu_count=plan.gpu_count - 8).wall_hours.p90 > hours
    relaxed = a_plan(run, H100, deadline=limit, confidence=0.5)
    assert relaxed.gpu_count < plan.gpu_count
    assert relaxed.wall_hours.p50 <= hours


def test_a_deadline_counts_that_more_gpus_recompute_less() -> None:
    run = a_run("Llama-3.1-8B", sequence_length=65_536, tokens=10**12)
    gpu = "a100-sxm-40gb"
    alone = a_plan(run, gpu)
    assert alone.recompute is Recompute.FULL
    hours = alone.wall_hours.p90 / 20
    plan = a_plan(run, gpu, deadline=timedelta(hours=hours))
    assert plan.gpu_count < 20 * 8
    assert plan.wall_hours.p90 <= hours
    assert a_plan(run, gpu, gpu_count=plan.gpu_count - 8).wall_hours.p90 > hours


def test_a_deadline_that_no_count_meets_says_the_hours_at_the_limit() -> None:
    found = no_plan(GPT_3, A100, deadline=timedelta(days=30), max_gpu_count=512)
    assert found.misfit is Misfit.DEADLINE
    assert found.needed == pytest.approx(a_plan(GPT_3, A100, gpu_count=512).wall_hours.p90)
    assert (found.limit, found.unit) == (720.0, "h")
    count = int(found.smallest_change.removeprefix("maxGpuCount="))
    assert a_plan(GPT_3, A100, gpu_count=count).wall_hours.p90 <= 720.0


def test_a_count_that_is_too_slow_names_one_that_is_fast_enough() -> None:
    found = no_plan(GPT_3, A100, gpu_count=512, deadline=timedelta(days=60))
    count = int(found.smallest_change.removeprefix("gpuCount="))
    assert a_plan(GPT_3, A100, gpu_count=count, deadline=timedelta(days=60))


def test_the_objective_time_gives_no_gpu_less_than_a_sequence() -> None:
    run = a_run(tokens=100 * 2048)
    assert a_plan(run, H100, objective=Objective.TIME).gpu_count == 104
    images = a_run("Stable-Diffusion-1.5", tokens=0, images=20, flops_per_image_step=8e11)
    assert a_plan(images, H100, objective=Objective.TIME).gpu_count == 24


def test_the_objective_time_takes_all_that_there_may_be() -> None:
    assert a_plan(a_run(), H100, max_gpu_count=260, objective=Objective.TIME).gpu_count == 256


def test_the_objective_time_skips_counts_that_the_given_sizes_do_not_divide() -> None:
    given_sizes = Parallelism(tensor=8, pipeline=7)
    run = a_run("Llama-3.1-405B", parallelism=given_sizes)
    plan = a_plan(run, H100, max_gpu_count=1024, objective=Objective.TIME)
    assert plan.gpu_count == 1008


def test_the_objective_time_goes_below_the_ranks_of_the_largest_batch() -> None:
    # 1,920 sequences of 32,768 tokens; 26 layers and 4 heads leave few ways to split the rest.
    run = a_run("Gemma-3-1b-it", sequence_length=32_768, tokens=10**13)
    plan = a_plan(run, H100, objective=Objective.TIME)
    assert plan.data <= 1920
    assert 8192 < plan.gpu_count < 16_384


def test_what_fits_nowhere_says_the_memory_that_is_missing() -> None:
    run = a_run("Gemma-3-1b-it", sequence_length=32_768)
    found = no_plan(run, "rtx-3090-24gb")
    assert found.misfit is Misfit.MEMORY
    assert found.needed > found.limit


def test_the_objective_time_says_what_does_not_fit() -> None:
    found = no_plan(a_run("GPT-3-175B"), H100, max_gpu_count=16, objective=Objective.TIME)
    assert found.misfit is Misfit.MEMORY


def test_a_deadline_out_of_reach_says_the_hours_of_the_last_count_that_works() -> None:
    given_sizes = Parallelism(tensor=8, pipeline=7, data=None)
    run = a_run("Llama-3.1-405B", tokens=10**13, parallelism=given_sizes)
    found = no_plan(run, H100, deadline=timedelta(days=1), max_gpu_count=1024)
    assert found.misfit is Misfit.DEADLINE
    assert found.needed > 24


def test_a_layout_given_whole_has_no_count_that_would_be_in_time() -> None:
    given_sizes = Parallelism(tensor=1, pipeline=1, data=8)
    run = a_run("Llama-3.2-1B", tokens=10**13, parallelism=given_sizes)
    found = no_plan(run, H100, deadline=timedelta(days=1))
    assert found.misfit is Misfit.DEADLINE
    assert not found.smallest_change


def test_sizes_that_cannot_make_a_count_are_refused() -> None:
    given_sizes = Parallelism(data=11)
    found = no_plan(a_run(parallelism=given_sizes), H100, gpu_count=11 * 13)
    assert found.misfit is Misfit.PARALLELISM


def images_run(images: int = 10**9) -> TrainingWorkload:
    model = load_models().find("Stable-Diffusion-2-base")
    assert model is not None
    return TrainingWorkload(
        architecture=model.architecture, images=images, flops_per_image_step=model.flops_per_step
    )


def test_stable_diffusion_2_took_what_its_best_run_took() -> None:
    # 23,835 hours of A100 (databricks.com/blog/stable-diffusion-2) for 1.74 billion images of 512
    # pixels a side and 1.13 billion of 256, which go 3.8 times as fast (mosaicml/diffusion).
    plan = a_plan(images_run(1_740_800_000 + round(1_126_400_000 / 3.8)), A100, gpu_count=128)
    assert plan.gpu_hours.p10 < 23_835 < plan.gpu_hours.p90


def test_diffusion_costs_three_forward_steps_an_image() -> None:
    run = a_run("Stable-Diffusion-1.5", tokens=0, images=1_000_000, flops_per_image_step=8e11)
    plan = a_plan(run, A100, gpu_count=8)
    assert plan.flops == pytest.approx(3 * 8e11 * 1e6)
    assert (plan.tensor, plan.pipeline) == (1, 1)
    assert not plan.is_measured


def test_diffusion_without_the_flops_of_a_step_has_no_figures() -> None:
    run = a_run("Stable-Diffusion-1.5", tokens=0, images=1)
    assert no_plan(run, A100).misfit is Misfit.NO_FIGURES


def test_a_model_without_sizes_has_no_figures() -> None:
    empty = dataclasses.replace(the_model("BERT-base"), active_params=0, heads=0)
    assert no_plan(a_run(architecture=empty), A100).misfit is Misfit.NO_FIGURES


def test_peaks_of_other_precisions_do_not_matter() -> None:
    gpu = the_gpu(A100, peak_flops={Precision.BF16: 312e12})
    assert a_plan(GPT_3, gpu, gpu_count=512) == a_plan(GPT_3, A100, gpu_count=512)


@given(tokens=st.integers(1, 10**15), more=st.integers(0, 10**15), count=st.integers(1, 64))
def test_more_tokens_never_take_fewer_hours(tokens: int, more: int, count: int) -> None:
    less = a_plan(a_run("Llama-3.2-1B", tokens=tokens), H100, gpu_count=count)
    rest = a_plan(a_run("Llama-3.2-1B", tokens=tokens + more), H100, gpu_count=count)
    assert rest.gpu_hours.p50 >= less.gpu_hours.p50


@given(
    tokens=st.integers(10**6, 10**13),
    more=st.integers(0, 10**13),
    model=st.sampled_from(("Llama-3.1-8B", "Llama-3.1-405B", "DeepSeek-V3", "BERT-base")),
    gpu=st.sampled_from((H100, A100, "rtx-4090-24gb", "mi300x-192gb")),
)
def test_more_tokens_never_take_fewer_hours_on_the_count_that_is_chosen(
    tokens: int, more: int, model: str, gpu: str
) -> None:
    # With a deadline nothing is claimed: one node more may save more recomputation than it costs.
    less = a_plan(a_run(model, tokens=tokens), gpu)
    rest = a_plan(a_run(model, tokens=tokens + more), gpu)
    assert rest.gpu_count == less.gpu_count
    assert rest.gpu_hours.p50 >= less.gpu_hours.p50


@given(
    model=st.sampled_from(("Llama-3.1-8B", "DeepSeek-V3", "BERT-base")),
    gpu=st.sampled_from((H100, "rtx-4090-24gb")),
    method=st.sampled_from(TrainingMethod),
    count=st.sampled_from((None, 8, 512)),
)
def test_equal_questions_have_equal_answers(
    model: str, gpu: str, method: TrainingMethod, count: int | None
) -> None:
    asked = a_run(model, method=method)
    again = a_run(model, method=method)
    assert outcome(asked, gpu, gpu_count=count) == outcome(again, gpu, gpu_count=count)


@given(data=st.integers(1, 2000), further=st.integers(1, 2000))
def test_more_replicas_of_one_layout_take_less_time_and_more_gpu_hours(
    data: int, further: int
) -> None:
    # It holds for the same tensor and pipeline sizes and the same recomputation: MFU falls by 5 %
    # for ten times the GPUs. Across layouts nothing is claimed.
    def at(replicas: int) -> TrainingPlan:
        given_sizes = Parallelism(tensor=8, pipeline=1, data=replicas)
        run = a_run(parallelism=given_sizes, recompute=Recompute.SELECTIVE)
        return a_plan(run, H100, gpu_count=8 * replicas)

    small, large = at(data), at(data + further)
    assert large.wall_hours.p50 < small.wall_hours.p50
    assert large.gpu_hours.p50 > small.gpu_hours.p50


@given(faster=st.floats(1.0, 4.0), count=st.sampled_from((8, 64)))
def test_a_faster_gpu_of_a_generation_never_takes_more_gpu_hours(faster: float, count: int) -> None:
    slow = the_gpu(H100)
    fast = the_gpu(H100, peak_flops={Precision.BF16: slow.peak_flops[Precision.BF16] * faster})
    assert (
        a_plan(a_run(), fast, gpu_count=count).gpu_hours.p50
        <= a_plan(a_run(), slow, gpu_count=count).gpu_hours.p50
    )


@pytest.mark.no_cover  # Tracing hundreds of searches would double their time.
@settings(max_examples=200)
@given(
    model=st.sampled_from(load_models().models),
    gpu=st.sampled_from(sorted(load_accelerators())),
    method=st.sampled_from(TrainingMethod),
    count=st.sampled_from((None, 1, 8, 64)),
    sequence_length=st.sampled_from((1, 512, 4096, 131_072)),
    deadline=st.sampled_from((None, timedelta(hours=1), timedelta(days=30))),
)
def test_every_model_on_every_gpu_has_a_finite_plan_or_a_reason(  # noqa: PLR0917 - drawn by name
    model: Any, gpu: str, method: Any, count: Any, sequence_length: int, deadline: Any
) -> None:
    accelerator = the_gpu(gpu)
    preferred = (Precision.BF16, Precision.FP16, Precision.FP32)
    precision = next(one for one in preferred if one in accelerator.peak_flops)
    is_diffusion = model.flops_per_step is not None
    run = a_run(
        architecture=model.architecture,
        tokens=0 if is_diffusion else 1_000_000_000,
        images=1_000_000 if is_diffusion else 0,
        flops_per_image_step=model.flops_per_step,
        method=method,
        precision=precision,
        sequence_length=sequence_length,
    )
    found = outcome(run, accelerator, gpu_count=count, deadline=deadline)
    if isinstance(found, NoPlan):
        assert found.message
        assert math.isfinite(found.needed)
        assert math.isfinite(found.limit)
        return
    assert found.memory.total <= found.memory_limit_bytes * (1 + 1e-9)
    assert found.gpu_count == found.tensor * found.pipeline * found.data
    for figure in (
        found.gpu_hours.p10,
        found.mfu.p90,
        found.samples_per_second_per_gpu.p90,
        found.checkpoint_bytes,
    ):
        assert 0 < figure < math.inf


def test_flops_of_the_plan_are_those_of_the_module() -> None:
    plan = a_plan(GPT_3, A100, gpu_count=512)
    assert plan.flops == 300e9 * flops.training_flops_per_token(GPT_3.architecture, 2048)
