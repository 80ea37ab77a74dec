import dataclasses
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.domain.precision import Precision
from service.domain.workload import (
    Engine,
    LatencyLimit,
    Objective,
    Parallelism,
    Placement,
    Speculative,
)
from service.estimate.plan import Misfit, NoPlan, ServingPlan
from service.estimate.serving import LEVER_SPECULATIVE, serving_levers
from tests.service.estimate.serving_cases import (
    CALIBRATION,
    FP8,
    H100,
    a_load,
    a_plan,
    gpu,
    no_plan,
    planned,
)

L4, V100, A100_PCIE = "l4-24gb", "v100-sxm-16gb", "a100-pcie-80gb"
B200, MI300X, RTX_4090 = "b200-sxm-180gb", "mi300x-192gb", "rtx-4090-24gb"
_GIB = 2**30


# Replicas and memory.


def test_a_small_model_is_served_by_one_gpu() -> None:
    plan = a_plan(a_load())
    assert (plan.gpu_count, plan.tensor, plan.pipeline, plan.batch) == (1, 1, 1, 16)


def test_a_model_too_large_for_a_gpu_is_cut_inside_the_node() -> None:
    plan = a_plan(a_load("Llama-3.1-70B"))
    assert plan.gpus_per_replica == plan.tensor > 1
    assert plan.pipeline == 1


def test_only_what_no_node_holds_goes_over_nodes() -> None:
    plan = a_plan(a_load("DeepSeek-V3", **FP8))
    assert (plan.tensor, plan.pipeline) == (8, 2)
    assert a_plan(a_load("DeepSeek-V3", **FP8), "h200-sxm-141gb").pipeline == 1


def test_cards_on_a_bus_may_be_split_by_layers() -> None:
    load = a_load("Llama-3.1-70B", is_offline=True)
    assert a_plan(load, "rtx-pro-6000-96gb").pipeline > 1
    assert a_plan(load, "a100-sxm-80gb").pipeline == 1


def test_llama_cpp_splits_by_layers_alone() -> None:
    load = a_load("Llama-3.1-70B", precision=Precision.Q4_K_M, engine=Engine.LLAMA_CPP)
    plan = a_plan(load, RTX_4090)
    assert plan.tensor == 1
    assert plan.pipeline > 1


@pytest.mark.parametrize(
    ("model", "precision", "gpu_model_id", "count"),
    [
        ("Llama-3-8B", Precision.FP16, "rtx-4080-16gb", 1),
        ("Llama-3-70B", Precision.Q4_K_M, RTX_4090, 2),
        ("Llama-3-70B", Precision.FP16, "rtx-3090-24gb", 6),
    ],
)
def test_what_ran_in_llama_cpp_fits(
    model: str, precision: Precision, gpu_model_id: str, count: int
) -> None:
    load = a_load(model, precision=precision, engine=Engine.LLAMA_CPP, concurrency=1)
    plan = a_plan(load, gpu_model_id, placement=Placement(gpu_count=count))
    assert plan.gpu_count == count


def test_heads_are_never_cut() -> None:
    # Qwen2.5-7B has 28 heads: no group of 8.
    plan = a_plan(a_load("Qwen2.5-7B"), placement=Placement(gpu_count=8))
    assert plan.tensor in {1, 2, 4}


@settings(max_examples=40)
@given(
    model=st.sampled_from(
        ["Llama-3.1-8B", "Llama-3.1-70B", "gpt-oss-120b", "DeepSeek-V3", "Gemma-3-27b-it"]
    ),
    gpu_model_id=st.sampled_from([H100, L4, B200, MI300X, RTX_4090, A100_PCIE]),
    precision=st.sampled_from([Precision.BF16, Precision.FP8, Precision.INT4]),
    concurrency=st.integers(1, 3000),
    shape=st.tuples(st.sampled_from([1, 4, 8]), st.integers(1, 20_000), st.integers(1, 4000)),
)
def test_whatever_is_planned_fits_and_hangs_together(
    model: str,
    gpu_model_id: str,
    precision: Precision,
    concurrency: int,
    shape: tuple[int, int, int],
) -> None:
    gpus_per_node, input_tokens, output_tokens = shape
    load = a_load(
        model,
        precision=precision,
        concurrency=concurrency,
        input_tokens=input_tokens,
        output_tokens=output_tokens,
    )
    plan = planned(load, gpu_model_id, gpus_per_node=gpus_per_node)
    if isinstance(plan, NoPlan):
        assert plan.needed > plan.limit
        return
    assert plan.memory.total <= plan.memory_limit_bytes * (1 + 1e-9)
    assert plan.gpus_per_replica == plan.tensor * plan.pipeline
    assert plan.gpu_count == plan.replica_count * plan.gpus_per_replica
    assert 1 <= plan.batch <= plan.max_batch
    assert plan.replica_count * plan.batch >= concurrency
    assert 0 <= plan.prefill_share < 1
    assert plan.tensor <= gpus_per_node
    # 10 % of the rows are beyond the band's end, and the ideal may still not be.
    assert plan.output_per_second.p10 < plan.ideal_output_per_second


