"""What to know of a plan, whatever it costs."""

from typing import Any

import pytest

from service.domain.precision import Precision
from service.market.plan_caveats import is_long_run, serving_caveats, training_caveats
from tests.estimates import a_band, a_serving_plan, a_training_plan
from tests.service.market.questions import a_run


def codes(workload: dict[str, Any], **plan: Any) -> list[str]:
    found = training_caveats(a_run(**workload).workload, a_training_plan(**plan))
    return [caveat.code.value for caveat in found]


def test_a_measured_run_of_weeks_in_16_bits_has_no_caveat() -> None:
    assert codes({}) == []


@pytest.mark.parametrize("precision", [Precision.FP8, Precision.FP4])
def test_gains_below_16_bits_are_those_of_tuned_benchmarks(precision: Precision) -> None:
    assert codes({"precision": precision}) == ["TUNED_BENCHMARK"]
    assert codes({"precision": precision, "mfu": 0.4}) == []


def test_a_run_beyond_all_measured_ones_says_how_long_it_is() -> None:
    plan = a_training_plan(wall_hours=a_band(24 * 200), gpu_count=1024)
    assert is_long_run(plan)
    (caveat,) = training_caveats(a_run().workload, plan)
    assert caveat.code == "LONG_RUN"
    assert "200 days on 1,024 GPUs" in caveat.message
    assert not is_long_run(a_training_plan(wall_hours=a_band(24 * 119)))
    assert not is_long_run(a_serving_plan())


def test_a_single_gpu_is_one_gpu() -> None:
    plan = a_training_plan(wall_hours=a_band(24 * 200), gpu_count=1)
    (caveat,) = training_caveats(a_run().workload, plan)
    assert "on one GPU," in caveat.message


def test_what_was_not_measured_is_told_of_runs_and_loads() -> None:
    assert codes({}, is_measured=False) == ["NO_MEASURED_ROWS"]
    (caveat,) = serving_caveats(a_serving_plan(is_measured=False))
    assert caveat.code == "NO_MEASURED_ROWS"
    assert "gpuModels/h100-sxm-80gb" in caveat.message
    assert serving_caveats(a_serving_plan()) == ()
