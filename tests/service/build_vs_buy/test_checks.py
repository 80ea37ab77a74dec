import math
from dataclasses import replace

import pytest

from service.build_vs_buy.analysis import NothingToBuy, analyze
from service.build_vs_buy.checks import BadInput, require_sound
from service.build_vs_buy.inputs import (
    Commit,
    ConstantLoad,
    Inputs,
    Loan,
    NetworkStep,
    Overrides,
    PeakedLoad,
    TokenTier,
    WeeklyLoad,
)
from tests.service.build_vs_buy.questions import (
    a_building,
    a_demand,
    a_hosted_api,
    a_spot,
    figure,
    given,
    plain,
    plain_own,
    plain_rent,
    ranged,
    ranged_own,
    ranged_running,
    ranged_servers,
)


def fields(inputs: Inputs) -> list[str]:
    with pytest.raises(BadInput) as found:
        require_sound(inputs)
    return [fault.field for fault in found.value.faults]


def week(hours: int) -> Inputs:
    return plain(demand=a_demand(WeeklyLoad(gpus=(8.0,) * hours)))


def with_running(**changes: object) -> Inputs:
    return ranged(own=ranged_own(running=ranged_running(**changes)))


def with_servers(**changes: object) -> Inputs:
    return ranged(own=ranged_own(servers=replace(ranged_servers(), **changes)))  # type: ignore[arg-type]


def with_loan(**changes: float) -> Inputs:
    loan = replace(Loan(share=0.5, annual_rate=0.1, months=24), **changes)  # type: ignore[arg-type]
    return plain(own=plain_own(loan=loan))


NO_BATCH = (
    TokenTier(up_to_prompt_tokens=100, input_price=given("a", 1), output_price=given("b", 1)),
    TokenTier(up_to_prompt_tokens=100, input_price=given("c", 1), output_price=given("d", 1)),
)