def test_a_lack_of_memory_names_the_least_change_that_helps() -> None:
    load = a_load("Llama-3.1-70B")
    too_few = no_plan(load, placement=Placement(gpu_count=1))
    assert too_few.misfit is Misfit.MEMORY
    assert too_few.needed > too_few.limit
    assert too_few.unit == "GB"
    assert too_few.smallest_change == "gpuCount=2"
    assert isinstance(planned(load, placement=Placement(gpu_count=2)), ServingPlan)
    one_card = no_plan(load, gpus_per_node=1, placement=Placement(max_gpu_count=1))
    assert one_card.smallest_change == "precision=FP8"
    fp8 = dataclasses.replace(load, precision=Precision.FP8)
    assert isinstance(planned(fp8, gpus_per_node=1), ServingPlan)


@pytest.mark.parametrize("gpu_model_id", [H100, L4, "a100-sxm-80gb"])
def test_the_gpus_that_are_named_are_enough_for_the_load_too(gpu_model_id: str) -> None:
    load = a_load("Llama-3.1-70B", requests_per_second=10.0)
    found = no_plan(load, gpu_model_id, placement=Placement(gpu_count=1))
    assert found.misfit is Misfit.MEMORY
    name, count = found.smallest_change.split("=")
    assert name == "gpuCount"
    assert a_plan(load, gpu_model_id, placement=Placement(gpu_count=int(count)))


def test_what_no_single_change_mends_names_none() -> None:
    found = no_plan(a_load("Kimi-K2"), L4, gpus_per_node=1, placement=Placement(max_gpu_count=1))
    assert found.misfit is Misfit.MEMORY
    assert found.smallest_change == ""


# Formats.


def test_a_format_that_the_gpu_lacks_names_what_it_has() -> None:
    found = no_plan(a_load(), V100)
    assert found.misfit is Misfit.PRECISION
    assert "FP16" in found.message
    assert found.smallest_change == "precision=FP16"
    assert no_plan(a_load(precision=Precision.FP4)).misfit is Misfit.PRECISION


def test_weights_in_a_smaller_format_are_multiplied_in_sixteen_bits_and_said_so() -> None:
    plan = a_plan(a_load(precision=Precision.INT4))
    assert dict(plan.assumptions)["computePrecision"].startswith("BF16")
    assert "computePrecision" not in dict(a_plan(a_load()).assumptions)


# Concurrency.


def test_more_users_at_once_get_more_together_and_less_each() -> None:
    few, many = a_plan(a_load(concurrency=4)), a_plan(a_load(concurrency=64))
    assert many.output_per_second.p50 > few.output_per_second.p50
    assert many.output_per_second_per_user.p50 < few.output_per_second_per_user.p50


def test_users_that_memory_does_not_hold_get_more_replicas() -> None:
    plan = a_plan(a_load(concurrency=5000))
    assert plan.replica_count * plan.batch >= 5000
    assert plan.replica_count > 1


def test_on_a_fixed_number_of_gpus_the_rest_waits() -> None:
    load = a_load("Llama-3.3-70B-Instruct", concurrency=150, input_tokens=5000, **FP8)
    plan = a_plan(load, placement=Placement(gpu_count=2))
    small = a_plan(dataclasses.replace(load, concurrency=50), placement=Placement(gpu_count=2))
    assert plan.gpu_count == 2
    assert plan.batch == plan.max_batch < 150
    assert "queue" in dict(plan.assumptions)
    assert plan.time_to_first_token_ms is not None
    assert small.time_to_first_token_ms is not None
    assert plan.time_to_first_token_ms.p50 > 10 * small.time_to_first_token_ms.p50


def test_gpus_that_no_replica_can_use_are_named() -> None:
    plan = a_plan(a_load("Llama-3.1-70B"), placement=Placement(gpu_count=3))
    assert plan.gpu_count == 3
    assert "idleGpus" in dict(plan.assumptions)


