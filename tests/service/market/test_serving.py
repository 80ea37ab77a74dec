"""The use case of serving, on the real planner and small markets."""

import math
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.constraints import Adjustment
from service.domain.errors import Precondition, Reason
from service.domain.money import Money
from service.domain.precision import Precision
from service.domain.workload import LatencyLimit, Parallelism
from service.estimate.band import Band
from service.estimate.calibration import load_calibration
from service.estimate.plan import ServingPlan
from service.facts.accelerators import load_accelerators
from service.market.answers import InferenceAnswer, InferenceQuestion, OfferPlacement, Terms
from service.market.serving import ServingEstimator, token_costs
from tests.builders import NOW
from tests.estimates import a_serving_plan
from tests.fakes import a_catalog
from tests.service.market.joining import total
from tests.service.market.questions import (
    A100,
    H100,
    L4,
    MARKET,
    Counted,
    a_load,
    a_node,
    changed,
    serve,
    terms,
)

QUANTILES = ("p10", "p50", "p90")


def codes(answer: InferenceAnswer) -> list[str]:
    return [caveat.code.value for caveat in answer.caveats]


LOADS = [
    a_load(),
    a_load(gpu_model=H100, requests_per_second=40.0),
    a_load(gpu_model=A100, concurrency=64),
    a_load(is_offline=True, utilization=1.0),
    a_load("llama-3.1-70b", latency=LatencyLimit(max_time_to_first_token_ms=3000)),
    a_load("bert-large", input_tokens=128, output_tokens=0),
    a_load("stable-diffusion-1.5"),
    a_load("deepseek-v3", precision=Precision.FP8, gpu_model=H100),
]


@pytest.mark.parametrize("question", LOADS)
def test_parts_of_an_answer_agree(question: InferenceQuestion) -> None:
    answer = serve(question)
    market, plan = answer.market, answer.plan
    assert market.cost is not None
    (middle,) = [use for use in market.offers_used if use.role == "p50"]
    assert plan.gpu_model_id == middle.row.offer.gpu_model
    assert plan.gpus_per_node == middle.row.offer.gpu_count
    assert float(middle.dollars) == market.cost.p50
    assert total(market) == middle.dollars
    assert sum(one.probability_cheapest for one in market.placements) == pytest.approx(1)
    assert plan.gpu_count == plan.replica_count * plan.gpus_per_replica
    for one in market.placements:
        assert one.node_count * one.plan.gpus_per_node >= one.plan.gpu_count
    is_images = question.workload.image_steps > 0
    assert (answer.token_costs is None) == is_images
    assert (answer.per_thousand_images is None) == (not is_images)


@pytest.mark.parametrize("question", [one for one in LOADS if not one.workload.image_steps])
def test_tokens_of_an_hour_cost_what_an_hour_costs(question: InferenceQuestion) -> None:
    answer = serve(question)
    workload, plan, costs = question.workload, answer.plan, answer.token_costs
    assert costs is not None
    assert answer.market.cost is not None
    requests = plan.serving_capacity.p50 / (workload.output_tokens or 1) * 3600
    dollars = (
        costs.input.p50 * workload.input_tokens + costs.output.p50 * workload.output_tokens
    ) * requests
    assert dollars / 1e6 == pytest.approx(answer.market.cost.p50 / question.hours_per_month)


def bands() -> st.SearchStrategy[Band]:
    numbers = st.lists(st.floats(0.01, 1e6), min_size=3, max_size=3).map(sorted)
    return numbers.map(lambda n: Band(p10=n[0], p50=n[1], p90=n[2]))