@pytest.mark.parametrize(
    ("inputs", "field"),
    [
        (week(167), "demand.load.gpus"),
        (week(169), "demand.load.gpus"),
        (plain(demand=a_demand(ConstantLoad(gpus=-1))), "demand.load.gpus"),
        (plain(demand=a_demand(ConstantLoad(gpus=math.nan))), "demand.load.gpus"),
        (plain(demand=a_demand(ConstantLoad(gpus=math.inf))), "demand.load.gpus"),
        (plain(demand=a_demand(monthly_growth=-1.01)), "demand.monthly_growth"),
        (plain(demand=a_demand(monthly_growth=0.5)), "demand.monthly_growth"),
        (plain(demand=a_demand(utilization=1.01)), "demand.utilization"),
        (plain(demand=a_demand(utilization=70)), "demand.utilization"),
        (plain(demand=a_demand(utilization=0)), "demand.utilization"),
        (plain(demand=a_demand(existing_gpu_count=-1)), "demand.existing_gpu_count"),
        (plain(horizon_months=0), "horizon_months"),
        (plain(horizon_months=601), "horizon_months"),
        (plain(discount_rate=given("discount_rate", 1.0)), "discount_rate"),
        (plain(discount_rate=given("discount_rate", -0.01)), "discount_rate"),
        (plain(discount_rate=given("discount_rate", 10)), "discount_rate"),
        (plain(tax_rate=1.0), "tax_rate"),
        (plain(tax_rate=25), "tax_rate"),
        (plain(hours_per_month=8_760), "hours_per_month"),
        (plain(max_loss=-0.1), "max_loss"),
        (plain(draws=10), "draws"),
        (plain(draws=1_000_000), "draws"),
        (plain(seed=-1), "seed"),
        (plain(rent=plain_rent(0)), "rent.price_per_gpu_hour"),
        (plain(rent=plain_rent(drift=given("d", -1))), "rent.drift"),
        (plain(rent=plain_rent(goodput=given("g", 92))), "rent.goodput"),
        (plain(rent=plain_rent(idle_share=given("i", 1))), "rent.idle_share"),
        (plain(rent=plain_rent(gpus_per_instance=0)), "rent.gpus_per_instance"),
        (plain(rent=plain_rent(stock_gpus=4)), "rent.stock_gpus"),
        (plain(rent=plain_rent(list_price_per_gpu_hour=-1)), "rent.list_price_per_gpu_hour"),
        (
            plain(rent=plain_rent(uplift=given("u", 0.2), data_cost_per_month=given("data", 100))),
            "rent.uplift",
        ),
        (plain(own=plain_own(gpus_per_server=0)), "own.gpus_per_server"),
        (plain(own=plain_own(depreciation_months=0)), "own.depreciation_months"),
        (plain(own=plain_own(residual_age_months=0)), "own.residual_age_months"),
        (plain(own=plain_own(refresh_months=0)), "own.refresh_months"),
        (ranged(own=ranged_own(refresh_months=2)), "own.refresh_months"),
        (plain(own=plain_own(residual_fraction=given("r", 0.9))), "own.residual_fraction"),
        (plain(own=plain_own(residual_fraction=given("r", 20))), "own.residual_fraction"),
        (plain(own=plain_own(servers=ranged_servers())), "own"),
        (plain(own=plain_own(running=ranged_running())), "own"),
        (with_loan(share=1.5), "own.loan.share"),
        (with_loan(annual_rate=10), "own.loan.annual_rate"),
        (with_loan(months=0), "own.loan.months"),
        (with_running(power_kw_per_server=given("w", 10_200)), "own.running.power_kw_per_server"),
        (with_running(pue=given("pue", 0.9)), "own.running.pue"),
        (with_running(pue=given("pue", 140)), "own.running.pue"),
        (with_running(idle_fraction=given("idle", 0.9)), "own.running.idle_fraction"),
        (with_running(rack_cooling_limit_kw=0.0), "own.running.rack_cooling_limit_kw"),
        (with_servers(hidden_fraction=given("h", 12)), "own.servers.hidden_fraction"),
        (
            with_servers(network_steps=(NetworkStep(from_servers=0, fraction=given("n", 0.1)),)),
            "own.servers.network_steps[0].from_servers",
        ),
        (
            with_servers(network_steps=(NetworkStep(from_servers=1, fraction=given("n", 2)),)),
            "own.servers.network_steps[0].fraction",
        ),
        (plain(building=a_building()), "building"),
        (ranged(building=a_building(build_months=49)), "building.build_months"),
        (ranged(building=a_building(life_months=0)), "building.life_months"),
        (ranged(building=a_building(minimum_annual_spend=-1.0)), "building.minimum_annual_spend"),
        (plain(commits=(Commit(term_months=12),)), "commits[0]"),
        (
            plain(
                commits=(
                    Commit(
                        term_months=12, discount=given("d", 0.2), price_per_gpu_hour=given("p", 2)
                    ),
                )
            ),
            "commits[0]",
        ),
        (
            plain(commits=(Commit(term_months=12, discount=given("d", 25)),)),
            "commits[0].discount",
        ),
        (
            plain(commits=(Commit(term_months=12, discount=given("d", 1)),)),
            "commits[0].discount",
        ),
        (
            plain(commits=(Commit(term_months=12, price_per_gpu_hour=given("p", 0)),)),
            "commits[0].price_per_gpu_hour",
        ),
        (
            plain(commits=(Commit(term_months=0, discount=given("d", 0.2)),)),
            "commits[0].term_months",
        ),
        (
            plain(
                commits=(Commit(term_months=12, discount=given("d", 0.2), upfront_fraction=100.0),)
            ),
            "commits[0].upfront_fraction",
        ),
        (plain(spot=a_spot(share=30.0)), "spot.share"),
        (plain(spot=a_spot(discount=given("s", 60))), "spot.discount"),
        (
            plain(spot=a_spot(interruption_per_month=given("s", 1))),
            "spot.interruption_per_month",
        ),
        (plain(spot=a_spot(restart_hours=-1.0)), "spot.restart_hours"),
        (
            plain(hosted_api=a_hosted_api(input_tokens_per_month=-1.0)),
            "hosted_api.input_tokens_per_month",
        ),
        (plain(hosted_api=a_hosted_api(cached_share=50.0)), "hosted_api.cached_share"),
        (
            plain(hosted_api=a_hosted_api(tiers=NO_BATCH[:1], prompt_tokens=101)),
            "hosted_api.tiers",
        ),
        (plain(hosted_api=a_hosted_api(tiers=NO_BATCH, prompt_tokens=50)), "hosted_api.tiers"),
        (
            plain(hosted_api=a_hosted_api(tiers=NO_BATCH[:1], prompt_tokens=50, batch_share=0.1)),
            "hosted_api.batch_share",
        ),
        (
            plain(hosted_api=a_hosted_api(tiers=NO_BATCH[:1], prompt_tokens=50, cached_share=0.1)),
            "hosted_api.cached_share",
        ),
    ],
)
def test_what_makes_no_sense_is_refused(inputs: Inputs, field: str) -> None:
    assert set(fields(inputs)) == {field}


