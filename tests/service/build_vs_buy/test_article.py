"""The cases of "Navigating the High Cost of AI Compute" (a16z, 2023), its slips set right."""

import csv
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from service.build_vs_buy.analysis import Analysis, analyze
from service.build_vs_buy.electricity import energy_cost, energy_kwh
from service.build_vs_buy.inputs import ConstantLoad, Inputs, OptionKind, Own, TokenTier
from service.build_vs_buy.options import npvs
from service.build_vs_buy.sample import BASE
from tests.service.build_vs_buy.questions import (
    a_building,
    a_demand,
    a_hosted_api,
    given,
    plain,
    plain_own,
    plain_rent,
    ranged,
    ranged_running,
    ranged_servers,
)

ONE = np.ones((1, 1))
HOURS_PER_YEAR = 8_760
PRICES_OF_2023 = Path(__file__).parents[1] / "facts" / "a16z_prices_apr2023_reconstructed.csv"


def test_two_rtx_3080_ti_cost_1051_dollars_more_power_than_an_a100_in_three_years() -> None:
    # The article's 3,500 kWh are those of one year, not of three.
    more_kw = (2 * 350 - 300) / 1000 * ONE
    assert energy_kwh(more_kw, HOURS_PER_YEAR, pue=ONE) == pytest.approx(3_504)
    assert energy_kwh(more_kw, 3 * HOURS_PER_YEAR, pue=ONE) == pytest.approx(10_512)
    cost = energy_cost(more_kw, 3 * HOURS_PER_YEAR, pue=ONE, per_kwh=0.10 * ONE)
    assert cost == pytest.approx(1_051.2)


@pytest.mark.parametrize("tax_rate", [0.0, 0.25])
@pytest.mark.parametrize(("gpus", "is_choice"), [(2_700, False), (2_750, True)])
def test_a_building_pays_from_50_million_a_year_on_and_colocation_has_no_floor(
    gpus: int, tax_rate: float, *, is_choice: bool
) -> None:
    inputs = ranged(
        demand=a_demand(ConstantLoad(gpus=gpus)),
        building=a_building(),
        rent=plain_rent(3.0),
        commits=(),
        draws=200,
        tax_rate=tax_rate,
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
    rows = csv.DictReader(PRICES_OF_2023.read_text(encoding="utf-8").splitlines())
    prices = {
        row["provider"]: float(row["usd_per_gpu_hour"])
        for row in rows
        if row["gpu"] == "A100 SXM 40GB" or row["provider"] == "Microsoft Azure"
    }
    cost = {
        provider: -npvs(plain(own=None, rent=plain_rent(price)), BASE)[OptionKind.RENT][0]
        for provider, price in prices.items()
    }
    assert min(cost, key=cost.__getitem__) == "Lambda Labs"
    assert max(cost, key=cost.__getitem__) == "Amazon Web Services"
    assert cost["Lambda Labs"] == pytest.approx(8 * 0.7 * 730 * 48 * 1.10)
    assert cost["Amazon Web Services"] / cost["Lambda Labs"] == pytest.approx(3.73, abs=0.005)
    assert cost["Microsoft Azure"] / cost["Lambda Labs"] == pytest.approx(3.34, abs=0.005)


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


def dgx_a100() -> Own:
    """Eight A100 for 199,000 dollars (May 2020) that draw 6.5 kW, at the article's tariff."""
    nothing = {name: given(name, 0.0) for name in ("hidden", "install", "spares", "place", "staff")}
    servers = replace(
        ranged_servers(),
        server_price=given("own.server_price", 199_000),
        network_steps=(),
        hidden_fraction=nothing["hidden"],
        install_fraction=nothing["install"],
        spares_fraction=nothing["spares"],
    )
    running = ranged_running(
        power_kw_per_server=given("own.power_kw", 6.5),
        load_fraction=given("own.load", 1.0),
        pue=given("own.pue", 1.4),
        electricity_per_kwh=given("own.electricity", 0.10),
        colocation_per_kw_month=nothing["place"],
        fte_fixed=nothing["staff"],
        fte_per_gpu=given("own.fte_per_gpu", 0.0),
        maintenance_fraction=given("own.maintenance", 0.0),
        failure_rate=given("own.failures", 0.0),
    )
    return plain_own(capex=None, opex_per_month=None, servers=servers, running=running)


@pytest.mark.parametrize(
    ("share_of_peak", "cheaper"),
    [
        (1.00, OptionKind.OWN_COLOCATION),
        (0.20, OptionKind.OWN_COLOCATION),
        (0.10, OptionKind.HOSTED_API),
    ],
)
def test_own_gpus_beat_an_api_at_2_dollars_a_million_tokens_where_they_reach_an_eighth_of_it(
    share_of_peak: float, cheaper: OptionKind
) -> None:
    rented = tokens_against_gpus(share_of_peak)
    answer = analyze(replace(rented, own=dgx_a100()))
    assert isinstance(answer, Analysis)
    cost = {option.kind: -option.npv / (48 * 1e12 / 1000) for option in answer.options}
    # Eight GPUs over 48 months: 199,000 dollars and 6.5 kW x 1.4 x 730 h x 0.10 a month.
    an_hour = (199_000 + 48 * 6.5 * 1.4 * 730 * 0.10) / (8 * 730 * 48)
    assert an_hour == pytest.approx(0.824, abs=0.001)
    seconds = 358 / 312 / share_of_peak / 1.024
    assert cost[OptionKind.OWN_COLOCATION] == pytest.approx(an_hour * seconds / 3600, rel=0.02)
    assert cost[OptionKind.HOSTED_API] == pytest.approx(0.002)
    choices = OptionKind.OWN_COLOCATION, OptionKind.HOSTED_API
    assert min(choices, key=cost.__getitem__) is cheaper