@given(
    dollars=bands(),
    capacity=bands(),
    share=st.floats(0, 1),
    tokens=st.tuples(st.integers(0, 10**5), st.integers(0, 10**4), st.integers(0, 10**4)),
)
def test_input_and_output_tokens_cost_the_whole_request_at_every_quantile(
    dollars: Band, capacity: Band, share: float, tokens: tuple[int, int, int]
) -> None:
    read, shown, reasoned = tokens
    question = a_load(input_tokens=read, output_tokens=shown, reasoning_tokens=reasoned)
    # A planner says 1 where nothing is generated, and 0 where nothing is read.
    prefill = 0.0 if not read else share if shown + reasoned else 1.0
    plan = a_serving_plan(serving_capacity=capacity, prefill_share=prefill)
    costs = token_costs(question.workload, plan, dollars)
    if not sum(tokens):
        assert costs is None
        return
    assert costs is not None
    generated = shown + reasoned
    requests = capacity.times(3600 / (generated or 1))
    whole = dollars.combined(requests.inverse())
    for name in QUANTILES:
        parts = getattr(costs.input, name) * read + getattr(costs.output, name) * generated
        assert parts / 1e6 == pytest.approx(getattr(whole, name), rel=1e-9)
        blended = getattr(costs.blended, name) * (read + generated)
        assert parts == pytest.approx(blended, rel=1e-9)


def test_a_cost_that_is_nothing_at_one_end_still_has_prices_of_tokens() -> None:
    plan = a_serving_plan()
    costs = token_costs(a_load().workload, plan, Band(p10=0.0, p50=10.0, p90=20.0))
    assert costs is not None
    assert costs.blended.p10 == 0
    hourly = costs.blended.p50 * 1200 / 1e6 * plan.serving_capacity.p50 / 200 * 3600
    assert hourly == pytest.approx(10)
    # The other end has the doubt of the cost, twice its middle, and that of the capacity.
    capacity = math.log(plan.serving_capacity.p50 / plan.serving_capacity.p10)
    both = math.exp(math.hypot(math.log(2), capacity))
    assert costs.blended.p90 == pytest.approx(both * costs.blended.p50)


def test_gpus_that_are_paid_for_anyway_are_no_division_by_zero() -> None:
    own = Terms(
        constraints=terms().constraints,
        adjustments=(Adjustment(provider="two", committed_gpu_count=64),),
    )
    market = a_catalog(a_node("two", H100, 8, "3.00"), a_node("one", H100, 8, "3.00"))
    answer = serve(a_load(gpu_model=H100, terms=own), market)
    assert answer.market.cost is not None
    assert (answer.market.cost.p10, answer.market.placements[0].cost.p90) == (0, 0)
    assert answer.token_costs is not None
    images = serve(a_load("stable-diffusion-1.5", gpu_model=H100, terms=own), market)
    assert images.per_thousand_images is not None
    assert images.per_thousand_images.p10 == 0


def test_a_market_whose_middle_costs_nothing_still_has_a_dear_end() -> None:
    own = Terms(
        constraints=terms().constraints,
        adjustments=tuple(Adjustment(provider=name, committed_gpu_count=64) for name in "ab"),
    )
    market = a_catalog(*(a_node(name, H100, 8, "3.00") for name in "abc"))
    cost = serve(a_load(gpu_model=H100, terms=own), market).market.cost
    assert cost == Band(p10=0.0, p50=0.0, p90=8 * 3 * 730)


def test_an_encoder_has_prices_of_input_alone() -> None:
    costs = serve(a_load("bert-large", input_tokens=128, output_tokens=0)).token_costs
    assert costs is not None
    assert costs.output == Band.exact(0.0)
    assert costs.input == costs.blended


def test_images_of_a_month_cost_what_a_month_costs() -> None:
    answer = serve(a_load("stable-diffusion-1.5"))
    assert answer.per_thousand_images is not None
    assert answer.market.cost is not None
    images = answer.plan.serving_capacity.p50 * 3600 * 730
    dollars = answer.per_thousand_images.p50 * images / 1000
    assert dollars == pytest.approx(answer.market.cost.p50)


def test_a_search_has_three_gpu_models() -> None:
    answer = serve(a_load())
    assert {one.plan.gpu_model_id for one in answer.market.placements} == {H100, A100, L4}


def test_replicas_that_fill_a_node_need_no_fabric_but_single_gpus_of_one_replica_do() -> None:
    question = a_load("llama-3.1-70b", gpu_model=H100, requests_per_second=20.0)
    market = a_catalog(a_node("cheap", H100, 1, "1.00"), a_node("dear", H100, 8, "3.00"))
    answer = serve(question, market)
    # Nothing states a cluster; a replica over eight machines comes after one within a machine.
    assert [one.row.provider for one in answer.market.placements] == ["dear", "cheap"]
    assert not any(one.is_proven for one in answer.market.placements)
    assert {use.row.provider for use in answer.market.offers_used} == {"dear"}
    assert "UNPROVEN_CAPACITY" in codes(answer)