def peaked(mean: float, factor: float, hours: int) -> Inputs:
    load = PeakedLoad(mean_gpus=mean, peak_factor=factor, peak_hours_per_day=hours)
    return plain(demand=a_demand(load))


@pytest.mark.parametrize(
    "inputs",
    [peaked(10, 10, 3), peaked(10, 0.5, 2), peaked(10, 1.1, 24)],
)
def test_a_day_cannot_have_more_peak_than_work(inputs: Inputs) -> None:
    assert "demand.load.peak_factor" in fields(inputs)


def test_two_figures_of_one_name_would_be_drawn_as_one() -> None:
    rent = plain_rent(volatility=given("same", 0.1), reversion=given("same", 0.5))
    assert fields(plain(rent=rent)) == ["rent.volatility", "rent.reversion"]


def test_everything_that_is_wrong_is_said_at_once() -> None:
    inputs = plain(
        demand=a_demand(WeeklyLoad(gpus=(8.0,) * 167), utilization=1.5, monthly_growth=-2.0),
        horizon_months=10_000,
        discount_rate=given("discount_rate", 1.0),
    )
    found = fields(inputs)
    assert sorted(found) == [
        "demand.load.gpus",
        "demand.monthly_growth",
        "demand.utilization",
        "discount_rate",
        "horizon_months",
    ]
    with pytest.raises(BadInput) as error:
        require_sound(inputs)
    assert str(error.value).split("; ") == [
        "horizon_months: 10,000 is not at least 1 and at most 600",
        "demand.monthly_growth: -2 is not at least -1 and at most 1",
        "demand.utilization: 1.5 is not more than 0 and at most 1",
        "discount_rate: 1 is not at least 0 and less than 1",
        "demand.load.gpus: 167 values are not the 168 hours of a week",
    ]


@pytest.mark.parametrize(
    ("overrides", "rules"),
    [
        (Overrides(air_gap=True, sku_available=False), "air_gap, sku_available"),
        (Overrides(air_gap=True, export_control=True), "air_gap, export_control"),
        (Overrides(air_gap=True, power_available=False), "air_gap, power_available"),
    ],
)
def test_overrides_that_leave_nothing_contradict_each_other(
    overrides: Overrides, rules: str
) -> None:
    with pytest.raises(BadInput, match=f"overrides: {rules} leave no option"):
        analyze(plain(overrides=overrides))


def test_an_air_gap_below_a_quarter_leaves_nothing() -> None:
    inputs = plain(overrides=Overrides(air_gap=True), horizon_months=2)
    assert fields(inputs) == ["overrides"]


@pytest.mark.parametrize("load", [ConstantLoad(gpus=0), WeeklyLoad(gpus=(0.0,) * 168)])
def test_without_demand_there_is_nothing_to_buy(load: ConstantLoad | WeeklyLoad) -> None:
    inputs = plain(demand=a_demand(load))
    assert analyze(inputs) == NothingToBuy(reason="nothing to buy: no GPU is wanted in any hour")


def test_what_is_there_may_be_enough() -> None:
    answer = analyze(plain(demand=a_demand(ConstantLoad(gpus=8), existing_gpu_count=8)))
    assert isinstance(answer, NothingToBuy)
    assert "the 8 GPUs that are there" in answer.reason


@pytest.mark.parametrize(
    "inputs",
    [
        plain(),
        ranged(building=a_building(), spot=a_spot(), hosted_api=a_hosted_api()),
        plain(demand=a_demand(monthly_growth=-1.0)),
        plain(horizon_months=1),
        plain(own=None),
        ranged(rent=plain_rent(drift=figure("d", -0.5, 0, 1))),
    ],
)
def test_what_makes_sense_is_answered(inputs: Inputs) -> None:
    require_sound(inputs)
    analyze(replace(inputs, draws=100))
