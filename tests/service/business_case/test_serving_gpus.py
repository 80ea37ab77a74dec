"""Tokens on GPUs, with the planner, the models and the GPUs of the service."""

import math
from dataclasses import replace

import pytest

from service.build_vs_buy.inputs import (
    ConstantLoad,
    HostedApi,
    OptionKind,
    PeakedLoad,
    TokenTier,
    WeeklyLoad,
)
from service.business_case.case import demand_of
from service.business_case.question import DemandTerms, Question, RentTerms, ServedTokens
from service.business_case.serving_gpus import (
    ServingPlanner,
    TokenResult,
    TokensOnGpus,
    given_gpus_caveats,
    noted_of,
    present_tokens,
    refused_caveat,
    small_instances_caveat,
    tokens_on_gpus,
)
from service.domain.constraints import OfferConstraints
from service.domain.figure import Figure
from service.domain.workload import InferenceWorkload, LatencyLimit, Placement
from service.estimate.calibration import load_calibration
from service.estimate.plan import Misfit, NoPlan, ServingPlan
from service.estimate.serving import plan_serving
from service.facts.accelerators import load_accelerators
from service.facts.models import load_models
from service.facts.tables import load_gpu_registry
from service.market.need import Shape
from tests.builders import NOW
from tests.service.build_vs_buy.questions import given, ranged

PLANNER = ServingPlanner(accelerators=load_accelerators(), calibration=load_calibration().serving)
H100 = Shape(gpu_model="h100-sxm-80gb", gpus_per_node=8)
FLAT = ConstantLoad(gpus=1)


def a_workload(
    model: str = "llama-3.1-70b", rate: float = 20, **fields: object
) -> InferenceWorkload:
    found = load_models().find(model)
    assert found is not None
    workload = InferenceWorkload(
        architecture=found.architecture,
        model_id=model,
        input_tokens=1000,
        output_tokens=250,
        requests_per_second=rate,
    )
    return replace(workload, **fields)  # type: ignore[arg-type]


def served(
    workload: InferenceWorkload | None = None,
    shape: ConstantLoad | WeeklyLoad | PeakedLoad = FLAT,
    **fields: object,
) -> ServedTokens:
    tokens = ServedTokens(
        workload=a_workload() if workload is None else workload, shape=shape, month_tokens=1e9
    )
    return replace(tokens, **fields)  # type: ignore[arg-type]


def on_gpus(tokens: ServedTokens | None = None, shape: Shape = H100) -> TokensOnGpus:
    found = tokens_on_gpus(served() if tokens is None else tokens, PLANNER, shape)
    assert isinstance(found, TokensOnGpus)
    return found


def estimated(workload: InferenceWorkload) -> ServingPlan:
    plan = plan_serving(
        workload,
        PLANNER.accelerators[H100.gpu_model],
        gpus_per_node=H100.gpus_per_node,
        placement=Placement(gpu_model=H100.gpu_model),
        calibration=PLANNER.calibration,
    )
    assert isinstance(plan, ServingPlan)
    return plan


def test_the_gpus_of_llama_70b_follow_from_the_estimate_by_hand() -> None:
    found = on_gpus()
    # 20 requests of 250 tokens a second, at 60 % of what a GPU writes, in replicas of four.
    assert found.served.tokens_per_second == 5000
    plan = estimated(a_workload())
    assert plan.gpus_per_replica == 4
    rates = {
        "p10": found.throughput.low,
        "p50": found.throughput.base,
        "p90": found.throughput.high,
    }
    by_hand = {name: 4 * math.ceil(5000 / (rate * 0.6 * 4)) + 4 for name, rate in rates.items()}
    count = found.gpu_count()
    assert (count.p90, count.p50, count.p10) == (by_hand["p10"], by_hand["p50"], by_hand["p90"])
    assert count.p10 <= count.p50 < count.p90
    assert count.p90 == plan.gpu_count
    assert isinstance(found.load, ConstantLoad)
    assert found.load.gpus == pytest.approx(5000 / (found.throughput.base * 0.6))
    assert found.serving.spare_gpus == 4