def test_a_provider_counts_with_its_single_gpus_in_the_market_of_small_loads() -> None:
    market = a_catalog(a_node("two", H100, 2, "3.00"), a_node("one", H100, 1, "2.00"))
    answer = serve(a_load(gpu_model=H100), market)
    assert answer.plan.gpu_count == 2
    assert [one.row.provider for one in answer.market.placements] == ["two", "one"]
    assert {use.row.provider for use in answer.market.offers_used} == {"one", "two"}
    (caveat,) = [one for one in answer.caveats if one.code == "UNPROVEN_CAPACITY"]
    assert "offers/one-" in caveat.message
    assert "offers/two-" not in caveat.message


def test_a_gpu_that_nobody_offers_has_a_plan_and_no_cost() -> None:
    answer = serve(a_load(gpu_model="h200-sxm-141gb"))
    assert (answer.market.cost, answer.token_costs) == (None, None)
    assert "NO_MATCHING_OFFERS" in codes(answer)
    images = serve(a_load("stable-diffusion-1.5", gpu_model="h200-sxm-141gb"))
    assert images.per_thousand_images is None


def test_a_named_offer_has_an_exact_monthly_cost() -> None:
    name = "one-h100-sxm-80gb-8x"
    answer = serve(a_load(terms=Terms(constraints=terms().constraints, offer_id=name)))
    assert answer.market.cost == Band.exact(8 * 3 * 730)
    assert [use.role for use in answer.market.offers_used] == ["named"]


def test_a_fixed_price_needs_no_offer() -> None:
    fixed = Terms(constraints=terms().constraints, dollars_per_gpu_hour=Decimal(2))
    answer = serve(a_load(gpu_model=H100, terms=fixed, hours_per_month=720.0), a_catalog())
    assert answer.market.cost == Band.exact(answer.plan.gpu_count * 2 * 720)


def test_a_month_has_the_requests_of_its_hours() -> None:
    answer = serve(a_load(requests_per_second=2.0, hours_per_month=100.0))
    assert answer.monthly_requests == 2 * 3600 * 100
    assert serve(a_load(concurrency=8)).monthly_requests is None
    watts = answer.plan.power_watts
    assert watts is not None
    assert answer.monthly_energy_kwh == pytest.approx(watts / 1000 * 100)


def test_four_bytes_of_each_output_token_leave_the_provider() -> None:
    market = a_catalog(a_node("aws", H100, 8, "3.00"))
    answer = serve(a_load(requests_per_second=20.0, reasoning_tokens=1000), market)
    (line,) = [one for one in answer.market.line_items if one.label == "egress"]
    shown = 20 * 200 * 4 * 3600 * 730 / 1e9  # reasoning is not shown
    assert float(line.basis.split(" ")[0]) == pytest.approx(shown, rel=1e-4)
    asked = Terms(constraints=terms().constraints, egress_gb=5000.0)
    answer = serve(a_load(terms=asked), market)
    (line,) = [one for one in answer.market.line_items if one.label == "egress"]
    assert line.basis.startswith("5,000 GB")


def test_a_baseline_shows_what_changed() -> None:
    before = a_load(gpu_model=A100, requests_per_second=40.0)
    answer = serve(a_load(gpu_model=A100, requests_per_second=80.0, baseline=before))
    assert answer.change is not None
    base = serve(before)
    assert answer.market.cost is not None
    assert base.market.cost is not None
    assert answer.change.cost_change == pytest.approx(
        answer.market.cost.p50 / base.market.cost.p50 - 1
    )
    assert answer.change.gpu_hours_change == answer.plan.gpu_count / base.plan.gpu_count - 1
    assert answer.plan.gpu_count > base.plan.gpu_count


# Loads that do more on faster GPUs.


def per_token(one: OfferPlacement) -> float:
    assert isinstance(one.plan, ServingPlan)
    return one.cost.p50 / one.plan.serving_capacity.p50


def models_of(answer: InferenceAnswer) -> list[str]:
    return [one.plan.gpu_model_id for one in answer.market.placements]


