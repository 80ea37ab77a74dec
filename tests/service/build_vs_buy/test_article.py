"""The cases of "Navigating the High Cost of AI Compute" (a16z, 2023), its slips set right."""

import math

import numpy as np
import pytest

from service.build_vs_buy.analysis import Analysis, analyze
from service.build_vs_buy.electricity import energy_cost, energy_kwh
from service.build_vs_buy.inputs import ConstantLoad, Inputs, OptionKind, TokenTier
from service.build_vs_buy.options import npvs
from service.build_vs_buy.sample import BASE
from tests.service.build_vs_buy.questions import (
    a_building,
    a_demand,
    a_hosted_api,
    given,
    plain,
    plain_rent,
    ranged,
)

ONE = np.ones((1, 1))
HOURS_PER_YEAR = 8_760


def test_two_rtx_3080_ti_cost_1051_dollars_more_power_than_an_a100_in_three_years() -> None:
    # The article's 3,500 kWh are those of one year, not of three.
    more_kw = (2 * 350 - 300) / 1000 * ONE
    assert energy_kwh(more_kw, HOURS_PER_YEAR, pue=ONE) == pytest.approx(3_504)
    assert energy_kwh(more_kw, 3 * HOURS_PER_YEAR, pue=ONE) == pytest.approx(10_512)
    cost = energy_cost(more_kw, 3 * HOURS_PER_YEAR, pue=ONE, per_kwh=0.10 * ONE)
    assert cost == pytest.approx(1_051.2)


@pytest.mark.parametrize(("gpus", "is_choice"), [(1_500, False), (3_000, True)])
def test_a_building_pays_from_50_million_a_year_on_and_colocation_has_no_floor(
    gpus: int, *, is_choice: bool
) -> None:
    inputs = ranged(
        demand=a_demand(ConstantLoad(gpus=gpus)),
        building=a_building(),
        rent=plain_rent(3.0),
        commits=(),
        draws=200,
    )
    answer = analyze(inputs)
    assert isinstance(answer, Analysis)
    options = {option.kind: option for option in answer.options}
    spent_a_year = -options[OptionKind.RENT].cash_flows[0].nominal * 12
    assert (spent_a_year >= 50e6) is is_choice
    found = options[OptionKind.OWN_BUILDING].exclusions
    assert [exclusion.rule for exclusion in found] == (
        [] if is_choice else ["minimum_annual_spend"]
    )
    assert all("50,000,000" in exclusion.reason for exclusion in found)
    assert not options[OptionKind.OWN_COLOCATION].exclusions


def test_in_2023_the_same_a100_cost_almost_four_times_as_much_at_another_cloud() -> None:
    # Lambda Labs 2023-01-10 and Amazon Web Services 2023-03-10, A100 SXM 40GB (Epoch AI, CC-BY).
    lambda_labs, aws = (
        npvs(plain(own=None, rent=plain_rent(price)), BASE)[OptionKind.RENT]
        for price in (1.10, 4.10)
    )
    assert aws / lambda_labs == pytest.approx(3.73, abs=0.005)


def tokens_against_gpus(share_of_peak: float) -> Inputs:
    """GPT-3 answers of 1,024 tokens, 358 TFLOP each, on A100s at 312 TFLOPS and 2 dollars."""
    tokens = 1e12
    gpu_hours = tokens / 1024 * (358 / 312 / share_of_peak) / 3600
    price = {name: given(name, 2.0) for name in ("input", "output")}
    tier = TokenTier(
        up_to_prompt_tokens=None, input_price=price["input"], output_price=price["output"]
    )
    return plain(
        demand=a_demand(ConstantLoad(gpus=math.ceil(gpu_hours / 730)), utilization=1.0),
        rent=plain_rent(2.0),
        own=None,
        hosted_api=a_hosted_api(
            tiers=(tier,), input_tokens_per_month=0.0, output_tokens_per_month=tokens
        ),
    )


@pytest.mark.parametrize(
    ("share_of_peak", "gpus_per_1000_tokens", "cheaper"),
    [
        (1.00, 0.00062, OptionKind.RENT),
        (0.50, 0.00125, OptionKind.RENT),
        (0.25, 0.00249, OptionKind.HOSTED_API),
    ],
)
def test_gpus_beat_an_api_at_2_dollars_a_million_tokens_where_they_reach_a_third_of_their_peak(
    share_of_peak: float, gpus_per_1000_tokens: float, cheaper: OptionKind
) -> None:
    answer = analyze(tokens_against_gpus(share_of_peak))
    assert isinstance(answer, Analysis)
    thousands = 48 * 1e12 / 1000
    cost = {option.kind: -option.npv / thousands for option in answer.options}
    assert cost[OptionKind.HOSTED_API] == pytest.approx(0.002)
    assert cost[OptionKind.RENT] == pytest.approx(gpus_per_1000_tokens, abs=0.000006)
    assert answer.verdict.kind is cheaper