@pytest.mark.parametrize("model", ["llama-3.1-8b", "llama-3.1-70b", "mixtral-8x7b"])
@pytest.mark.parametrize("rate", [0.001, 0.7, 9, 400])
@pytest.mark.parametrize("peak", [1.0, 3.5])
@pytest.mark.parametrize("fastest", [None, 25.0])
def test_at_its_slow_side_it_is_as_many_gpus_as_the_estimate_plans(
    model: str, rate: float, peak: float, fastest: float | None
) -> None:
    latency = LatencyLimit(min_tokens_per_second_per_user=fastest)
    workload = a_workload(model, rate, latency=latency)
    shape = FLAT if peak == 1 else PeakedLoad(mean_gpus=1, peak_factor=peak, peak_hours_per_day=5)
    plan = estimated(replace(workload, peak_factor=peak))
    assert on_gpus(served(workload, shape)).gpu_count().p90 == plan.gpu_count


def test_the_throughput_is_that_of_full_load_however_little_is_asked() -> None:
    little, much = (on_gpus(served(a_workload("llama-3.1-8b", rate))) for rate in (0.01, 400))
    assert little.plan.gpus_per_replica == much.plan.gpus_per_replica
    assert little.throughput.base == pytest.approx(much.throughput.base)
    # The plan of little load has small batches, in which nobody waits.
    assert little.plan.output_per_second.p50 < little.throughput.base / 2


def test_a_latency_limit_costs_throughput() -> None:
    limit = LatencyLimit(min_tokens_per_second_per_user=40)
    limited = on_gpus(served(a_workload(latency=limit)))
    assert limited.throughput.base < on_gpus().throughput.base


def test_cached_prompts_take_fewer_gpus() -> None:
    cached = on_gpus(served(a_workload(prefix_cache_hit_rate=0.8)))
    assert cached.throughput.base > on_gpus().throughput.base


def test_a_throughput_of_our_own_takes_the_place_of_the_estimate() -> None:
    found = on_gpus(served(tokens_per_second_per_gpu=1000.0))
    assert (found.throughput.low, found.throughput.high) == (1000, 1000)
    assert found.throughput.source == "given"
    assert isinstance(found.load, ConstantLoad)
    assert found.load.gpus == pytest.approx(5000 / 600)
    assert (found.is_measured, found.nearest) == (True, None)


def test_the_nearest_measurement_is_named() -> None:
    found = on_gpus(served(a_workload("llama-3.1-8b")))
    assert found.nearest is not None
    assert (found.nearest.model, found.nearest.gpu) == ("llama-3.1-8b", "h100-sxm-80gb")
    assert found.nearest.source


def test_what_no_gpu_of_the_kind_serves_is_refused() -> None:
    limit = LatencyLimit(min_tokens_per_second_per_user=5000)
    refused = tokens_on_gpus(served(a_workload(latency=limit)), PLANNER, H100)
    assert isinstance(refused, NoPlan)
    assert refused.misfit is Misfit.LATENCY
    unknown = tokens_on_gpus(served(), PLANNER, replace(H100, gpu_model="abacus"))
    assert isinstance(unknown, NoPlan)
    assert unknown.misfit is Misfit.NO_FIGURES
    caveat = refused_caveat(unknown, replace(H100, gpu_model="abacus"))
    assert (caveat.code, "abacus" in caveat.message) == ("TOKENS_EXCEED_GPUS", True)


def test_a_week_has_the_gpus_of_each_hour() -> None:
    rates = tuple(1.5 if hour % 24 < 12 else 0.5 for hour in range(168))
    found = on_gpus(served(shape=WeeklyLoad(gpus=rates)))
    assert isinstance(found.load, WeeklyLoad)
    used = found.throughput.base * 0.6
    assert found.load.gpus[0] == pytest.approx(5000 * 1.5 / used)
    assert found.load.gpus[12] == pytest.approx(5000 * 0.5 / used)
    assert found.peak_tokens_per_second == 7500


def test_given_gpus_write_what_their_whole_replicas_do() -> None:
    found = on_gpus()
    rate = found.throughput.base
    use = given("demand.utilization", 0.5)
    assert found.possible_per_second(ConstantLoad(gpus=19), use) == pytest.approx(16 * 0.5 * rate)
    assert found.possible_per_second(ConstantLoad(gpus=3.9), use) == 0
    day = PeakedLoad(mean_gpus=10, peak_factor=2, peak_hours_per_day=12)
    assert found.possible_per_second(day, use) == pytest.approx(20 / 2 * 0.5 * rate)