TWO_MODELS = terms(gpu_models=frozenset({L4, H100}))
SINGLES = a_catalog(
    a_node("one", L4, 1, "0.80"), a_node("one", A100, 1, "0.10"), a_node("two", H100, 1, "2.80")
)


def test_of_an_offline_load_the_cheaper_token_wins_though_its_month_is_dearer() -> None:
    answer = serve(a_load(is_offline=True, terms=TWO_MODELS), SINGLES)
    best, other = answer.market.placements
    assert models_of(answer) == [H100, L4]
    assert (best.cost, other.cost) == (Band.exact(2044.0), Band.exact(584.0))
    assert per_token(best) < per_token(other) / 4
    assert best.probability_cheapest > 0.99
    assert (answer.plan.gpu_model_id, answer.market.cost) == (H100, best.cost)
    assert [use.row.provider for use in answer.market.offers_used] == ["two"] * 3


def test_of_an_offline_load_the_small_gpu_wins_where_its_tokens_are_cheaper() -> None:
    market = a_catalog(a_node("one", L4, 1, "0.10"), a_node("two", H100, 1, "2.80"))
    assert models_of(serve(a_load(is_offline=True), market)) == [L4, H100]


def test_the_band_of_a_token_is_that_of_the_plan_that_was_chosen() -> None:
    answer = serve(a_load(is_offline=True), SINGLES)
    costs, capacity = answer.token_costs, answer.plan.serving_capacity
    assert costs is not None
    assert answer.market.cost is not None
    hourly = answer.market.cost.times(1 / 730)
    for name, rate in (("p10", capacity.p90), ("p50", capacity.p50), ("p90", capacity.p10)):
        requests = rate / 200 * 3600
        blended = getattr(costs.blended, name) * 1200 / 1e6
        assert blended == pytest.approx(hourly.p50 / requests)


def test_an_offline_load_takes_every_gpu_of_the_nodes_that_it_pays_for() -> None:
    market = a_catalog(a_node("one", H100, 1, "2.00"), a_node("two", H100, 8, "2.00"))
    answer = serve(a_load(is_offline=True, gpu_model=H100), market)
    single, node = answer.market.placements
    assert (single.plan.gpu_count, node.plan.gpu_count, node.node_count) == (1, 8, 1)
    assert per_token(node) == pytest.approx(per_token(single))
    # A month of either is that of the same work.
    assert answer.market.cost is not None
    assert answer.market.cost.p90 == pytest.approx(answer.market.cost.p10)
    few = serve(a_load(is_offline=True, gpu_model=H100, max_gpu_count=4), market)
    assert few.market.placements[-1].plan.gpu_count == 4
    given = a_load(is_offline=True, gpu_model=H100, parallelism=Parallelism(data=2))
    assert serve(given, market).market.placements[-1].plan.gpu_count == 2


def test_the_market_of_an_offline_load_is_that_of_the_same_work() -> None:
    prices = {"a": (1, "1.00"), "b": (8, "2.00"), "c": (2, "3.00")}
    market = a_catalog(*(a_node(name, H100, *of) for name, of in prices.items()))
    answer = serve(a_load(is_offline=True, gpu_model=H100), market)
    assert [(use.role, use.row.provider) for use in answer.market.offers_used] == [
        ("p10", "a"),
        ("p50", "b"),
        ("p90", "c"),
    ]
    # Eight GPUs at 1, 2 and 3 dollars, whatever the size of the nodes.
    cost = answer.market.cost
    assert cost is not None
    assert [cost.p10, cost.p50, cost.p90] == pytest.approx([5840, 11_680, 17_520])


def test_requests_at_a_time_are_compared_by_the_token_unless_a_limit_says_what_users_get() -> None:
    market = a_catalog(a_node("one", A100, 1, "1.60"), a_node("one", H100, 1, "2.80"))
    assert models_of(serve(a_load(concurrency=64), market)) == [H100, A100]
    limit = LatencyLimit(min_tokens_per_second_per_user=10)
    limited = serve(a_load(concurrency=64, latency=limit), market)
    assert models_of(limited) == [A100, H100]
    best, other = limited.market.placements
    assert best.cost.p50 < other.cost.p50
    assert per_token(best) > per_token(other)