def test_reasoning_counts_as_output() -> None:
    silent = a_plan(a_load(output_tokens=500, reasoning_tokens=1500))
    spoken = a_plan(a_load(output_tokens=2000))
    assert silent == spoken


# Rates.


def test_a_rate_is_met_at_the_slow_side_with_a_spare() -> None:
    load = a_load("Llama-3.1-70B", requests_per_second=20.0, **FP8)
    plan = a_plan(load)
    assert plan.spare_replica_count == 1
    serving = plan.replica_count - 1
    assert plan.output_per_second.p10 * load.utilization >= 20 * 500
    assert plan.output_per_second.p10 * load.utilization * (serving - 1) / serving < 20 * 500
    assert plan.serving_capacity.p10 == plan.serving_capacity.p90 == 20 * 500


def test_the_peak_of_a_week_decides_not_its_mean() -> None:
    flat = a_plan(a_load("Llama-3.1-70B", requests_per_second=20.0, profile=(1.0,) * 168))
    week = (1.0,) * 100 + (4.0,) * 68
    peaked = a_plan(a_load("Llama-3.1-70B", requests_per_second=20.0, profile=week))
    factor = a_plan(
        a_load("Llama-3.1-70B", requests_per_second=20.0, peak_factor=4 * 168 / (100 + 4 * 68))
    )
    assert flat.gpu_count < peaked.gpu_count == factor.gpu_count
    assert flat.serving_capacity == peaked.serving_capacity


def test_latency_limits_hold_at_the_confidence_that_is_asked_for() -> None:
    limit = LatencyLimit(max_time_to_first_token_ms=1500, min_tokens_per_second_per_user=40)
    load = a_load("Llama-3.1-70B", requests_per_second=5.0, latency=limit, **FP8)
    sure = a_plan(load)
    assert sure.time_to_first_token_ms is not None
    assert sure.time_per_output_token_ms is not None
    assert sure.time_to_first_token_ms.p90 <= 1500
    assert sure.time_per_output_token_ms.p90 <= 1000 / 40
    hopeful = a_plan(load, placement=Placement(confidence=0.5))
    assert hopeful.gpu_count <= sure.gpu_count


@pytest.mark.parametrize("longest", [400, 700, 1000, 1500, 2500])
def test_the_first_token_comes_in_time_in_nine_of_ten_cases(longest: float) -> None:
    limit = LatencyLimit(max_time_to_first_token_ms=longest)
    load = a_load(
        "Llama-3.1-70B", requests_per_second=20.0, input_tokens=2000, latency=limit, **FP8
    )
    first = a_plan(load).time_to_first_token_ms
    assert first is not None
    assert first.p90 <= longest


def test_a_limit_on_latency_never_makes_it_cheaper() -> None:
    load = a_load("Llama-3.1-70B", requests_per_second=20.0)
    free = a_plan(load)
    for rate in (10.0, 25.0, 40.0):
        limited = dataclasses.replace(
            load, latency=LatencyLimit(min_tokens_per_second_per_user=rate)
        )
        assert a_plan(limited).gpu_count >= free.gpu_count


@pytest.mark.parametrize(("users", "least"), [(512, 5.0), (256, 20.0)])
def test_users_with_a_limit_get_the_fewest_gpus_that_keep_it(users: int, least: float) -> None:
    limit = LatencyLimit(min_tokens_per_second_per_user=least)
    load = a_load(concurrency=users, latency=limit)
    plan = a_plan(load, "a100-sxm-80gb")
    working = plan.gpu_count - plan.spare_replica_count * plan.gpus_per_replica

    assert working > 1
    on_one_less = Placement(gpu_count=working - 1)
    assert isinstance(planned(load, "a100-sxm-80gb", placement=on_one_less), NoPlan)


@pytest.mark.parametrize(
    "limit",
    [
        LatencyLimit(min_tokens_per_second_per_user=5000),
        LatencyLimit(max_time_to_first_token_ms=1),
    ],
)
def test_what_nobody_reaches_says_what_is_best_and_that_works(limit: LatencyLimit) -> None:
    load = a_load("Llama-3.1-70B", requests_per_second=1.0, latency=limit, **FP8)
    found = no_plan(load)
    assert found.misfit is Misfit.LATENCY
    name, value = found.smallest_change.removeprefix("latency.").split("=")
    relaxed = (
        LatencyLimit(min_tokens_per_second_per_user=float(value))
        if name == "minTokensPerSecondPerUser"
        else LatencyLimit(max_time_to_first_token_ms=float(value))
    )
    assert isinstance(planned(dataclasses.replace(load, latency=relaxed)), ServingPlan)


