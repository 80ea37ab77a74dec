"""Placements in order, with a reason for each that lost."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.compare.answers import OffersAnswer
from service.compare.offers import OfferComparison
from service.compare.questions import DataSource, Ranking
from service.domain.caveat import CaveatCode
from service.domain.constraints import Adjustment
from service.domain.history import ModelHistory
from service.domain.money import Money
from service.domain.offer import (
    Availability,
    AvailabilityState,
    Fabric,
    Offer,
    PurchaseModel,
)
from service.domain.workload import Placement
from service.estimate.band import Band
from service.estimate.plan import Misfit, NoPlan
from tests.builders import NOW, an_offer
from tests.estimates import a_band
from tests.fakes import RATES, a_catalog
from tests.service.compare.comparing import (
    FakePlans,
    a_load,
    a_run,
    asked,
    compared,
    constrained,
    feasible,
    ids,
    never_watched,
    planners,
    rejected,
)
from tests.service.domain.histories import a_history, a_point, a_series
from tests.service.market.joining import A100, H100, PRICES, an_a100_node, an_h100_node

ALL_WAYS = frozenset(PurchaseModel)
JOINED = {"fabric": Fabric.INFINIBAND, "available_gpu_count": 64}


def summary(answer: OffersAnswer) -> list[Any]:
    return [
        (one.placement.row.offer_id, one.placement.cost, one.why_not, one.is_on_frontier)
        for one in answer.placements
    ]


def test_every_feasible_offer_is_ranked_by_the_upper_quartile_of_its_cost() -> None:
    answer = compared([an_h100_node("dear", "3.00"), an_h100_node("cheap", "2.00")])
    assert ids(answer) == ["cheap", "dear"]
    assert answer.feasible_count == 2
    assert [one.why_not for one in answer.placements] == [
        "",
        "50 % dearer in the upper quartile",
    ]
    assert [one.cost_over_best for one in answer.placements] == [0.0, pytest.approx(0.5)]


def test_time_comes_first_where_it_is_asked_for() -> None:
    offers = [an_a100_node("a100", "0.50"), an_h100_node("h100", "4.00")]
    assert ids(compared(offers)) == ["a100", "h100"]
    answer = compared(offers, asked(ranking=Ranking.TIME))
    assert ids(answer) == ["h100", "a100"]
    assert answer.placements[1].why_not == "100 % slower in the upper quartile"


def test_the_frontier_leaves_out_what_is_slower_and_dearer() -> None:
    offers = [
        an_h100_node("fast", "4.00"),
        an_h100_node("fast-and-dear", "5.00"),
        an_a100_node("cheap", "1.00"),
    ]
    answer = compared(offers, asked(ranking=Ranking.FRONTIER))
    assert ids(answer) == ["cheap", "fast"]
    assert answer.placements[1].why_not == "100 % dearer in the upper quartile, though 50 % faster"
    every = compared(offers)
    on_frontier = {one.placement.row.offer_id: one.is_on_frontier for one in every.placements}
    assert on_frontier == {"fast": True, "fast-and-dear": False, "cheap": True}


def test_no_more_placements_than_asked_for_and_odds_that_sum_to_one() -> None:
    offers = [an_h100_node(f"h{at}", f"{2 + at / 10}") for at in range(9)]
    answer = compared([*offers, an_a100_node("a", "1.00")], asked(most_placements=4))
    assert len(answer.placements) == 4
    assert answer.feasible_count == 10
    odds = [one.placement.probability_cheapest for one in answer.placements]
    assert sum(odds) == pytest.approx(1)


def test_the_first_placements_can_be_left_out() -> None:
    offers = [an_h100_node(f"h{at}", f"{2 + at / 10}") for at in range(5)]
    whole = compared(offers)
    page = compared(offers, asked(skip=2, most_placements=2))
    assert ids(page) == ids(whole)[2:4]
    assert [one.why_not for one in page.placements] == [
        one.why_not for one in whole.placements[2:4]
    ]
    assert [one.cost_over_best for one in page.placements] == pytest.approx([0.1, 0.15])
    assert page.feasible_count == 5
    behind = compared(offers, asked(skip=5))
    assert (behind.placements, behind.feasible_count) == ((), 5)
    assert CaveatCode.NO_MATCHING_OFFERS not in {one.code for one in behind.caveats}


def test_where_the_best_costs_nothing_others_are_dearer_by_no_share() -> None:
    paid = Adjustment(provider="paid", committed_gpu_count=8)
    answer = compared(
        [an_h100_node("paid"), an_h100_node("other"), an_h100_node("paid-too", provider="paid")],
        asked(a_run(adjustments=(paid,))),
    )
    assert [
        (one.placement.row.offer_id, one.why_not, one.cost_over_best) for one in answer.placements
    ] == [
        ("paid", "", 0.0),
        ("paid-too", "as good; the best comes first by name", 0.0),
        ("other", "dearer: the best costs nothing in the upper quartile", None),
    ]


def test_unproven_capacity_comes_last_however_cheap() -> None:
    plans = FakePlans(gpu_count=16)
    offers = [an_h100_node("hoped", "1.00"), an_h100_node("sure", "3.00", **JOINED)]
    answer = compared(offers, plans=plans)
    assert ids(answer) == ["sure", "hoped"]
    assert answer.placements[1].why_not == "unproven capacity; 67 % cheaper"
    assert CaveatCode.UNPROVEN_CAPACITY in {one.code for one in answer.caveats}
    assert ids(compared(offers[:1], plans=plans)) == ["hoped"]


def test_a_proven_placement_is_not_beaten_by_an_unproven_one() -> None:
    plans = FakePlans(gpu_count=16)
    offers = [an_h100_node("hoped", "1.00"), an_h100_node("sure", "3.00", **JOINED)]
    frontier = compared(offers, asked(ranking=Ranking.FRONTIER), plans=plans)
    assert ids(frontier) == ["sure", "hoped"]
    beaten = [an_h100_node("hoped", "3.00"), an_h100_node("sure", "3.00", **JOINED)]
    assert ids(compared(beaten, asked(ranking=Ranking.FRONTIER), plans=plans)) == ["sure"]


def test_what_does_not_fit_is_counted_with_the_change_that_would_help() -> None:
    refusal = NoPlan(misfit=Misfit.MEMORY, message="too big", smallest_change="gpuCount=16")
    answer = compared(
        [an_h100_node("h"), an_a100_node("a"), an_a100_node("b")],
        plans=FakePlans(refused={A100: refusal}),
    )
    assert [(one.reason, one.count, one.example) for one in answer.rejected] == [
        ("DOES_NOT_FIT", 2, "gpuCount=16")
    ]


def test_nothing_feasible_is_an_answer_that_says_why() -> None:
    refusal = NoPlan(misfit=Misfit.MEMORY, message="too big")
    answer = compared([an_h100_node("h")], plans=FakePlans(refused={H100: refusal}))
    assert (answer.placements, answer.feasible_count) == ((), 0)
    assert [one.code for one in answer.caveats] == [CaveatCode.NO_MATCHING_OFFERS]
    assert "DOES_NOT_FIT 1" in answer.caveats[0].message


def test_an_empty_catalogue_has_no_placements() -> None:
    for ranking in Ranking:
        assert compared([], asked(ranking=ranking)).placements == ()


# The data have to be brought to the GPUs.


def test_data_are_brought_from_elsewhere_at_their_providers_egress_price() -> None:
    # AWS: 100 GB free, then 0.09 a GB.
    offers = [an_h100_node("aws", "2.01"), an_h100_node("other", "2.00")]
    source = DataSource(provider="aws", gb=1100.0)
    answer = compared(offers, asked(data_source=source))
    assert ids(answer) == ["aws", "other"]
    there, elsewhere = answer.placements
    assert [line.label for line in there.placement.line_items] == ["compute"]
    compute, egress = elsewhere.placement.line_items
    assert egress.dollars == Decimal("90.00")
    assert egress.basis.startswith("1,100 GB from providers/aws; ")
    cost = elsewhere.placement.cost
    assert cost.p50 == float(compute.dollars + egress.dollars)
    assert cost.p10 == pytest.approx(1120 + 90)
    assert cost.p90 == pytest.approx(2400 + 90)
    assert ids(compared(offers)) == ["other", "aws"]


def test_what_offers_state_of_egress_goes_before_the_table() -> None:
    own = Money(amount=Decimal("0.01"), currency_code="EUR")
    offers = [an_h100_node("aws", "9.00", egress_price_per_gb=own), an_h100_node("other")]
    answer = compared(offers, asked(data_source=DataSource(provider="aws", gb=1000.0)))
    assert answer.placements[0].placement.line_items[1].dollars == Decimal("12.50")


def test_egress_without_a_price_is_counted_as_nothing_and_told() -> None:
    source = DataSource(provider="nobody", gb=10.0)
    answer = compared([an_h100_node("h")], asked(data_source=source))
    assert [line.label for line in answer.placements[0].placement.line_items] == ["compute"]
    (caveat,) = [one for one in answer.caveats if one.code is CaveatCode.EGRESS_NOT_PRICED]
    assert "providers/nobody" in caveat.message


def test_a_budget_holds_with_the_data_brought() -> None:
    # 1,600 dollars of compute in the middle, 2,400 at 90 %; 90 dollars of egress.
    source = DataSource(provider="aws", gb=1100.0)
    for budget, left in (("2491", 1), ("2489", 0)):
        run = constrained(a_run(), budget=Money(amount=Decimal(budget)))
        answer = compared([an_h100_node("h")], asked(run, data_source=source))
        assert answer.feasible_count == left
        assert rejected(answer) == ({} if left else {"BUDGET": 1})


# How often there was stock.


def test_offers_with_too_little_stock_fall_out_and_so_do_those_that_state_none() -> None:
    read: list[str] = []

    def history(gpu_model: str) -> ModelHistory:
        read.append(gpu_model)
        return a_history(
            a_series(a_point(-72), provider="often", region_code="r1"),
            a_series(
                a_point(-72, state="SOLD_OUT"), a_point(-36), provider="half", region_code="r1"
            ),
            a_series(a_point(-72, state="NOT_STATED"), provider="silent", region_code="r1"),
        )

    names = ("often", "half", "silent", "new")
    offers = [an_h100_node(name, region_code="r1") for name in names]
    offers.append(an_h100_node("often-elsewhere", provider="often", region_code="r2"))
    for least, left in ((0.5, ["half", "often"]), (0.51, ["often"]), (0.0, ["half", "often"])):
        answer = compared(offers, asked(min_availability_share=least), history=history)
        assert ids(answer) == left
        assert rejected(answer) == {"AVAILABILITY_SHARE": 5 - len(left)}
    assert read == [H100] * 3  # once a question, however many offers


def test_stock_of_spot_capacity_is_not_stock_on_demand() -> None:
    def history(_: str) -> ModelHistory:
        return a_history(
            a_series(a_point(-72, state="SOLD_OUT"), provider="n", region_code="r1"),
            a_series(
                a_point(-72),
                provider="n",
                region_code="r1",
                purchase_model=PurchaseModel.SPOT,
                offer_id="spotty",
            ),
        )

    run = constrained(
        a_run(), purchase_models=frozenset({PurchaseModel.ON_DEMAND, PurchaseModel.SPOT})
    )
    offers = [
        an_h100_node("calm", provider="n", region_code="r1"),
        an_h100_node("spotty", provider="n", region_code="r1", purchase_model=PurchaseModel.SPOT),
    ]
    answer = compared(offers, asked(run, min_availability_share=0.5), history=history)
    assert ids(answer) == ["spotty"]
    assert rejected(answer) == {"AVAILABILITY_SHARE": 1}


# Commitments stand apart.


def test_a_commitment_says_how_long_the_workload_has_to_last() -> None:
    year = an_h100_node("year", "1.00", purchase_model=PurchaseModel.RESERVED_1Y)
    run = constrained(a_run(), purchase_models=ALL_WAYS)
    answer = compared([an_h100_node("now", "2.00"), year], asked(run))
    (option,) = answer.commitments
    assert (option.gpu_model, answer.committed_count) == (H100, 1)
    # At half the price the year pays off after half of it.
    assert option.commitment.dollars == Decimal(8760 * 8)
    assert option.pays_off_after is not None
    assert option.pays_off_after / timedelta(hours=4380) == pytest.approx(1)


def test_a_commitment_that_is_dearer_never_pays_off_within_its_term() -> None:
    year = an_h100_node("year", "2.50", purchase_model=PurchaseModel.RESERVED_1Y)
    run = constrained(a_run(), purchase_models=ALL_WAYS)
    assert compared([an_h100_node("now"), year], asked(run)).commitments[0].pays_off_after is None
    assert compared([year], asked(run)).commitments[0].pays_off_after is None


def test_work_on_a_faster_committed_gpu_counts_by_what_it_gets_done() -> None:
    year = an_h100_node("year", "1.00", purchase_model=PurchaseModel.RESERVED_1Y)
    run = constrained(a_run(), purchase_models=ALL_WAYS)
    # A run costs 1,600 dollars on the A100 and takes 100 hours on the H100: 8,760 x 8 dollars
    # are worth 43.8 runs, 4,380 hours.
    (option,) = compared([an_a100_node("now", "1.00"), year], asked(run)).commitments
    assert option.pays_off_after is not None
    assert option.pays_off_after / timedelta(hours=4380) == pytest.approx(1)


def test_a_commitment_for_offline_work_counts_by_what_it_gets_done() -> None:
    class TwiceAsFast(FakePlans):
        def _plan(self, question: Any, shape: Any) -> Any:
            plan: Any = super()._plan(question, shape)
            rate = 1000.0 if shape.gpu_model == H100 else 500.0
            return replace(plan, serving_capacity=Band.exact(rate))

    year = an_h100_node("year", "1.00", purchase_model=PurchaseModel.RESERVED_1Y)
    load = constrained(a_load(is_offline=True), purchase_models=ALL_WAYS)
    answer = compared([an_a100_node("now", "1.00"), year], asked(load), plans=TwiceAsFast())
    # The committed GPUs cost as much an hour and do twice the work: they pay off after half a year.
    (option,) = answer.commitments
    assert option.pays_off_after is not None
    assert option.pays_off_after / timedelta(hours=4380) == pytest.approx(1)


# Serving.


def test_serving_shows_the_time_of_a_token_and_ranks_by_it() -> None:
    answer = compared([an_h100_node("h")], asked(a_load(), ranking=Ranking.TIME))
    assert answer.placements[0].time_per_output_token_ms == a_band(16.0)
    assert compared([an_h100_node("h")]).placements[0].time_per_output_token_ms is None


def test_offline_work_is_ranked_by_what_it_gets_done_for_the_money() -> None:
    class TwiceAsFast(FakePlans):
        def _plan(self, question: Any, shape: Any) -> Any:
            plan: Any = super()._plan(question, shape)
            rate = 1000.0 if shape.gpu_model == H100 else 400.0
            return replace(plan, serving_capacity=Band.exact(rate))

    offers = [an_h100_node("h100", "2.00"), an_a100_node("a100", "1.00")]
    load = a_load(is_offline=True)
    answer = compared(offers, asked(load), plans=TwiceAsFast())
    assert ids(answer) == ["h100", "a100"]
    assert answer.placements[1].why_not == "25 % dearer a token in the upper quartile"
    assert answer.placements[1].cost_over_best == pytest.approx(0.25)


# What holds for all.


def a_market(prices: list[str]) -> list[Offer]:
    builders = (an_h100_node, an_a100_node)
    sold_out = Availability(state=AvailabilityState.SOLD_OUT, observe_time=NOW)
    offers = [builders[at % 2](f"o{at:02d}", price) for at, price in enumerate(prices)]
    return [
        *offers,
        an_h100_node("gone", availability=sold_out),
        an_h100_node("spotty", purchase_model=PurchaseModel.SPOT),
        an_offer(offer_id="slice", gpu_count="0.5"),
    ]


@settings(max_examples=25, deadline=None)
@given(st.lists(PRICES, min_size=1, max_size=8), st.sampled_from(Ranking), st.randoms())
def test_the_order_of_the_offers_changes_nothing(
    prices: list[str], ranking: Ranking, random: Any
) -> None:
    offers = a_market(prices)
    shuffled = random.sample(offers, len(offers))
    question = asked(ranking=ranking)
    first, second = compared(offers, question), compared(shuffled, question)
    assert summary(first) == summary(second)
    assert first.rejected == second.rejected


@settings(max_examples=25, deadline=None)
@given(st.lists(PRICES, min_size=2, max_size=8), st.sampled_from(Ranking), st.data())
def test_a_dearer_offer_never_ranks_better(
    prices: list[str], ranking: Ranking, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(prices) - 1))
    question = asked(ranking=ranking)
    before = ids(compared(a_market(prices), question))
    prices[at] = f"{Decimal(prices[at]) * 2}"
    after = ids(compared(a_market(prices), question))
    name = f"o{at:02d}"
    if name in after:
        assert name in before
        if ranking is not Ranking.FRONTIER:
            assert after.index(name) >= before.index(name)


@settings(max_examples=25, deadline=None)
@given(st.lists(PRICES, min_size=1, max_size=8))
def test_an_offer_is_on_the_frontier_or_another_beats_it(prices: list[str]) -> None:
    answer = compared(a_market(prices))
    points = [
        (one.placement.cost.p75, one.placement.plan.wall_hours.p75)  # type: ignore[union-attr]
        for one in answer.placements
    ]
    for one, point in zip(answer.placements, points, strict=True):
        beaten = any(p != point and p[0] <= point[0] and p[1] <= point[1] for p in points)
        assert one.is_on_frontier is not beaten


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["1.00", "2.00", "2.50", "3.00", "5.00"]),
            st.booleans(),
            st.booleans(),
            st.sampled_from([2, 4, 8]),
        ),
        min_size=1,
        max_size=10,
    )
)
def test_the_frontier_is_that_of_trying_all_pairs(rows: list[tuple[str, bool, bool, int]]) -> None:
    # GPU models differ in time; nodes of less than eight GPUs have to be joined for it.
    offers = [
        (an_h100_node if is_h100 else an_a100_node)(
            f"o{at:02d}", price, gpu_count=str(size), **(JOINED if is_joined else {})
        )
        for at, (price, is_h100, is_joined, size) in enumerate(rows)
    ]
    run = feasible(offers, constrained(a_run(), purchase_models=ALL_WAYS))
    points = [
        (int(tier), float(cost), run.time_of(number))
        for number, (tier, cost) in enumerate(zip(run.tiers, run.merit, strict=True))
    ]
    for one, is_on in zip(points, run.frontier.tolist(), strict=True):
        beaten = any(
            other[0] <= one[0]
            and other[1] <= one[1]
            and other[2] <= one[2]
            # Of equal ones only the surer beats.
            and (other[0] < one[0] or other[1:] != one[1:])
            for other in points
        )
        assert is_on is not beaten


@settings(max_examples=25, deadline=None)
@given(st.lists(PRICES, min_size=1, max_size=8), st.sampled_from([None, "500", "5000"]))
def test_each_listed_offer_is_feasible_or_committed_or_rejected_once(
    prices: list[str], budget: str | None
) -> None:
    year = an_h100_node("year", purchase_model=PurchaseModel.RESERVED_1Y)
    snapshot = a_catalog(*a_market(prices), year)
    run = constrained(
        a_run(),
        purchase_models=frozenset({PurchaseModel.ON_DEMAND, PurchaseModel.RESERVED_1Y}),
        budget=None if budget is None else Money(amount=Decimal(budget)),
    )
    answer = compared(snapshot, asked(run))
    counted = answer.feasible_count + answer.committed_count + sum(rejected(answer).values())
    assert counted == snapshot.offer_count


def test_lines_sum_to_the_middle_of_the_cost() -> None:
    credit = Adjustment(provider="h", credit=Decimal(100))
    run = a_run(adjustments=(credit,))
    source = DataSource(provider="aws", gb=1100.0)
    answer = compared([an_h100_node("h")], asked(run, data_source=source))
    (one,) = answer.placements
    lines = one.placement.line_items
    assert [line.label for line in lines] == ["compute", "credit", "egress"]
    assert float(sum(line.dollars for line in lines)) == one.placement.cost.p50


def test_a_question_that_is_asked_again_is_not_planned_again() -> None:
    plans = FakePlans()
    comparison = OfferComparison(
        planners=planners(plans), rates=lambda: RATES, history=never_watched
    )
    for price in ("2.00", "3.00"):
        snapshot = a_catalog(an_h100_node("h", price))
        comparison.answer(asked(), snapshot=snapshot, now=NOW)
    assert plans.asked == 1


def test_the_gpu_model_that_is_asked_for_is_the_only_one() -> None:
    run = a_run(placement=Placement(gpu_model=A100))
    assert ids(compared([an_h100_node("h", "0.10"), an_a100_node("a")], asked(run))) == ["a"]