def test_a_month_of_a_rate_has_the_same_tokens_everywhere() -> None:
    answer = serve(a_load(requests_per_second=20.0))
    months = [one.cost.p75 for one in answer.market.placements]
    tokens = [per_token(one) for one in answer.market.placements]
    assert months == sorted(months)
    assert tokens == sorted(tokens)


def test_a_change_of_an_offline_load_is_that_of_the_same_work() -> None:
    before = a_load(is_offline=True, gpu_model=H100)
    answer = serve(replace(with_fp8(before), baseline=before), SINGLES)
    base = serve(before, SINGLES)
    assert answer.market.cost == base.market.cost
    assert answer.token_costs is not None
    assert base.token_costs is not None
    assert answer.change is not None
    share = answer.token_costs.blended.p50 / base.token_costs.blended.p50 - 1
    assert share < -0.1
    assert answer.change.cost_change == pytest.approx(share)
    assert answer.change.gpu_hours_change == pytest.approx(share)


def with_fp8(question: InferenceQuestion) -> InferenceQuestion:
    return replace(question, workload=replace(question.workload, precision=Precision.FP8))


def test_a_search_without_any_offer_says_so() -> None:
    with pytest.raises(Precondition) as raised:
        serve(a_load(terms=terms(budget=Money(amount=Decimal("0.01")))))
    assert raised.value.reason is Reason.NO_MATCHING_OFFERS
    with pytest.raises(Precondition) as raised:
        serve(a_load(terms=terms(max_age=timedelta(seconds=1))), a_catalog(OLD))
    assert raised.value.reason is Reason.PRICES_TOO_OLD


OLD = a_node("one", H100, 8, "3.00", observe_time=NOW - timedelta(hours=1))

MISFITS = [
    a_load("llama-3.1-70b", gpu_model=L4, gpu_count=1),
    a_load("llama-3.1-70b", gpu_model=H100, gpu_count=1),
    a_load("llama-3.1-70b", gpu_model=A100, gpu_count=1),
    a_load("llama-3.1-405b", gpu_model=H100, gpu_count=8),
    a_load("deepseek-v3", gpu_model=H100, gpu_count=8),
    a_load(gpu_model=H100, requests_per_second=1000.0, max_gpu_count=8),
    a_load(gpu_model=H100, requests_per_second=1000.0, gpu_count=8),
    a_load(gpu_model=A100, precision=Precision.FP4),
    a_load(latency=LatencyLimit(max_time_to_first_token_ms=1)),
    a_load(gpu_model=H100, latency=LatencyLimit(min_tokens_per_second_per_user=100_000)),
    a_load("llama-3.1-70b", gpu_model=A100, latency=LatencyLimit(max_time_to_first_token_ms=20)),
    a_load("stable-diffusion-1.5", latency=LatencyLimit(max_time_to_first_token_ms=1)),
    a_load("stable-diffusion-1.5", gpu_model=L4, gpu_count=1, requests_per_second=100.0),
]


@pytest.mark.parametrize("question", MISFITS)
def test_the_smallest_change_that_is_named_really_fits(question: InferenceQuestion) -> None:
    with pytest.raises(Precondition) as raised:
        serve(question)
    error = raised.value
    assert error.reason is Reason.DOES_NOT_FIT
    assert error.metadata["constraint"]
    assert error.metadata["smallestChange"]
    serve(changed(question, error.metadata["smallestChange"]))


def test_a_question_that_is_asked_again_is_not_planned_again() -> None:
    accelerators = Counted(load_accelerators())
    fresh = ServingEstimator(
        accelerators=accelerators, calibration=load_calibration().serving, rates=dict
    )
    first: Any = fresh.answer(a_load(gpu_model=H100), snapshot=MARKET, now=NOW)
    planned = accelerators.planned
    assert planned > 0
    assert fresh.answer(a_load(gpu_model=H100), snapshot=MARKET, now=NOW).plan is first.plan
    assert accelerators.planned == planned
    fresh.answer(a_load(gpu_model=H100, requests_per_second=3.0), snapshot=MARKET, now=NOW)
    assert accelerators.planned > planned