def test_too_few_gpus_and_far_too_many_are_told() -> None:
    found = on_gpus()

    def codes(gpus: float, possible: float) -> list[str]:
        return [x.code for x in given_gpus_caveats(found, ConstantLoad(gpus=gpus), possible)]

    assert codes(8, 4999) == ["TOKENS_EXCEED_GPUS"]
    assert codes(28, 5000) == []
    assert codes(56, 9000) == []
    assert codes(57, 9000) == ["GPUS_EXCEED_TOKENS"]


def test_an_instance_that_holds_no_replica_is_told() -> None:
    found = on_gpus()
    assert [x.code for x in small_instances_caveat(found, 1)] == ["UNPROVEN_CAPACITY"]
    assert not list(small_instances_caveat(found, 4))


def test_what_was_assumed_of_the_tokens_is_listed() -> None:
    assumed = {x.name: x for x in noted_of(served(is_shaped=False), sizes_gpus=True)}
    assert assumed["tokensPerMonth.promptTokens"].source.startswith("our judgement")
    assert assumed["tokensPerMonth.serving.utilization"].base == 0.6
    assert assumed["demand.peakFactor"].base == 1
    told = noted_of(served(is_shaped=False, prompt_tokens=700, utilization=0.5), sizes_gpus=False)
    assert [(x.base, x.source) for x in told] == [(700, "given"), (0.5, "given")]


def test_a_million_tokens_costs_the_value_over_the_discounted_tokens() -> None:
    api = HostedApi(
        model="m",
        tiers=(
            TokenTier(
                up_to_prompt_tokens=None, input_price=given("i", 2.0), output_price=given("o", 2.0)
            ),
        ),
        input_tokens_per_month=3e9,
        output_tokens_per_month=1e9,
        prompt_tokens=0,
        reasoning_tokens_per_month=1e9,
    )
    assert api.tokens_per_month == 5e9
    inputs = ranged(hosted_api=api, horizon_months=24)
    grown = replace(inputs, demand=replace(inputs.demand, monthly_growth=given("g", 0.03)))
    for one in (inputs, grown):
        tokens = present_tokens(5e9, one)
        npv = -2e-6 * tokens
        result = TokenResult(on_gpus=None, possible_per_second=None, present_tokens=tokens)
        assert result.cost_per_million(OptionKind.HOSTED_API, npv) == pytest.approx(2)
        assert result.cost_per_million(OptionKind.RENT, npv) is None
    # Month t of 24 is worth 1.1^(-t/12) of today's.
    by_hand = sum(
        5e9 * 1.03 ** (t - 1) / (1 + grown.discount_rate.base) ** (t / 12) for t in range(1, 25)
    )
    assert present_tokens(5e9, grown) == pytest.approx(by_hand)


def test_options_with_gpus_have_a_cost_a_token_where_they_write_them_all() -> None:
    found = on_gpus()
    sized, enough, lacking = (
        TokenResult(on_gpus=found, possible_per_second=possible, present_tokens=1e6)
        for possible in (None, 5000.0, 4999.0)
    )
    for result, cost in ((sized, 7.0), (enough, 7.0), (lacking, None)):
        assert result.cost_per_million(OptionKind.OWN_COLOCATION, -7.0) == cost
    assert lacking.cost_per_million(OptionKind.HOSTED_API, -7.0) == 7


def test_gpus_that_tokens_size_serve_in_every_hour() -> None:
    question = Question(
        gpu=load_gpu_registry().identify("h100-sxm-80gb"),
        demand=DemandTerms(load=None, monthly_growth=0.01, existing_gpu_count=3),
        rent=RentTerms(constraints=OfferConstraints(), price_per_gpu_hour=4.0),
        start=NOW.date(),
        served=served(),
    )
    found = on_gpus()
    demand = demand_of(question, found)
    assert (demand.load, demand.serving) == (found.load, found.serving)
    assert demand.utilization.base == 1
    assert demand.monthly_growth == Figure.given("demand.monthlyGrowth", 0.01, "share/month")
    assert demand.existing_gpu_count == 3
    with pytest.raises(ValueError, match="neither GPUs nor tokens"):
        demand_of(question)
