import dataclasses
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.precision import Precision
from service.domain.workload import TrainingMethod
from service.estimate import mfu
from service.estimate.band import Band
from service.estimate.mfu import MfuCase
from tests.service.estimate.training_cases import A100, H100, a_run, constants, the_gpu

VOLTA = "v100-sxm-32gb"


def a_case(gpu: str = A100, **changes: Any) -> MfuCase:
    values: dict[str, Any] = {
        "accelerator": the_gpu(gpu),
        "precision": Precision.BF16,
        "gpu_count": 64,
        "active_params": 1e10,
        "attention_share": 0.03,
        "is_mixture": False,
        "is_diffusion": False,
        "is_full_run": False,
        "recomputed_share": 0.0,
    }
    return MfuCase(**(values | changes))


def expected(case: MfuCase) -> float:
    return mfu.expected_mfu(case, constants())


def band(gpu: str, model: str = "Llama-3.1-8B", **changes: Any) -> Band:
    return mfu.hours_band(a_run(model, **changes), the_gpu(gpu), constants())


def test_a_tuned_run_of_10_billion_on_64_a100_gets_about_half_of_the_peak() -> None:
    assert expected(a_case()) == pytest.approx(0.49, abs=0.03)


def test_a_full_run_gets_a_fifth_less_than_a_tuned_one() -> None:
    ratio = expected(a_case(is_full_run=True)) / expected(a_case())
    assert ratio == pytest.approx(0.81, abs=0.03)


def test_no_availability_comes_on_top_of_a_full_run() -> None:
    # Restarts are in the hours of published runs: the band of a full run has no factor beside.
    assert band(A100).p50 == 1.0


@pytest.mark.parametrize(
    ("worse", "better"),
    [
        (a_case(H100), a_case()),
        (a_case(VOLTA), a_case()),
        (a_case("a100-sxm-40gb"), a_case()),
        (a_case(H100, precision=Precision.FP8), a_case(H100)),
        (a_case(is_mixture=True), a_case()),
        (a_case(is_diffusion=True), a_case()),
        (a_case(recomputed_share=1.0), a_case(recomputed_share=0.5)),
        (a_case(recomputed_share=0.5), a_case()),
        (a_case(gpu_count=4096), a_case()),
        (a_case(active_params=1e9), a_case()),
        (a_case(active_params=1e8), a_case(active_params=1e9)),
        (a_case(attention_share=0.7), a_case()),
    ],
)
def test_what_lowers_the_share_of_the_peak(worse: MfuCase, better: MfuCase) -> None:
    assert expected(worse) < expected(better)


def test_an_unknown_generation_is_placed_by_its_measured_matrix_products() -> None:
    ratio = expected(a_case("mi300x-192gb")) / expected(a_case())
    share = the_gpu("mi300x-192gb").matmul_share
    assert share is not None
    assert ratio == pytest.approx(share / constants().reference_matmul_share)


def test_an_unknown_generation_without_matrix_products_is_taken_as_the_reference() -> None:
    assert expected(a_case("l4-24gb")) == expected(a_case())


def test_nothing_gets_beyond_the_cap() -> None:
    # The best published benchmarks reach 0.6: the cap keeps extrapolation from going far beyond.
    tuned = dict(constants().coefficients) | {"base": 2.0}
    found = mfu.features(a_case(), reference_matmul_share=0.869)
    assert mfu.mfu(found, tuned, cap=constants().mfu_cap) == constants().mfu_cap


def test_columns_give_what_single_runs_give() -> None:
    cases = [a_case(gpu_count=count) for count in (1, 64, 4096)]
    found = [mfu.features(case, reference_matmul_share=0.869) for case in cases]
    columns = {name: np.array([one[name] for one in found]) for name in found[0]}
    together = mfu.mfu(columns, constants().coefficients, cap=constants().mfu_cap)
    alone = [
        float(mfu.mfu(one, constants().coefficients, cap=constants().mfu_cap)) for one in found
    ]
    assert together.tolist() == pytest.approx(alone)


def test_every_coefficient_has_a_feature() -> None:
    assert set(constants().coefficients) == set(
        mfu.features(a_case(), reference_matmul_share=0.869)
    )


def test_a_gpu_without_rows_has_a_wider_band_and_a_strange_generation_the_widest() -> None:
    measured, family, generation = (band(gpu) for gpu in (H100, "h200-sxm-141gb", "mi300x-192gb"))
    assert generation.p10 == family.p10 < measured.p10 < 1.0
    assert 1.0 < measured.p90 < family.p90 < generation.p90


def test_the_band_of_a_measured_gpu_is_that_of_models_not_seen() -> None:
    assert math.log(band(H100).p10) == pytest.approx(constants().full_run.p10)
    assert math.log(band(H100).p90) == pytest.approx(constants().full_run.p90)


def test_a_generation_that_a_prior_places_is_less_strange_than_one_that_nothing_does() -> None:
    assert band(VOLTA).p90 < band("mi300x-192gb").p90
    spread = mfu.gpu_spread(the_gpu(VOLTA), constants())
    assert (
        spread.p90 == -spread.p10 == pytest.approx(1.2815515655 * constants().prior_log_sd["Volta"])
    )


def test_work_that_is_no_pre_training_of_decoders_has_a_wider_band() -> None:
    plain = band(H100)
    tuning = band(H100, method=TrainingMethod.LORA)
    encoder = band(H100, model="BERT-base")
    diffusion = band(H100, model="Stable-Diffusion-1.5")
    assert plain.p90 < tuning.p90 < encoder.p90 == diffusion.p90
    assert plain.p10 > tuning.p10


def test_a_strange_gpu_and_strange_work_add_up() -> None:
    assert band("mi300x-192gb", method=TrainingMethod.LORA).p90 > band("mi300x-192gb").p90


def test_a_card_without_a_link_over_its_node_counts_as_strange() -> None:
    pcie = the_gpu("h100-pcie-80gb")
    assert not mfu.has_rows(pcie, constants())
    assert band("h100-pcie-80gb") == band("l4-24gb")


def test_restarts_make_the_band_of_full_runs_wider() -> None:
    full, tuned = (band(H100, is_benchmark=one) for one in (False, True))
    assert full.p90 / full.p10 > tuned.p90 / tuned.p10


@given(
    gpu_count=st.integers(1, 100_000),
    active_params=st.floats(0, 1e14),
    attention_share=st.floats(0, 1),
    is_mixture=st.booleans(),
)
def test_the_share_is_always_above_zero_and_at_most_the_cap(
    gpu_count: int, active_params: float, attention_share: float, *, is_mixture: bool
) -> None:
    case = a_case(
        gpu_count=gpu_count,
        active_params=active_params,
        attention_share=attention_share,
        is_mixture=is_mixture,
    )
    assert 0 < expected(case) <= constants().mfu_cap


def test_a_faster_gpu_of_the_same_generation_never_gets_a_lower_share() -> None:
    slow = the_gpu(H100)
    fast = dataclasses.replace(slow, peak_flops={Precision.BF16: 2e15})
    assert expected(a_case(H100, accelerator=fast)) == expected(a_case(H100, accelerator=slow))
