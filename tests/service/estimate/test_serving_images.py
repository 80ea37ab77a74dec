import pytest

from service.domain.precision import Precision
from service.domain.workload import InferenceWorkload, LatencyLimit, Placement
from service.estimate.plan import Misfit
from tests.service.estimate.serving_cases import CALIBRATION, a_plan, no_plan, sizes_of

L4 = "l4-24gb"
_STEP_FLOPS = 0.4e12


def images(**changed: object) -> InferenceWorkload:
    given: dict[str, object] = {
        "architecture": sizes_of("Stable-Diffusion-1.5"),
        "precision": Precision.FP16,
        "flops_per_image_step": _STEP_FLOPS,
        "image_steps": 50,
    }
    if not {"requests_per_second", "is_offline"} & set(changed):
        given["concurrency"] = 1
    return InferenceWorkload(**(given | changed))  # type: ignore[arg-type] # names are checked


def test_a_rate_follows_from_steps_guidance_and_flops() -> None:
    plan = a_plan(images(), L4)
    ideal = 121e12 / (50 * 2 * _STEP_FLOPS)
    assert plan.ideal_output_per_second == pytest.approx(ideal)
    assert plan.output_per_second.p50 == pytest.approx(ideal * CALIBRATION.constants.compute_share)
    unguided = a_plan(images(guidance=False), L4)
    assert unguided.output_per_second.p50 == pytest.approx(2 * plan.output_per_second.p50)


def test_nothing_is_measured_and_the_band_says_so() -> None:
    plan = a_plan(images(), L4)
    assert not plan.is_measured
    assert plan.output_per_second.p90 / plan.output_per_second.p10 == pytest.approx(4)


def test_a_rate_of_images_is_met_at_the_slow_side_with_a_spare() -> None:
    plan = a_plan(images(requests_per_second=3.0), L4)
    assert plan.spare_replica_count == 1
    assert plan.output_per_second.p10 * 0.6 >= 3
    assert plan.serving_capacity.p50 == 3


def test_too_few_gpus_late_images_and_unknown_flops_are_refused() -> None:
    few = no_plan(images(requests_per_second=30.0), L4, placement=Placement(gpu_count=2))
    assert few.misfit is Misfit.GPU_LIMIT
    enough = Placement(gpu_count=int(few.needed))
    assert a_plan(images(requests_per_second=30.0), L4, placement=enough).gpu_count == few.needed
    late = no_plan(images(latency=LatencyLimit(max_time_to_first_token_ms=10)), L4)
    assert late.misfit is Misfit.LATENCY
    assert no_plan(images(flops_per_image_step=None), L4).misfit is Misfit.NO_FIGURES
    assert no_plan(images(precision=Precision.FP32), "gtx-1650-4gb").misfit is Misfit.MEMORY