def test_a_rate_beyond_the_allowed_gpus_names_how_many_it_takes() -> None:
    load = a_load("Llama-3.1-70B", requests_per_second=100.0)
    found = no_plan(load, placement=Placement(max_gpu_count=16))
    assert found.misfit is Misfit.GPU_LIMIT
    assert found.smallest_change == f"maxGpuCount={found.needed:.0f}"
    enough = Placement(max_gpu_count=int(found.needed))
    assert isinstance(planned(load, placement=enough), ServingPlan)
    fixed = no_plan(load, placement=Placement(gpu_count=16))
    assert fixed.smallest_change.startswith("gpuCount=")


def test_given_gpus_beyond_the_need_keep_one_replica_spare() -> None:
    load = a_load(requests_per_second=1.0)
    plan = a_plan(load, placement=Placement(gpu_count=8))
    assert plan.gpu_count == 8
    assert plan.spare_replica_count == 1


def test_all_given_gpus_are_put_to_work_where_they_help() -> None:
    # 8 users on 16 GPUs: 8 single GPUs would leave half of them idle. Nobody measured this model,
    # so that nothing but the roofline decides.
    load = a_load("Llama-2-13B", concurrency=8, output_tokens=50)
    plans = [
        a_plan(load, MI300X, placement=Placement(gpu_count=count)) for count in (1, 2, 4, 8, 16)
    ]
    speeds = [plan.output_per_second.p50 for plan in plans]
    assert speeds == sorted(speeds)
    assert "idleGpus" not in dict(plans[-1].assumptions)


# Offline.


def test_an_offline_load_fills_the_memory_and_nobody_waits() -> None:
    plan = a_plan(a_load(is_offline=True), L4, gpus_per_node=1)
    assert plan.batch == plan.max_batch
    assert plan.time_to_first_token_ms is None
    assert plan.serving_capacity == plan.output_per_second


def test_time_as_the_objective_takes_all_allowed_gpus_offline() -> None:
    placement = Placement(objective=Objective.TIME, max_gpu_count=32)
    assert a_plan(a_load(is_offline=True), placement=placement).gpu_count == 32


# What else changes the work.


def test_speculation_gives_what_the_geometric_series_says() -> None:
    load = a_load(concurrency=1, input_tokens=1)
    never = a_plan(
        dataclasses.replace(load, speculative=Speculative(acceptance=0.0, draft_tokens=3))
    )
    often = a_plan(
        dataclasses.replace(load, speculative=Speculative(acceptance=0.8, draft_tokens=3))
    )
    expected = (1 - 0.8**4) / (1 - 0.8)
    gained = often.output_per_second.p50 / never.output_per_second.p50
    assert gained == pytest.approx(expected, rel=0.02)
    assert a_plan(load).output_per_second.p50 > never.output_per_second.p50
    assert "draftCost" in dict(often.assumptions)


def test_a_cached_prefix_spares_prefill_and_nothing_else() -> None:
    plain = a_plan(a_load(input_tokens=8000))
    cached = a_plan(a_load(input_tokens=8000, prefix_cache_hit_rate=0.9))
    assert cached.prefill_share < plain.prefill_share
    assert cached.max_batch == plain.max_batch
    assert cached.output_per_second.p50 > plain.output_per_second.p50


def test_an_fp8_cache_holds_more_requests() -> None:
    halved = a_plan(a_load("Llama-3.1-70B", is_offline=True, kv_precision=Precision.FP8))
    whole = a_plan(a_load("Llama-3.1-70B", is_offline=True))
    assert halved.max_batch > whole.max_batch


def test_an_encoder_is_counted_in_requests() -> None:
    plan = a_plan(
        a_load("BERT-base", input_tokens=128, output_tokens=0, requests_per_second=500.0),
    )
    assert plan.serving_capacity.p50 == 500
    assert plan.prefill_share == 1
    assert plan.time_per_output_token_ms is None
    assert plan.time_to_first_token_ms is not None


def test_parallelism_that_is_given_is_used_or_refused() -> None:
    given = Parallelism(tensor=4, data=2)
    plan = a_plan(a_load(parallelism=given))
    assert (plan.tensor, plan.replica_count, plan.gpu_count) == (4, 2, 8)
    for wrong in (Parallelism(tensor=16), Parallelism(tensor=3)):
        assert no_plan(a_load(parallelism=wrong)).misfit is Misfit.PARALLELISM
    too_many = no_plan(a_load(parallelism=given), placement=Placement(gpu_count=4))
    assert too_many.misfit is Misfit.PARALLELISM


# Bands.


def test_a_gpu_without_rows_gets_a_wider_band() -> None:
    def width(gpu_model_id: str) -> float:
        rate = a_plan(a_load("Qwen2.5-7B"), gpu_model_id).output_per_second
        return math.log(rate.p90 / rate.p10)

    measured, other_family, other_vendor = width(H100), width(L4), width(MI300X)
    assert measured < other_family < other_vendor
    assert a_plan(a_load(), H100).is_measured
    assert not a_plan(a_load(), MI300X).is_measured


def test_a_measured_row_near_by_narrows_the_band() -> None:
    near = a_plan(
        a_load("Llama-3.1-70B", input_tokens=1024, output_tokens=1024, concurrency=64, **FP8),
        placement=Placement(gpu_count=4),
    ).output_per_second
    unknown = a_plan(
        a_load("Qwen2.5-72B", input_tokens=1024, output_tokens=1024, concurrency=64, **FP8),
        placement=Placement(gpu_count=4),
    ).output_per_second
    assert math.log(near.p90 / near.p10) < 0.8 * math.log(unknown.p90 / unknown.p10)


def test_equal_questions_get_equal_answers() -> None:
    load = a_load("DeepSeek-V3", requests_per_second=3.0, **FP8)
    assert a_plan(load, B200) == a_plan(load, B200)


# Levers.


def levers(load_changes: dict[str, object], model: str = "Llama-3.1-70B") -> dict[str, float]:
    load = a_load(model, **load_changes)
    plan = a_plan(load)
    return dict(
        serving_levers(
            load,
            gpu(H100),
            plan,
            gpus_per_node=8,
            placement=Placement(),
            calibration=CALIBRATION,
        )
    )


def test_levers_are_what_a_new_plan_says() -> None:
    limit = LatencyLimit(min_tokens_per_second_per_user=40)
    load = a_load("Llama-3.1-70B", requests_per_second=40.0, latency=limit)
    plan = a_plan(load)
    found = levers({"requests_per_second": 40.0, "latency": limit})
    assert set(found) == {"FP8", "INT4", "RELAXED_LATENCY", "PREFIX_CACHE", "KV_FP8", "SPECULATIVE"}
    # 40 requests a second take enough replicas for rounding to be small.
    relaxed = a_plan(dataclasses.replace(load, latency=LatencyLimit()))
    assert found["RELAXED_LATENCY"] == pytest.approx(
        relaxed.gpu_count / plan.gpu_count - 1, abs=0.04
    )
    assert found["RELAXED_LATENCY"] < 0
    assert found["FP8"] < 0


@pytest.mark.parametrize("rate", [0.5, 1.0, 3.0, 10.0, 40.0])
def test_levers_of_a_rate_do_not_depend_on_how_replicas_round(rate: float) -> None:
    at_any_rate = levers({"requests_per_second": 1000.0, **FP8})
    found = levers({"requests_per_second": rate, **FP8})
    assert found == pytest.approx(at_any_rate)


def test_a_lever_that_cannot_be_planned_is_not_shown() -> None:
    load = a_load("Llama-3.1-70B", requests_per_second=40.0, precision=Precision.INT4)
    plan = a_plan(load)
    # On the GPUs that it takes, three proposed tokens a step are too much work.
    tight = Placement(max_gpu_count=plan.gpu_count)
    assert isinstance(
        planned(dataclasses.replace(load, speculative=LEVER_SPECULATIVE), placement=tight), NoPlan
    )
    found = serving_levers(
        load, gpu(H100), plan, gpus_per_node=8, placement=tight, calibration=CALIBRATION
    )
    assert "SPECULATIVE" not in dict(found)
    assert "PREFIX_CACHE" in dict(found)


def test_what_is_used_already_is_no_lever() -> None:
    found = levers(
        {
            **FP8,
            "prefix_cache_hit_rate": 0.3,
            "speculative": Speculative(acceptance=0.6, draft_tokens=2),
        }
    )
    assert set(found) == {"INT4", "BATCH"}


def test_an_encoder_has_no_lever_of_decoding() -> None:
    found = levers({"output_tokens": 0, "input_tokens": 128}, model="BERT-base")
    assert not {"KV_FP8", "SPECULATIVE"} & set(found)
